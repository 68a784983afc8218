// The main job on simulated packets, whole: `tg build charge/events`, cold, engine and linked file included; beside the same task
// modules run one after the other in one process. Usage: node bench/charge.mjs [packets...]   (default 1e6 and 1e7)
//   SCRATCH=DIR   where the inputs are made (default: a folder in the temporary folder, kept)
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { alternate, median, print, run } from './measure.mjs';

const TG = fileURLToPath(new URL('../bin/tg.js', import.meta.url));
const ALONE = fileURLToPath(new URL('../lib/charge-alone.mjs', import.meta.url));
const scratch = process.env.SCRATCH ?? join(tmpdir(), 'tg-bench');
const sizes = process.argv.slice(2).map(Number);

/** A run of about n packets, its layout, pedestals and configuration. */
async function input(n) {
  const dir = join(scratch, `charge-${n}`);
  if (existsSync(join(dir, 'tg.yaml'))) return dir;
  const simulate = await import('../dist/tasks/charge/simulate.js');
  const anodes = await import('../dist/tasks/charge/simulated-anode.js');
  mkdirSync(join(dir, 'raw'), { recursive: true });
  mkdirSync(join(dir, 'cal'), { recursive: true });
  // As many pixels as the detector of the specifications: 78 400.
  const size = { tiles: 8, chips: 10 };
  const settings = simulate.simulateParams({
    seed: 2001,
    seconds: Math.max(1, Math.round((n / 1e6) * 433)),
    events_per_s: 10,
    noise_per_s: 500,
    ...size,
  });
  const anode = simulate.anodeOf(settings);
  const rows = simulate.writePackets(
    join(dir, 'raw/packets_r1.h5'),
    simulate.packetsOf(settings, anode),
    1.6e9,
  );
  writeFileSync(join(dir, 'cal/layout.yaml'), anodes.layoutText(size));
  writeFileSync(join(dir, 'cal/ped.json'), simulate.pixelJson(anodes.simulatedPedestals(anode, 1)));
  writeFileSync(
    join(dir, 'cal/cfg.json'),
    simulate.pixelJson(anodes.simulatedConfigurations(anode, 2)),
  );
  const files =
    '{pedestal_file: cal/ped.json, configuration_file: cal/cfg.json, geometry_file: cal/layout.yaml}';
  writeFileSync(
    join(dir, 'tg.yaml'),
    `libraries: [tg:charge]\nsources: {packets: "raw/packets_{run}.h5::/packets"}\nparameters: {charge/hits: ${files}}\n`,
  );
  console.log(`${dir}: ${rows} packets`);
  return dir;
}

// Bundled as tg is, so that the difference is the engine.
await bundle({
  entryPoints: [fileURLToPath(new URL('./charge-alone.mjs', import.meta.url))],
  outfile: ALONE,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'error',
  external: ['h5wasm', 'zeromq', 'tsx'],
  alias: {
    tg: fileURLToPath(new URL('../dist/src/index.js', import.meta.url)),
    'tg/h5': fileURLToPath(new URL('../dist/src/h5/index.js', import.meta.url)),
  },
  banner: {
    js: "import { createRequire as bundledRequire } from 'node:module'; const require = bundledRequire(import.meta.url);",
  },
});
/**
 * One percent appended: the run without its last percent built in parts, then the whole; the flow file is linked on demand, that is
 * not here. The first of the two is the full build to compare with.
 */
async function growth(dir, times) {
  const grown = join(dir, 'grown');
  mkdirSync(join(grown, 'raw'), { recursive: true });
  const text = readFileSync(join(dir, 'tg.yaml'), 'utf8').replaceAll('cal/', '../cal/');
  writeFileSync(join(grown, 'tg.yaml'), `${text}parts: true\nlink: {when: asked}\n`);
  const { openH5 } = await import('../dist/src/h5/index.js');
  const { writePackets } = await import('../dist/tasks/charge/simulate.js');
  const whole = await openH5(join(dir, 'raw/packets_r1.h5'));
  const packets = whole.table('/packets');
  function* rows(end) {
    for (let row = 0; row < end; row += 65536)
      yield packets.read(row, Math.min(65536, end - row)).bytes;
  }
  const file = join(grown, 'raw/packets_r1.h5');
  const words = [process.execPath, TG, 'build', '-q', 'charge/events', '--workers', '1'];
  const results = [[], []];
  for (let k = 0; k < times; k++) {
    for (const name of ['.tg', 'build'])
      rmSync(join(grown, name), { recursive: true, force: true });
    for (const [i, share] of [0.99, 1].entries()) {
      writePackets(file, rows(Math.floor(share * packets.rows)), 1.6e9);
      results[i].push(run(words, { cwd: grown }));
    }
  }
  whole.close();
  return ['99 % in parts, not linked', '1 % appended'].map((name, i) => {
    const of = (key) => median(results[i].map((result) => result[key]));
    return { name, cpu: of('cpu'), wall: of('wall'), rss: of('rss') };
  });
}

/** The same project with its runs in parts, in a folder of its own. */
function inParts(dir) {
  const parts = join(dir, 'parts');
  const file = join(parts, 'tg.yaml');
  if (existsSync(file)) return parts;
  mkdirSync(parts);
  const text = readFileSync(join(dir, 'tg.yaml'), 'utf8');
  const moved = text.replaceAll('raw/', '../raw/').replaceAll('cal/', '../cal/');
  writeFileSync(file, `${moved}parts: true\n`);
  return parts;
}

for (const n of sizes.length > 0 ? sizes : [1e6, 1e7]) {
  const dir = await input(n);
  const clean = () => {
    for (const name of ['.tg', 'build', 'alone'])
      rmSync(join(dir, name), { recursive: true, force: true });
  };
  const build = (workers) => ({
    name: `tg build --workers ${workers}`,
    words: [process.execPath, TG, 'build', '-q', 'charge/events', '--workers', String(workers)],
    cwd: dir,
    before: clean,
  });
  const alone = {
    name: 'the same modules alone',
    words: [process.execPath, ALONE, dir],
    before: clean,
  };
  const parts = (workers) => ({
    name: `in parts, --workers ${workers}`,
    words: [process.execPath, TG, 'build', '-q', 'charge/events', '--workers', String(workers)],
    cwd: inParts(dir),
    before() {
      for (const name of ['.tg', 'build'])
        rmSync(join(inParts(dir), name), { recursive: true, force: true });
    },
  });
  print(`${n} packets, cold`, alternate([alone, build(1), build(2), parts(1), parts(2)], 5));
  print(`${n} packets, a run that grows`, await growth(dir, 5));
}
