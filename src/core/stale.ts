/** Is a task fresh, and if not, why: its recorded entry against today's code, inputs, outputs and values. Knows nothing of how those were fetched. */
import { valueAt } from './canonical.ts';
import { outside } from './checks.ts';
import { inputNames } from './manifest.ts';
import type { Difference } from './trace.ts';
import { differences, isDocumentOf, leavesOf } from './trace.ts';
import type {
  ContentId,
  Json,
  LogEntry,
  Reason,
  TargetName,
  Task,
  TraceDocument,
} from './types.ts';

/** What is so today, fetched by the caller. */
export interface Today {
  code: string;
  /** Content id of each data input, in the task's order; missing optional inputs are left out. */
  inputs: readonly (readonly [target: TargetName, id: ContentId])[];
  /** Content id of an output as it lies there; undefined: missing. */
  output(target: TargetName, path: string): ContentId | undefined;
  /** Today's document of a trace, and the copy of what was read then; `same` when it is known to be unchanged. */
  document(trace: TraceDocument): {
    same: boolean;
    now?: Json | undefined;
    then?: Json | undefined;
  };
  /** Was its last run ended between `publishing` and `done`? Unix seconds. */
  interrupted?: number | undefined;
}

/** All reasons, the first cause first; an empty list means fresh. */
export function whyStale(task: Task, entry: LogEntry | undefined, today: Today): Reason[] {
  if (today.interrupted !== undefined) return [{ kind: 'interrupted', at: today.interrupted }];
  if (entry === undefined) return [{ kind: 'never-built' }];
  if (task.procedure.always) return [{ kind: 'always' }];
  const reasons: Reason[] = [];
  if (entry.type !== task.procedure.type)
    reasons.push({ kind: 'code', what: 'type', from: entry.type, to: task.procedure.type });
  else if (entry.code !== today.code)
    reasons.push({
      kind: 'code',
      // The code of a merge is where the products of its points lie.
      what: task.kind === 'merge' ? 'outputs' : task.procedure.type,
      from: entry.code,
      to: today.code,
    });
  inputReasons(entry, today, reasons);
  if (!reasons.some((r) => r.kind.startsWith('input'))) namingReasons(task, entry, reasons);
  valueReasons(task, entry, today, reasons);
  if (task.part !== undefined) partReasons(task, reasons);
  outputReasons(task, entry, today, reasons);
  if (reasons.length === 0) checkReasons(task, entry, reasons);
  return reasons;
}

/** Rows of a table, as its content id tells them. */
export function rowsOf(id: ContentId): number | null {
  const rows = id.split('.')[2];
  return rows === undefined ? null : Number(rows);
}

function inputReasons(entry: LogEntry, today: Today, reasons: Reason[]): void {
  const was = entry.inputs;
  const is = today.inputs;
  let same = was.length === is.length;
  for (let i = 0; same && i < was.length; i++)
    same = was[i]![0] === is[i]![0] && was[i]![1] === is[i]![1];
  if (same) return;
  const before = new Map(was);
  const after = new Map(is);
  for (const [target, id] of is) {
    const old = before.get(target);
    if (old === undefined) reasons.push({ kind: 'input-added', target });
    else if (old !== id) {
      const rows = [rowsOf(old), rowsOf(id)] as const;
      reasons.push({
        kind: 'input',
        target,
        ...(rows[0] === null || rows[1] === null ? {} : { rows }),
      });
    }
  }
  for (const [target] of was)
    if (!after.has(target)) reasons.push({ kind: 'input-removed', target });
  // The same inputs in another order: order matters to the task.
  if (reasons.length === 0) reasons.push({ kind: 'input', target: is[0]![0] });
}

/** What was made is bad by the checks of today: it would not have been published. */
function checkReasons(task: Task, { outputs, counts }: LogEntry, reasons: Reason[]): void {
  const { checks } = task.procedure;
  if (checks.length === 0) return;
  const told = outside(checks, 'bad', { rows: outputs.map((o) => o[3]), counts });
  if (told.length > 0) reasons.push({ kind: 'code', what: 'checks', from: '', to: told[0]! });
}

/** The same inputs under other names. */
function namingReasons(task: Task, entry: LogEntry, reasons: Reason[]): void {
  const told = (names: readonly (readonly [string, string])[]): string =>
    names.map(([alias, n]) => `${alias} ${n}`).join(', ');
  const from = told(entry.trace.find((t) => isDocumentOf(t, 'input'))?.values ?? []);
  const to = told(inputNames(task));
  if (from !== to) reasons.push({ kind: 'code', what: 'inputs', from, to });
}

