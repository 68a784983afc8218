/** `tg build light/events` on ADC64 and MPD files, without a tg.yaml and with one. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openH5 } from 'tg/h5';
import { fixture, folder, lines, run, untimed, withoutFixtures } from '../helpers/cli.ts';

const A = 'rwf_20210404_004206_0a7a314c.data';
const B = 'rwf_20210404_004206_0a7b54bd.data';
const M = 'mpd_run_hvramp_rctl_105_p350.data';

/** A folder with light files of the fixtures, and other files. */
function place(names: readonly string[], files: Record<string, string> = {}): string {
  const cwd = folder(files);
  for (const name of names) {
    const from = join(fixture(), '..', 'light', name === M ? 'mpd-small' : 'adc64-small', 'input');
    copyFileSync(join(from, name), join(cwd, name));
  }
  return cwd;
}

const build = (cwd: string, words: string) => run(['build', ...words.split(' ')], { cwd });

async function rowsOf(path: string): Promise<number> {
  const file = await openH5(path);
  const { rows } = file.table('light/events');
  file.close();
  return rows;
}

describe('light events from ADC64 and MPD files', { skip: withoutFixtures }, () => {
  test('one file of ADC64 brings the other ADCs along, and -o is one run', async () => {
    const cwd = place([A, B]);
    const said = await build(cwd, `light/events -i ${A} -o y.h5`);
    assert.equal(said.code, 0, said.stderr);
    assert.equal(
      untimed(said.stderr)
        .split('\n')
        .filter((line) => !/^(plan:|\S+: done in)/.test(line))
        .join('\n'),
      lines(`
        ${A}: ADC64 of 2 ADCs, with ${B}, procedures tg:light
        light/events: 26 light events, 672 waveforms
          note: light/events: 4 of 26 light events lack an ADC
          note: light/events: 2 of 26 light events are before the first sync pulse: tai_ns of its own clock
          files: y.h5
        2 tasks: 2 done in T
      `),
    );
    assert.equal(await rowsOf(join(cwd, 'y.h5')), 26);
    // Both are inputs: the other one is looked at again as well.
    copyFileSync(join(fixture(), '..', 'light/adc64-small/truncated', B), join(cwd, B));
    const again = await build(cwd, `light/events -i ${A} -o y.h5`);
    assert.match(again.stderr, /lost: 14 of \d+ raw: 14 in a record cut short/);
    assert.match(
      again.stderr,
      new RegExp(`2 539 of 21 579 bytes of ${B} are a last record cut short`),
    );
  });

  test('files of both ADCs are one run, in a file and in a folder', async () => {
    const cwd = place([A, B]);
    for (const [words, out] of [
      [`light/events -i ${B} -i ${A} -o y.h5`, 'y.h5'],
      [`light/events -i ${A} -i ${B} -o out/`, 'out/rwf_20210404_004206.h5'],
    ] as const) {
      const said = await build(cwd, words);
      assert.equal(said.code, 0, said.stderr);
      assert.equal(said.stdout, `${out}\n`);
      assert.equal(await rowsOf(join(cwd, out)), 26);
    }
  });

  test('workflows with the classes of ADC64 and MPD', async () => {
    const cwd = place([A, B, M]);
    const upstream = join(
      fixture(),
      '..',
      'light/adc64-small/input/light_event_building_adc64.yaml',
    );
    for (const [words, rows] of [
      [`-c ${upstream} -i ${A} -o a.h5 --set light/events.compat=upstream`, 24],
      [`-c light_event_building_adc64.yaml -i ${A} -o b.h5`, 26],
      [`-c light_event_building_mpd.yaml -i ${M} -o c.h5`, 8],
    ] as const) {
      const said = await build(cwd, words);
      assert.equal(said.code, 0, said.stderr);
      assert.equal(await rowsOf(join(cwd, words.split(' ')[5]!)), rows);
    }
  });

  test('a source with {adc} in its name is all ADCs of a run; a file of another ADC than sn_table has is named', async () => {
    const yaml = `
libraries: [tg:light]
sources: {light_raw: "rwf_{run}_{adc}.data"}
parameters: {light/events: {sync_threshold: 10000}}
`;
    const cwd = place([A, B], { 'tg.yaml': yaml });
    const said = await build(cwd, 'light/events -q');
    assert.equal(said.code, 0, said.stderr);
    assert.equal(await rowsOf(join(cwd, 'build/20210404_004206.h5')), 26);
    const bare = place([A, B]);
    const wrong = await build(
      bare,
      `light/events -i ${A} -o z.h5 --set light/events.sn_table=[175780173,175854781]`,
    );
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.stderr,
      new RegExp(
        `error: ${A} is of ADC 175780172 \\(a7a314c\\), sn_table has ADC 175780173 \\(a7a314d\\), ADC 175854781 \\(a7b54bd\\)`,
      ),
    );
    assert.ok(!existsSync(join(bare, 'z.h5')));
  });
});
