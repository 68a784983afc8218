/** What counts as the content of a place in a file that is only read. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compound, createH5, hashTree } from 'tg/h5';
import { nodesAt } from '../../src/execute/outputs.ts';
import { folder } from '../helpers/cli.ts';

const ONE = { parent: Uint32Array.of(0), start: Uint32Array.of(0), stop: Uint32Array.of(1) };

/** Tables a, b (with a table b/inner below it), c, and references a -> b. */
async function contents(values: Partial<Record<'a' | 'b' | 'b/inner' | 'c', number>>, refs = true) {
  const path = join(folder(), 'flow.h5');
  const file = createH5(path);
  for (const name of ['a', 'b', 'b/inner', 'c'] as const)
    file.table(`x/${name}`, compound([['v', 'u4']])).appendColumns({ v: [values[name] ?? 0] });
  if (refs) file.references('x/a', 'x/b', 1, ONE);
  file.close();
  const nodes = await hashTree(path);
  return (place: string): string => JSON.stringify(nodesAt(nodes, place));
}

test('a table is its rows and its relations, and no table below or beside it', async () => {
  const before = await contents({});
  const places = ['/x/a', '/x/b', '/x/b/inner', '/x/c', '/x'];
  const changed = async (...[values, refs]: Parameters<typeof contents>): Promise<string[]> => {
    const after = await contents(values, refs);
    return places.filter((place) => after(place) !== before(place));
  };
  assert.deepEqual(await changed({}), []);
  assert.deepEqual(await changed({ a: 1 }), ['/x/a', '/x']);
  assert.deepEqual(await changed({ b: 1 }), ['/x/b', '/x']);
  assert.deepEqual(await changed({ 'b/inner': 1 }), ['/x/b/inner', '/x']);
  assert.deepEqual(await changed({ c: 1 }), ['/x/c', '/x']);
  // A relation is of both tables, whichever of them a task reads it from.
  assert.deepEqual(await changed({}, false), ['/x/a', '/x/b', '/x']);
});
