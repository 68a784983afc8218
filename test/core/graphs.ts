/** Tasks for tests that never touch a disk. */
import type { Plan, Procedure, Source, Task } from '../../src/core/types.ts';
import { plan } from '../../src/core/plan.ts';

const where = { file: 'lib.yaml', line: 1, column: 1 };

export const procedure = (name: string, more: Partial<Procedure> = {}): Procedure => ({
  name,
  type: 'command',
  where,
  places: new Map(),
  folder: '/p',
  inputs: [],
  outputs: [{ target: name, pattern: `${name}.txt`, where }],
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
  priority: 0,
  always: false,
  replace: false,
  checks: [],
  command: ['true'],
  depends: [],
  ...more,
});

export const task = (
  id: string,
  needs: readonly string[] = [],
  more: Partial<Procedure> = {},
): Task => ({
  id,
  procedure: procedure(id, more),
  kind: 'command',
  params: {},
  files: {},
  inputs: needs.map((t) => ({ alias: t, targets: [t] })),
  after: [],
  outputs: [{ target: id, path: `build/${id}.txt`, place: '' }],
});

export const source = (target: string, path = `${target}.in`): Source => ({
  target,
  files: [{ path }],
  place: '',
  archived: false,
  hash: 'full',
  entry: {
    name: target,
    pattern: `/p/${path}`,
    written: path,
    place: '',
    archived: false,
    hash: 'full',
    where,
  },
});

/** The plan for all of these tasks; sources are what nobody makes. */
export function planned(tasks: readonly Task[], wanted: Iterable<number> = tasks.keys()): Plan {
  const made = new Set(tasks.flatMap((t) => t.outputs.map((o) => o.target)));
  const targets = tasks
    .flatMap((t) => t.inputs.flatMap((i) => i.targets))
    .filter((t) => !made.has(t));
  const found = plan({ tasks, sources: new Map(targets.map((t) => [t, source(t)])), wanted });
  if (found.plan === undefined) throw new Error(JSON.stringify(found.diagnostics));
  return found.plan;
}
