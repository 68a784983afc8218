/** h5flow workflow files: stages become the shipped procedures of the same classes, their parameters keep their upstream names. Reads files, runs nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LineCounter, isNode, parseDocument } from 'yaml';
import { nearest } from '../core/nearest.ts';
import type { Diagnostic, Json, KeyPath, Where } from '../core/types.ts';

/** What a workflow says, in tg's words. */
export interface Workflow {
  /** Procedures of its stages, in order. */
  targets: string[];
  /** Shipped libraries that they stand in. */
  libraries: string[];
  parameters: Record<string, Record<string, Json>>;
  /** Place of each parameter, `charge/hits.pedestal_file`. */
  places: Map<string, Where>;
  /** A table whose name holds one of these is not in the flow file. */
  drop: string[];
  /** What of it has no part in tg. */
  unused: string[];
  diagnostics: Diagnostic[];
}

/** Class of a stage or generator -> procedure, and the library it stands in. */
const STAGES: Readonly<Record<string, { procedure: string; library: string }>> = {
  RawEventGenerator: { procedure: 'charge/raw_events', library: 'tg:charge' },
  TimestampCorrector: { procedure: 'charge/packets_corr_ts', library: 'tg:charge' },
  ExternalTriggerFinder: { procedure: 'charge/ext_trigs', library: 'tg:charge' },
  HitBuilder: { procedure: 'charge/hits', library: 'tg:charge' },
  EventBuilder: { procedure: 'charge/events', library: 'tg:charge' },
  T0Reconstruction: { procedure: 'combined/t0', library: 'tg:charge' },
  DriftReconstruction: { procedure: 'combined/hit_drift', library: 'tg:charge' },
  LightEventGenerator: { procedure: 'light/events', library: 'tg:light' },
  LightADC64EventGenerator: { procedure: 'light/events', library: 'tg:light' },
  LightMPDEventGenerator: { procedure: 'light/events', library: 'tg:light' },
  LightTimestampCorrector: { procedure: 'light/t_ns', library: 'tg:light' },
  WaveformNoiseFilter: { procedure: 'light/fwvfm', library: 'tg:light' },
  WaveformDeconvolution: { procedure: 'light/deconv', library: 'tg:light' },
  WaveformAlign: { procedure: 'light/deconv/alignment', library: 'tg:light' },
  WaveformSum: { procedure: 'light/swvfm', library: 'tg:light' },
  WaveformHitFinder: { procedure: 'light/hits', library: 'tg:light' },
  Charge2LightAssociation: { procedure: 'charge/light_assoc', library: 'tg:association' },
};

/** Names that upstream lets be chosen and tg does not: `hits_dset_name`, `hits_dset`. */
const TABLES: Readonly<Record<string, string>> = {
  raw_events: 'charge/raw_events',
  packets: 'charge/packets',
  ts: 'charge/packets_corr_ts',
  ext_trigs: 'charge/ext_trigs',
  hits: 'charge/hits',
  events: 'charge/events',
  light_event: 'light/events',
  wvfm: 'light/wvfm',
  t0: 'combined/t0',
  drift: 'combined/hit_drift',
};

/** The same where a procedure has them otherwise. */
const OWN_TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'light/t_ns': { t_ns: 'light/t_ns' },
  'light/fwvfm': { fwvfm: 'light/fwvfm', noise: 'light/fwvfm_noise' },
  'light/deconv': { wvfm: 'light/fwvfm', deconv: 'light/deconv' },
  'light/deconv/alignment': { wvfm: 'light/deconv' },
  'light/swvfm': { wvfm: 'light/deconv', swvfm: 'light/swvfm' },
  'light/hits': { wvfm: 'light/swvfm', t_ns: 'light/t_ns', hits: 'light/hits' },
};

/** What a class does where the workflow says nothing, if tg's library says something else. */
const CLASS_DEFAULTS: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  Charge2LightAssociation: { unix_ts_window: 1, ts_window: 1000 },
  WaveformHitFinder: { near_samples: 3 },
};

/** Parameters with one value only, which is the default here: others have no counterpart. */
const FIXED: Readonly<Record<string, Json>> = {
  tai_ns_mod: 1e9,
  allow_matching_without_marker: false,
  keep_noise: false,
  do_filtering: true,
  light_hits_dset_name: '',
};

/** Loops over a table; what loops over what is the plan's business here. */
const LOOP = 'H5FlowDatasetLoopGenerator';
/** Files lie where the user stands, not where the workflow does: h5flow runs in a folder. */
const FILES = new Set([
  'pedestal_file',
  'configuration_file',
  'geometry_file',
  'noise_spectrum_filename',
  'signal_spectrum_filename',
  'signal_impulse_filename',
]);

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
  const known =
    typeof classname === 'string' && Object.hasOwn(STAGES, classname)
      ? STAGES[classname]
      : undefined;
  if (known === undefined) {
    tellUnknown(found, name, stage);
    return;
  }
  const { procedure, library } = known;
  found.targets.push(procedure);
  if (!found.libraries.includes(library)) found.libraries.push(library);
  addParameters(found, procedure, stage, cwd);
}

function tellUnknown(found: Workflow, name: string, stage: Part): void {
  const { classname } = stage.value;
  const known = Object.keys(STAGES);
  const near = typeof classname === 'string' ? nearest(classname, known) : [];
  found.diagnostics.push({
    severity: 'error',
    code: 'unknown-type',
    message:
      typeof classname === 'string'
        ? `no stage class "${classname}"`
        : `stage ${name} has no classname`,
    where: stage.where(['classname']),
    try: (near.length > 0 ? near : known).join(', '),
  });
}

function addParameters(found: Workflow, procedure: string, stage: Part, cwd: string): void {
  const params = isMapping(stage.value['params']) ? stage.value['params'] : {};
  const kept: Record<string, Json> = {};
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
    if (key.startsWith('mc_')) continue;
    if (Object.hasOwn(FIXED, key)) {
      if (value !== FIXED[key]) mustBe(key, FIXED[key]!, 'tg has no other way');
      continue;
    }
    const name = /^(.*?)_dset(?:_name)?$/.exec(key)?.[1] ?? '';
    const table = OWN_TABLES[procedure]?.[name] ?? TABLES[name];
    if (table !== undefined) {
      if (value !== table) mustBe(key, table, 'tg names tables by what makes them');
      continue;
    }
    kept[key] = FILES.has(key) && typeof value === 'string' ? resolve(cwd, value) : (value as Json);
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
  const ofClass = CLASS_DEFAULTS[String(stage.value['classname'])];
  found.parameters[procedure] = { ...ofClass, ...kept, ...found.parameters[procedure] };
}

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
  const ticks = isMapping(defaults) ? defaults['lrs_ticks'] : undefined;
  if (classname === 'RunData' && typeof ticks === 'number' && set('light/hits', 'lrs_ticks', ticks))
    return;
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
