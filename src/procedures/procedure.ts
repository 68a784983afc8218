/** One entry of a library to a Procedure. Knows the keys of UX.md section 3; knows no other entry and opens no file. */
import { isAbsolute, resolve } from 'node:path';
import { readAxes } from '../core/axes.ts';
import { isName } from '../core/names.ts';
import { nearest } from '../core/nearest.ts';
import type { Axis, CheckEntry, Procedure, Where } from '../core/types.ts';
import { checkOptional, checkPlaceholders } from './entry-names.ts';
import { readInputs, readOutputs } from './entry-targets.ts';
import { addPlaces } from './places.ts';
import {
  asBytes,
  asFlag,
  asList,
  asMapping,
  asNumber,
  asSeconds,
  asText,
  asWord,
  child,
  children,
  isList,
  isMapping,
  kindOf,
  mistake,
  onlyKeys,
  quoted,
  wrongType,
} from './schema.ts';
import type { Cursor, Mapping } from './schema.ts';

export const PROCEDURE_KEYS = [
  'name',
  'type',
  'inputs',
  'outputs',
  'parameters',
  'configuration',
  'each',
  'optional',
  'environment',
  'scan',
  'pool',
  'slots',
  'memory',
  'cpus',
  'after',
  'retries',
  'timeout',
  'priority',
  'always',
  'replace',
  'checks',
  'command',
  'depends',
] as const;

/** Names that tg itself makes. */
const TAKEN = ['flow'];

/** Is it a type by file: `./fit.mjs`? */
export const isModuleFile = (type: string): boolean => type.startsWith('.') || isAbsolute(type);

/** A name that may stand for a procedure, or undefined after the mistake. */
function readName(entry: Cursor): string | undefined {
  const name = child(entry, 'name');
  if (name === undefined || name.value === null) {
    mistake(entry, 'missing-key', 'this procedure has no name', '- name: my/fit');
    return;
  }
  const text = asText(name, 'my/fit');
  if (text === undefined) return undefined;
  if (!isName(text)) {
    const hint = text
      .trim()
      .replace(/[^A-Za-z0-9_/-]+/g, '_')
      .replace(/^\/+|\/+$/g, '');
    const message = `name must be words of letters, digits, "_" and "-" joined by "/", not ${quoted(text)}`;
    mistake(name, 'bad-value', message, `name: ${isName(hint) ? hint : 'my/fit'}`);
    return;
  }
  if (TAKEN.includes(text)) {
    mistake(
      name,
      'bad-value',
      `${text} is no name for a procedure: tg makes ${text}@RUN itself`,
      `name: my/${text}`,
    );
    return;
  }
  return text;
}

/** Type as written; unknown shipped types are told with the nearest. */
function readType(entry: Cursor, name: string, types: readonly string[]): string | undefined {
  const type = child(entry, 'type');
  if (type === undefined || type.value === null) {
    const module = `./${name.slice(name.lastIndexOf('/') + 1)}.mjs`;
    const at = { ...entry, path: [...entry.path, 'name'] };
    mistake(
      at,
      'missing-key',
      `procedure ${name} has no type`,
      `type: ${module}, command or a shipped type`,
    );
    return;
  }
  const text = asText(type, 'command');
  if (text === undefined || text === 'command' || isModuleFile(text) || types.includes(text))
    return text;
  if (/\.[cm]?[jt]s$/.test(text)) {
    mistake(type, 'unknown-type', `no task type "${text}"`, `./${text} for a file`);
    return;
  }
  const near = nearest(text, ['command', ...types], 1);
  mistake(type, 'unknown-type', `no task type "${text}"`, [...near, 'tg list --types'].join('; '));
}

function readEach(each: Cursor | undefined): Procedure['each'] {
  const text = asText(each, 'run');
  if (text === undefined || each === undefined) return undefined;
  if (text === 'run' || text === 'all' || text === 'point') return text;
  if (isName(text)) return { target: text };
  mistake(
    each,
    'bad-value',
    `each must be run, all, point or a target that holds a list, not ${quoted(text)}`,
    'each: run',
  );
}

const LIMITS = ['below', 'above'] as const;

function readCheck(check: Cursor): CheckEntry | undefined {
  const example = '{quantity: rows, bad: {below: 1}}';
  if (!isMapping(check.value)) {
    wrongType(check, `a mapping such as ${example}`, example);
    return;
  }
  onlyKeys(check, ['quantity', 'warn', 'bad']);
  const quantity = asText(child(check, 'quantity'), 'rows');
  if (!Object.hasOwn(check.value, 'quantity'))
    mistake(check, 'missing-key', 'a check has no quantity', 'quantity: rows');
  const limits = (level: string): CheckEntry['bad'] => {
    const mapping = asMapping(child(check, level), '{below: 1}');
    if (mapping === undefined) return undefined;
    onlyKeys(mapping, LIMITS);
    const read = LIMITS.map(
      (limit) => [limit, asNumber(child(mapping, limit), { example: '1' })] as const,
    );
    return Object.fromEntries(read.filter(([, value]) => value !== undefined));
  };
  const warn = limits('warn');
  const bad = limits('bad');
  if (quantity === undefined) return undefined;
  return {
    quantity,
    ...(warn === undefined ? {} : { warn }),
    ...(bad === undefined ? {} : { bad }),
  };
}

