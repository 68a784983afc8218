/** h5flow workflows among the libraries of direct mode: found, joined to the project they are read into, and told. Knows no classes. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isWorkflow, readWorkflow } from '../procedures/h5flow.ts';
import type { Workflow } from '../procedures/h5flow.ts';
import type { Loaded } from '../procedures/load.ts';
import { plural } from '../report/format.ts';

/** Those of the libraries that are h5flow workflows, by path. */
export function workflowsOf(libraries: readonly string[], cwd: string): Map<string, Workflow> {
  const found = new Map<string, Workflow>();
  for (const library of libraries) {
    const path = resolve(cwd, library);
    const isFile =
      !library.startsWith('tg:') && statSync(path, { throwIfNoEntry: false })?.isFile();
    if (isFile === true && isWorkflow(readFileSync(path, 'utf8')))
      found.set(library, readWorkflow(path, cwd));
  }
  return found;
}

/** The stages of the workflows as what plain `build` makes, with their parameters, and without what they drop. */
export function withWorkflows(loaded: Loaded, workflows: Iterable<Workflow>): Loaded {
  let { project, diagnostics } = loaded;
  for (const { targets, parameters, places, drop, diagnostics: told } of workflows) {
    diagnostics = [...diagnostics, ...told];
    if (project === undefined) continue;
    const all = { ...project.parameters };
    for (const [name, values] of Object.entries(parameters))
      all[name] = { ...all[name], ...values };
    const tables = project.procedures.flatMap(({ outputs }) => outputs.map((o) => o.target));
    const dropped = tables.filter((table) => drop.some((part) => table.includes(part)));
    project = {
      ...project,
      parameters: all,
      places: new Map([...project.places, ...places]),
      default: [...(project.default ?? []), ...targets],
      link: { ...project.link, drop: [...project.link.drop, ...dropped] },
    };
  }
  return { ...loaded, ...(project === undefined ? {} : { project }), diagnostics };
}

/** `note: workflow.yaml is an h5flow workflow, 3 stages as charge/packets_corr_ts charge/hits charge/events`. */
export function workflowNotes(workflows: ReadonlyMap<string, Workflow>): string[] {
  return [...workflows].flatMap(([library, { targets, unused }]) => [
    `note: ${library} is an h5flow workflow, ${plural(targets.length, 'stage')} as ${targets.join(' ')}\n`,
    ...(unused.length === 0 ? [] : [`note: ${library}: not used here: ${unused.join(' ')}\n`]),
  ]);
}
