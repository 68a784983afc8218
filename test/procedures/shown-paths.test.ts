import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownPath, shownPaths } from '../../src/procedures/files.ts';

test('absolute paths in a text are relative to where the user stands, two steps up at most', () => {
  const told = (text: string): string => shownPaths(text, '/data/lab/run');
  assert.equal(told('/data/lab/run/cal/ped.json:3:1: no'), 'cal/ped.json:3:1: no');
  assert.equal(told("open '/data/lab/cal/x'"), "open '../cal/x'");
  assert.equal(told('/data/other/x has no /packets'), '../../other/x has no /packets');
  assert.equal(told('/srv/x and /data/lab/y'), '/srv/x and ../y');
  assert.equal(told('https://host/data/lab/y'), 'https://host/data/lab/y');
  assert.equal(told('a/data/lab/run/x'), 'a/data/lab/run/x');
  // The root alone begins no path: places inside of HDF5 files begin with it, too.
  assert.equal(shownPaths('no /packets, /a/b', '/a'), 'no /packets, b');
  assert.equal(shownPaths('in /a(1)/b', '/a(1)'), 'in b');
});

test('alone or in a text, a path is shown in one way', () => {
  for (const cwd of ['/data/lab/run', '/data/lab/run/sub', '/data/lab', '/elsewhere/deep/er/still'])
    for (const path of ['/data/lab/run/cal/x.json', '/data/lab/x.json', '/data/lab/run/sub/x'])
      assert.equal(shownPaths(`see ${path}!`, cwd), `see ${shownPath(path, cwd)}!`, cwd);
});
