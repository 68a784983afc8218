/** Direct mode, `-i FILE -o FILE` without a tg.yaml, on the charge fixtures. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
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

  test('into a folder each file is a run; what is named later is what counts', async () => {
    const cwd = place();
    mkdirSync(join(cwd, 'more'));
    copyFileSync(fixture('one_second', 'packets.h5'), join(cwd, 'more/second.h5'));
    const words = [
      'build',
      'charge/events',
      '-i',
      'packets.h5',
      '-i',
      'more/second.h5',
      '-o',
      'out/',
    ];
    const both = await run(words, { cwd });
    assert.equal(both.code, 0, both.stderr);
    assert.equal(both.stdout, 'out/packets.h5\nout/second.h5\n');
    const told = untimed(both.stderr);
    assert.match(told, /^packets\.h5: 14 904 packets \(LArPix\+HDF5 2\.4\)\n/);
    assert.match(
      told,
      /^more\/second\.h5: 1 057 packets \(LArPix\+HDF5 2\.4\), procedures tg:charge$/m,
    );
    assert.match(told, /^charge\/events: 2 runs, 50 events, /m);
    assert.match(told, /^12 tasks: 12 done in T$/m);
    assert.ok(existsSync(join(cwd, '.tg/direct/out/log')), 'the state lies beside the folder');
    const one = await run(['build', 'charge/events', '-i', 'more/second.h5', '-o', 'out'], { cwd });
    assert.equal(one.code, 0, one.stderr);
    assert.equal(one.stdout, 'out/second.h5\n');
    assert.match(untimed(one.stderr), /^6 tasks: 6 fresh, nothing to do \(T\)$/m);
    const run2 = await run(['why', 'charge/hits@second', ...words.slice(2)], { cwd });
    assert.match(run2.stdout, /^charge\/hits@second is fresh/);

    copyFileSync(fixture('one_second', 'packets.h5'), join(cwd, 'second.h5'));
    const twice = await run([...words, '-i', 'second.h5'], { cwd });
    assert.equal(twice.code, 2);
    assert.equal(
      twice.stderr,
      'error: more/second.h5 and second.h5 are both run second\n  try: rename one\n',
    );
    const file = await run([...words.slice(0, -1), 'out.h5'], { cwd });
    assert.equal(
      file.stderr,
      'error: -i: 2 files of packets make as many runs, -o is one file\n  try: -o FOLDER/\n',
    );
    const over = await run(['build', '-i', 'more/second.h5', '-o', 'more'], { cwd });
    assert.equal(
      over.stderr,
      'error: input and output are the same file: more/second.h5 (inputs are never changed)\n  try: -o another.h5\n',
    );
  });

  test('a damaged input is told before anything runs', async () => {
    const cwd = place();
    truncateSync(join(cwd, 'packets.h5'), 61_440);
    writeFileSync(join(cwd, 'web.h5'), 'HTTP/1.1 404 Not Found\n');
    const cut = await run(['build', '-i', 'packets.h5', '-o', 'out.h5'], { cwd });
    assert.equal(cut.code, 1);
    assert.match(
      cut.stderr,
      /^error: packets\.h5: truncated: 61 440 of \d[\d ]+ bytes\n {2}try: copy it again\n$/,
    );
    const web = await run(['build', '-i', 'web.h5', '-o', 'out.h5'], { cwd });
    assert.equal(web.code, 1);
    assert.match(web.stderr, /^error: web\.h5: not HDF5 \(begins "HTTP\/1\.1 404/);
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
    assert.equal(
      await told('-i', '', '-o', 'out.h5'),
      'error: -i must be a file, not ""\n  try: -i FILE -o FILE\n',
    );
    assert.equal(await told('-i', 'packets.h5'), 'error: -i needs -o FILE\n  try: -o out.h5\n');
  });
});
