/** Linking artifacts to a flow file: which relations stand in which form, and what cannot be linked. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { writeFlow } from '../../src/execute/flow.ts';
import { compound, createH5, H5Error, openH5, relationOf } from '../../src/h5/index.ts';
import type { H5Writer } from '../../src/h5/index.ts';
import { scratch } from '../h5/peers.ts';

const at = scratch();
const IDS = compound([['id', 'u4']]);
const u4 = (...numbers: number[]): Uint32Array => Uint32Array.from(numbers);

/** An artifact with one table of `rows` rows, and its relations. */
function artifact(name: string, rows: number, relations: (writer: H5Writer) => void): void {
  const writer = createH5(at(`${name}.h5`));
  writer.table(name, IDS).append(u4(...Array(rows).keys()));
  relations(writer);
  writer.close();
}

/** a: 2 rows, b: 4 rows, c: 4 rows; a -> b in both forms, a -> c by regions only, b -> c row by row. */
artifact('a', 2, () => undefined);
artifact('b', 4, (writer) => {
  writer.relation('a', 'b', { parent: u4(0, 1), start: u4(0, 3), stop: u4(3, 4) });
});
artifact('c', 4, (writer) => {
  const runs = { parent: u4(1), start: u4(0), stop: u4(4) };
  writer.relation('a', 'c', runs, { form: 'region' });
  const same = { parent: u4(0), child: u4(0), rows: u4(4) };
  writer.relation('b', 'c', same, { form: 'pairs' });
});

async function link(refs: 'region' | 'pairs', names: readonly string[]): Promise<string> {
  const path = at(`${refs}-${names.join('')}.h5`);
  const tables = names.map((name) => ({
    target: name,
    place: `/${name}`,
    path: at(`${name}.h5`),
    task: name,
    id: '0',
  }));
  await writeFlow({ path, tables, refs, tg: '0' });
  return path;
}

async function relationPaths(path: string): Promise<string[]> {
  const file = await openH5(path);
  const found = [...file.walk()].filter((o) => o.kind === 'dataset' && o.path.includes('/ref/'));
  file.close();
  return found.map((o) => o.path).sort();
}

test('each form has the relations that are for it or for both', async () => {
  assert.deepEqual(await relationPaths(await link('region', ['a', 'b', 'c'])), [
    '/a/ref/b/ref',
    '/a/ref/b/ref_valid',
    '/a/ref/c/ref',
    '/a/ref/c/ref_valid',
  ]);
  const pairs = await link('pairs', ['a', 'b', 'c']);
  assert.deepEqual(await relationPaths(pairs), [
    '/a/ref/b/ref',
    '/a/ref/b/ref_region',
    '/b/ref/a/ref_region',
    '/b/ref/c/ref',
    '/b/ref/c/ref_region',
    '/c/ref/b/ref_region',
  ]);
  const file = await openH5(pairs);
  const rows = u4(0, 1, 2, 3);
  assert.deepEqual(relationOf(file, 'c', 'b'), { parent: rows, start: rows, stop: u4(1, 2, 3, 4) });
  file.close();
});

test('a table that is left out takes its relations with it, in both directions', async () => {
  assert.deepEqual(await relationPaths(await link('pairs', ['a', 'c'])), []);
  assert.deepEqual(await relationPaths(await link('pairs', ['b', 'c'])), [
    '/b/ref/c/ref',
    '/b/ref/c/ref_region',
    '/c/ref/b/ref_region',
  ]);
});

test('a relation row by row that both forms have is one of single rows by regions', async () => {
  artifact('d', 4, (writer) =>
    writer.relation('b', 'd', { parent: u4(1), child: u4(2), rows: u4(2) }),
  );
  for (const refs of ['region', 'pairs'] as const) {
    const file = await openH5(await link(refs, ['b', 'd']));
    assert.deepEqual(relationOf(file, 'b', 'd'), {
      parent: u4(1, 2),
      start: u4(2, 3),
      stop: u4(3, 4),
    });
    file.close();
  }
});

test('a relation and its reverse cannot both be pairs: told with what to do, and no file', async () => {
  artifact('e', 2, (writer) => {
    writer.relation('e', 'a', { parent: u4(0), start: u4(0), stop: u4(2) });
    writer.relation('a', 'e', { parent: u4(0, 1), start: u4(0, 0), stop: u4(1, 1) });
  });
  await link('region', ['a', 'e']);
  await assert.rejects(link('pairs', ['a', 'e']), (error: unknown) => {
    assert.ok(error instanceof H5Error);
    assert.match(error.message, /\/(a|e) leads to \/(a|e) already: one list of pairs serves both/);
    assert.equal(
      error.try,
      "relation(.., {form: 'region'}) for one of them, or link: {refs: region}",
    );
    return true;
  });
  assert.ok(!existsSync(at('pairs-ae.h5')));
});
