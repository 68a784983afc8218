/** Bad input through the real command line: one message at the right place, what was made stays, nothing is half-written, no stack. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { compound, createH5, openH5 } from 'tg/h5';
import { PACKET, PACKET_FIELDS, packetFields24 } from '../../tasks/charge/packet-fields.ts';
import { anodeOf, packetsOf, simulateParams, writePackets } from '../../tasks/charge/simulate.ts';
import { run, untimed } from '../helpers/cli.ts';
import {
  built,
  buildTold,
  contents,
  JSON_PROJECT,
  made,
  simulatedProject,
} from './charge-project.ts';

/** Makes the raw file of a run bad. */
type Spoil = (path: string) => void | Promise<void>;

interface Fault {
  spoil: Spoil;
  /** After `error: `; FILE is the spoilt file from where the user stands. */
  error: string | RegExp;
  fix: string;
}

const SMALL = simulateParams({ seconds: 1, tiles: 4, chips: 3, events_per_s: 8 });

function rewritten(path: string, write: (file: ReturnType<typeof createH5>) => void): void {
  const file = createH5(path);
  write(file);
  file.close();
}

/** The packets of the simulated run without those of type 4. */
function* untimedPackets(): Generator<Uint8Array> {
  const { rowSize, packetType } = packetFields24();
  for (const block of packetsOf(SMALL, anodeOf(SMALL))) {
    const rows = Array.from({ length: block.length / rowSize }, (_, i) =>
      block.subarray(i * rowSize, (i + 1) * rowSize),
    );
    yield Buffer.concat(rows.filter((row) => row[packetType] !== PACKET.timestamp));
  }
}

const OF_PACKETS: Record<string, Fault> = {
  truncated: {
    spoil: (path) => truncateSync(path, 20_000),
    error: /^FILE: truncated: 20 000 of [\d ]+ bytes$/,
    fix: 'copy it again',
  },
  webpage: {
    spoil: (path) => writeFileSync(path, 'HTTP/1.1 404\r\nContent-Type: text/html\r\n'),
    error: 'FILE: not HDF5 (begins "HTTP/1.1 404")',
    fix: 'fetch it again',
  },
  text: {
    spoil: (path) => writeFileSync(path, 'some notes\nof the shift\n'),
    error: 'FILE: not HDF5 (begins "some notes")',
    fix: 'check that this is the file you mean',
  },
  zero: {
    spoil: (path) => writeFileSync(path, ''),
    error: 'FILE: is empty (0 bytes)',
    fix: 'copy it again',
  },
  unfinished: {
    spoil: (path) => writeFileSync(path, Buffer.alloc(4096)),
    error: 'FILE: is unfinished: whoever wrote it did not close it',
    fix: 'build it again',
  },
  messages: {
    spoil: (path) =>
      rewritten(path, (file) => {
        file.group('meta');
        for (const name of ['msgs', 'msg_headers'])
          file.dataset(name, 'u1', [3], Uint8Array.of(1, 2, 3));
      }),
    error: 'FILE has no /packets; it has /meta, /msg_headers, /msgs: a raw message file',
    fix: 'convert it to packets; tg monitor reads it as it is',
  },
  bare: {
    spoil: (path) => rewritten(path, () => undefined),
    error: 'FILE has no /packets; it is empty',
    fix: 'the place of the packets in the source, FILE::/PLACE',
  },
  numbers: {
    spoil: (path) =>
      rewritten(path, (file) => file.dataset('packets', 'f8', [2], Float64Array.of(1, 2))),
    error: 'FILE: /packets holds f8 of shape [2], no list of packets',
    fix: 'a file of LArPix packets',
  },
  old: {
    spoil: (path) =>
      rewritten(path, (file) => {
        file.group('_header', { version: '1.0' });
        file.dataset('packets', 'u4', [0], new Uint32Array(0));
      }),
    error: 'FILE: LArPix+HDF5 1.0, tg reads 2.0 to 2.4',
    fix: 'convert it to 2.4',
  },
  unversioned: {
    spoil: (path) =>
      rewritten(path, (file) => {
        file.group('_header', { version: [2, 4] });
        file.dataset('packets', 'u4', [0], new Uint32Array(0));
      }),
    error: 'FILE: LArPix+HDF5 of unknown version, tg reads 2.0 to 2.4',
    fix: 'convert it to 2.4',
  },
  floats: {
    spoil: (path) =>
      rewritten(path, (file) => {
        const kind = (name: string, type: string): string => (name === 'timestamp' ? 'f8' : type);
        const type = compound(PACKET_FIELDS.map(([name, t]) => [name, kind(name, t)]));
        file.stream('packets', type, [], {}).close();
      }),
    error: 'FILE: packets: field timestamp holds no whole numbers',
    fix: 'a file of LArPix packets',
  },
  square: {
    spoil: (path) =>
      rewritten(path, (file) => {
        const type = compound(PACKET_FIELDS.map(([name, t]) => [name, t]));
        file.dataset('packets', type, [3, 1], new Uint8Array(3 * type.size));
      }),
    error: 'FILE: /packets holds rows of shape [3, 1], no list of packets',
    fix: 'a file of LArPix packets',
  },
  timeless: {
    spoil: (path) => void writePackets(path, untimedPackets(), SMALL.unix_start),
    error: /^FILE: no timestamp packet \(type 4\) in [\d ]+ packets: no unix time$/,
    fix: 'another file',
  },
};

