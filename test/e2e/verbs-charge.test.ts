/** The transcripts of plan, why, list, status, graph, log, path, clean and history on the charge fixtures, as whole texts. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { chargeProject, lines, run, untimed, withoutFixtures } from '../helpers/cli.ts';

/** stdout of a verb that ends as expected. */
async function out(root: string, words: string, code = 0): Promise<string> {
  const said = await run(words.split(' '), { cwd: root });
  assert.equal(said.code, code, said.stderr);
  return untimed(said.stdout);
}

function edit(root: string, path: string, from: string, to: string): void {
  const file = join(root, path);
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(from), `${path} has ${from}`);
  writeFileSync(file, text.replace(from, to));
}

const PLAN = lines(`
  stale  charge/hits@r41    pedestal_file changed (1 of 9 648 values read)
  maybe  charge/events@r41  after charge/hits@r41
  maybe  flow@r41           after charge/events@r41
  stale  charge/hits@r42    pedestal_file changed (1 of 6 055 values read)
  maybe  charge/events@r42  after charge/hits@r42
  maybe  flow@r42           after charge/events@r42
`);

describe('verbs on the charge fixtures', { skip: withoutFixtures }, () => {
  test('before anything is built', async () => {
    const root = chargeProject();
    const plan = await run(['plan', 'charge/hits@r42'], { cwd: root });
    assert.equal(
      plan.stdout,
      lines(`
        stale  charge/raw_events@r42       never built
        stale  charge/packets_corr_ts@r42  never built
        stale  charge/hits@r42             never built
        stale  flow@r42                    never built
      `),
    );
    assert.equal(plan.stderr, '4 tasks: 4 stale\n');
    assert.equal(await out(root, 'why charge/hits@r42'), 'charge/hits@r42: never built\n');
    assert.equal(
      await out(root, 'list charge/*'),
      lines(`
        charge/raw_events       3 runs  packets                        + charge/packets
        charge/packets_corr_ts  3 runs  charge/packets
        charge/ext_trigs        3 runs  charge/packets charge/packets_corr_ts
        charge/hits             3 runs  charge/packets charge/packets_corr_ts
        charge/events           3 runs  charge/raw_events charge/hits charge/ext_trigs
      `),
    );
    assert.equal(
      await out(root, 'list --sources'),
      lines(`
        packets  3 files, 3 runs  raw/packets_{run}.h5
          raw/packets_r41.h5
          raw/packets_r42.h5
          raw/packets_r43.h5
      `),
    );
    const path = await run(['path', 'charge/hits@r42'], { cwd: root });
    assert.deepEqual([path.stdout, path.code], ['', 1]);
    assert.equal(
      path.stderr,
      'error: build/r42.h5 is not there\n  try: tg build charge/hits@r42\n',
    );
    const log = await run(['log', 'charge/hits@r42'], { cwd: root });
    assert.deepEqual([log.stdout, log.code], ['', 1]);
    assert.throws(() => readFileSync(join(root, '.tg', 'log')), 'looking writes nothing');
  });

  test('graph charge/events as Mermaid', async () => {
    const root = chargeProject();
    assert.equal(
      await out(root, 'graph charge/events --format mermaid'),
      lines(`
        graph LR
          packets[("packets")] --> charge_raw_events["charge/raw_events"]
          charge_raw_events --> charge_packets["charge/packets"]
          charge_packets --> charge_packets_corr_ts["charge/packets_corr_ts"]
          charge_packets --> charge_ext_trigs["charge/ext_trigs"]
          charge_packets --> charge_hits["charge/hits"]
          charge_packets_corr_ts --> charge_ext_trigs
          charge_packets_corr_ts --> charge_hits
          charge_raw_events --> charge_events["charge/events"]
          charge_hits --> charge_events
          charge_ext_trigs --> charge_events
      `),
    );
  });

  test('one pedestal edited that r41 and r42 read and r43 does not', async () => {
    const root = chargeProject();
    await out(root, 'build charge/events -q');
    assert.equal(
      await out(root, 'why charge/hits@r43'),
      'charge/hits@r43 is fresh: made HH:MM (never built), 2 inputs, 1 644 values read\n',
    );
    assert.equal(await out(root, 'plan --exit-code'), '');
    edit(root, 'cal/ped.json', '"pedestal_mv":570.594}', '"pedestal_mv":571.2}');

    const plan = await run(['plan'], { cwd: root });
    assert.equal(plan.stdout, PLAN);
    assert.equal(untimed(plan.stderr), '18 tasks: 2 stale, 4 maybe, 12 fresh; about T\n');
    assert.equal(await out(root, 'plan --exit-code', 1), PLAN);
    assert.equal((await out(root, 'plan -v')).split('\n').length, 18 + 1);
    assert.equal(
      await out(root, 'why charge/events@r42'),
      lines(`
        charge/events@r42 is maybe stale: after charge/hits@r42, which is stale:
        charge/hits@r42: pedestal_file changed (1 of 6 055 values read)
          cal/ped.json  4211697.pedestal_mv  570.594 -> 571.2
      `),
    );
    assert.equal(
      await out(root, 'why charge/hits@r43 cal/ped.json:4211697.pedestal_mv'),
      'no: charge/hits@r43 read 662 values of cal/ped.json, not 4211697.pedestal_mv\n',
    );
    assert.equal(
      await out(root, 'status charge/events'),
      lines(`
                                fresh  stale  maybe  failed  never  last built
        charge/raw_events           3      0      0       0      0  HH:MM
        charge/packets_corr_ts      3      0      0       0      0  HH:MM
        charge/ext_trigs            3      0      0       0      0  HH:MM
        charge/hits                 1      2      0       0      0  HH:MM
        charge/events               1      0      2       0      0  HH:MM
        flow                        1      0      2       0      0  HH:MM
      `),
    );
    await out(root, 'status --exit-code', 1);

    // The plan is an upper bound: nothing runs that it does not name.
    const build = await run(['build', 'charge/events', '-v'], { cwd: root });
    const ran = [...build.stderr.matchAll(/^(\S+): done in/gm)].map(([, task]) => task!);
    assert.ok(ran.length > 0, build.stderr);
    for (const task of ran) assert.match(PLAN, new RegExp(` ${task} `));
  });

  test('tg.yaml: what is read of it, and what else changed', async () => {
    const root = chargeProject();
    await out(root, 'build charge/hits -q');
    edit(root, 'tg.yaml', 'default: [charge/events]', 'default: [charge/hits]');
    assert.equal(
      await out(root, 'why charge/hits@r43 tg.yaml'),
      'no: charge/hits@r43 reads 2 values of tg.yaml, both as before; 1 other changed\n',
    );
    assert.equal(
      await out(root, 'why charge/hits@r42 --set charge/hits.vref_default=1305'),
      'charge/hits@r42: vref_default changed: 1300 -> 1305\n',
    );
  });

  test('a changed source, an edited and a missing output', async () => {
    const root = chargeProject();
    await out(root, 'build charge/hits -q');
    const artifact = '.tg/artifacts/charge/hits/r42.h5';
    rmSync(join(root, artifact));
    assert.equal(
      await out(root, 'why charge/hits@r42'),
      `charge/hits@r42: output missing: ${artifact}\n`,
    );
    const other = readFileSync(join(root, 'raw/packets_r43.h5'));
    writeFileSync(join(root, 'raw/packets_r42.h5'), other);
    assert.match(
      await out(root, 'why charge/raw_events@r42'),
      /^charge\/raw_events@r42: input packets changed.*\n$/,
    );
  });

  test('log of a failed task, clean, history', async () => {
    const root = chargeProject({
      'cal/ped_r42.json': '{\n  "4211697":\n    {"pedestal_mv":            "n/a"}\n}\n',
    });
    const overrides = `overrides:
  - runs: r42
    parameters: {charge/hits: {pedestal_file: cal/ped_r42.json}}
`;
    writeFileSync(join(root, 'tg.yaml'), readFileSync(join(root, 'tg.yaml'), 'utf8') + overrides);
    await out(root, 'build charge/events --keep-going -q', 1);
    const log = (await out(root, 'log charge/hits@r42')).split('\n');
    assert.match(
      log[0]!,
      /^charge\/hits@r42, build 1, HH:MM, attempt 1, failed after T, worker \d$/,
    );
    assert.match(
      log.at(-2)!,
      /^error: cal\/ped_r42\.json:3:\d+: pedestal_mv of 4211697 is not a number: "n\/a"$/,
    );
    assert.match(await out(root, 'status charge/hits@r42'), /^charge\/hits +0 +0 +0 +1 +0$/m);
    assert.match(
      await out(root, 'clean charge/hits@r41'),
      /^removed charge\/hits@r41: 1 file, [\d.]+ [kM]B\n$/,
    );
    assert.match(
      await out(root, 'plan charge/hits@r41'),
      /^stale {2}charge\/hits@r41 +never built$/m,
    );
    assert.equal(await out(root, 'clean charge/hits@r41'), '');
    assert.match(
      await out(root, 'history'),
      /^build {2}when +took +done +fresh +failed +targets\n +1 {2}HH:MM +T +15 +0 +1 +charge\/events\n$/,
    );
    await out(root, 'clean');
    const files = ['raw/packets_r41.h5', 'raw/packets_r42.h5', 'raw/packets_r43.h5', 'tg.yaml'];
    for (const path of files) assert.ok(readFileSync(join(root, path)).length > 0);
    assert.equal((await out(root, 'plan charge/events')).split('\n').length, 18 + 1);
  });
});
