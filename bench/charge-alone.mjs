// The work of bench/charge.mjs without the engine: five task modules and the link, one after the other in one process, the input
// hashed as the engine hashes it, keys recorded by the view. Usage: node bench/charge-alone.mjs DIR
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { taskContext } from '../dist/src/execute/context.js';
import { writeFlow } from '../dist/src/execute/flow.js';
import { fileId } from '../dist/src/content-id.js';
import { hashTree } from '../dist/src/h5/index.js';
import eventBuilder from '../dist/tasks/charge/event-builder.js';
import extTrigFinder from '../dist/tasks/charge/ext-trig-finder.js';
import hitBuilder from '../dist/tasks/charge/hit-builder.js';
import rawEventBuilder from '../dist/tasks/charge/raw-event-builder.js';
import timestampCorrector from '../dist/tasks/charge/timestamp-corrector.js';

const dir = process.argv[2];
const out = join(dir, 'alone');
mkdirSync(out, { recursive: true });
const none = new AbortController().signal;
const artifact = (name) => join(out, `${name.replace('/', '_')}.h5`);
const files = {
  pedestal_file: 'cal/ped.json',
  configuration_file: 'cal/cfg.json',
  geometry_file: 'cal/layout.yaml',
};

/** One task: inputs by alias = [path, place]. */
async function task(module, outputs, inputs, given = {}) {
  const params = module.params.parse(given);
  const path = artifact(outputs[0]);
  const running = taskContext(
    {
      task: outputs[0],
      attempt: 1,
      params,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([alias, [p, place]]) => [alias, [{ path: p, place }]]),
      ),
      sources: [],
      known: [],
      files: Object.fromEntries(
        Object.entries(given).map(([name, file]) => [
          name,
          { path: join(dir, file), shown: file, whole: false, id: '' },
        ]),
      ),
      outputs: outputs.map((target) => ({ target, path, place: `/${target}` })),
      stage: out,
      seed: '',
      provenance: {},
    },
    none,
    () => undefined,
  );
  await module.run(running.context);
  running.finish();
  return path;
}

const raw = join(dir, 'raw/packets_r1.h5');
await hashTree(raw);
const made = (name, of = name) => [artifact(of), `/${name}`];
await task(rawEventBuilder, ['charge/raw_events', 'charge/packets'], {
  packets: [raw, '/packets'],
});
const packets = made('charge/packets', 'charge/raw_events');
await task(timestampCorrector, ['charge/packets_corr_ts'], { 'charge/packets': packets });
const both = {
  'charge/packets': packets,
  'charge/packets_corr_ts': made('charge/packets_corr_ts'),
};
await task(extTrigFinder, ['charge/ext_trigs'], both);
await task(hitBuilder, ['charge/hits'], both, files);
await task(eventBuilder, ['charge/events'], {
  'charge/raw_events': made('charge/raw_events'),
  'charge/hits': made('charge/hits'),
  'charge/ext_trigs': made('charge/ext_trigs'),
});
const names = [
  'charge/raw_events',
  'charge/packets',
  'charge/packets_corr_ts',
  'charge/ext_trigs',
  'charge/hits',
  'charge/events',
];
const path = join(out, 'flow.h5');
await writeFlow({
  path,
  tables: names.map((name) => ({
    target: name,
    place: `/${name}`,
    path: artifact(name === 'charge/packets' ? 'charge/raw_events' : name),
    task: name,
    id: '',
  })),
  refs: 'region',
  tg: '',
});
fileId(path);
