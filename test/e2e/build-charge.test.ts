/** Transcripts of `tg build` on the charge fixtures: text, order, stream and exit code; times do not count. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  CHARGE_YAML,
  chargeProject,
  fixture,
  lines,
  run,
  untimed,
  withoutFixtures,
  write,
} from '../helpers/cli.ts';
import type { Said } from '../helpers/cli.ts';

const FILES = 'build/r41.h5\nbuild/r42.h5\nbuild/r43.h5\n';

/** What stands after the lines of the tasks. */
const closing = ({ stderr }: Said): string =>
  untimed(stderr)
    .split('\n')
    .filter((line) => !/^(plan:|\S+: done in)/.test(line))
    // Which run ends last is not given.
    .map((line) => line.replace(/(try: tg why charge\/events@)r4\d/, '$1RUN'))
    .join('\n');

/** Pedestals of r42 in a file of their own, one of them no number. */
const BAD = {
  'tg.yaml': `${CHARGE_YAML}overrides:\n  - runs: r42\n    parameters: {charge/hits: {pedestal_file: cal/ped_r42.json}}\n`,
  'cal/ped_r42.json': '{\n  "1": {"pedestal_mv": 580},\n  "4211697": {"pedestal_mv":  "n/a"}\n}\n',
};

/** Fields of the lines of `--json`. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  planned: ['v', 'type', 'tasks', 'stale', 'maybe', 'fresh', 't'],
  stale: ['v', 'type', 'task', 'reasons', 't'],
  started: ['v', 'type', 'task', 'attempt', 'worker', 't'],
  progress: ['v', 'type', 'task', 'n', 'of', 'unit', 't'],
  done: ['v', 'type', 'task', 'seconds', 'same', 'outputs', 'lost', 'notes', 't'],
  failed: ['v', 'type', 'task', 'seconds', 'error', 'log', 't'],
  cancelled: ['v', 'type', 'task', 'because', 't'],
};

describe('tg build on the charge fixtures', { skip: withoutFixtures }, () => {
  test('cold, then with nothing to do, then after edits that change no value', async () => {
    const cwd = chargeProject();
    const cold = await run(['build', 'charge/events', '--workers', '2'], { cwd });
    assert.equal(cold.code, 0);
    assert.equal(cold.stdout, FILES);
    const told = cold.stderr.split('\n');
    assert.equal(told[0], 'plan: 18 tasks: 18 stale');
    assert.match(told[1]!, /^charge\/raw_events@r4\d: done in \d+\.\d+ s \(never built\)$/);
    assert.equal(told.filter((line) => line.includes(': done in ')).length, 18);
    assert.equal(
      closing(cold),
      lines(`
        charge/events: 3 runs, 84 events, 17 900 hits, 73 triggers
          lost: 5 984 of 23 974 packets: 4 430 in no event, 1 313 sync cut, 241 parity
          note: charge/hits: 482 pixels have no pedestal, 580 mV used (3 runs; -v: each)
          files: build/r41.h5 build/r42.h5 build/r43.h5
          try: tg why charge/events@RUN, tg list
        18 tasks: 18 done in T
      `),
    );

    const nothing = '18 tasks: 18 fresh, nothing to do (T)\n';
    const again = async (...words: string[]): Promise<Said> => {
      const said = await run(['build', 'charge/events', ...words], { cwd });
      assert.equal(said.code, 0);
      return said;
    };
    const noop = await again();
    assert.equal(untimed(noop.stderr), nothing);
    assert.equal(noop.stdout, FILES);
    assert.equal(untimed((await again()).stderr), nothing, 'also the second time');

    appendFileSync(join(cwd, 'tg.yaml'), '# a comment\n');
    const verbose = untimed((await again('-v')).stderr).split('\n');
    assert.deepEqual(verbose.slice(-3), [
      nothing.trim(),
      '  note: tg.yaml edited, no value changed',
      '',
    ]);
    assert.equal(verbose[0], 'charge/raw_events@r41: fresh');
    const time = new Date();
    utimesSync(join(cwd, 'raw/packets_r41.h5'), time, time);
    assert.equal(untimed((await again()).stderr), nothing);
    assert.equal((await again('-q')).stderr, '');
    assert.equal((await run(['build', '--question', 'charge/events'], { cwd })).code, 0);
  });

  test('one pedestal that two of three runs read', async () => {
    const cwd = chargeProject();
    assert.equal((await run(['build', 'charge/events', '-q'], { cwd })).code, 0);
    const path = join(cwd, 'cal/ped.json');
    const pedestals = JSON.parse(readFileSync(path, 'utf8')) as Record<
      string,
      { pedestal_mv: number }
    >;
    pedestals['4211697']!.pedestal_mv = 571.2;
    writeFileSync(path, JSON.stringify(pedestals));
    assert.equal((await run(['build', '--question', 'charge/events'], { cwd })).code, 1);
    const said = await run(['build', 'charge/events'], { cwd });
    assert.equal(said.code, 0);
    assert.match(said.stderr, /^plan: 18 tasks: 2 stale, 4 maybe, 12 fresh\n/);
    assert.match(
      said.stderr,
      /^charge\/hits@r41: done in .* s \(pedestal_file changed \(1 of 9 648 values read\)\)$/m,
    );
    assert.equal(
      closing(said),
      lines(`
        charge/events: 3 runs, 84 events, 17 900 hits, 73 triggers
          because: charge/hits@r41,r42: pedestal_file changed (4211697.pedestal_mv)
          files: build/r41.h5 build/r42.h5 build/r43.h5
        18 tasks: 6 done, 12 fresh in T
      `),
    );
  });

  test('a task that makes the same content leaves what stands on it fresh', async () => {
    const cwd = chargeProject();
    assert.equal((await run(['build', 'charge/events', '-q'], { cwd })).code, 0);
    appendFileSync(join(cwd, 'raw/packets_r42.h5'), Buffer.alloc(8));
    const said = await run(['build', 'charge/events'], { cwd });
    assert.equal(said.code, 0);
    assert.equal(
      closing(said),
      lines(`
        charge/events: 3 runs, 84 events, 17 900 hits, 73 triggers
          lost: 1 949 of 8 505 packets: 1 186 in no event, 677 sync cut, 86 parity
          because: charge/raw_events@r42: input packets changed
          files: build/r41.h5 build/r42.h5 build/r43.h5
        18 tasks: 1 done, 17 fresh in T (charge/raw_events@r42 made the same content)
      `),
    );
  });

  test('a failing task, without and with --keep-going', async () => {
    const cwd = chargeProject(BAD);
    const failure = lines(`
      charge/hits@r42: failed after T
        error: cal/ped_r42.json:3:31: pedestal_mv of 4211697 is not a number: "n/a"
        try: correct the value, then tg build charge/events
    `);
    const stopped = await run(['build', 'charge/events', '-w', '1'], { cwd });
    assert.equal(stopped.code, 1);
    assert.equal(stopped.stdout, '');
    const told = closing(stopped);
    assert.equal(told.slice(0, failure.length), failure);
    assert.match(
      told.slice(failure.length),
      /^18 tasks: \d+ done, 1 failed, \d+ cancelled in T\n {2}2 need charge\/hits@r42; \d+ not started \(--keep-going builds them\)\n$/,
    );

    rmSync(join(cwd, '.tg'), { recursive: true });
    rmSync(join(cwd, 'build'), { recursive: true, force: true });
    const going = await run(['build', 'charge/events', '--keep-going'], { cwd });
    assert.equal(going.code, 1);
    assert.equal(going.stdout, 'build/r41.h5\nbuild/r43.h5\n');
    assert.equal(
      closing(going),
      failure +
        lines(`
          charge/events: 2 of 3 runs, 50 events, 11 344 hits, 73 triggers
            files: build/r41.h5 build/r43.h5
          18 tasks: 15 done, 1 failed, 2 cancelled in T
            cancelled: charge/events@r42, flow@r42 (need charge/hits@r42)
        `),
    );
    const quiet = await run(['build', 'charge/events', '-k', '-q'], { cwd });
    assert.equal(untimed(quiet.stderr), failure);
  });

  test('a truncated input fails its task only', async () => {
    const cwd = chargeProject();
    truncateSync(join(cwd, 'raw/packets_r42.h5'), 61_440);
    const said = await run(['build', 'charge/events', '--workers', '1'], { cwd });
    assert.equal(said.code, 1);
    const failed = untimed(said.stderr).slice(said.stderr.indexOf('charge/raw_events@r42: failed'));
    assert.match(untimed(said.stderr), /^charge\/raw_events@r42: failed after T$/m);
    assert.match(
      said.stderr,
      /^ {2}error: raw\/packets_r42\.h5: truncated: 61 440 of [\d ]+ bytes$/m,
    );
    assert.match(
      said.stderr,
      /^ {2}try: copy .*; the other runs: tg build charge\/events --keep-going$/m,
      failed,
    );
  });

  test('sources that match nothing, and one that is gone', async () => {
    const cwd = chargeProject({ 'tg.yaml': CHARGE_YAML.replace('packets_{run}', 'packts_{run}') });
    const none = await run(['build', 'charge/events'], { cwd });
    assert.equal(none.code, 2);
    assert.equal(none.stdout, '');
    assert.equal(
      none.stderr,
      lines(`
        error: tg.yaml:3:12: source packets matches no file: raw/packts_{run}.h5
          3 |   packets: raw/packts_{run}.h5
            |            ~~~~~~~~~~~~~~~~~~~
          needed by charge/raw_events; nearest of 3 files in raw/: raw/packets_r41.h5
          try: correct the pattern; tg list --sources shows what matches
        1 error, nothing was run
      `),
    );
    write(cwd, { 'tg.yaml': CHARGE_YAML });
    assert.equal((await run(['build', 'charge/events', '-q'], { cwd })).code, 0);
    rmSync(join(cwd, 'raw/packets_r42.h5'));
    const gone = await run(['build', 'charge/events'], { cwd });
    assert.equal(gone.code, 2);
    assert.match(
      gone.stderr,
      /^error: tg\.yaml:3:12: source packets@r42 is gone: raw\/packets_r42\.h5$/m,
    );
  });

  test('tg log: what the failed task had noted, and the failure with its place', async () => {
    const pedestals = JSON.parse(readFileSync(fixture('ped.json'), 'utf8')) as Record<
      string,
      object
    >;
    delete pedestals['4211697'];
    const rest = Object.entries(pedestals).map(
      ([key, value]) => `  "${key}": ${JSON.stringify(value)}`,
    );
    const lines = ['  "1": {"pedestal_mv": 580}', '  "4211697": {"pedestal_mv":  "n/a"}', ...rest];
    const cwd = chargeProject({ ...BAD, 'cal/ped_r42.json': `{\n${lines.join(',\n')}\n}\n` });
    assert.equal((await run(['build', 'charge/hits@r42'], { cwd })).code, 1);
    const { stdout, code } = await run(['log', 'charge/hits@r42'], { cwd });
    assert.equal(code, 0);
    assert.equal(
      stdout.replace(/\d\d:\d\d/, '14:02').replace(/after \d+\.\d+ s/, 'after 0.05 s'),
      [
        'charge/hits@r42, build 1, 14:02, attempt 1, failed after 0.05 s, worker 1',
        'warning: 177 of 6 055 pixels have no pedestal, 580 mV used',
        'error: cal/ped_r42.json:3:31: pedestal_mv of 4211697 is not a number: "n/a"',
        '',
      ].join('\n'),
    );
  });

  test('words that name nothing', async () => {
    const cwd = chargeProject();
    const target = await run(['build', 'charge/evnts'], { cwd });
    assert.equal(target.code, 2);
    assert.match(target.stderr, /^error: nothing makes "charge\/evnts"\n {2}try: charge\/events, /);
    const other = await run(['build', 'charge/events@r52'], { cwd });
    assert.equal(other.code, 2);
    assert.equal(other.stderr, 'error: no run "r52" in packets (r41..r43, 3 runs)\n  try: r42\n');
  });

  test('--json: a line per event', async () => {
    const cwd = chargeProject(BAD);
    const said = await run(['build', 'charge/events', '--json', '-k'], { cwd });
    assert.equal(said.code, 1);
    assert.equal(said.stderr, '');
    const told = said.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      told.map(({ v }) => v),
      told.map(() => 1),
    );
    assert.deepEqual(Object.keys(told[0]!), [
      'v',
      'type',
      'tg',
      'build',
      'targets',
      'workers',
      'time',
    ]);
    assert.match(String(told[0]!['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
    assert.equal(told[1]!['type'], 'planned');
    assert.equal(told[1]!['stale'], 18);
    const of = (type: string): Record<string, unknown>[] =>
      told.filter((each) => each['type'] === type);
    for (const [type, wanted] of Object.entries(FIELDS)) {
      assert.ok(of(type).length > 0, type);
      // Fields may be added at any time; those of the contract are there, in its order.
      for (const line of of(type))
        assert.deepEqual(
          Object.keys(line).filter((key) => wanted.includes(key)),
          wanted,
        );
    }
    const hits = of('done').find((each) => each['task'] === 'charge/hits@r41')!;
    const [output] = hits['outputs'] as Record<string, unknown>[];
    assert.equal(output!['target'], 'charge/hits@r41');
    assert.equal(output!['path'], '.tg/artifacts/charge/hits/r41.h5');
    assert.equal(output!['rows'], 10679);
    assert.deepEqual((hits['notes'] as unknown[])[0], {
      what: 'pixels have no pedestal, 580 mV used',
      n: 281,
      of: 9648,
    });
    const [failed] = of('failed');
    assert.equal(failed!['task'], 'charge/hits@r42');
    assert.equal(failed!['log'], 'charge/hits@r42');
    assert.deepEqual(failed!['error'], {
      code: 'bad-value',
      message: 'pedestal_mv of 4211697 is not a number: "n/a"',
      file: 'cal/ped_r42.json',
      line: 3,
      column: 31,
      try: 'correct the value',
    });
    assert.deepEqual(
      of('cancelled').map((each) => [each['task'], each['because']]),
      [
        ['charge/events@r42', 'charge/hits@r42'],
        ['flow@r42', 'charge/hits@r42'],
      ],
    );
    const finished = told.at(-1)!;
    assert.deepEqual(
      { ...finished, seconds: 0, t: 0 },
      {
        v: 1,
        type: 'finished',
        exit: 1,
        fresh: 0,
        done: 15,
        failed: 1,
        cancelled: 2,
        seconds: 0,
        files: ['build/r41.h5', 'build/r43.h5'],
        t: 0,
      },
    );
    const times = told.flatMap(({ t }) => (typeof t === 'number' ? [t] : []));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
      'time does not run backwards',
    );
  });
});
