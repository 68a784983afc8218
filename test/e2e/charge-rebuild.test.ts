/** The edit-and-rebuild story: what an edit of a value, of a comment, of a parameter runs again, and what it leaves alone. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Json } from 'tg';
import { openH5 } from 'tg/h5';
import { chargeProject, run, withoutFixtures } from '../helpers/cli.ts';
import { built, buildTold, made } from './charge-project.ts';
import type { Told } from './charge-project.ts';

interface Values {
  kind: string;
  name: string;
  file?: string;
  changed: number;
  read: number;
  values: { key: string; from: Json; to: Json }[];
}

const reason = (told: Told, task: string): Values => {
  const reasons = told.reasons[task] as unknown as Values[];
  assert.equal(reasons.length, 1, task);
  return reasons[0]!;
};

const of = (runs: readonly string[], ...names: readonly string[]): string[] =>
  names.flatMap((name) => runs.map((r) => `${name}@${r}`)).sort();

const HITS_ON = ['charge/hits', 'charge/events', 'flow'];
const ALL = ['r41', 'r42', 'r43'];

describe('edits of a built project', { skip: withoutFixtures }, () => {
  const root = chargeProject();
  const edit = (path: string, change: (text: string) => string): void => {
    const text = readFileSync(join(root, path), 'utf8');
    const changed = change(text);
    assert.notEqual(changed, text, path);
    writeFileSync(join(root, path), changed);
  };
  const pedestals = (change: (table: Record<string, { pedestal_mv: number }>) => void): void =>
    edit('cal/ped.json', (text) => {
      const table = JSON.parse(text) as Record<string, { pedestal_mv: number }>;
      change(table);
      return JSON.stringify(table);
    });
  const build = (...words: string[]): Promise<Told> => buildTold(root, ['charge/events', ...words]);
  before(() => built(root, ['charge/events', '-q']));

  test('one pedestal: hits, events and flow of the runs that read it, with the value as the reason', async () => {
    const old = made(root);
    pedestals((table) => (table['4211697']!.pedestal_mv = 571.2));
    const told = await build();
    const runs = ['r41', 'r42'];
    assert.deepEqual(told.ran, of(runs, ...HITS_ON));
    for (const [task, read] of [
      ['charge/hits@r41', 9648],
      ['charge/hits@r42', 6055],
    ] as const)
      assert.deepEqual(reason(told, task), {
        kind: 'values',
        name: 'pedestal_file',
        file: 'cal/ped.json',
        changed: 1,
        read,
        values: [{ key: '4211697.pedestal_mv', from: 570.594, to: 571.2 }],
      });
    const now = made(root);
    const changed = Object.keys(now).filter((path) => now[path] !== old[path]);
    const paths = runs.flatMap((r) => [
      `.tg/artifacts/charge/events/${r}.h5`,
      `.tg/artifacts/charge/hits/${r}.h5`,
      `build/${r}.h5`,
    ]);
    assert.deepEqual(changed, paths.sort(), 'and no other file was written');
  });

  test('the charge of the hits of that pixel changed by the difference, and of no other', async () => {
    const q = async (): Promise<Float64Array> => {
      const flow = await openH5(join(root, 'build/r42.h5'));
      const column = flow.table('/charge/hits').column('q') as Float64Array;
      flow.close();
      return column;
    };
    const old = await q();
    pedestals((table) => (table['4211697']!.pedestal_mv = 600));
    await build();
    const steps = (await q()).map((value, i) => Math.round((value - old[i]!) * 1000) / 1000);
    const moved = steps.filter((step) => step !== 0);
    assert.ok(moved.length > 0 && moved.length < 10);
    assert.deepEqual(new Set(moved), new Set([-28.8]));
  });

  test('a pedestal that no run reads, one more and one less of those, other order and spaces: nothing', async () => {
    pedestals((table) => {
      table['1'] = { pedestal_mv: 1 };
      table['2'] = { pedestal_mv: 2 };
    });
    assert.deepEqual((await build()).ran, []);
    pedestals((table) => {
      table['1']!.pedestal_mv = 3;
      delete table['2'];
    });
    assert.deepEqual((await build()).ran, []);
    edit('cal/ped.json', (text) => {
      const table = JSON.parse(text) as Record<string, unknown>;
      return JSON.stringify(Object.fromEntries(Object.entries(table).reverse()), undefined, 2);
    });
    assert.deepEqual((await build()).ran, []);
    edit('cal/ped.json', (text) => `\uFEFF${text}`);
    assert.deepEqual((await build()).ran, [], 'a byte order mark');
    edit('cal/ped.json', (text) => text.slice(1));
  });

  test('a pedestal that a run asked for in vain and now gets: the runs that asked', async () => {
    const flow = await openH5(join(root, 'build/r43.h5'));
    const table = flow.table('/charge/hits');
    const [group, channel, chip, pin] = ['iogroup', 'iochannel', 'chipid', 'channelid'].map(
      (name) => table.column(name),
    );
    flow.close();
    const known = JSON.parse(readFileSync(join(root, 'cal/ped.json'), 'utf8')) as object;
    const keys = Array.from({ length: table.rows }, (_, i) => {
      const address = [group, channel, chip, pin].map((column) => Number(column![i]!));
      const [g, c, k, p] = address as [number, number, number, number];
      return String(((g * 256 + c) * 256 + k) * 64 + p);
    });
    const key = keys.find((k) => !(k in known))!;
    pedestals((table) => (table[key] = { pedestal_mv: 575 }));
    const told = await build();
    assert.ok(told.ran.includes('charge/hits@r43'), told.ran.join(' '));
    const { changed, values } = reason(told, 'charge/hits@r43');
    assert.equal(changed, 1);
    assert.ok(values[0]!.key.startsWith(key) && values[0]!.key.length >= key.length);
    assert.deepEqual(told.done['charge/hits@r43']!.notes, [
      { what: 'pixels have no pedestal, 580 mV used', n: 23, of: 662 },
      ...(told.done['charge/hits@r43']!.notes as Json[]).slice(1),
    ]);
  });

  test('the layout counts by value: a comment, spaces and the order of keys are none', async () => {
    edit('cal/layout.yaml', (text) => `# measured by hand\n${text}\n# end\n`);
    assert.deepEqual((await build()).ran, []);
    edit('cal/layout.yaml', (text) =>
      text.replace(/pixel_pitch: 4\.434\n/, 'pixel_pitch: 4.4340\n'),
    );
    assert.deepEqual((await build()).ran, []);
    edit('cal/layout.yaml', (text) => text.replace('pixel_pitch: 4.4340', 'pixel_pitch: 4.435'));
    const told = await build();
    assert.deepEqual(told.ran, of(ALL, ...HITS_ON));
    const { name, values } = reason(told, 'charge/hits@r41');
    assert.equal(name, 'geometry_file');
    assert.deepEqual(values, [{ key: 'pixel_pitch', from: 4.434, to: 4.435 }]);
    edit('cal/layout.yaml', (text) => text.replace('pixel_pitch: 4.435', 'pixel_pitch: 4.434'));
    assert.deepEqual((await build()).ran, of(ALL, ...HITS_ON), 'and back');
  });

  test('vref_default by --set is like an edit, and without it like the edit back', async () => {
    const was = made(root);
    const set = ['--set', 'charge/hits.vref_default=1305'];
    const told = await build(...set);
    assert.deepEqual(told.ran, of(ALL, ...HITS_ON));
    assert.equal(reason(told, 'charge/hits@r42').kind, 'parameter');
    assert.deepEqual((await build(...set)).ran, []);
    const why = await run(['why', 'charge/hits@r42'], { cwd: root });
    assert.equal(why.stdout, 'charge/hits@r42: vref_default changed: 1305 -> 1300\n');
    assert.deepEqual((await build()).ran, of(ALL, ...HITS_ON));
    assert.deepEqual(made(root), was);
    assert.deepEqual(
      (await build('--set', 'charge/hits.vref_default=1300')).ran,
      [],
      'the default',
    );
  });

  test('buffer_size: everything, and no more than what comes out otherwise', async () => {
    const told = await build('--set', 'charge/raw_events.buffer_size=2048');
    const made = of(ALL, 'charge/raw_events');
    for (const task of made) assert.ok(told.ran.includes(task), task);
    const { rows } = told.done['charge/raw_events@r41']!;
    assert.equal(rows['charge/packets@r41'], 10_758);
    const { ran } = await build('--set', 'charge/raw_events.buffer_size=2048');
    assert.deepEqual(ran, []);
    const why = await run(['why', 'charge/raw_events@r41'], { cwd: root });
    assert.equal(why.stdout, 'charge/raw_events@r41: buffer_size changed: 2048 -> 384000\n');
  });

  test('another cut that makes the same packets leaves times, triggers and hits fresh', async () => {
    await build();
    const told = await build('--set', 'charge/raw_events.sync_noise_cut=[1000000, 11000001]');
    // The cut is an attribute of raw_events, which events reads.
    assert.deepEqual(told.ran, of(ALL, 'charge/raw_events', 'charge/events', 'flow'));
  });
});
