// The task of bench/tracklets.mjs without the engine, over a flow file. Usage: node bench/tracklets-alone.mjs FLOW OUT EVENTS
import { taskContext } from '../dist/src/execute/context.js';
import { createH5, openH5, relationOf } from '../dist/src/h5/index.js';
import reconstruction from '../dist/tasks/charge/tracklet-reconstruction.js';

const [flow, out, events] = process.argv.slice(2);
const file = await openH5(flow);
const { parent, start, stop } = relationOf(file, 'charge/events', 'charge/hits');
file.close();
// The first events alone: the relation as the task of charge/events would have stored it.
const some = parent.findIndex((event) => event >= Number(events));
const cut = (column) => column.slice(0, some < 0 ? undefined : some);
const relation = createH5(`${out}.events`);
relation.relation('charge/events', 'charge/hits', {
  parent: cut(parent),
  start: cut(start),
  stop: cut(stop),
});
relation.close();
const input = (path, place) => [{ path, place }];
const running = taskContext(
  {
    task: 'combined/tracklets',
    attempt: 1,
    params: reconstruction.params.parse({}),
    inputs: {
      'charge/events': input(`${out}.events`, '/charge/events'),
      'charge/hits': input(flow, '/charge/hits'),
      'combined/hit_drift': input(flow, '/combined/hit_drift'),
    },
    sources: [],
    known: [],
    files: {},
    outputs: [{ target: 'combined/tracklets', path: out, place: '/combined/tracklets' }],
    stage: `${out}.stage`,
    seed: 'bench',
    provenance: {},
  },
  new AbortController().signal,
  () => undefined,
);
await reconstruction.run(running.context);
console.log(
  running
    .finish()
    .counts.map(([name, n]) => `${n} ${name}`)
    .join(),
);
