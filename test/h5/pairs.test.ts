// Relations as index pairs, and row by row: against their definition, read back in both directions, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compound,
  createH5,
  H5Error,
  hashTree,
  openH5,
  relationOf,
  relationsIn,
  runsOf,
  storedRelation,
  type H5File,
  type H5Writer,
  type Links,
  type Runs,
  type Stretches,
} from '../../src/h5/index.ts';
import { scratch } from './peers.ts';

const at = scratch();
const IDS = compound([['id', 'u4']]);

const u4 = (numbers: number[]): Uint32Array => Uint32Array.from(numbers);

/** A sorted list of (parent, child) as the runs or stretches that it is. */
function runs(pairs: [number, number][]): Runs {
  const list: [number, number, number][] = [];
  for (const [p, c] of pairs) {
    const last = list.at(-1);
    if (last?.[0] === p && last[2] === c) last[2]++;
    else list.push([p, c, c + 1]);
  }
  const column = (k: number): Uint32Array => u4(list.map((row) => row[k]!));
  return { parent: column(0), start: column(1), stop: column(2) };
}

function stretches(pairs: [number, number][]): Stretches {
  const list: [number, number, number][] = [];
  for (const [p, c] of pairs) {
    const last = list.at(-1);
    if (last && last[0] + last[2] === p && last[1] + last[2] === c) last[2]++;
    else list.push([p, c, 1]);
  }
  const column = (k: number): Uint32Array => u4(list.map((row) => row[k]!));
  return { parent: column(0), child: column(1), rows: column(2) };
}

/** h5flow's rule: first place and last + 1 of each row in its column; (0, 0) for none. */
function lookUp(pairs: [number, number][], column: 0 | 1, rows: number): number[][] {
  const table = Array.from({ length: rows }, () => [0, 0]);
  pairs.forEach((pair, place) => {
    const row = table[pair[column]]!;
    if (row[1] === 0) row[0] = place;
    row[1] = place + 1;
  });
  return table;
}

function tables(writer: H5Writer, parents: number, children: number): void {
  writer.table('p', IDS).append(new Uint8Array(4 * parents));
  writer.table('a/c', IDS).append(new Uint8Array(4 * children));
}

function regionsOf(file: H5File, path: string): number[][] {
  const dataset = file.dataset(path);
  const words = new Int32Array(dataset.readRaw().slice().buffer);
  return Array.from({ length: dataset.shape[0]! }, (_, i) => [words[2 * i]!, words[2 * i + 1]!]);
}

const PARENTS = 30;
const CHILDREN = 40;
const pairLists = fc
  .uniqueArray(fc.tuple(fc.nat(PARENTS - 1), fc.nat(CHILDREN - 1)), {
    selector: ([p, c]) => p * CHILDREN + c,
    maxLength: 80,
  })
  .map((list) => list.sort((x, y) => x[0] - y[0] || x[1] - y[1]));

/** The same with one child at most for each parent. */
const singleLists = pairLists.map((list) => list.filter(([p], i) => p !== list[i - 1]?.[0]));

async function comesBack(pairs: [number, number][], links: Links): Promise<void> {
  const writer = createH5(at('pairs.h5'));
  tables(writer, PARENTS, CHILDREN);
  writer.pairs('p', 'a/c', PARENTS, CHILDREN, links);
  const { nodes } = writer.close();
  const file = await openH5(at('pairs.h5'));
  const ref = file.dataset('/p/ref/a/c/ref');
  assert.deepEqual(ref.shape, [pairs.length, 2]);
  assert.deepEqual([...new Uint32Array(ref.readRaw().slice().buffer)], pairs.flat());
  assert.deepEqual(regionsOf(file, '/p/ref/a/c/ref_region'), lookUp(pairs, 0, PARENTS));
  assert.deepEqual(regionsOf(file, '/a/c/ref/p/ref_region'), lookUp(pairs, 1, CHILDREN));
  assert.deepEqual(relationOf(file, 'p', 'a/c'), runs(pairs));
  const back = pairs.map(([p, c]): [number, number] => [c, p]);
  back.sort((x, y) => x[0] - y[0] || x[1] - y[1]);
  assert.deepEqual(relationOf(file, 'a/c', 'p'), runs(back));
  file.close();
  assert.deepEqual(await hashTree(at('pairs.h5')), nodes);
}