/** Faults in a calibration file: which, how, and what is said. `PIXEL` is the key of a pixel that has hits. */
interface CalibrationFault {
  file: 'ped.json' | 'cfg.json' | 'layout.yaml';
  spoil: (text: string, pixel: string) => string;
  error: string | RegExp;
  fix: string;
}

const OF_CALIBRATION: Record<string, CalibrationFault> = {
  word: {
    file: 'ped.json',
    spoil: (_, pixel) =>
      `{\n  "1": {"pedestal_mv": 580},\n  "${pixel}": {"pedestal_mv":  "n/a"}\n}\n`,
    error: /^FILE:3:\d+: pedestal_mv of PIXEL is not a number: "n\/a"$/,
    fix: 'correct the value, then tg build charge/events',
  },
  entry: {
    file: 'cfg.json',
    spoil: (_, pixel) => `{"${pixel}": 1300}`,
    error: /^FILE:1:\d+: PIXEL is not a mapping of values: 1300$/,
    fix: 'correct the value, then tg build charge/events',
  },
  endless: {
    file: 'ped.json',
    spoil: (_, pixel) => `{"${pixel}": {"pedestal_mv": 1e999}}`,
    error: /^FILE:1:\d+: pedestal_mv of PIXEL is not a number: Infinity$/,
    fix: 'correct the value, then tg build charge/events',
  },
  nothing: {
    file: 'cfg.json',
    spoil: () => 'null\n',
    error: 'FILE:1:1: not a mapping of pixels',
    fix: 'correct the value, then tg build charge/events',
  },
  list: {
    file: 'ped.json',
    spoil: () => '[580, 581]\n',
    error: 'FILE:1:1: not a mapping of pixels',
    fix: 'correct the value, then tg build charge/events',
  },
  comma: {
    file: 'ped.json',
    spoil: () => '{\n  "1": {"pedestal_mv": 580},\n}\n',
    error: 'FILE:3:1: not JSON: a key in double quotes is wanted, not "}"',
    fix: 'correct the file',
  },
  half: {
    file: 'cfg.json',
    spoil: (text) => text.slice(0, 25),
    error: /^FILE:\d:\d+: not JSON: .*$/,
    fix: 'correct the file',
  },
  bracket: {
    file: 'layout.yaml',
    spoil: (text) => text.replace(/^(pixel_pitch: ).*$/m, '$1[4'),
    error: /^FILE:\d+:\d+: not YAML: .*$/,
    fix: 'correct the file',
  },
  pitch: {
    file: 'layout.yaml',
    spoil: (text) => text.replace(/^(pixel_pitch: ).*$/m, '$1wide'),
    error: /^FILE:\d+:14: pixel_pitch is no number \(mm\)$/,
    fix: 'a multi-tile layout of version 2.x',
  },
  version: {
    file: 'layout.yaml',
    spoil: (text) => text.replace(/^(multitile_layout_version: ).*$/m, '$1 3.0.0'),
    error: /^FILE:\d+:\d+: multitile_layout_version is 3\.0\.0, not 2\.x$/,
    fix: 'a multi-tile layout of version 2.x',
  },
  tile: {
    file: 'layout.yaml',
    spoil: (text) => text.replaceAll(/: 1(0\d\d)$/gm, ': 7$1'),
    error: /^FILE has no tile of io_group 1, io_channel \d+ \([\d ]+ hits\)$/,
    fix: 'the layout of this detector in charge/hits.geometry_file',
  },
};

const PARAMETER = {
  'ped.json': 'pedestal_file',
  'cfg.json': 'configuration_file',
  'layout.yaml': 'geometry_file',
} as const;

