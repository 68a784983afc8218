// One file with everything the writer can write; several tests look at it through different readers.
import { compound, createH5, dtype, type Written } from '../../src/h5/index.ts';

export const HITS = compound([
  ['id', 'u4'],
  ['q', 'f8'],
  ['ts_raw', 'u8'],
  ['iogroup', 'u1'],
  ['valid', 'bool'],
  ['name', 'S6'],
  ['wave', 'i2', [2, 3]],
  ['half', 'f2'],
]);

/** Exact types of all attribute kinds that specs/charge.md names, and some more. */
export const ATTRIBUTES = {
  classname: 'HitBuilder',
  class_version: '0.0.0',
  nhit_cut: 100,
  threshold: 10.5,
  sync_noise_cut_enabled: true,
  sync_noise_cut: [1, -100000],
  negative: -(2 ** 40),
  huge: 2n ** 63n + 5n,
  words: ['a', 'bé', ''],
  small: new Uint8Array([1, 2, 255]),
  singles: new Float32Array([0.5, -1]),
  flags: [true, false],
  nothing: null,
  fixed: { dtype: dtype('S8'), shape: [2], bytes: Buffer.from('abc\0\0\0\0\0defghijk') },
  matrix: { dtype: dtype('i4'), shape: [2, 2], values: [1, 2, 3, 4] },
  correction: {
    dtype: compound([
      ['iogroup', 'u1'],
      ['offset', 'f8'],
      ['slope', 'f8'],
    ]),
    shape: [2],
    values: [
      { iogroup: 1, offset: 0.5, slope: 1e-6 },
      { iogroup: 2, offset: -0.5, slope: 0 },
    ],
  },
  larpix_trigger_channels: {
    dtype: compound([
      ['key', 'str'],
      ['val', { kind: 'vlen', base: dtype('u1') }],
    ]),
    shape: [3],
    values: [
      { key: 'All', val: [] },
      { key: '1-2-é', val: [6, 15, 255] },
      { key: '', val: [0] },
    ],
  },
  min_max_keys: {
    dtype: compound([['keys', 'i8', [2, 2]]]),
    shape: [1],
    values: [{ keys: [0, 1, 2, -3] }],
  },
} as const;

export const ROWS = 10_000;

/** Columns of `n` rows of HITS. */
export function hitColumns(n: number) {
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  return {
    id: Uint32Array.from(each((i) => i)),
    q: Float64Array.from(each((i) => i / 8)),
    ts_raw: BigUint64Array.from(each((i) => BigInt(i) * 2n ** 40n)),
    iogroup: Uint8Array.from(each((i) => i % 7)),
    valid: each((i) => i % 3 === 0),
    name: each((i) => `n${i}`),
    wave: Int16Array.from({ length: 6 * n }, (_, i) => i % 65536),
    half: each((i) => (i % 2048) / 4),
  };
}

export function writeSample(path: string, block = 4096): Written {
  const writer = createH5(path);
  const hits = writer.table('charge/hits', HITS, { attributes: ATTRIBUTES as never });
  const columns = hitColumns(ROWS);
  for (let at = 0; at < ROWS; at += block) {
    const part = Object.fromEntries(
      Object.entries(columns).map(([name, values]) => {
        const per = values.length / ROWS;
        return [name, values.slice(at * per, Math.min(ROWS, at + block) * per)];
      }),
    );
    hits.appendColumns(part);
  }
  hits.close();
  const events = writer.table('charge/events', compound([['id', 'u4']]));
  events.appendColumns({ id: [0, 1, 2, 3, 4] });
  events.close();
  writer.table('charge/none', HITS).close();
  const runs = {
    parent: Uint32Array.of(0, 2, 2, 3, 3, 3, 3, 3, 4),
    start: Uint32Array.of(0, 10, 20, 100, 110, 120, 130, 140, 9999),
    stop: Uint32Array.of(5, 12, 30, 101, 111, 121, 131, 141, 10000),
  };
  writer.references('charge/events', 'charge/hits', 5, runs);
  writer.relation('charge/events', 'charge/hits', runs);
  for (let i = 0; i < 300; i++) writer.group(`many/g${i}`, { number: i });
  writer.dataset('scalar', 'f8', [], Float64Array.of(3.25));
  writer.dataset('no_rows', 'f4', [0, 3], new Float32Array(0));
  writer.dataset(
    'pairs',
    'u4',
    [7, 2],
    Uint32Array.from({ length: 14 }, (_, i) => i),
    {
      chunks: [4, 2],
      maxshape: [null, null],
    },
  );
  writer.dataset(
    'cube',
    'i2',
    [5, 4, 3],
    Int16Array.from({ length: 60 }, (_, i) => i),
    {
      chunks: [2, 3, 2],
    },
  );
  writer.strings('strings', ['a', '', 'longer é', 'x'.repeat(5000)], {
    attributes: { unit: 'mm' },
  });
  writer.dataset('objects', 'objref', [3], ['/charge', '/charge/hits/data', null]);
  writer.regions('regions', [
    { path: '/charge/hits/data', selection: { kind: 'points', rank: 1, coordinates: [900, 3, 7] } },
    null,
    { path: '/charge/hits/data', selection: { kind: 'blocks', rank: 1, blocks: [5, 6, 9, 12] } },
    { path: '/charge/hits/data', selection: { kind: 'all' } },
    { path: '/charge/hits/data', selection: { kind: 'none' } },
  ]);
  writer.dataset(
    'choice',
    {
      kind: 'enum',
      base: dtype('u2'),
      members: [
        ['RED', 1],
        ['BLUE', 700],
      ],
    },
    [3],
    Uint16Array.of(1, 700, 1),
  );
  writer.dataset('blob', { kind: 'opaque', size: 3 }, [2], new Uint8Array([1, 2, 3, 4, 5, 6]));
  return writer.close();
}
