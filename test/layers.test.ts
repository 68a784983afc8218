/** The arrows of the rooms: reads every import of src and tasks and fails on one that points the wrong way. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Files at the top of src that know nothing of the rooms: everyone may use them. */
const COMMON = new Set(['task-module', 'version', 'module-files', 'content-id', 'package']);

/** Room -> rooms it may import. The files at the top of src that join the rooms are `build`. */
const ARROWS: Record<string, readonly string[]> = {
  core: [],
  procedures: ['core'],
  h5: [],
  store: ['core', 'h5'],
  execute: ['core', 'h5'],
  figures: ['core'],
  report: ['core', 'figures'],
  build: ['core', 'procedures', 'store', 'execute', 'report'],
  cli: ['core', 'procedures', 'store', 'execute', 'report', 'figures', 'build', 'tasks'],
  tasks: ['index', 'h5', 'figures'],
};

interface Import {
  from: string;
  to: string;
  line: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(path: string): Import[] {
  const text = readFileSync(join(root, path), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(/(?:(?<!['.])\bfrom|import\()\s*'([^'\n]+)'/g)) {
    const to = match[1]!;
    const target = to.startsWith('.') ? relative(root, resolve(root, dirname(path), to)) : to;
    found.push({ from: path, to: target, line: `${path} -> ${target}` });
  }
  return found;
}

function roomOf(path: string): string {
  if (path === 'tg') return 'index';
  if (path === 'tg/h5') return 'h5';
  if (path === 'tg/figures') return 'figures';
  const [top, second, third] = path.split('/');
  if (top === 'tasks') return 'tasks';
  if (top !== 'src') return 'package';
  if (third !== undefined) return second!;
  const name = second!.replace(/\.ts$/, '');
  return COMMON.has(name) ? 'common' : name === 'index' ? 'index' : 'build';
}

test('imports between rooms follow the arrows of docs/design.md', () => {
  const wrong: string[] = [];
  for (const path of [...filesBelow('src'), ...filesBelow('tasks')]) {
    const from = roomOf(path);
    for (const { to, line } of importsOf(path)) {
      const room = roomOf(to);
      const fine =
        room === from ||
        room === 'common' ||
        room === 'package' ||
        from === 'index' ||
        from === 'common';
      if (!fine && ARROWS[from]?.includes(room) !== true) wrong.push(line);
    }
  }
  assert.deepEqual(wrong, []);
});

test('core imports nothing but itself', () => {
  const outside = filesBelow('src/core').flatMap((path) =>
    importsOf(path).filter(({ to }) => !to.startsWith('src/core/') && to !== 'src/task-module.ts'),
  );
  assert.deepEqual(
    outside.map(({ line }) => line),
    [],
  );
});

test('h5wasm is imported in src/h5 alone, zeromq nowhere near the main path', () => {
  const all = [...filesBelow('src'), ...filesBelow('tasks')].flatMap(importsOf);
  const heavy = all.filter(({ to, from }) => /^h5wasm/.test(to) && !from.startsWith('src/h5/'));
  assert.deepEqual(
    heavy.map(({ line }) => line),
    [],
  );
  assert.deepEqual(
    all
      .filter(({ to, from }) => to === 'zeromq' && !from.startsWith('tasks/daq/'))
      .map(({ line }) => line),
    [],
  );
});

test('tasks reach the engine through tg, tg/h5 and tg/figures alone, and not each other across experiments', () => {
  const wrong = filesBelow('tasks').flatMap((path) =>
    importsOf(path).filter(({ to }) => {
      if (to.startsWith('src/')) return true;
      const [mine, theirs] = [
        path.split('/')[1],
        to.startsWith('tasks/') ? to.split('/')[1] : undefined,
      ];
      return theirs !== undefined && path.split('/').length > 2 && theirs !== mine;
    }),
  );
  assert.deepEqual(
    wrong.map(({ line }) => line),
    [],
  );
});
