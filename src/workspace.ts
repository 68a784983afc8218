/** A project opened: YAML, task modules, sources and store joined into tasks. What every verb starts from; runs nothing. */
import { isAbsolute, join, relative, resolve } from 'node:path';
import { commandCode, moduleCode } from './code.ts';
import { expand } from './core/expand.ts';
import type { Expansion, MatchedSource } from './core/expansion.ts';
import { flowPath, flowProcedure, flowTasks, withFlow } from './core/flow.ts';
import { afterMadeFiles } from './core/made-files.ts';
import { matchRuns } from './core/names.ts';
import { partsOfNoRun } from './core/parts.ts';
import { plan } from './core/plan.ts';
import { sortDiagnostics } from './core/sort-diagnostics.ts';
import { mergeCode } from './core/scan.ts';
import { wantedTasks } from './core/targets.ts';
import type { Wanted } from './core/targets.ts';
import type {
  ContentId,
  Diagnostic,
  Json,
  Plan,
  Procedure,
  Project,
  Source,
  Task,
  TargetName,
} from './core/types.ts';
import { facts } from './facts.ts';
import type { Facts } from './facts.ts';
import { moduleFiles } from './module-files.ts';
import { loadProject, unusedLibrary } from './procedures/load.ts';
import type { Loaded, Shipped } from './procedures/load.ts';
import { unlistedRuns } from './procedures/run-values.ts';
import type { ColumnValue } from './procedures/run-values.ts';
import { loadModules, parameterResolver, readSettings } from './project-modules.ts';
import type { Modules, ShippedTypes } from './project-modules.ts';
import { goneSources, matchSources } from './project-sources.ts';
import { notYet } from './not-yet.ts';
import { takeStandIns } from './stand-ins.ts';
import { absolute, below, openStore } from './store/store.ts';
import type { Step, Store } from './store/store.ts';
import { VERSION } from './version.ts';

export interface WorkspaceOptions {
  /** tg.yaml, or what direct mode made of its flags. */
  load: { file: string } | { loaded: Loaded; storeFolder: string };
  cwd: string;
  shipped: ShippedTypes;
  /** Words behind `--set`. */
  set: readonly string[];
  /** A store that may be written. */
  write: boolean;
  /** For tests: see openStore. */
  onStep?: (step: Step) => void;
}

export interface Workspace {
  project: Project;
  root: string;
  cwd: string;
  store: Store;
  facts: Facts;
  modules: Modules;
  expansion: Expansion;
  /** Sources with what was found for them. */
  sources: ReadonlyMap<string, MatchedSource>;
  warnings: Diagnostic[];
  codeOf(task: Task): string;
  /** Files that are the code of a task, relative to the root where below it; none where a version stands for them. */
  codeFiles(task: Task): string[];
  /** Expands again, when lists were built. */
  expand(lists: ReadonlyMap<TargetName, readonly { name: string; value: Json }[]>): Diagnostic[];
  /** Tasks meant by words, and the plan for them. */
  planFor(
    words: readonly string[],
    options?: { only?: boolean; flow?: boolean },
  ): { plan?: Plan; wanted: Wanted; diagnostics: Diagnostic[] };
  /** A path as messages show it: relative to where the user stands. */
  shown(path: string): string;
}

export class Mistakes extends Error {
  override readonly name = 'Mistakes';
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics[0]?.message ?? 'mistakes');
    this.diagnostics = diagnostics;
  }
}

const STORE = '.tg';

