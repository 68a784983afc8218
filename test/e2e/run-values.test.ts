/** Cells of the run table as parameters: what is taken, and what is told of tables that cannot be right. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { folder, run } from '../helpers/cli.ts';

const MODULE = `
import { writeFileSync } from 'node:fs';
export default {
  params: { field: 0, label: '', cuts: { low: 1 } },
  run({ params, output }) {
    writeFileSync(output('my/a'), JSON.stringify([params.field, params.label, params.cuts.low]));
  },
};
`;

const PROCEDURE = `
- name: my/a
  type: ./a.mjs
  inputs: [raw]
  outputs: { my/a: "a/{run}.json" }
  parameters:
    field: { column: e_field, times: 0.001, default: 0.5 }
    label: { column: label, default: none }
    cuts: { low: { column: low, times: 1, default: 7 } }
`;

/** A project of runs r1 and r2 with this table, and with this procedure. */
const project = (table: string, procedure = PROCEDURE): string =>
  folder({
    'tg.yaml': 'libraries: [./p.yaml]\nsources: { raw: "raw/{run}.txt" }\nruns: runs.txt\n',
    'p.yaml': procedure,
    'a.mjs': MODULE,
    'runs.txt': table,
    'raw/r1.txt': '1',
    'raw/r2.txt': '2',
  });

const said = async (
  root: string,
  words: string[] = [],
  code = 0,
): Promise<{ stderr: string; r1: unknown; r2: unknown }> => {
  const { stderr, code: was } = await run(['build', ...words], { cwd: root });
  assert.equal(was, code, stderr);
  const made = (name: string): unknown =>
    code === 0 ? JSON.parse(readFileSync(join(root, 'build/a', `${name}.json`), 'utf8')) : null;
  return { stderr, r1: made('r1'), r2: made('r2') };
};

describe('values of the run table', () => {
  test('numbers are multiplied, text stays text, an empty cell is the default', async () => {
    const root = project('run e_field label low\nr1 500 007 3\nr2 - - -\n');
    const { r1, r2, stderr } = await said(root);
    assert.deepEqual(
      [r1, r2],
      [
        [0.5, '007', 3],
        [0.5, 'none', 7],
      ],
    );
    assert.ok(!stderr.includes('warning'));
  });

  test('an edited cell reruns its own run', async () => {
    const root = project('run e_field\nr1 500\nr2 500\n');
    await said(root);
    writeFileSync(join(root, 'runs.txt'), 'run e_field note\nr1 500 x\nr2 250 y\n');
    const { r2, stderr } = await said(root);
    assert.deepEqual(r2, [0.25, 'none', 7]);
    assert.match(stderr, /because: my\/a@r2: field changed: 0\.5 -> 0\.25/);
    assert.match(stderr, /1 done, 1 fresh/);
    assert.match((await said(root, ['--set', 'my/a.field=2'])).stderr, /2 done/);
  });

  test('tg why knows that a value is of the table', async () => {
    const root = project('run e_field\nr1 500\nr2 250\n');
    await said(root);
    const why = async (): Promise<string> =>
      (await run(['why', 'my/a@r2', 'runs.txt'], { cwd: root })).stdout;
    assert.match(await why(), /^no: my\/a@r2 reads 1 value of runs\.txt, as before\n/);
    writeFileSync(join(root, 'runs.txt'), 'run e_field\nr1 500\nr2 300\n');
    assert.match(
      await why(),
      /^yes: my\/a@r2 reads 1 value of runs\.txt, 1 changed\n.*field {2}0\.25 -> 0\.3/,
    );
  });

  test('a run without a row takes the defaults, with a warning', async () => {
    const root = project('run e_field\nr1 250\n');
    const { r1, r2, stderr } = await said(root);
    assert.deepEqual(
      [r1, r2],
      [
        [0.25, 'none', 7],
        [0.5, 'none', 7],
      ],
    );
    assert.match(
      stderr,
      /warning: runs\.txt:2:1: runs\.txt has no row of run r2: defaults for e_field/,
    );
  });

  test('a table that fits no file is warned about', async () => {
    const { stderr } = await said(project('run e_field\nq1 250\n'));
    assert.match(stderr, /runs\.txt names no file that is there \(2 runs: r1, r2\)/);
  });

  const mistakes: [string, string, RegExp][] = [
    [
      'two rows of a run that differ',
      'run e_field\nr1 500\nr1 250\n',
      /error: runs\.txt:3:1: e_field of run r1 is 250 here and 500 in line 2/,
    ],
    [
      'a cell that is no number',
      'run e_field\nr1 high\n',
      /error: runs\.txt:2:1: e_field of run r1 must be a number, not "high"/,
    ],
    [
      'a file of two runs',
      'run charge_filename e_field\nr1 file 1\nr2 file 2\n',
      /error: runs\.txt:3:1: file is of run r2 here and of run r1 in line 2/,
    ],
  ];
  for (const [what, table, message] of mistakes)
    test(`${what}: told once, with its place`, async () => {
      const { stderr } = await said(project(table), [], 2);
      assert.match(stderr, message);
      assert.equal(stderr.match(/error:/g)?.length, 1, stderr);
    });

  test('a column without a default must be there', async () => {
    const procedure = PROCEDURE.replace(', default: none', '');
    const { stderr } = await said(project('run e_field\nr1 500\nr2 500\n', procedure), [], 2);
    assert.match(
      stderr,
      /p\.yaml:8:12: label is column label of the run table, and runs\.txt has none of run r1/,
    );
    assert.match(stderr, /try: \{column: label, default: \.\.\}/);
  });
});
