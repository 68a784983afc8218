/** The one loop: rounds of plans until nothing is deferred, between the begin and the end of a record. Knows neither YAML nor terminals. */
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Wanted } from './core/targets.ts';
import type { ContentId, Diagnostic, LogEntry, Plan, TargetName, Task } from './core/types.ts';
import { endOrphans } from './execute/orphans.ts';
import { openWorkers } from './execute/threads.ts';
import { dropLeftMembers } from './left-members.ts';
import { expandOver, readLists } from './lists.ts';
import type { Lists } from './lists.ts';
import { madeIds } from './made.ts';
import { missingFiles } from './missing-files.ts';
import { wasMadeOf } from './project-sources.ts';
import { runRound } from './round.ts';
import type { BuildOptions, Ended, Round } from './round.ts';
import { openStages } from './stages.ts';
import { below } from './store/store.ts';
import { rememberYaml } from './store/yaml-history.ts';
import { Mistakes } from './workspace.ts';
import type { Workspace } from './workspace.ts';

export { membersOf } from './lists.ts';
export { staleAnyway } from './verdict.ts';

export interface BuildResult {
  exit: number;
  plan: Plan;
  wanted: Wanted;
  /** Last word on each task of the plan. */
  state: Round['state'];
  /** Counts and rows of what the store has of a task. */
  contents(task: Task): Pick<LogEntry, 'counts' | 'outputs'> | undefined;
}

/**
 * The lock of the store must be held.
 * @throws Mistakes before anything has run; StoreError when the store cannot be written
 */
export async function build(ws: Workspace, options: BuildOptions): Promise<BuildResult> {
  const began = Date.now();
  const { store } = ws;
  store.refresh();
  endOrphans(join(store.folder, 'stage'));
  const stages = openStages(store.folder, ws.project.build);
  const workers = openWorkers();
  const made = madeIds(store);
  const ended = new Map<string, Ended>();
  const lists: Lists = new Map();
  let round: Round | undefined;
  let number = 0;
  let exit = 70;

  try {
    for (let last = false; ;) {
      // What is expanded over a list may make further tables of a run: its file is linked when all are known.
      last ||= !hasDeferred(ws);
      const planned = ws.planFor(options.words, { only: options.only, flow: last });
      if (planned.plan === undefined) throw new Mistakes(planned.diagnostics);
      const tooBig = resourcesTooBig(planned.plan);
      if (tooBig.length > 0) throw new Mistakes(tooBig);
      const missing = missingFiles(planned.plan, ws.root, ws.cwd);
      if (missing.length > 0) throw new Mistakes(missing);
      if (round === undefined) {
        number = store.begin({ time: Math.round(began / 1000), targets: options.words });
        rememberYaml(store, number, yamlFiles(ws));
        tellBegin(ws, options, number, began, planned.diagnostics);
      }
      const { plan, wanted } = planned;
      round = await runRound({
        ws,
        options,
        workers,
        stages,
        plan,
        wanted,
        made,
        ended,
        build: number,
      });
      if (round.stopped) break;
      if (readLists(ws.root, ws.expansion, round.state, lists)) {
        expandOver(ws, lists);
        last = false;
      } else if (last) break;
      else last = true;
    }
    const failed = [...ended.values()].includes('failed');
    if (!failed && !round.stopped)
      for (const diagnostic of dropLeftMembers(ws, lists))
        options.report({ type: 'diagnostic', diagnostic });
    exit = options.interrupt.aborted ? (options.interrupt.reason as number) : failed ? 1 : 0;
  } finally {
    await workers.close();
    stages.close();
    await endRecord(ws, ended, exit, began);
  }
  options.report({ type: 'finished', exit, seconds: (Date.now() - began) / 1000 });
  const { plan, wanted, state } = round;
  return { exit, plan, wanted, state, contents: (task) => store.contents(task.id) };
}

const hasDeferred = (ws: Workspace): boolean =>
  [...ws.expansion.families.values()].some((f) => f.deferred !== undefined);

/** tg.yaml and its libraries as they are now. */
const yamlFiles = (ws: Workspace): [path: string, id: ContentId][] =>
  ws.project.files.flatMap((file): [string, ContentId][] => {
    const path = below(ws.root, file);
    const id = ws.facts.id(path, '');
    return typeof id === 'string' ? [[path, id]] : [];
  });

function tellBegin(
  ws: Workspace,
  options: BuildOptions,
  build: number,
  time: number,
  diagnostics: readonly Diagnostic[],
): void {
  const { words: targets, workers } = options;
  options.report({ type: 'began', build, targets, workers, time });
  for (const diagnostic of [...ws.warnings, ...diagnostics])
    options.report({ type: 'diagnostic', diagnostic });
}

async function endRecord(
  ws: Workspace,
  ended: ReadonlyMap<string, Ended>,
  exit: number,
  began: number,
): Promise<void> {
  const counts = { done: 0, fresh: 0, failed: 0, cancelled: 0 };
  for (const state of ended.values()) counts[state]++;
  const { done, fresh, failed } = counts;
  ws.store.rememberSources(knownSources(ws));
  ws.store.end({ seconds: (Date.now() - began) / 1000, exit, done, fresh, failed });
  await ws.store.close();
}

function* knownSources(ws: Workspace): Iterable<{ name: string; target: string; path: string }> {
  for (const { entry, targets, gone } of ws.sources.values()) {
    for (const { target, files } of targets)
      yield { name: entry.name, target, path: files[0]!.path };
    // What is gone stays known as long as something that was made of it is.
    if (gone.length > 0) {
      const known = new Map(ws.store.knownSources().get(entry.name));
      for (const { target } of gone)
        if (madeOf(ws, entry.name, target))
          yield { name: entry.name, target, path: known.get(target)! };
    }
  }
}

function madeOf(ws: Workspace, source: string, target: TargetName): boolean {
  const selection = target.includes('@') ? target.slice(target.indexOf('@') + 1) : '';
  return ws.project.procedures.some(
    (p) =>
      p.inputs.some((i) => i.target === source) && wasMadeOf(ws.store, p.name, selection, target),
  );
}

function resourcesTooBig(plan: Plan): Diagnostic[] {
  const told = new Set<string>();
  const found: Diagnostic[] = [];
  const gb = (n: number): string => `${Math.round(n / 1e9)} GB`;
  for (const i of plan.order) {
    const { procedure } = plan.tasks[i]!;
    if (
      procedure.memory === undefined ||
      procedure.memory <= totalmem() ||
      told.has(procedure.name)
    )
      continue;
    told.add(procedure.name);
    found.push({
      severity: 'error',
      code: 'too-big',
      message: `${procedure.name} asks ${gb(procedure.memory)}, this machine has ${gb(totalmem())}`,
      where: procedure.places.get('memory') ?? procedure.where,
      try: `memory: ${gb(totalmem() * 0.66)}, or an executor`,
    });
  }
  return found;
}