/** @throws Mistakes when the project cannot be used as it is; StoreError */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const shipped: Shipped = options.shipped;
  const loaded =
    'file' in options.load
      ? loadProject(options.load.file, shipped, { cwd: options.cwd })
      : options.load.loaded;
  const diagnostics = [...loaded.diagnostics];
  if (loaded.project === undefined) throw new Mistakes(diagnostics);
  let project = loaded.project;
  const root = project.root;
  const folder = 'storeFolder' in options.load ? options.load.storeFolder : join(root, STORE);
  const store = openStore(root, folder, VERSION, options.write, options.onStep);
  if (options.write && store.dropped > 0) diagnostics.push(droppedTail(store, options.cwd));
  let sources: ReadonlyMap<string, MatchedSource> = new Map();
  let expansion: Expansion | undefined;
  const known = facts(store, root, () => expansion?.sources ?? new Map<TargetName, Source>());
  diagnostics.push(...notYet(project));
  let modules = await loadModules(project.procedures, options.shipped, diagnostics);
  let settings = readSettings(options.set, project, modules, diagnostics);
  const standing = { project, modules, settings, cwd: options.cwd };
  const taken = await takeStandIns(standing, options.shipped, diagnostics);
  ({ project, modules, settings } = taken);
  const columns = new Map<string, readonly ColumnValue[]>();
  const resolver = parameterResolver(project, modules, settings, diagnostics, options.cwd, columns);
  sources = matchSources(project, store, options.cwd, diagnostics);
  const errors = (): Diagnostic[] => diagnostics.filter((d) => d.severity === 'error');

  const folders = {
    artifacts: below(root, join(folder, 'artifacts')),
    build:
      below(root, project.build) === project.build && project.build === root
        ? ''
        : below(root, project.build),
    root,
  };
  const elsewhere = (name: string): string | undefined => unusedLibrary(name, project, shipped);
  const partsWanted = project.parts === 'all' ? [] : project.parts;
  const matchesParts = matchRuns(partsWanted);
  const inParts = (run: string | undefined): boolean =>
    project.parts === 'all' || (run !== undefined && partsWanted.length > 0 && matchesParts(run));
  const flow = flowProcedure({ file: project.file, line: 1, column: 1 }, project.link);
  const expandWith: Workspace['expand'] = (lists) => {
    expansion = expand({
      procedures: project.procedures,
      sources,
      resolve: resolver,
      lists,
      partsRole: ({ name }) => modules.get(name)?.module.parts,
      inParts,
      elsewhere,
      ...folders,
    });
    for (const task of flowTasks(expansion, flow, project.link, folders.build))
      expansion.tasks.push(task);
    afterMadeFiles(expansion.tasks, (path) => absolute(root, path));
    return expansion.diagnostics;
  };
  diagnostics.push(...expandWith(new Map()));
  diagnostics.push(...partsOfNoRun(project, expansion!.families));
  diagnostics.push(...unlistedRuns(project, expansion!.families, columns));
  if (errors().length > 0) throw new Mistakes(sortDiagnostics(diagnostics, loaded.files));

  let kept: Map<string, string> | undefined;
  const codes = new Map<Procedure, string>();
  const idOf = (path: string): ContentId | undefined => known.idNow(below(root, path)) ?? undefined;
  const codeFiles = ({ kind, procedure }: Task): string[] => {
    const module = modules.get(procedure.name);
    const files =
      kind === 'command'
        ? procedure.depends
        : (kind !== 'module' && kind !== 'cut') ||
            module === undefined ||
            module.module.version !== undefined
          ? []
          : moduleFiles(module.path);
    return files.map((file) => below(root, file));
  };
  const codeOf = (task: Task): string => {
    if (task.kind === 'flow') return `flow 2 ${project.link.refs}`;
    if (task.merge?.parts === true) return 'join 1';
    if (task.kind === 'merge') return mergeCode(task, relative(root, project.build));
    let code = codes.get(task.procedure);
    if (code === undefined) {
      const module = modules.get(task.procedure.name);
      code =
        module === undefined
          ? commandCode(task.procedure, idOf)
          : moduleCode(module.path, module.module, idOf);
      codes.set(task.procedure, code);
    }
    return code;
  };

  return {
    project,
    root,
    cwd: options.cwd,
    store,
    facts: known,
    modules,
    get expansion() {
      return expansion!;
    },
    sources,
    warnings: diagnostics.filter((d) => d.severity !== 'error'),
    codeOf,
    codeFiles,
    expand: expandWith,
    planFor(words, { only = false, flow = true } = {}) {
      const found = wantedTasks(
        {
          words,
          default: project.default,
          placeOf: (word) =>
            project.places.get(`:default.${project.default?.indexOf(word) ?? ''}`) ??
            project.places.get(':default'),
          workflows: project.workflows,
          linked: project.link.when !== 'asked',
          sources,
          flowPath: (run) => flowPath(project.link, run, folders.build),
          relative: (path) => below(root, resolve(options.cwd, path)),
          elsewhere,
        },
        expansion!,
      );
      found.diagnostics.push(...goneSources(expansion!, found.wanted, sources, store));
      if (found.diagnostics.some((d) => d.severity === 'error'))
        return { wanted: found.wanted, diagnostics: found.diagnostics };
      const all = only ? found.wanted.tasks : withFlow(expansion!, found.wanted, project);
      const tasks = flow ? all : all.filter((i) => expansion!.tasks[i]!.kind !== 'flow');
      const planned = plan({
        tasks: expansion!.tasks,
        sources: expansion!.sources,
        wanted: tasks,
        kept: (kept ??= keptFiles(project, modules)),
        store: below(root, folder),
      });
      return {
        ...(planned.plan === undefined ? {} : { plan: planned.plan }),
        wanted: found.wanted,
        diagnostics: [...found.diagnostics, ...planned.diagnostics],
      };
    },
    shown: (path) => shownPath(options.cwd, isAbsolute(path) ? path : join(root, path)),
  };
}

/** Told by who writes: a reader may come upon a line that is just being written. */
function droppedTail(store: Store, cwd: string): Diagnostic {
  const { folder, dropped, droppedTasks: n } = store;
  const again = n === 0 ? '' : `; ${n} ${n === 1 ? 'task' : 'tasks'} will be built again`;
  return {
    severity: 'warning',
    code: 'store-tail',
    message: `${shownPath(cwd, join(folder, 'log'))}: ${dropped} bytes after the last good record dropped${again}`,
  };
}

/** Files the project itself is made of, and what they are: no task may write over them. */
function keptFiles({ root, files, procedures }: Project, modules: Modules): Map<string, string> {
  const kept = new Map<string, string>();
  const keep = (path: string, what: string): void => void kept.set(below(root, path), what);
  for (const { depends } of procedures) for (const file of depends) keep(file, 'code');
  for (const { path } of modules.values()) keep(path, 'code');
  for (const file of files) keep(file, 'a file of the project');
  return kept;
}

/** Relative to where the user stands; absolute when more than two `..` up. */
export function shownPath(cwd: string, path: string): string {
  const found = relative(cwd, path);
  return found.startsWith('../../../') ? path : found === '' ? '.' : found;
}
