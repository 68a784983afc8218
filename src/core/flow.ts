/** The tasks that link the flow file of each run: which tables belong into it. Knows names, no files. */
import type { Expansion } from './expansion.ts';
import { productPath, targetOf } from './outputs.ts';
import type { Wanted } from './targets.ts';
import type { LinkSettings, Procedure, Project, Source, TargetName, Task, Where } from './types.ts';

/** What stands for the procedure of all flow tasks. */
export function flowProcedure(where: Where, link: LinkSettings): Procedure {
  return {
    name: 'flow',
    type: 'flow',
    where,
    places: new Map(),
    folder: '',
    inputs: [],
    outputs: [{ target: 'flow', pattern: link.file, where }],
    parameters: {},
    configuration: {},
    each: undefined,
    optional: [],
    environment: [],
    scan: [],
    pool: 'cpu',
    slots: 1,
    memory: undefined,
    cpus: 1,
    after: [],
    retries: 0,
    timeout: undefined,
    // Idle: behind everything that can run.
    priority: link.when === 'idle' ? -1e9 : 0,
    always: false,
    replace: false,
    checks: [],
    command: undefined,
    depends: [],
  };
}

/** Path of the flow file of a run ('' without runs), relative to the root. */
export const flowPath = (link: LinkSettings, run: string, build: string): string =>
  productPath(link.file.replaceAll('{run}', run === '' ? 'flow' : run), build);

/** Tables of a run in library order, parts of one table one behind the other; points of scans stay in their artifacts, their merge is linked. */
export function flowTasks(
  expansion: Expansion,
  procedure: Procedure,
  link: LinkSettings,
  build: string,
): Task[] {
  const byRun = new Map<string, TargetName[]>();
  const add = (run: string, makers: readonly Task[], outputs: Task['outputs']): void => {
    const tables = outputs.filter(
      ({ place, inner }) => place !== '' && inner !== true && !link.drop.includes(place.slice(1)),
    );
    if (tables.length === 0) return;
    let list = byRun.get(run);
    if (list === undefined) byRun.set(run, (list = []));
    for (const { place } of tables)
      for (const maker of makers) list.push(maker.outputs.find((o) => o.place === place)!.target);
  };
  const task = (i: number): Task => expansion.tasks[i]!;
  for (const family of expansion.families.values()) {
    for (const [run, i] of family.whole) add(run, [task(i)], task(i).outputs);
    for (const [run, { tasks, whole }] of family.parts) add(run, tasks.map(task), whole.outputs);
  }
  const withRuns = [...byRun.keys()].some((run) => run !== '');
  const carried = [...expansion.sources.values()].filter(
    (source) => isCarried(source) && !link.drop.includes(source.place.slice(1)),
  );
  return [...byRun].flatMap(([run, targets]): Task[] => {
    // Tables that belong to no run have no flow file of their own where others have runs.
    if (run === '' && withRuns) return [];
    return [
      {
        id: targetOf('flow', run),
        procedure,
        kind: 'flow',
        params: {},
        files: {},
        inputs: [{ alias: 'tables', targets, optional: true }, ...carriedInto(run, carried)],
        after: [],
        outputs: [
          {
            target: targetOf('flow', run),
            path: flowPath(link, run, build),
            place: '',
          },
        ],
        ...(run === '' ? {} : { run }),
      },
    ];
  });
}

/** A source that is a table, standing where a flow file has it (`light/events: light.h5::/light/events`). */
const isCarried = ({ place, entry }: Source): boolean =>
  entry.carried === true || (entry.name.includes('/') && place === `/${entry.name}`);

/** What has no run belongs to all of them. */
function carriedInto(run: string, carried: readonly Source[]): Task['inputs'] {
  const targets = carried.flatMap(({ target, files }) =>
    [run, undefined].includes(files[0]?.run) ? [target] : [],
  );
  return targets.length === 0 ? [] : [{ alias: 'carried', targets }];
}

/** Are all parts of a task's run among these tasks? A flow file holds whole tables. */
export function wholeRuns(
  { families }: Expansion,
  among: ReadonlySet<number>,
): (part: Task) => boolean {
  const known = new Map<readonly number[], boolean>();
  return ({ procedure, run }) => {
    const parts = families.get(procedure.name)!.parts.get(run ?? '')!.tasks;
    let whole = known.get(parts);
    if (whole === undefined) known.set(parts, (whole = parts.every((i) => among.has(i))));
    return whole;
  };
}

/** The flow files of the runs that are touched. A flow file that was named means all tables of its run. */
export function withFlow(expansion: Expansion, wanted: Wanted, project: Project): number[] {
  const flows = new Map<string, number>();
  const maker = new Map<TargetName, number>();
  expansion.tasks.forEach((task, i) => {
    if (task.kind === 'flow') flows.set(task.run ?? '', i);
  });
  if (flows.size === 0) return wanted.tasks;
  const tasks = new Set(wanted.tasks);
  const isWhole = wholeRuns(expansion, tasks);
  for (const i of wanted.tasks) {
    const task = expansion.tasks[i]!;
    if (task.kind === 'flow') {
      if (maker.size === 0)
        expansion.tasks.forEach((t, k) => t.outputs.forEach((o) => maker.set(o.target, k)));
      for (const target of task.inputs[0]!.targets) tasks.add(maker.get(target)!);
    } else if (
      project.link.when !== 'asked' &&
      task.outputs.some((o) => o.place !== '') &&
      (task.point === undefined || (task.part !== undefined && isWhole(task)))
    ) {
      const flow = flows.get(task.run ?? '');
      if (flow !== undefined) tasks.add(flow);
    }
  }
  return [...tasks];
}
