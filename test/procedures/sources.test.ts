import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { RunTable, SourceEntry } from '../../src/core/types.ts';
import { compareNatural } from '../../src/core/names.ts';
import {
  matchPath,
  patternDistance,
  segmentsOf,
  wildcardsOf,
} from '../../src/procedures/pattern.ts';
import { readRunTable } from '../../src/procedures/run-table.ts';
import { goneSource, matchSource, noSource } from '../../src/procedures/sources.ts';

const root = mkdtempSync(join(tmpdir(), 'tg-sources-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

/** A new folder with empty files. */
function files(...names: string[]): string {
  const folder = join(root, String(folders++));
  for (const name of ['.', ...names]) {
    const path = join(folder, name);
    mkdirSync(name === '.' ? path : dirname(path), { recursive: true });
    if (name !== '.') writeFileSync(path, '');
  }
  return folder;
}

const entry = (
  folder: string,
  written: string,
  name = 'packets',
  more: Partial<SourceEntry> = {},
): SourceEntry => ({
  name,
  pattern: join(folder, written),
  written,
  place: '',
  archived: false,
  hash: 'full',
  where: { file: join(folder, 'tg.yaml'), line: 4, column: 12, length: written.length },
  ...more,
});

/** `target: path path`, one text per source. */
function found(
  folder: string,
  written: string,
  options: { table?: RunTable; known?: string[]; archived?: boolean; name?: string } = {},
): string[] {
  const { archived = false, name = 'packets', ...rest } = options;
  const { sources, diagnostics } = matchSource(entry(folder, written, name, { archived }), {
    root: folder,
    ...rest,
  });
  assert.deepEqual(diagnostics, []);
  return sources.map(
    (source) => `${source.target}: ${source.files.map(({ path }) => path).join(' ')}`,
  );
}

test('runs are taken from {run}, in natural order', () => {
  const folder = files(
    'raw/packets_r10.h5',
    'raw/packets_r9.h5',
    'raw/packets_r9b.h5',
    'raw/packets_.h5',
    'raw/other.h5',
    'raw/packets_r9.h5.tmp',
  );
  assert.deepEqual(found(folder, 'raw/packets_{run}.h5'), [
    'packets@r9: raw/packets_r9.h5',
    'packets@r9b: raw/packets_r9b.h5',
    'packets@r10: raw/packets_r10.h5',
  ]);
  assert.deepEqual(found(folder, 'raw/packets_r{run:d}.h5'), [
    'packets@9: raw/packets_r9.h5',
    'packets@10: raw/packets_r10.h5',
  ]);
});

test('the first wildcard takes the longest text; files of one run stand together', () => {
  const folder = files('rwf_a_b_2.data', 'rwf_a_b_1.data', 'rwf_a_10.data', 'rwf_a_9.data');
  assert.deepEqual(found(folder, 'rwf_{run}_{adc}.data', { name: 'light_raw' }), [
    'light_raw@a: rwf_a_9.data rwf_a_10.data',
    'light_raw@a_b: rwf_a_b_1.data rwf_a_b_2.data',
  ]);
});

test('wildcards in folders; one that stands twice is the same text', () => {
  const folder = files('r1/x_r1.h5', 'r2/x_r2.h5', 'r2/x_r1.h5', 'x_r3.h5', 'deep/r1/y.h5');
  assert.deepEqual(found(folder, '{run}/x_{run}.h5'), [
    'packets@r1: r1/x_r1.h5',
    'packets@r2: r2/x_r2.h5',
  ]);
  assert.deepEqual(found(folder, '{run}/{part}.h5'), [
    'packets@r1: r1/x_r1.h5',
    'packets@r2: r2/x_r1.h5 r2/x_r2.h5',
  ]);
  assert.deepEqual(found(folder, 'deep/{run}/y.h5'), ['packets@r1: deep/r1/y.h5']);
});

test('a folder behind a symbolic link is a folder, a dead link is nothing', () => {
  const folder = files('real/r1/x.h5');
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dead'));
  assert.deepEqual(found(folder, '{dir}/r1/x.h5'), ['packets: link/r1/x.h5 real/r1/x.h5']);
});

test('a source without wildcards is one file and has no run', () => {
  const folder = files('raw/a.h5');
  assert.deepEqual(found(folder, 'raw/a.h5'), ['packets: raw/a.h5']);
  assert.deepEqual(found(folder, 'raw/b.h5'), []);
  assert.deepEqual(found(folder, 'nowhere/{run}.h5'), []);
});

test('paths outside of the root stay absolute', () => {
  const folder = files('a_r1.h5');
  const { sources } = matchSource(entry(folder, 'a_{run}.h5'), { root: join(folder, 'project') });
  assert.equal(sources[0]?.files[0]?.path, join(folder, 'a_r1.h5'));
});

test('an archived source keeps the files the store knows', () => {
  const folder = files('raw/p_r2.h5');
  const known = ['raw/p_r1.h5', 'raw/p_r2.h5', 'raw/q_r3.h5'];
  assert.deepEqual(found(folder, 'raw/p_{run}.h5', { known, archived: true }), [
    'packets@r1: raw/p_r1.h5',
    'packets@r2: raw/p_r2.h5',
  ]);
  assert.deepEqual(found(folder, 'raw/p_{run}.h5', { known }), ['packets@r2: raw/p_r2.h5']);
});

test('two files of one run [duplicate-run], unless another wildcard tells them apart', () => {
  const folder = files('raw/a_r1.h5', 'raw/b_r1.h5');
  const { diagnostics } = matchSource(entry(folder, 'raw/*_{run}.h5'), { root: folder });
  assert.deepEqual(
    diagnostics.map(({ code, message, try: hint }) => [code, message, hint]),
    [
      [
        'duplicate-run',
        'raw/a_r1.h5 and raw/b_r1.h5 are both run r1',
        'put more of the path in {run}',
      ],
    ],
  );
  assert.deepEqual(found(folder, 'raw/{part}_{run}.h5'), ['packets@r1: raw/a_r1.h5 raw/b_r1.h5']);
  const rows = [
    { run: 'one', columns: { packets: '_r1' }, where: { file: '', line: 1, column: 1 } },
  ];
  assert.deepEqual(found(folder, 'raw/*_{run}.h5', { table: { file: '', rows } }), [
    'packets@one: raw/a_r1.h5 raw/b_r1.h5',
  ]);
});

test("module0_flow's run list joins charge and light files by parts of their names", () => {
  const folder = files(
    'raw/cosmic10k.h5',
    'raw/rollover_notrig.h5',
    'raw/later.h5',
    'raw/rwf_20210404_004206_1.data',
    'raw/rwf_20210404_004206_2.data',
  );
  writeFileSync(
    join(folder, 'runlist.txt'),
    `e_field charge_filename light_filename charge_thresholds light_samples
500 cosmic10k rwf_20210404_004206 medm 256
500 rollover_notrig - high 256
`,
  );
  const { table, diagnostics } = readRunTable(join(folder, 'runlist.txt'));
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    table.rows.map(({ run, columns, where }) => [run, columns['e_field'], where.line]),
    [
      ['cosmic10k', '500', 2],
      ['rollover_notrig', '500', 3],
    ],
  );
  assert.deepEqual(found(folder, 'raw/{run}.h5', { table }), [
    'packets@cosmic10k: raw/cosmic10k.h5',
    'packets@later: raw/later.h5',
    'packets@rollover_notrig: raw/rollover_notrig.h5',
  ]);
  assert.deepEqual(found(folder, 'raw/rwf_{run}_{adc}.data', { table, name: 'light_raw' }), [
    'light_raw@cosmic10k: raw/rwf_20210404_004206_1.data raw/rwf_20210404_004206_2.data',
  ]);
});

test('run tables as CSV and YAML; the longest name wins', () => {
  const folder = files('p_1.h5', 'p_12.h5', 'l_a.data');
  writeFileSync(
    join(folder, 'runs.csv'),
    'run,packets,"light_raw"\nr1,p_1,l_a\n"r ""2""",p_12,-\n',
  );
  writeFileSync(join(folder, 'runs.yaml'), '- {run: r1, packets: [p_1, p_12], light_raw: l_a}\n');
  const csv = readRunTable(join(folder, 'runs.csv')).table;
  assert.deepEqual(
    csv.rows.map(({ run, columns }) => [run, columns]),
    [
      ['r1', { run: 'r1', packets: 'p_1', light_raw: 'l_a' }],
      ['r "2"', { run: 'r "2"', packets: 'p_12', light_raw: '-' }],
    ],
  );
  assert.deepEqual(found(folder, 'p_{run}.h5', { table: csv }), [
    'packets@r "2": p_12.h5',
    'packets@r1: p_1.h5',
  ]);
  const yaml = readRunTable(join(folder, 'runs.yaml')).table;
  assert.deepEqual(found(folder, 'p_{run}.h5', { table: yaml }), ['packets@r1: p_1.h5 p_12.h5']);
});

test('mistakes in run tables have places', () => {
  const folder = files();
  writeFileSync(join(folder, 'a.txt'), 'run packets\nr1 a b\n# remark\n\nr2 c\n');
  writeFileSync(join(folder, 'b.yaml'), '- {packets: a}\n- 5\n');
  const told = (name: string): string[] =>
    readRunTable(join(folder, name)).diagnostics.map(
      ({ where, message }) => `${where?.line}:${where?.column} ${message}`,
    );
  assert.deepEqual(told('a.txt'), ['2:1 row of 3 cells, the header has 2']);
  assert.deepEqual(told('b.yaml'), [
    '1:3 row has no run',
    '2:3 a row of a run table must be a mapping',
  ]);
});

test('what there is instead of a source that matches nothing', () => {
  const folder = files('raw/packet_r41.h5', 'raw/zzz.txt', 'empty/x/y');
  const line = (written: string, by: string[] = []): string | undefined =>
    noSource(entry(folder, written), by, folder).other;
  assert.equal(
    line('raw/packets_{run}.h5', ['charge/raw_events']),
    'needed by charge/raw_events; nearest of 2 files in raw/: raw/packet_r41.h5',
  );
  assert.equal(
    line('row/packets_{run}.h5', ['a', 'b']),
    'needed by a, b; no folder row; nearest: raw',
  );
  assert.equal(
    line('nowhere/{run}.h5', ['a', 'b', 'c', 'd']),
    'needed by a, b, c and 1 more; no folder nowhere',
  );
  mkdirSync(join(folder, 'void'));
  assert.equal(line('void/{run}.h5'), 'void/ is empty');
  const gone = goneSource(
    entry(folder, 'raw/packets_{run}.h5'),
    'packets@r42',
    'raw/packets_r42.h5',
    ['charge/raw_events'],
    { root: folder, cwd: folder },
  );
  assert.equal(gone.message, 'source packets@r42 is gone: raw/packets_r42.h5');
});

test('patterns: names of wildcards and edits', () => {
  assert.deepEqual(wildcardsOf('/{a}/x_{run:d}_{a}.h5'), ['a', 'run']);
  assert.equal(patternDistance(segmentsOf('packets_{run}.h5')[0]!, 'packet_r41.h5'), 1);
  assert.equal(patternDistance(segmentsOf('packets_{run}.h5')[0]!, 'packets_r41.h5'), 0);
});

const text = fc.string({
  unit: fc.constantFrom('a', 'b', '_', '.', '(', '1', '2'),
  minLength: 1,
  maxLength: 5,
});

test('a file made from a pattern fits it, with wildcards that make the same file', () => {
  const part = fc.oneof(
    text.map((t) => ({ t })),
    fc.constantFrom('run', 'adc', 'dir').map((w) => ({ w })),
  );
  const segment = fc.array(part, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(segment, { minLength: 1, maxLength: 3 }),
      text,
      text,
      text,
      (segments, run, adc, dir) => {
        const fill = (values: { readonly [name: string]: string }): string =>
          segments
            .map((parts) => parts.map((p) => ('t' in p ? p.t : values[p.w])).join(''))
            .join('/');
        const used = segments.flat().flatMap((p) => ('w' in p ? [p.w] : []));
        // Each folder is matched by itself: what is ambiguous in one is not settled by another.
        fc.pre(new Set(used).size === used.length);
        const pattern = segments
          .map((parts) => parts.map((p) => ('t' in p ? p.t : `{${p.w}}`)).join(''))
          .join('/');
        const path = fill({ run, adc, dir });
        const wildcards = matchPath(pattern, path);
        assert.ok(wildcards !== undefined, `${pattern} ${path}`);
        assert.equal(fill(wildcards), path);
      },
    ),
    { numRuns: 1000 },
  );
});

test('sources are what filtering all names by the pattern gives, in natural order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 12 }), (names) => {
      const good = names.filter((name) => name !== '.' && name !== '..');
      const folder = files(
        ...good.map((name) => `p_${name}.h5`),
        ...good.map((name) => `q_${name}`),
      );
      const wanted = [...good].sort(compareNatural).map((name) => `packets@${name}: p_${name}.h5`);
      assert.deepEqual(found(folder, 'p_{run}.h5'), wanted);
    }),
    { numRuns: 40 },
  );
});
