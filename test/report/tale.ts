/** Tasks, entries and events made up for tests of reporters. */
import type { BuildEvent, LogEntry, Plan, Procedure, Reason, Task } from '../../src/core/types.ts';
import { PLAIN } from '../../src/report/ink.ts';
import type { Manner, Outcome } from '../../src/report/outcome.ts';
import { newStory } from '../../src/report/story.ts';
import type { Story } from '../../src/report/story.ts';

const where = { file: '/p/lib.yaml', line: 1, column: 1 };

/** `charge/hits@r42` -> a task that makes a table of that name. */
export function task(id: string, more: Partial<Task> = {}): Task {
  const [name = '', run] = id.split('@');
  const procedure = {
    name,
    where,
    inputs: [{ alias: 'packets', target: 'packets', where }],
    outputs: [{ target: name, where }],
  } as unknown as Procedure;
  return {
    id,
    procedure,
    kind: 'module',
    params: {},
    files: {},
    inputs: [],
    after: [],
    outputs: [{ target: id, path: `.tg/artifacts/${id}.h5`, place: `/${name}` }],
    ...(run === undefined || run.includes('=') ? {} : { run }),
    ...more,
  };
}

export function entry(of: Task, more: Partial<LogEntry> = {}): LogEntry {
  return {
    task: of.id,
    type: 'x',
    code: '1',
    inputs: [],
    outputs: of.outputs.map((o) => [o.target, o.path, 'id', 5] as const),
    trace: [],
    reason: '',
    counts: [],
    lost: [],
    notes: [],
    started: 0,
    ms: 100,
    build: 1,
    tg: '0',
    ...more,
  };
}

export const done = (
  of: Task,
  reasons: readonly Reason[] = [{ kind: 'never-built' }],
  more: Partial<LogEntry> = {},
  same = false,
): BuildEvent => ({ type: 'done', task: of, entry: entry(of, more), same, reasons, bytes: [1] });

/** A plan of tasks without edges. */
export function plan(tasks: readonly Task[]): Plan {
  return {
    tasks,
    order: Uint32Array.from(tasks.keys()),
    maker: new Map(),
    sources: new Map(),
    needs: tasks.map(() => []),
    dependents: tasks.map(() => []),
    wanted: new Uint8Array(tasks.length).fill(1),
  };
}

export const planned = (tasks: readonly Task[], stale = tasks.length): BuildEvent => ({
  type: 'planned',
  tasks: tasks.length,
  stale,
  maybe: 0,
  fresh: tasks.length - stale,
  plan: plan(tasks),
});

/** A story that has taken these events, each a tenth of a second after the other. */
export function told(events: readonly BuildEvent[], entries: readonly LogEntry[] = []): Story {
  const known = new Map(entries.map((one) => [one.task, one]));
  const story = newStory((id) => known.get(id));
  events.forEach((event, i) => story.take(event, i / 10));
  return story;
}

/** Everything was asked for, and what is settled well is there. */
export function outcome(story: Story, tasks: readonly Task[], word = 'x'): Outcome {
  const all = tasks.map((_, i) => i);
  const entries = new Map(story.done.map((event) => [event.task.id, event.entry]));
  return {
    plan: plan(tasks),
    wanted: { tasks: all, chosen: [{ word, tasks: all, output: undefined }] },
    there: (i) => entries.has(tasks[i]!.id),
    contents: (of) => entries.get(of.id),
    files: () => [...entries.keys()].map((id) => `build/${id.replace(/.*@/, '')}.h5`),
  };
}

export const manner = (more: Partial<Manner> = {}): Manner => ({
  verbose: false,
  keepGoing: false,
  maxFailures: 0,
  edited: [],
  newcomer: false,
  again: 'tg build x',
  shown: (path) => path.replace('/p/', ''),
  ...more,
});

export const ink = PLAIN;
