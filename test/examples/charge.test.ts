/** examples/charge: its files are what the simulator makes, and it builds as its first line promises. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder, run, untimed } from '../helpers/cli.ts';
import { makeChargeExample } from './make-charge.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/charge', import.meta.url));
const GENERATED = ['raw', 'cal'].flatMap((name) =>
  readdirSync(join(EXAMPLE, name)).map((file) => join(name, file)),
);

test('every generated file is remade byte by byte', () => {
  const root = folder();
  makeChargeExample(root);
  assert.equal(GENERATED.length, 6);
  for (const path of GENERATED)
    assert.ok(readFileSync(join(root, path)).equals(readFileSync(join(EXAMPLE, path))), path);
});

test('the example is small', () => {
  const bytes = GENERATED.reduce((sum, path) => sum + statSync(join(EXAMPLE, path)).size, 0);
  assert.ok(bytes < 3_000_000, `${bytes} bytes`);
});

test('it builds: three runs, and the command of procedures/mine.yaml', async () => {
  const root = folder();
  cpSync(EXAMPLE, root, {
    recursive: true,
    filter: (path) => !/\/(?:\.tg|build)$/.test(path),
  });
  const built = await run(['build', '--workers', '2'], { cwd: root });
  assert.equal(built.code, 0, built.stderr);
  assert.equal(built.stdout, 'build/r41.h5\nbuild/r42.h5\nbuild/r43.h5\n');
  assert.match(
    untimed(built.stderr),
    /^charge\/events: 3 runs, 29 events, 4 159 hits, 24 triggers$/m,
  );
  const mine = await run(['build', 'my/pedestals'], { cwd: root });
  assert.equal(mine.code, 0, mine.stderr);
  const made = JSON.parse(readFileSync(join(root, 'build/pedestals.json'), 'utf8')) as {
    pixels: number;
  };
  assert.equal(
    made.pixels,
    Object.keys(JSON.parse(readFileSync(join(root, 'cal/ped.json'), 'utf8')) as object).length,
  );
});

test('the procedure told in the comments of mine.yaml works as it stands there', async () => {
  const root = folder();
  cpSync(EXAMPLE, root, { recursive: true, filter: (path) => !/\/(?:\.tg|build)$/.test(path) });
  const path = join(root, 'procedures/mine.yaml');
  const text = readFileSync(path, 'utf8');
  const { writeFileSync } = await import('node:fs');
  const module = [...text.matchAll(/^# {3}(.*)$/gm)].map(([, line]) => line!).join('\n');
  const entry = text.slice(text.indexOf('# - name: my/nhits')).replace(/^# /gm, '');
  const code = module.slice(0, module.indexOf('type: ./nhits.mjs')).trimEnd();
  writeFileSync(join(root, 'procedures/nhits.mjs'), code);
  writeFileSync(path, `${text.slice(0, text.indexOf('# In JavaScript'))}${entry}`);
  const built = await run(['build', 'my/nhits'], { cwd: root });
  assert.equal(built.code, 0, built.stderr);
  const { hits } = JSON.parse(readFileSync(join(root, 'build/nhits/r43.json'), 'utf8')) as {
    hits: number;
  };
  assert.ok(hits > 0);
});
