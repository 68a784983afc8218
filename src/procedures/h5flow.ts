/** h5flow workflow files: stages become the shipped procedures of the same classes, their parameters keep their upstream names. Reads files, runs nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LineCounter, isNode, parseDocument } from 'yaml';
import { nearest } from '../core/nearest.ts';
import type { Diagnostic, Json, KeyPath, Where } from '../core/types.ts';
import {
  isFile,
  isIdle,
  onlyValue,
  stageClasses,
  stageOf,
  tableNamed,
  upstreamDefaults,
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

/** `!include FILE`, not yet read. */
interface Include {
  include: string;
}
/** A mapping of a file, with the places of what is in it. */
interface Part {
  value: Readonly<Record<string, unknown>>;
  where(path: KeyPath): Where;
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isInclude = (value: unknown): value is Include =>
  isMapping(value) && typeof value['include'] === 'string' && Object.keys(value).length === 1;

/** Is this the text of a workflow? A library of tg is a list, or a mapping without `flow:`. */
export const isWorkflow = (text: string): boolean => /^flow:/m.test(text);

/** Reads a file as PyYAML does (YAML 1.1), with `!include`. Undefined, with the mistake told, when it is no mapping. */
function readPart(file: string, told: Diagnostic[], from?: Where): Part | undefined {
  const fail = (code: string, message: string, fix: string, where = from): undefined => {
    told.push({ severity: 'error', code, message, ...(where && { where }), try: fix });
  };
  if (!existsSync(file)) return void fail('no-file', `no file ${file}`, 'correct the path');
  const lines = new LineCounter();
  const include = { tag: '!include', resolve: (path: string): Include => ({ include: path }) };
  const doc = parseDocument(readFileSync(file, 'utf8'), {
    version: '1.1',
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    customTags: (tags) => [...tags, include],
  });
  const where = (path: KeyPath): Where => {
    for (let n = path.length; n >= 0; n--) {
      const node = n === 0 ? doc.contents : doc.getIn(path.slice(0, n), true);
      if (isNode(node) && node.range) {
        const { line, col } = lines.linePos(node.range[0]);
        return { file, line, column: col, length: Math.max(1, node.range[1] - node.range[0]) };
      }
    }
    return { file, line: 1, column: 1 };
  };
  const [error] = doc.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return void fail('yaml', `not YAML: ${error.message}`, 'correct it', {
      file,
      line,
      column: col,
    });
  }
  const value = doc.toJS() as unknown;
  return isMapping(value)
    ? { value, where }
    : void fail(
        'wrong-type',
        'a workflow is a mapping',
        'flow: {source: .., stages: [..]}',
        where([]),
      );
}

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
  /** A member of a part, which may be the whole of another file. */
  const member = (part: Part, path: KeyPath): Part | undefined => {
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string | number, unknown> | undefined)?.[key],
      part.value,
    );
    if (isInclude(value))
      return readPart(resolve(cwd, value.include), found.diagnostics, part.where(path));
    return isMapping(value)
      ? { value, where: (inner) => part.where([...path, ...inner]) }
      : undefined;
  };

  const flow = member(root, ['flow']);
  const names = (key: string): string[] => {
    const value = flow?.value[key];
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
  };
  const asked = [...names('source'), ...names('stages')];
  for (const name of asked) {
    const stage = member(root, [name]);
    // A source may be the name of a table, which is then looped over.
    if (stage === undefined) {
      if (!names('source').includes(name) || !name.includes('/'))
        tellMissing(found, name, Object.keys(root.value), flow);
      continue;
    }
    addStage(found, name, stage, cwd);
  }
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

function addStage(found: Workflow, name: string, stage: Part, cwd: string): void {
  const { classname } = stage.value;
  if (classname === LOOP) return;
  const params = isMapping(stage.value['params']) ? stage.value['params'] : {};
  const known = stageOf(classname, params);
  if (known === undefined) {
    tellUnknown(found, name, stage);
    return;
  }
  const { procedure, library, products } = known;
  if (products !== undefined && Object.keys(products).length === 0) {
    found.diagnostics.push({
      severity: 'error',
      code: 'bad-value',
      message: `${name} makes nothing: it neither filters (do_filtering) nor writes templates`,
      where: stage.where(['params']),
      try: 'gen_noise_spectrum: true',
    });
    return;
  }
  for (const [target, file] of Object.entries(products ?? {}))
    found.products[target] = resolve(cwd, file);
  found.targets.push(procedure);
  if (!found.libraries.includes(library)) found.libraries.push(library);
  addParameters(found, procedure, params, stage, cwd);
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
  procedure: string,
  params: Readonly<Record<string, unknown>>,
  stage: Part,
  cwd: string,
): void {
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
  for (const [key, value] of Object.entries(params)) {
    if (isIdle(procedure, key, value)) continue;
    const only = onlyValue(procedure, key);
    if (only !== undefined) {
      if (value !== only) mustBe(key, only, 'tg has no other way');
      continue;
    }
    const table = tableNamed(procedure, key);
    if (table !== undefined) {
      if (value !== table) mustBe(key, table, 'tg names tables by what makes them');
      continue;
    }
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

/** Of the resources the geometry has a part in what exists: it places the hits and says of which detector a channel is; of the run's data the length of a sample. */
function addResource(found: Workflow, resource: Part, cwd: string): void {
  const { classname, params } = resource.value;
  const set = (procedure: string, name: string, value: Json): boolean => {
    if (!found.targets.includes(procedure)) return false;
    found.parameters[procedure] = { [name]: value, ...found.parameters[procedure] };
    found.places.set(`${procedure}.${name}`, resource.where(['params']));
    return true;
  };
  const defaults = isMapping(params) ? params['defaults'] : undefined;
  const ticks = (name: string): number | undefined => {
    const value = isMapping(defaults) ? defaults[name] : undefined;
    return classname === 'RunData' && typeof value === 'number' ? value : undefined;
  };
  const [ofLight, ofCharge] = [ticks('lrs_ticks'), ticks('crs_ticks')];
  const isSimulated = found.libraries.includes('tg:light-mc');
  const isUsed = [
    ofLight !== undefined && set('light/hits', 'lrs_ticks', ofLight),
    isSimulated && ofCharge !== undefined && set('light/events', 'crs_ticks', ofCharge),
  ];
  if (isUsed.includes(true)) return;
  const light = isMapping(params) ? params['lrs_geometry_file'] : undefined;
  const isLight =
    classname === 'Geometry' &&
    typeof light === 'string' &&
    set('light/swvfm', 'lrs_geometry_file', resolve(cwd, light));
  const files = isMapping(params)
    ? (params['crs_geometry_file'] ?? params['crs_geometry_files'])
    : undefined;
  const file: unknown = Array.isArray(files) && files.length === 1 ? files[0] : files;
  if (classname === 'Geometry' && typeof file === 'string') {
    found.parameters['charge/hits'] = {
      geometry_file: resolve(cwd, file),
      ...found.parameters['charge/hits'],
    };
    found.places.set('charge/hits.geometry_file', resource.where(['params']));
  } else if (!isLight) found.unused.push(String(classname));
}