/** `error:` and `try:` of a task that failed. */
function toldOf(stderr: string, task: string): [error: string, fix: string] {
  const all = untimed(stderr).split('\n');
  const at = all.indexOf(`${task}: failed after T`);
  assert.ok(at >= 0, `${task} failed: ${stderr}`);
  const [error, fix] = all.slice(at + 1, at + 3);
  assert.match(error!, /^ {2}error: /);
  assert.match(fix!, /^ {2}try: /);
  return [error!.slice(9), fix!.slice(7)];
}

function assertTold(error: string, wanted: string | RegExp, file: string, pixel = ''): void {
  const told = error.replace(file, 'FILE').replace(pixel === '' ? '?' : pixel, 'PIXEL');
  if (typeof wanted === 'string') assert.equal(told, wanted);
  else assert.match(told, wanted);
}

/** Key of a pixel of the calibration files that has a hit. */
async function pixelWithHit(flow: string): Promise<string> {
  const file = await openH5(flow);
  const hits = file.table('/charge/hits').read(0, 1);
  const [g, c, k, p] = ['iogroup', 'iochannel', 'chipid', 'channelid'].map((name) =>
    Number(hits.column(name)[0]!),
  ) as [number, number, number, number];
  file.close();
  return String(((g * 256 + c) * 256 + k) * 64 + p);
}

