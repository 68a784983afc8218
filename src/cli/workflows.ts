/** h5flow workflows among the libraries of direct mode: found, joined to the project they are read into, and told. Knows no classes. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isWorkflow, readWorkflow } from '../procedures/h5flow.ts';
import type { Workflow } from '../procedures/h5flow.ts';
import type { Loaded } from '../procedures/load.ts';
import type { Project } from '../core/types.ts';
import { plural } from '../report/format.ts';
import { WORKFLOWS } from './shipped.ts';

/** A workflow among the libraries; `shipped`: the file of that name that comes with tg. */
export type Found = Workflow & { shipped: boolean };

/** Workflows that come with tg. */
export const workflowNames = (): string[] => readdirSync(WORKFLOWS).sort();

/** Those of the libraries that are h5flow workflows, by path. A name that is no file here may be one that tg brings. */
export function workflowsOf(libraries: readonly string[], cwd: string): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const library of libraries) {
    if (library.startsWith('tg:')) continue;
    const own = resolve(cwd, library);
    const shipped = !existsSync(own) && /^\w+\.ya?ml$/.test(library);
    const path = shipped ? join(WORKFLOWS, library.replace(/\.yml$/, '.yaml')) : own;
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
    if (isFile === true && isWorkflow(readFileSync(path, 'utf8')))
      found.set(library, { ...readWorkflow(path, cwd), shipped });
  }
  return found;
}

/** The stages of the workflows as what plain `build` makes, with their parameters, and without what they drop. */
export function withWorkflows(loaded: Loaded, workflows: Iterable<Workflow>): Loaded {
  let { project, diagnostics } = loaded;
  for (const workflow of workflows) {
    const { targets, parameters, places, drop, diagnostics: told } = workflow;
    diagnostics = [...diagnostics, ...told];
    if (project === undefined) continue;
    const all = { ...project.parameters };
    for (const [name, values] of Object.entries(parameters))
      all[name] = { ...all[name], ...values };
    project = {
      ...withDropped(withProducts(project, workflow.products), drop),
      parameters: all,
      places: new Map([...project.places, ...places]),
      default: [...(project.default ?? []), ...targets],
    };
  }
  return { ...loaded, ...(project === undefined ? {} : { project }), diagnostics };
}

/** The products that a workflow names, where it says; others of the same procedure are not made. */
function withProducts(project: Project, products: Workflow['products']): Project {
  const named = (target: string): boolean => Object.hasOwn(products, target);
  const procedures = project.procedures.map((procedure) => {
    if (!procedure.outputs.some(({ target }) => named(target))) return procedure;
    const outputs = procedure.outputs
      .filter(({ target }) => named(target))
      .map((output) => ({ ...output, pattern: products[output.target]! }));
    return { ...procedure, outputs };
  });
  return { ...project, procedures };
}

const tablesOf = (project: Project): string[] => [
  ...project.procedures.flatMap(({ outputs }) => outputs.map(({ target }) => target)),
  ...project.sources.flatMap(({ name, carried }) => (carried === true ? [name] : [])),
];

/** `note: -d nosuch: no table has this in its name`. */
export function dropNotes(project: Project, drop: readonly string[]): string[] {
  const idle = drop.filter((part) => !tablesOf(project).some((table) => table.includes(part)));
  return idle.map((part) => `note: -d ${part}: no table has this in its name\n`);
}

/** h5flow's drop: a table whose name holds one of these is not in the flow file. */
export function withDropped(project: Project, drop: readonly string[]): Project {
  const dropped = tablesOf(project).filter((table) => drop.some((part) => table.includes(part)));
  return { ...project, link: { ...project.link, drop: [...project.link.drop, ...dropped] } };
}

/** `note: workflow.yaml is an h5flow workflow, 3 stages as charge/packets_corr_ts charge/hits charge/events`. */
export function workflowNotes(workflows: ReadonlyMap<string, Found>): string[] {
  return [...workflows].flatMap(([library, { targets, unused, shipped }]) => [
    `note: ${library} is ${shipped ? "tg's own" : 'an'} h5flow workflow, ${plural(targets.length, 'stage')} as ${targets.join(' ')}\n`,
    ...(unused.length === 0 ? [] : [`note: ${library}: not used here: ${unused.join(' ')}\n`]),
  ]);
}