function valueReasons(task: Task, entry: LogEntry, today: Today, reasons: Reason[]): void {
  for (const trace of entry.trace) {
    const { same, now, then } = today.document(trace);
    if (same) continue;
    const changed = differences(trace, now, then);
    if (changed !== undefined && changed.length === 0) continue;
    reasons.push(...reasonOf(trace, changed));
  }
  // A variable that was not declared when the task ran: its value then is not known.
  const told = new Set(entry.trace.find((t) => isDocumentOf(t, 'env'))?.values?.map(([n]) => n));
  const added = task.procedure.environment.filter((name) => !told.has(name));
  if (added.length === 0) return;
  const values = added.map((name) => [name, '!unknown'] as const);
  const { now } = today.document({ name: 'env', values, read: values.length });
  for (const name of added)
    reasons.push({
      kind: 'environment',
      name,
      from: 'not declared',
      to: text(valueAt(now, [name])),
    });
}

/** Rows of its part that are others: the input that is cut has changed, or a parameter has it cut in another way. */
function partReasons(task: Task, reasons: Reason[]): void {
  const isPart = (r: Reason): r is Reason & { kind: 'parameter' } =>
    r.kind === 'parameter' && r.name.startsWith('part.');
  const target = task.inputs.find(({ proven }) => proven === true)?.targets[0];
  const at = reasons.findIndex(isPart);
  if (at < 0 || target === undefined) return;
  const { from, to } = task.params['part'] as { from?: Json; to?: Json };
  const before = (bound: string): string | undefined =>
    reasons.filter(isPart).find(({ name }) => name === `part.${bound}`)?.from;
  const end = before('to');
  const known = before('from') === undefined && typeof from === 'number' && typeof to === 'number';
  const rows = known ? ([Number(end ?? to) - from, to - from] as const) : undefined;
  const told: Reason = { kind: 'input', target, ...(rows && { rows }) };
  const rest: readonly Reason[] = reasons.filter((r) => !isPart(r));
  const isOther = rest.some((r) => r.kind === 'parameter');
  reasons.splice(0, reasons.length, ...rest);
  if (!isOther) reasons.splice(at, 0, told);
}

const text = (v: Json | undefined): string | undefined =>
  v === undefined ? undefined : typeof v === 'string' ? v : JSON.stringify(v);

function reasonOf(trace: TraceDocument, changed: readonly Difference[] | undefined): Reason[] {
  // Base names of files are told like the parameters that name them.
  if (changed !== undefined && trace.file === undefined)
    return changed.map((d) => ({
      kind: isDocumentOf(trace, 'env') ? 'environment' : 'parameter',
      name: d.key,
      from: text(d.from),
      to: text(d.to),
    }));
  // A mapping that is gone is told by what was read in it.
  const leaves = changed && leavesOf(changed);
  return [
    {
      kind: 'values',
      name: isDocumentOf(trace, 'param') ? 'parameters' : trace.name,
      file: trace.file ?? '',
      changed: leaves?.length ?? trace.read,
      read: trace.read,
      values: leaves ?? [],
    },
  ];
}

function outputReasons(task: Task, entry: LogEntry, today: Today, reasons: Reason[]): void {
  const was = entry.outputs;
  const is = task.outputs;
  // The order in which they are declared is nothing that a task could see.
  let same = was.length === is.length;
  for (let i = 0; same && i < is.length; i++) {
    const { target, path } = is[i]!;
    const before = was[i]![0] === target ? was[i]! : was.find(([name]) => name === target);
    same = before?.[1] === path;
  }
  if (!same) {
    const list = (outputs: readonly { target: string; path: string }[]): string =>
      outputs.map((o) => `${o.target} in ${o.path}`).join(', ');
    reasons.push({
      kind: 'code',
      what: 'outputs',
      from: list(was.map(([target, path]) => ({ target, path }))),
      to: list(is),
    });
    return;
  }
  for (const [target, path, id] of was) {
    const now = today.output(target, path);
    if (now === id) continue;
    if (now === undefined) {
      if (!reasons.some((r) => r.kind === 'output-missing' && r.path === path))
        reasons.push({ kind: 'output-missing', path });
    } else reasons.push({ kind: 'output-edited', target, path, was: id, is: now });
  }
}
