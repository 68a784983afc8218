/** h5flow workflow files: stages become the shipped procedures of the same classes, their parameters keep their upstream names. Reads files, runs nothing. */
import { resolve } from 'node:path';
import { nearest } from '../core/nearest.ts';
import type { Diagnostic, Json, KeyPath, Where } from '../core/types.ts';
import { isInclude, isMapping, memberOf, readPart, type Part } from './h5flow-parts.ts';
import {
  isFile,
  isIdle,
  isOf2x2,
  leftOut,
  onlyValue,
  stageClasses,
  stageOf,
  tableNamed,
  upstreamDefaults,
  type Stage,
} from './h5flow-classes.ts';

/** What a workflow says, in tg's words. */
export interface Workflow {
  /** Procedures of its stages, in order. */
  targets: string[];
  /** Shipped libraries that they stand in. */
  libraries: string[];
  parameters: Record<string, Record<string, Json>>;
  /** Place of each parameter, `charge/hits.pedestal_file`. */
  places: Map<string, Where>;
  /** Products that it names, by target: absolute paths. What a procedure makes of others is not made. */
  products: Record<string, string>;
  /** A table whose name holds one of these is not in the flow file. */
  drop: string[];
  /** What of it has no part in tg. */
  unused: string[];
  diagnostics: Diagnostic[];
}

/** Loops over a table; what loops over what is the plan's business here. */
const LOOP = 'H5FlowDatasetLoopGenerator';

/** Is this the text of a workflow? A library of tg is a list, or a mapping without `flow:`. */
export const isWorkflow = (text: string): boolean => /^flow:/m.test(text);

/** @param cwd where the user stands: `!include` and files are relative to it, as h5flow has it */
export function readWorkflow(file: string, cwd: string): Workflow {
  const found: Workflow = {
    targets: [],
    libraries: [],
    parameters: {},
    places: new Map(),
    products: {},
    drop: [],
    unused: [],
    diagnostics: [],
  };
  const root = readPart(file, found.diagnostics);
  if (root === undefined) return found;
  const member = (part: Part, path: KeyPath): Part | undefined =>
    memberOf(found.diagnostics, part, path, cwd);
  const flow = member(root, ['flow']);
  const names = (key: string): string[] => {
    const value = flow?.value[key];
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
  };
  const asked = [...names('source'), ...names('stages')];
  const stages = asked.flatMap((name) => {
    const stage = member(root, [name]);
    if (stage !== undefined) return [{ name, stage }];
    // A source may be the name of a table, which is then looped over.
    if (!names('source').includes(name) || !name.includes('/'))
      tellMissing(found, name, Object.keys(root.value), flow);
    return [];
  });
  const is2x2 = isOf2x2(stages.map(({ stage }) => stage.value));
  for (const { name, stage } of stages) addStage(found, name, stage, is2x2, cwd);
  found.drop = names('drop');
  const resources = root.value['resources'];
  if (Array.isArray(resources))
    resources.forEach((_, i) => {
      const resource = member(root, ['resources', i]);
      if (resource !== undefined) addResource(found, resource, cwd);
    });
  return found;
}

function tellMissing(found: Workflow, name: string, keys: string[], flow: Part | undefined): void {
  const near = nearest(name, keys);
  found.diagnostics.push({
    severity: 'error',
    code: 'missing-key',
    message: `the workflow has no stage ${name}`,
    ...(flow && { where: flow.where(['stages']) }),
    try: near.length > 0 ? near.join(', ') : `${name}: {classname: .., params: {..}}`,
  });
}

function addStage(found: Workflow, name: string, stage: Part, is2x2: boolean, cwd: string): void {
  const { classname } = stage.value;
  if (classname === LOOP) return;
  const params = isMapping(stage.value['params']) ? stage.value['params'] : {};
  const known = stageOf(classname, params, is2x2);
  if (known === undefined) {
    tellUnknown(found, name, stage);
    return;
  }
  const refuse = (message: string, path: KeyPath, fix: string): void => {
    const where = stage.where(path);
    found.diagnostics.push({ severity: 'error', code: 'bad-value', message, where, try: fix });
  };
  if ('wrong' in known) {
    const level = JSON.stringify(params['hit_level'] ?? null);
    const message = `stage ${name} has hit_level ${level}: tg knows ${known.wrong.join(' and ')}`;
    refuse(message, ['params', 'hit_level'], known.wrong.join(', '));
    return;
  }
  const { procedure, library, products } = known;
  if (products !== undefined && Object.keys(products).length === 0) {
    const message = `${name} makes nothing: it neither filters (do_filtering) nor writes templates`;
    refuse(message, ['params'], 'gen_noise_spectrum: true');
    return;
  }
  for (const [target, file] of Object.entries(products ?? {}))
    found.products[target] = resolve(cwd, file);
  found.targets.push(procedure);
  if (!found.libraries.includes(library)) found.libraries.push(library);
  addParameters(found, known, params, stage, cwd);
}

function tellUnknown(found: Workflow, name: string, stage: Part): void {
  const { classname } = stage.value;
  const near = typeof classname === 'string' ? nearest(classname, stageClasses) : [];
  found.diagnostics.push({
    severity: 'error',
    code: 'unknown-type',
    message:
      typeof classname === 'string'
        ? `no stage class "${classname}"`
        : `stage ${name} has no classname`,
    where: stage.where(['classname']),
    try: (near.length > 0 ? near : stageClasses).join(', '),
  });
}

