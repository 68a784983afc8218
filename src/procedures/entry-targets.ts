/** What an entry names: its inputs and outputs. Knows the forms in which they are written, not who makes what. */
import { isAbsolute, normalize } from 'node:path';
import { isNameGlob, parseTarget } from '../core/names.ts';
import { nearest } from '../core/nearest.ts';
import type { Axis, OutputEntry, Procedure, Where } from '../core/types.ts';
import { asList, asText, children, isMapping, items, mistake, quoted } from './schema.ts';
import type { Cursor } from './schema.ts';

type Input = Procedure['inputs'][number];

/** A target as an input names it: a name, a glob or a folder, each with runs or points. */
function readInput(cursor: Cursor, alias: string | undefined): Input | undefined {
  const target = asText(cursor, alias === undefined ? '[charge/hits]' : 'charge/hits');
  if (target === undefined) return undefined;
  const word = parseTarget(target);
  if (word === undefined || word.kind === 'path') {
    const hint =
      'a name such as charge/hits or charge/hits@r42 (files are named under sources: in tg.yaml)';
    mistake(cursor, 'bad-value', `${quoted(target)} is no target`, hint);
    return;
  }
  const where = cursor.file.places.value(cursor.path);
  return { alias: alias ?? (target.split('@')[0] || target), target, where };
}

/**
 * `inputs`: a list, or {alias: target}. A mapping is taken in the order of its aliases, so that the order in which it is written
 * is nothing that a task could see. Equal aliases of a list are told apart by their whole text.
 */
export function readInputs(inputs: Cursor | undefined): Input[] {
  if (inputs === undefined || inputs.value === null) return [];
  const read = isMapping(inputs.value)
    ? children(inputs)
        .flatMap(([alias, entry]) => asList(entry, (item) => readInput(item, alias)) ?? [])
        .sort((a, b) => (a.alias < b.alias ? -1 : a.alias > b.alias ? 1 : 0))
    : (asList(inputs, (item) => readInput(item, undefined)) ?? []);
  if (isMapping(inputs.value)) return read;
  const seen = new Map<string, number>();
  for (const { alias } of read) seen.set(alias, (seen.get(alias) ?? 0) + 1);
  return read.map((input) =>
    seen.get(input.alias) === 1 ? input : { ...input, alias: input.target },
  );
}

/** One product: `{target: pattern below build}`; an empty pattern makes it a table. */
function readProduct(
  target: string,
  cursor: Cursor,
  wildcards: readonly string[],
  axes: readonly Axis[] | undefined,
): OutputEntry | undefined {
  const where = cursor.file.places.key(cursor.path);
  if (cursor.value === null) return { target, where };
  const pattern = asText(cursor, `"${target.slice(target.lastIndexOf('/') + 1)}/{run}.json"`);
  if (pattern === undefined) return undefined;
  const inside = `${target}: "${pattern
    .replace(/^\/+/, '')
    .split('/')
    .filter((part) => part !== '..')
    .join('/')}"`;
  if (isAbsolute(pattern) || pattern.split('/').includes('..') || pattern === '') {
    mistake(cursor, 'bad-value', `${quoted(pattern)} does not lie below the build folder`, inside);
    return;
  }
  if (pattern.endsWith('.tg.json')) {
    const message = `${quoted(pattern)} is kept for provenance`;
    mistake(cursor, 'bad-value', message, inside.replace('.tg.json', '.json'));
    return;
  }
  // One path, one spelling: `./a.txt` and `a.txt` are two makers of one file.
  const read = { target, pattern: normalize(pattern), where };
  // The axes of `each: point` are those of its inputs; after a mistake in the axes their names are not known.
  if (axes === undefined) return read;
  for (const [written, wildcard] of pattern.matchAll(/\{([^}]*)\}/g)) {
    if (wildcards.includes(wildcard!)) continue;
    const near = nearest(wildcard!, wildcards, 1)[0];
    const hint = near === undefined ? wildcards.map((w) => `{${w}}`).join(', ') : `{${near}}`;
    mistake(cursor, 'bad-value', `${written} is not known in the path of ${target}`, hint);
    return;
  }
  const missing = axes
    .filter(({ name }) => !pattern.includes(`{${name}}`))
    .map(({ name }) => `{${name}}`);
  if (missing.length === 0) return read;
  const dot =
    pattern.lastIndexOf('.') > pattern.lastIndexOf('/') ? pattern.lastIndexOf('.') : pattern.length;
  const hint = `"${pattern.slice(0, dot)}_${missing.join('_')}${pattern.slice(dot)}"`;
  mistake(
    cursor,
    'bad-value',
    `the path of ${target} must hold ${missing.join(' and ')}: one file per point`,
    hint,
  );
}

/** `outputs`: names of tables, or {target: path of a product}; without it a table of the procedure's name. `axes` undefined: not known. */
export function readOutputs(
  outputs: Cursor | undefined,
  name: string,
  where: Where,
  each: Procedure['each'],
  axes: readonly Axis[] | undefined,
): OutputEntry[] {
  if (outputs === undefined || outputs.value === null) return [{ target: name, where }];
  const wildcards = [
    'run',
    ...(axes ?? []).map((axis) => axis.name),
    ...(typeof each === 'object' ? ['name'] : []),
  ];
  const found: OutputEntry[] = [];
  const add = (at: Cursor, output: OutputEntry | undefined): void => {
    if (output === undefined) return;
    if (!isNameGlob(output.target))
      mistake(at, 'bad-value', `${quoted(output.target)} is no name for an output`, 'my/nhits');
    else if (found.some((other) => other.target === output.target))
      mistake(at, 'duplicate-name', `output ${output.target} twice`, 'keep one');
    else found.push(output);
  };
  for (const item of items(outputs)) {
    if (isMapping(item.value)) {
      for (const [target, entry] of children(item))
        add(entry, readProduct(target, entry, wildcards, each === 'point' ? undefined : axes));
    } else {
      const target = asText(item, 'my/nhits');
      if (target !== undefined) add(item, { target, where: item.file.places.value(item.path) });
    }
  }
  return found;
}