describe('runs that were built and whose files went bad', () => {
  const runs = Object.fromEntries(
    ['fine', ...Object.keys(OF_PACKETS), ...Object.keys(OF_CALIBRATION)].map((name) => [
      name,
      SMALL,
    ]),
  );
  const root = simulatedProject(runs);
  const sub = join(root, 'sub');
  mkdirSync(sub);
  const overrides = Object.entries(OF_CALIBRATION).map(([name, { file }]) => {
    cpSync(join(root, 'cal', file), join(root, 'cal', `${name}_${file}`));
    return {
      runs: name,
      parameters: { 'charge/hits': { [PARAMETER[file]]: `cal/${name}_${file}` } },
    };
  });
  const project = JSON.parse(readFileSync(join(root, 'tg.yaml'), 'utf8')) as object;
  writeFileSync(join(root, 'tg.yaml'), JSON.stringify({ ...project, overrides }));
  const raw = (name: string): string => join(root, 'raw', `${name}.h5`);
  const originals = join(root, 'originals');

  let files: Record<string, string>;
  let pixel: string;
  let stderr: string;
  before(async () => {
    await built(root, ['charge/events', '-q']);
    files = made(root);
    pixel = await pixelWithHit(join(root, 'build/fine.h5'));
    for (const name of ['raw', 'cal'])
      cpSync(join(root, name), join(originals, name), { recursive: true });
    for (const [name, { spoil }] of Object.entries(OF_PACKETS)) await spoil(raw(name));
    for (const [name, { file, spoil }] of Object.entries(OF_CALIBRATION)) {
      const path = join(root, 'cal', `${name}_${file}`);
      const text = readFileSync(path, 'utf8');
      const spoilt = spoil(text, pixel);
      assert.notEqual(spoilt, text, name);
      writeFileSync(path, spoilt);
    }
    const said = await run(['build', 'charge/events', '--keep-going'], { cwd: sub });
    assert.equal(said.code, 1);
    assert.equal(said.stdout, '../build/fine.h5\n');
    stderr = said.stderr;
  });

  for (const [name, { error, fix }] of Object.entries(OF_PACKETS))
    test(`packets: ${name}`, () => {
      const [told, what] = toldOf(stderr, `charge/raw_events@${name}`);
      assertTold(told, error, `../raw/${name}.h5`);
      assert.equal(what, fix);
    });

  for (const [name, { file, error, fix }] of Object.entries(OF_CALIBRATION))
    test(`${PARAMETER[file]}: ${name}`, () => {
      const [told, what] = toldOf(stderr, `charge/hits@${name}`);
      assertTold(told, error, `../cal/${name}_${file}`, pixel);
      assert.equal(what, fix);
    });

  test('each bad file is one failed task, and no stack is shown', () => {
    const failed = stderr.match(/^\S+: failed after/gm)!;
    assert.equal(
      failed.length,
      Object.keys(OF_PACKETS).length + Object.keys(OF_CALIBRATION).length,
    );
    assert.doesNotMatch(stderr, /^\s+at |node:|\.js:\d|\/tmp\//m);
  });

  test('what was made before stands as it was, and nothing lies beside it', () => {
    assert.deepEqual(made(root), files);
    const stage = join(root, '.tg/stage');
    assert.deepEqual(existsSync(stage) ? readdirSync(stage) : [], []);
  });

  test('tg log says the same, from wherever it is asked', async () => {
    for (const [cwd, prefix] of [
      [root, ''],
      [sub, '../'],
    ] as const) {
      const word = await run(['log', 'charge/hits@word'], { cwd });
      const last = word.stdout.trimEnd().split('\n').at(-1)!;
      assertTold(last.slice(7), OF_CALIBRATION['word']!.error, `${prefix}cal/word_ped.json`, pixel);
      const bare = await run(['log', 'charge/raw_events@timeless'], { cwd });
      assert.ok(bare.stdout.includes(`error: ${prefix}raw/timeless.h5: no timestamp`), bare.stdout);
      const messages = await run(['log', 'charge/raw_events@messages'], { cwd });
      assert.ok(messages.stdout.includes(`error: ${prefix}raw/messages.h5 has no /packets`));
    }
  });

  test('--json tells code, file, line and column', async () => {
    const said = await run(['build', 'charge/hits@word', '--json'], { cwd: sub });
    assert.equal(said.code, 1);
    const failed = said.stdout.split('\n').find((line) => line.includes('"type":"failed"'))!;
    const { error } = JSON.parse(failed) as { error: Record<string, unknown> };
    assert.deepEqual(error, {
      code: 'bad-value',
      message: `pedestal_mv of ${pixel} is not a number: "n/a"`,
      file: '../cal/word_ped.json',
      line: 3,
      column: 24 + pixel.length,
      try: 'correct the value',
    });
  });

  test('with the files put right, everything is fresh as if nothing had been', async () => {
    for (const name of ['raw', 'cal'])
      cpSync(join(originals, name), join(root, name), { recursive: true });
    const told = await buildTold(root, ['charge/events']);
    assert.deepEqual(told.ran, []);
    assert.equal(told.fresh.length, 6 * Object.keys(runs).length);
    assert.deepEqual(made(root), files);
  });
});

describe('a project that was never built', () => {
  const root = simulatedProject({ r1: { seconds: 1, events_per_s: 5 } });
  const yaml = join(root, 'tg.yaml');
  const good = readFileSync(yaml, 'utf8');
  const project = JSON.parse(good) as { parameters: Record<string, Record<string, unknown>> };
  /** What `tg build` says of the project with these parameters more. */
  const told = async (parameters: Record<string, Record<string, unknown>>): Promise<string> => {
    const all = { ...project.parameters };
    for (const [name, more] of Object.entries(parameters)) all[name] = { ...all[name], ...more };
    const text = Object.entries(all).map(([name, p]) => `  ${name}: ${JSON.stringify(p)}\n`);
    const head = `libraries: ${JSON.stringify(JSON_PROJECT.libraries)}\nsources: {packets: "raw/{run}.h5"}\n`;
    writeFileSync(yaml, `${head}parameters:\n${text.join('')}`);
    const said = await run(['build', 'charge/events'], { cwd: root });
    assert.deepEqual([said.code, said.stdout], [2, ''], said.stderr);
    assert.doesNotMatch(said.stderr, /^\s+at /m);
    assert.ok(!existsSync(join(root, 'build')));
    return said.stderr;
  };
  const errors = (stderr: string): string[] =>
    [...stderr.matchAll(/^error: (.*)$/gm)].map(([, text]) => text!);
  const tries = (stderr: string): string[] =>
    [...stderr.matchAll(/^ {2}try: (.*)$/gm)].map(([, text]) => text!);

  test('files of parameters that are not there are told before anything runs', async () => {
    const stderr = await told({
      'charge/hits': { geometry_file: 'cal/layuot.yaml', configuration_file: 'call/cfg.json' },
    });
    assert.deepEqual(
      errors(stderr).map((text) => text.replace(/^(tg\.yaml:\d+):\d+/, '$1')),
      [
        'tg.yaml:5: configuration_file: no file call/cfg.json',
        'tg.yaml:5: geometry_file: no file cal/layuot.yaml',
      ],
    );
    assert.deepEqual(tries(stderr), ['cal/cfg.json', 'cal/layout.yaml']);
    assert.match(stderr, /^2 errors, nothing was run$/m);
    writeFileSync(yaml, good);
    const set = ['--set', 'charge/hits.pedestal_file=cal/pde.json'];
    const said = await run(['build', 'charge/hits', ...set], { cwd: root });
    assert.deepEqual(
      [said.code, said.stderr],
      [2, 'error: charge/hits.pedestal_file: no file cal/pde.json\n  try: cal/ped.json\n'],
    );
    assert.match(
      await told({ 'charge/hits': { pedestal_file: 'cal' } }),
      /: this is a folder, no file: cal$/m,
    );
  });

  test('parameters of the wrong type, out of range or unknown: all at once, in order', async () => {
    const stderr = await told({
      'charge/raw_events': {
        nhit_cut: 'many',
        sync_noise_cut: [1_000_000],
        buffer_size: 0,
        sync_noise_cut_enabled: 1,
        event_builder_config: { window: '1000 us', treshold: 3 },
        compat: 'upsteam',
        nhit_cat: 3,
      },
      'charge/packets_corr_ts': { correction: { 1: [-9.597] } },
      'charge/ext_trigs': { pacman_trigger_word_filter: 300 },
      'charge/hits': { pedestal_default: null, pedestal_file: 3 },
      'charge/hitz': { pedestal_file: 'cal/ped.json' },
    });
    const said = errors(stderr).map((text) => text.replace(/^tg\.yaml:\d+:\d+: /, ''));
    for (const wanted of [
      'nhit_cut must be a whole number (packets)',
      'sync_noise_cut must have at least 2 entries (ticks of 0.1 us), not 1',
      'buffer_size must be above 0 (packets), not 0',
      'sync_noise_cut_enabled must be true or false',
      'event_builder_config.window must be a number (ticks of 0.1 us)',
      'charge/raw_events has no parameter "event_builder_config.treshold"',
      'compat must be none or upstream, not "upsteam"',
      'charge/raw_events has no parameter "nhit_cat"',
      'no procedure charge/hitz',
    ])
      assert.ok(said.includes(wanted), `${wanted}\n${stderr}`);
    assert.equal(said.length, 13, stderr);
    assert.equal(tries(stderr).length, 13);
    const places = errors(stderr).map((text) => text.split(':').slice(1, 3).map(Number));
    const sorted = places.toSorted((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
    assert.deepEqual(places, sorted);
    assert.match(stderr, /^13 errors, nothing was run$/m);
  });

  test('a cold build that fails leaves no file of the task, and later ones are not begun', async () => {
    writeFileSync(yaml, good);
    const ped = readFileSync(join(root, 'cal/ped.json'), 'utf8');
    writeFileSync(
      join(root, 'cal/ped.json'),
      ped.replaceAll(/"pedestal_mv":[^}]*/g, '"pedestal_mv": "?"'),
    );
    const said = await run(['build', 'charge/events', '-k'], { cwd: root });
    assert.equal(said.code, 1);
    assert.ok(!existsSync(join(root, 'build')));
    assert.deepEqual(Object.keys(contents(root, '.tg/artifacts')), [
      '.tg/artifacts/charge/ext_trigs/r1.h5',
      '.tg/artifacts/charge/packets_corr_ts/r1.h5',
      '.tg/artifacts/charge/raw_events/r1.h5',
    ]);
  });
});

/** Runs in the workers of tg: lengthens a file when it has been read from. */
const GROW = (path: string): string => `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
if (!isMainThread) {
  const { openSync, readSync } = fs;
  const files = new Set();
  fs.openSync = (path, ...more) => {
    const fd = openSync(path, ...more);
    if (path === ${JSON.stringify(path)}) files.add(fd);
    return fd;
  };
  fs.readSync = (fd, ...more) => {
    const n = readSync(fd, ...more);
    if (files.delete(fd)) fs.appendFileSync(${JSON.stringify(path)}, 'more');
    return n;
  };
  syncBuiltinESMExports();
}
`;

test('an input that grows while it is read: its task fails, what was made stays, the next build is right', async () => {
  const root = simulatedProject({ r1: { seconds: 1 }, r2: { seconds: 1, seed: 2 } });
  await built(root, ['charge/events', '-q']);
  const files = made(root);
  const path = join(root, 'raw/r1.h5');
  appendFileSync(path, 'appended');
  writeFileSync(join(root, 'grow.mjs'), GROW(path));
  const env = { NODE_OPTIONS: `--import=${join(root, 'grow.mjs')}` };
  const said = await run(['build', 'charge/events', '-k'], { cwd: root, env });
  assert.equal(said.code, 1, said.stderr);
  assert.deepEqual(toldOf(said.stderr, 'charge/raw_events@r1'), [
    'raw/r1.h5 changed while charge/raw_events@r1 read it',
    'build again when it is written',
  ]);
  assert.deepEqual(made(root), files);
  rmSync(join(root, 'grow.mjs'));
  const { ran } = await buildTold(root, ['charge/events']);
  assert.deepEqual(
    ran,
    ['charge/raw_events@r1'],
    'the bytes after the end of the HDF5 file say nothing',
  );
});