function addParameters(
  found: Workflow,
  known: Stage,
  params: Readonly<Record<string, unknown>>,
  stage: Part,
  cwd: string,
): void {
  const { procedure, library } = known;
  const kept: Record<string, Json> = { ...upstreamDefaults[procedure] };
  const mustBe = (key: string, only: Json, why: string): void => {
    const shown = typeof only === 'string' && only !== '' ? only : JSON.stringify(only);
    found.diagnostics.push({
      severity: 'error',
      code: 'bad-value',
      message: `${key} must be ${shown}, not ${JSON.stringify(params[key])}: ${why}`,
      where: stage.where(['params', key]),
      try: shown,
    });
  };
  for (const [key, written] of Object.entries(params)) {
    // A parameter may be the whole of a file (thresholds of SiPMs); what is wrong with that is told.
    const value = isInclude(written)
      ? memberOf(found.diagnostics, stage, ['params', key], cwd)?.value
      : written;
    if (value === undefined || isIdle(procedure, key, value)) continue;
    const only = onlyValue(procedure, key);
    if (only !== undefined) {
      if (value !== only) mustBe(key, only, 'tg has no other way');
      continue;
    }
    const table = tableNamed(known, key);
    if (table !== undefined) {
      if (value !== table) mustBe(key, table, 'tg names tables by what makes them');
      continue;
    }
    // Upstream's value for what a mapping leaves out, not that of tg's procedure.
    const rest = library === 'tg:charge' || !isMapping(value) ? undefined : leftOut[key];
    if (rest !== undefined) kept[key] = { default: rest, ...(value as Record<string, Json>) };
    else
      kept[key] =
        isFile(key) && typeof value === 'string' ? resolve(cwd, value) : withoutInfinity(value);
    found.places.set(`${procedure}.${key}`, stage.where(['params', key]));
  }
  const { event_builder_class: builder, event_builder_config: config } = kept;
  // Upstream's ExtTrig calls `window` what tg calls `trig_window`: SymmetricWindow has another one.
  if (typeof builder === 'string' && builder.startsWith('ExtTrig') && isMapping(config)) {
    const { window, ...rest } = config as Record<string, Json>;
    kept['event_builder_config'] = {
      ...rest,
      ...(window !== undefined && { trig_window: window }),
    };
  }
  found.parameters[procedure] = { ...kept, ...found.parameters[procedure] };
}

/** A bound that is none is null here; JSON has no infinity. */
const withoutInfinity = (value: unknown): Json =>
  (Array.isArray(value)
    ? value.map((item: unknown) => (item === Infinity || item === -Infinity ? null : item))
    : value) as Json;

/** Procedures that a value of a resource is a parameter of. */
const OF_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  lrs_ticks: ['light/hits', 'light/sum_hits', 'light/sipm_hits'],
  crs_ticks: ['light/events'],
  is_mc: ['light/cwvfm'],
  lrs_geometry_file: ['light/swvfm', 'light/sum_hits', 'light/sipm_hits', 'light/flash'],
  det_geometry_file: ['light/sum_hits', 'light/sipm_hits'],
};

/**
 * Of the resources the geometry has a part in what exists: it places the hits and says of which detector a channel is; of the run's data the length of a sample,
 * and in the 2x2 whether it is simulated.
 */
function addResource(found: Workflow, resource: Part, cwd: string): void {
  const { classname, params } = resource.value;
  const given = isMapping(params) ? params : {};
  /** Gives a value to all procedures of the workflow that have it; true when there are any. */
  const set = (name: string, value: unknown, of = OF_RESOURCES[name]!): boolean => {
    const made = of.filter((procedure) => found.targets.includes(procedure));
    for (const procedure of made) {
      found.parameters[procedure] = { [name]: value as Json, ...found.parameters[procedure] };
      found.places.set(`${procedure}.${name}`, resource.where(['params']));
    }
    return made.length > 0;
  };
  let isUsed = false;
  const defaults = isMapping(given['defaults']) ? given['defaults'] : {};
  if (classname === 'RunData') {
    const { lrs_ticks: ticks, crs_ticks: charge, is_mc: isMc } = defaults;
    if (typeof ticks === 'number') isUsed = set('lrs_ticks', ticks);
    // Times of simulated triggers are in ticks of the charge readout.
    const isSimulated = found.libraries.some((library) => /^tg:light.*-mc$/.test(library));
    if (isSimulated && typeof charge === 'number' && set('crs_ticks', charge)) isUsed = true;
    if (typeof isMc === 'boolean' && set('is_mc', isMc)) {
      isUsed = true;
      set('is_mc', isMc, ['light/deconv/alignment']);
    }
  }
  if (classname === 'Geometry') {
    for (const name of ['lrs_geometry_file', 'det_geometry_file']) {
      const file = given[name];
      if (typeof file === 'string' && set(name, resolve(cwd, file))) isUsed = true;
    }
    const files = given['crs_geometry_file'] ?? given['crs_geometry_files'];
    const file: unknown = Array.isArray(files) && files.length === 1 ? files[0] : files;
    if (typeof file === 'string') {
      const own = found.parameters['charge/hits'];
      found.parameters['charge/hits'] = { geometry_file: resolve(cwd, file), ...own };
      found.places.set('charge/hits.geometry_file', resource.where(['params']));
      isUsed = true;
    }
  }
  if (!isUsed) found.unused.push(String(classname));
}
