// The task light/events without the engine over ADC64 files, or their parser alone. Usage: node bench/light-alone.mjs (build|parse|both) OUT FILE...
import { rmSync } from 'node:fs';
import { openWindow } from '../dist/tasks/light/byte-window.js';
import { ADC64 } from '../dist/tasks/light/adc64.js';
import { copySamples, samplesOf } from '../dist/tasks/light/device-block.js';
import { noDamage, records } from '../dist/tasks/light/framing.js';
import { taskContext } from '../dist/src/execute/context.js';
import builder from '../dist/tasks/light/event-builder.js';

const [what, out, ...files] = process.argv.slice(2);

/** Every sample of every file decoded. */
function parse() {
  const into = new Int32Array(4096);
  let n = 0;
  for (const path of files) {
    const window = openWindow(path);
    for (const { device } of records(window, ADC64, noDamage()))
      for (const block of device.blocks) {
        copySamples(device, block, samplesOf(device, block), into, 0);
        n++;
      }
    window.close();
  }
  return n;
}

async function build() {
  const running = taskContext(
    {
      task: 'light/events',
      attempt: 1,
      params: builder.params.parse({ sync_threshold: 10000 }),
      inputs: { raw: files.map((path) => ({ path, place: '' })) },
      sources: [],
      known: [],
      files: {},
      outputs: ['light/events', 'light/wvfm'].map((target) => ({
        target,
        path: out,
        place: `/${target}`,
      })),
      stage: `${out}.stage`,
      seed: 'bench',
      provenance: {},
    },
    new AbortController().signal,
    () => undefined,
  );
  await builder.run(running.context);
  return running.finish().counts[0][1];
}

async function timed(name, run) {
  // Cutting the file of the round before would be counted here.
  rmSync(out, { force: true });
  const from = performance.now();
  const n = await run();
  const s = (performance.now() - from) / 1000;
  console.log(JSON.stringify({ name, n, s }));
}

for (let k = 0; k < (what === 'both' ? 5 : 1); k++) {
  if (what !== 'build') await timed('parse', parse);
  if (what !== 'parse') await timed('build', build);
}