test('any relation comes back from pairs in both directions, and the look-up tables are those of their definition', () =>
  fc.assert(
    fc.asyncProperty(pairLists, (pairs) => comesBack(pairs, runs(pairs))),
    { numRuns: 60 },
  ));

test('so does a relation row by row', () =>
  fc.assert(
    fc.asyncProperty(singleLists, (pairs) => comesBack(pairs, stretches(pairs))),
    { numRuns: 60 },
  ));

test('stored relations come back as they were, with their form, and as runs', () =>
  fc.assert(
    fc.asyncProperty(singleLists, async (pairs) => {
      const writer = createH5(at('stored.h5'));
      writer.relation('p', 'a/c', stretches(pairs), { form: 'pairs' });
      writer.relation('p', 'a/d', runs(pairs), { form: 'region' });
      writer.relation('q', 'p', runs(pairs));
      writer.close();
      const file = await openH5(at('stored.h5'));
      assert.deepEqual(relationsIn(file), [
        { parent: '/p', child: '/a/c' },
        { parent: '/p', child: '/a/d' },
        { parent: '/q', child: '/p' },
      ]);
      const form = 'pairs';
      assert.deepEqual(storedRelation(file, 'p', 'a/c'), { links: stretches(pairs), form });
      assert.deepEqual(storedRelation(file, 'p', 'a/d'), { links: runs(pairs), form: 'region' });
      assert.deepEqual(storedRelation(file, 'q', 'p'), { links: runs(pairs) });
      assert.equal(storedRelation(file, 'a/c', 'p'), undefined);
      assert.deepEqual(relationOf(file, 'p', 'a/c'), runsOf(runs(pairs)));
      file.close();
    }),
    { numRuns: 20 },
  ));

test('stored rows that no writer stores are told as damage of the file', async () => {
  const damaged = async (name: string, columns: string[], words: Uint32Array): Promise<H5File> => {
    const writer = createH5(at('damaged.h5'));
    const type = compound(columns.map((column) => [column, 'u4']));
    writer.table('p', IDS).append(u4([1, 2, 3, 4, 5, 6, 7, 8]));
    writer.dataset(`p/ref/c/${name}`, type, [words.length / 3], words);
    writer.close();
    return openH5(at('damaged.h5'));
  };
  const told = (file: H5File, message: RegExp): void => {
    assert.throws(
      () => relationOf(file, 'p', 'c'),
      (error: unknown) => error instanceof H5Error && message.test(error.message),
    );
    file.close();
  };
  const fan = ['parent', 'start', 'stop'];
  const rows = ['parent', 'child', 'rows'];
  told(
    await damaged('runs', fan, u4([0, 7, 3])),
    /damaged\.h5::\/p\/ref\/c\/runs: run 0: is empty/,
  );
  told(await damaged('stretches', rows, u4([5, 0, 2, 0, 9, 1])), /stretch 1: parents are not/);
  told(await damaged('stretches', rows, u4([0, 0, 2 ** 32 - 1])), /parent row 4294967294 of 8/);
  // Where the file has neither table, nothing but memory bounds it.
  assert.throws(
    () => runsOf({ parent: u4([0]), child: u4([0]), rows: u4([2 ** 32 - 1]) }),
    /4294967295 rows row by row are too many/,
  );
  told(await damaged('stretches', fan, u4([0, 0, 1])), /holds .*start.*, not stretches/);
});

