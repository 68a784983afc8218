/** YAML and JSON files as values, for views and for comparing what was read with what is there. Knows nothing of tasks. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Json } from '../core/types.ts';
import { bytesId } from '../content-id.ts';
import { TaskError } from '../task-module.ts';
import { jsonMistake } from './json-mistake.ts';

const require = createRequire(import.meta.url);

export const isDocument = (path: string): boolean => /\.(json|ya?ml)$/.test(path);

/** Parses by what the name says. `yaml` is loaded with the first YAML file only. @throws TaskError with the place and the parser's sentence */
export const parseDocument = (path: string): Json => parseText(bytesOf(path).toString(), path);

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TaskError(
      `${path}: ${(error as Error).message.replace(/^(\w+): ([^,]*),.*/s, '$2')}`,
      { code: 'no-file', try: 'correct the path' },
    );
  }
}

/** Documents that this thread parsed last, by content id: the parts of a run read the same ones. Nobody changes them. */
const parsed = new Map<string, Json>();
const MOST = 8;

/** @param id content id of the file as it was; null: not known */
export function documentOf(path: string, id: string | null): Json {
  const kind = path.replace(/.*\./s, '');
  const known = id === null ? undefined : parsed.get(`${id} ${kind}`);
  if (known !== undefined) return known;
  const bytes = bytesOf(path);
  const document = parseText(bytes.toString(), path);
  if (bytesId(bytes) !== id) return document;
  const [oldest] = parsed.keys();
  if (parsed.size === MOST) parsed.delete(oldest!);
  parsed.set(`${id} ${kind}`, document);
  return document;
}

/** `path:line:column` of an offset. */
function placeIn(text: string, path: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${path}:${before.length}:${before.at(-1)!.length + 1}`;
}

export function parseText(text: string, path: string): Json {
  if (path.endsWith('.json')) {
    try {
      // Some editors write a byte order mark.
      return JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
    } catch {
      const { offset, what } = jsonMistake(text);
      throw new TaskError(`${placeIn(text, path, offset)}: not JSON: ${what}`, {
        code: 'yaml',
        try: 'correct the file',
      });
    }
  }
  const yaml = require('yaml') as typeof import('yaml');
  const document = yaml.parseDocument(text, {
    uniqueKeys: false,
    prettyErrors: false,
    merge: true,
    logLevel: 'silent',
  });
  const mistake = document.errors[0];
  if (mistake !== undefined) {
    const place = placeIn(text, path, mistake.pos[0]);
    throw new TaskError(`${place}: not YAML: ${mistake.message.split('\n')[0]!}`, {
      code: 'yaml',
      try: 'correct the file',
    });
  }
  return document.toJS() as Json;
}