/** Words of a command; one text with blanks would need a shell. */
function readCommand(command: Cursor | undefined): string[] | undefined {
  if (typeof command?.value === 'string' && /\s/.test(command.value.trim())) {
    const split = `command: [${command.value.trim().split(/\s+/).join(', ')}]`;
    mistake(
      command,
      'wrong-type',
      'command must be a list of words (there is no shell)',
      split,
      'this is text',
    );
    return;
  }
  return asList(command, (word) => asWord(word, 'python3'));
}

/** The command of an entry of type `command`; no other type may have one. */
function readCommandOf(entry: Cursor, type: string, name: string): string[] | undefined {
  const at = child(entry, 'command');
  const command = readCommand(at);
  if (type === 'command') {
    const where = { ...entry, path: [...entry.path, 'type'] };
    const hint = 'command: [python3, qsum.py]';
    if (at === undefined || command?.length === 0) {
      mistake(where, 'missing-key', `procedure ${name} has no command`, hint);
    }
    return command;
  }
  if (at !== undefined) {
    const message = `command goes with type: command, not with type: ${type}`;
    mistake(at, 'bad-value', message, 'type: command');
  }
  return undefined;
}

/** Axes of `scan:`; undefined after a mistake in one of them. */
function readScan(scan: Cursor | undefined): Axis[] | undefined {
  if (scan === undefined || scan.value === null) return [];
  const { axes, diagnostics } = readAxes(scan.value, scan.path, scan.file.places);
  diagnostics.forEach(scan.report);
  return diagnostics.length > 0 ? undefined : axes;
}

/** `parameters:`, a mapping; a list of axes belongs under `scan:`. */
function readValues(parameters: Cursor | undefined): Cursor | undefined {
  const value = parameters?.value;
  const axes = isList(value) && value.some((item) => isMapping(item) && 'key' in item);
  if (parameters === undefined || !axes) return asMapping(parameters, '{threshold: 8}');
  mistake(
    parameters,
    'wrong-type',
    'parameters must be a mapping',
    'scan: for a list of axes',
    'this is a list',
  );
  return undefined;
}

/** Places of everything in the entry by dotted path: `type`, `inputs.0`, `parameters.window`. */
function placesOf(entry: Cursor): Map<string, Where> {
  const places = new Map<string, Where>();
  addPlaces(places, entry.file, { value: entry.value, path: entry.path, prefix: '' }, true);
  return places;
}

/** What an entry is read with: the folder of its file and the names of the shipped types. */
export interface EntryContext {
  folder: string;
  types: readonly string[];
}

/** Name of an entry, when it has a good one: known even when the rest is mistaken. */
export const nameOf = (entry: Cursor): string | undefined => {
  const name = isMapping(entry.value) ? entry.value['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
};

/** Reads one entry. All of its mistakes are told; undefined when it has no name or no type that could stand. */
export function readProcedure(
  entry: Cursor,
  { folder, types }: EntryContext,
): Procedure | undefined {
  if (!isMapping(entry.value)) {
    const message = `a procedure must be a mapping that begins with "- name:"`;
    mistake(entry, 'wrong-type', message, '- name: my/fit', `this is ${kindOf(entry.value)}`);
    return;
  }
  const at = (key: string): Cursor | undefined => child(entry, key);
  const name = readName(entry);
  const type = readType(entry, name ?? 'my/fit', types);
  if (type !== undefined || at('type') === undefined) onlyKeys(entry, PROCEDURE_KEYS);
  const where = entry.file.places.value([...entry.path, 'name']);
  const each = readEach(at('each'));
  const parameters = readValues(at('parameters'));
  const configuration = asMapping(at('configuration'), '{cfg: cfg.json}');
  const files = configuration === undefined ? [] : children(configuration);
  const axes = readScan(at('scan'));
  const command = type === undefined ? undefined : readCommandOf(entry, type, name ?? '');
  const texts = (key: string, example: string): string[] =>
    asList(at(key), (item) => asText(item, example)) ?? [];
  const whole = (key: string, from: number): number | undefined =>
    asNumber(at(key), { whole: true, from, example: String(from) });
  const procedure = {
    name: name ?? '',
    type: type ?? '',
    where,
    places: placesOf(entry),
    folder,
    inputs: readInputs(at('inputs')),
    outputs: readOutputs(at('outputs'), name ?? '', where, each, axes),
    parameters: (parameters?.value ?? {}) as Mapping,
    configuration: Object.fromEntries(
      files.map(([alias, file]) => [alias, resolve(folder, asText(file, 'cfg.json') ?? '')]),
    ),
    each,
    optional: texts('optional', 'charge/hits'),
    environment: texts('environment', 'HOME'),
    scan: axes ?? [],
    pool: asText(at('pool'), 'cpu') ?? 'cpu',
    slots: whole('slots', 1) ?? 1,
    memory: asBytes(at('memory'), '1 GB'),
    cpus: whole('cpus', 1) ?? 1,
    after: texts('after', 'charge/hits'),
    retries: whole('retries', 0) ?? 0,
    timeout: asSeconds(at('timeout'), '10 min'),
    priority: asNumber(at('priority'), { example: '0' }) ?? 0,
    always: asFlag(at('always')) ?? false,
    replace: asFlag(at('replace')) ?? false,
    checks: asList(at('checks'), readCheck) ?? [],
    command,
    depends: texts('depends', 'qsum.py').map((file) => resolve(folder, file)),
  };
  checkOptional(at('optional'), procedure);
  checkPlaceholders(at('command'), procedure);
  return name === undefined || type === undefined ? undefined : procedure;
}
