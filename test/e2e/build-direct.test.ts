/** Direct mode, `-i FILE -o FILE` without a tg.yaml, on the charge fixtures. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fixture, folder, lines, run, untimed, withoutFixtures } from '../helpers/cli.ts';

function place(): string {
  const cwd = folder({ 'notes.txt': 'hello\n' });
  copyFileSync(fixture('cosmic10k', 'packets.h5'), join(cwd, 'packets.h5'));
  copyFileSync(fixture('ped.json'), join(cwd, 'ped.json'));
  return cwd;
}

describe('direct mode', { skip: withoutFixtures }, () => {
  test('the transcript: packets to a flow file', async () => {
    const cwd = place();
    const words = ['build', 'charge/events', '-i', 'packets.h5', '-o', 'out.h5'];
    const set = ['--set', 'charge/hits.pedestal_file=ped.json'];
    const first = await run([...words, ...set], { cwd });
    assert.equal(first.code, 0);
    assert.equal(first.stdout, 'out.h5\n');
    const told = untimed(first.stderr)
      .split('\n')
      .filter((line) => !/^(plan:|\S+: done in)/.test(line));
    assert.equal(
      told.join('\n'),
      lines(`
        packets.h5: 14 904 packets (LArPix+HDF5 2.4), procedures tg:charge
        charge/events: 46 events, 10 679 hits, 67 triggers
          lost: 3 737 of 14 498 packets: 3 022 in no event, 569 sync cut, 146 parity
          note: charge/hits: 281 of 9 648 pixels have no pedestal, 580 mV used
          note: charge/hits: 10 679 of 10 679 hits at (0, 0), no geometry_file
          files: out.h5
        6 tasks: 6 done in T
      `),
    );
    assert.ok(existsSync(join(cwd, '.tg/direct/out.h5/log')), 'the state has a folder of its own');
    const again = await run([...words, ...set], { cwd });
    assert.equal(
      untimed(again.stderr),
      'packets.h5: 14 904 packets (LArPix+HDF5 2.4), procedures tg:charge\n6 tasks: 6 fresh, nothing to do (T)\n',
    );

    const same = await run(['build', 'charge/events', '-i', 'out.h5', '-o', 'out.h5'], { cwd });
    assert.equal(same.code, 2);
    assert.equal(
      same.stderr,
      'error: input and output are the same file: out.h5 (inputs are never changed)\n  try: -o another.h5\n',
    );
    // Tables of a flow file are sources: only what is asked for is made again.
    const tables = await run(['build', 'charge/hits', '-i', 'out.h5', '-o', 'hits.h5'], { cwd });
    assert.equal(tables.code, 0);
    assert.match(
      untimed(tables.stderr),
      /^out\.h5: flow file with 6 tables, procedures tg:charge\n/,
    );
    assert.match(untimed(tables.stderr), /^2 tasks: 2 done in T$/m);
  });

  test('mistakes', async () => {
    const cwd = place();
    const told = async (...words: string[]): Promise<string> => {
      const said = await run(['build', 'charge/events', ...words], { cwd });
      assert.equal(said.code, 2);
      assert.equal(said.stdout, '');
      return said.stderr;
    };
    assert.equal(
      await told('-i', 'notes.txt', '-o', 'out.h5'),
      'error: notes.txt: not packets, flow file, light data, merged run or frames\n  try: -i packets=notes.txt\n',
    );
    assert.equal(
      await told('-i', 'packets.h5', '-o', 'notes.txt'),
      'error: notes.txt exists and was not made by tg\n  try: another -o, or remove it\n',
    );
    assert.equal(
      await told('-i', 'packet.h5', '-o', 'out.h5'),
      'error: no file packet.h5\n  try: -i packets.h5\n',
    );
    assert.equal(await told('-i', 'packets.h5'), 'error: -i needs -o FILE\n  try: -o out.h5\n');
  });
});
