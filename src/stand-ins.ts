/** Entries of types that stand for several: replaced by the procedures and sources that they are made of. Runs no task. */
import type { Hindrance, StandIns, StandInError } from './task-module.ts';
import type { Diagnostic, Procedure, Project, SourceEntry, Where } from './core/types.ts';
import type { Setting } from './procedures/set.ts';
import { loadModules, parameterResolver } from './project-modules.ts';
import type { ShippedTypes } from './project-modules.ts';

interface Standing {
  project: Project;
  modules: Awaited<ReturnType<typeof loadModules>>;
  settings: Setting[];
  cwd: string;
}

/** The same project when nothing in it stands for several. What was said to an entry counts for it alone, not for what has its name afterwards. */
export async function takeStandIns(
  standing: Standing,
  shipped: ShippedTypes,
  diagnostics: Diagnostic[],
): Promise<Omit<Standing, 'cwd'>> {
  const { project, modules, settings, cwd } = standing;
  const names = new Set(
    project.procedures.flatMap(({ name }) =>
      modules.get(name)?.module.standsFor === undefined ? [] : [name],
    ),
  );
  if (names.size === 0) return standing;
  diagnostics.push(...perRun(project, names));
  const resolve = parameterResolver(project, modules, settings, diagnostics, cwd);
  const sources: SourceEntry[] = [...project.sources];
  const workflows = [...project.workflows];
  const procedures = project.procedures.flatMap((procedure): Procedure[] => {
    if (!names.has(procedure.name)) return [procedure];
    const before = diagnostics.length;
    const { params, files } = resolve(procedure, undefined);
    if (diagnostics.slice(before).some(({ severity }) => severity === 'error')) return [];
    const at = (parameter: string | undefined): Where =>
      files[parameter ?? '']?.where ??
      project.places.get(`${procedure.name}.${parameter ?? ''}`) ??
      procedure.places.get(`parameters.${parameter ?? ''}`) ??
      procedure.where;
    const told = (hindrance: Hindrance): Diagnostic => ({
      severity: 'error',
      code: hindrance.code,
      message: hindrance.message,
      where: at(hindrance.parameter),
      try: hindrance.try,
    });
    try {
      const made = modules.get(procedure.name)!.module.standsFor!({
        name: procedure.name,
        params,
        file: (name) => files[name]?.path ?? null,
      });
      sources.push(...sourcesOf(made, at));
      workflows.push({ name: procedure.name, tasks: made.meant });
      return made.procedures.map((one) => procedureOf(one, procedure, told));
    } catch (error) {
      // Known by its shape: the modules of users have their own.
      if ((error as Error).name !== 'StandInError') throw error;
      diagnostics.push(told((error as StandInError).hindrance));
      return [];
    }
  });
  const parameters = Object.fromEntries(
    Object.entries(project.parameters).filter(([name]) => !names.has(name)),
  );
  const fresh = procedures.filter((procedure) => !project.procedures.includes(procedure));
  const made = await loadModules(fresh, shipped, diagnostics);
  const kept = [...modules].filter(([name]) => !names.has(name));
  return {
    project: { ...project, procedures, sources, parameters, workflows },
    modules: new Map([...kept, ...made]),
    settings: settings.filter((setting) => !names.has(setting.procedure)),
  };
}

/** What stands for several is one for all runs. */
function perRun(project: Project, names: ReadonlySet<string>): Diagnostic[] {
  return project.overrides.flatMap(({ parameters, where }) =>
    Object.keys(parameters).flatMap((name): Diagnostic[] =>
      names.has(name)
        ? [
            {
              severity: 'error',
              code: 'bad-value',
              message: `overrides: ${name} is made of all runs at once`,
              where,
              try: `parameters: {${name}: ..}`,
            },
          ]
        : [],
    ),
  );
}

const sourcesOf = (
  { sources }: StandIns,
  at: (parameter: string | undefined) => Where,
): SourceEntry[] =>
  Object.entries(sources).map(([name, { pattern, written, files, parameter }]) => ({
    name,
    pattern,
    written,
    place: '',
    archived: false,
    hash: 'full',
    given: files,
    where: at(parameter),
  }));

/** What the entry says of how its tasks run (pool, memory, retries ..) holds for each of them. */
function procedureOf(
  made: StandIns['procedures'][number],
  entry: Procedure,
  told: (hindrance: Hindrance) => Diagnostic,
): Procedure {
  const { where } = entry;
  return {
    ...entry,
    name: made.name,
    type: made.type,
    inputs: Object.entries(made.inputs).map(([alias, target]) => ({ alias, target, where })),
    outputs: Object.entries(made.outputs).map(([target, { path, inner, alone }]) => ({
      target,
      ...(path === undefined ? {} : { pattern: path }),
      ...(inner === undefined ? {} : { inner }),
      ...(alone === undefined ? {} : { alone }),
      where,
    })),
    parameters: made.parameters,
    configuration: {},
    each: made.each,
    after: [...entry.after, ...(made.after ?? [])],
    optional: [],
    scan: [],
    checks: made.checked === true ? entry.checks : [],
    ...(made.hindered === undefined ? {} : { hindered: told(made.hindered) }),
  };
}
