/** The layout file of a task. The parts of a run read the same one: what was parsed last is kept. */
import { readFileSync } from 'node:fs';
import { parseLayout, type Layout } from './layout.ts';

let last: { text: string; layout: Layout } | undefined;

/** @throws TaskError when it is no multi-tile layout of version 2.x */
export function readLayout(path: string): Layout {
  const text = readFileSync(path, 'utf8');
  if (last?.text !== text) last = { text, layout: parseLayout(text, path) };
  return last.layout;
}
