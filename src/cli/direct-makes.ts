/** What direct mode makes, from which row to which, and what it is called. Knows the project, not what the inputs are made of. */
import { existsSync } from 'node:fs';
import type { Project, SourceEntry } from '../core/types.ts';
import { shownPath } from '../procedures/files.ts';
import type { Input } from './direct-inputs.ts';
import { refuse } from './verb.ts';
import type { Call } from './verb.ts';

/** What the input has already is not made again, unless it is asked for by name; nor are its relations of tables that stay as they are. */
export function notGiven(
  { procedures }: Project,
  asked: ReadonlySet<string>,
  sources: readonly SourceEntry[],
  inputs: readonly Input[],
): Project['procedures'] {
  const given = new Set(sources.map(({ name }) => name));
  const rest = procedures.filter(
    ({ name, outputs }) => asked.has(name) || !outputs.every(({ target }) => given.has(target)),
  );
  const made = new Set(rest.flatMap(({ outputs }) => outputs.map(({ target }) => target)));
  const kept = (table: string): boolean => given.has(table) && !made.has(table);
  const related = new Set(
    inputs.flatMap(({ kind }) =>
      kind.kind !== 'flow'
        ? []
        : kind.relations.filter((relation) =>
            relation.split('/ref/').every((table) => kind.tables.includes(table) && kept(table)),
          ),
    ),
  );
  return rest.filter(
    ({ name, outputs }) =>
      asked.has(name) || outputs.some(({ target }) => !given.has(target) && !related.has(target)),
  );
}

/** Without runs a product is called after the output. */
export const withStem = (project: Project, stem: string): Project => ({
  ...project,
  procedures: project.procedures.map((procedure) => ({
    ...procedure,
    outputs: procedure.outputs.map((output) =>
      output.pattern === undefined
        ? output
        : { ...output, pattern: output.pattern.replaceAll('{run}', stem) },
    ),
  })),
});

/** Files that a workflow names are not taken from who made them. @throws Refusal */
export function checkProducts(products: Readonly<Record<string, string>>, cwd: string): void {
  for (const path of Object.values(products)) {
    if (!existsSync(path) || existsSync(`${path}.tg.json`)) continue;
    const message = `${shownPath(path, cwd)} exists and was not made by tg`;
    throw refuse('not-ours', message, 'another name in the workflow, or remove it');
  }
}

/** Procedures that read raw data from one row to another. */
const READING: readonly string[] = ['charge/raw_events', 'light/events'];

/** -s and -e, h5flow's start and end position, for what reads raw data here. */
export function withPositions(project: Project, call: Call): Project {
  const positions = Object.fromEntries(
    (['start_position', 'end_position'] as const).flatMap((name) =>
      call.has(name) ? [[name, Number(call.value(name))]] : [],
    ),
  );
  if (Object.keys(positions).length === 0) return project;
  const { start_position: start = 0, end_position: end = Infinity } = positions;
  if (end < start)
    throw refuse('bad-flag', `-e ${end} lies before -s ${start}`, `-s ${end} -e ${start}`);
  const reading = project.procedures.filter(
    ({ name, inputs }) =>
      READING.includes(name) &&
      inputs.some(({ target }) => project.sources.some((source) => source.name === target)),
  );
  if (reading.length === 0)
    throw refuse(
      'bad-flag',
      '-s and -e count packets or waveforms, and none of these files holds any',
      'with the packets that the events are built from',
    );
  const parameters = { ...project.parameters };
  for (const { name } of reading) parameters[name] = { ...parameters[name], ...positions };
  return { ...project, parameters };
}