test('more pairs and rows than are written at a time', async () => {
  const n = 1_200_000;
  const apart = 1_100_000;
  const writer = createH5(at('long.h5'));
  tables(writer, n, n + 5);
  // The last five rows of the parent come first in the child.
  const links = { parent: u4([0, n - 5]), child: u4([5, 0]), rows: u4([n - 5, 5]) };
  writer.pairs('p', 'a/c', n, n + 5, links);
  writer.table('few', IDS).append(new Uint8Array(8));
  writer.pairs('few', 'a/c', 2, n + 5, {
    parent: u4([0, 1, 1]),
    start: u4([0, 3, apart]),
    stop: u4([apart, 4, n + 5]),
  });
  writer.close();
  const file = await openH5(at('long.h5'));
  const pairs = new Uint32Array(file.dataset('/p/ref/a/c/ref').readRaw().slice().buffer);
  for (const row of [0, 1, 2 ** 20 - 1, 2 ** 20, n - 6])
    assert.deepEqual([...pairs.subarray(2 * row, 2 * row + 2)], [row, row + 5]);
  assert.deepEqual([...pairs.subarray(2 * n - 2)], [n - 1, 4]);
  const parents = regionsOf(file, '/p/ref/a/c/ref_region');
  assert.ok(parents.every(([start, stop], row) => start === row && stop === row + 1));
  const children = regionsOf(file, '/a/c/ref/p/ref_region');
  assert.deepEqual(children.slice(0, 6), [
    ...[0, 1, 2, 3, 4].map((row) => [n - 5 + row, n - 4 + row]),
    [0, 1],
  ]);
  assert.deepEqual(children.at(-6), [n - 6, n - 5]);
  assert.deepEqual(children.at(-1), [0, 0]);
  assert.deepEqual(regionsOf(file, '/few/ref/a/c/ref_region'), [
    [0, apart],
    [apart, n + 6],
  ]);
  const back = regionsOf(file, '/a/c/ref/few/ref_region');
  // Row 3 belongs to both: the range from the first pair to the last one.
  assert.deepEqual(back.slice(2, 5), [
    [2, 3],
    [3, apart + 1],
    [4, 5],
  ]);
  assert.deepEqual(back.at(-1), [n + 5, n + 6]);
  file.close();
});

test('what cannot be right is refused with the place and the reason', () => {
  const writer = createH5(at('refused.h5'));
  tables(writer, 4, 6);
  const refused = (what: () => unknown, message: RegExp): void => {
    assert.throws(what, (error: unknown) => {
      assert.ok(error instanceof H5Error, String(error));
      assert.match(error.message, message);
      return true;
    });
  };
  const rows = (parent: number[], child: number[], n: number[]): Stretches => ({
    parent: u4(parent),
    child: u4(child),
    rows: u4(n),
  });
  const pairs = (links: Links) => () => writer.pairs('p', 'a/c', 4, 6, links);
  refused(pairs(rows([3], [0], [2])), /stretch 0: parent row 4 of 4/);
  refused(pairs(rows([0], [5], [2])), /stretch 0: reaches child row 6 of 6/);
  refused(pairs({ parent: u4([0]), start: u4([5]), stop: u4([7]) }), /reaches child row 6 of 6/);
  refused(pairs({ parent: u4([4]), start: u4([0]), stop: u4([1]) }), /parent row 4 of 4/);
  const stored = (links: Links) => () => writer.relation('p', 'a/c', links);
  refused(stored(rows([0], [0], [0])), /stretch 0: is empty/);
  refused(stored(rows([1, 0], [0, 1], [1, 1])), /stretch 1: parents are not sorted/);
  refused(stored(rows([0, 1], [0, 4], [2, 1])), /stretch 1: parents are not sorted/);
  refused(stored(rows([0, 2], [0, 2], [2, 1])), /stretch 1: goes on as the stretch before it/);
  refused(stored(rows([0, 2], [0], [2, 1])), /different lengths/);
  refused(
    () => writer.pairs('p', 'p', 4, 4, rows([0], [0], [4])),
    /\/p leads to itself: pairs have no place for both directions/,
  );
  pairs(rows([0], [0], [4]))();
  refused(
    () => writer.pairs('a/c', 'p', 6, 4, rows([0], [0], [4])),
    /\/p leads to \/a\/c already: one list of pairs serves both directions/,
  );
  refused(pairs(rows([0], [0], [4])), /is there already/);
  const all = { parent: u4([0]), start: u4([0]), stop: u4([2 ** 31]) };
  refused(() => writer.pairs('q', 'a/c', 1, 2 ** 31, all), /2147483648 pairs: the look-up tables/);
  writer.abort();
});
