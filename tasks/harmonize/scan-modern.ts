/** Events and scalers of a run with `/events`: formats 0.2, 1.0, 2.0 and the synchronizer's. Knows those layouts, no legacy ones. */
import { TaskError } from 'tg';
import { scalarOf, type H5Object, type H5Objects, type Value } from 'tg/h5';
import { CHANNELS, PIECES, WHOLE_FRIB, type Format } from './merger-formats.ts';
import { placeOf, scalerRow } from './scan-place.ts';
import type { Scanning } from './run-scan.ts';
import type { Headers, PiecePlace } from './scan-columns.ts';

/** Numbers N of the members `event_N`, ascending. */
function numbersOf(names: Iterable<string>): number[] {
  const found: number[] = [];
  for (const name of names) {
    const n = name.startsWith('event_') ? Number(name.slice(6)) : NaN;
    if (Number.isSafeInteger(n) && n >= 0 && `event_${n}` === name) found.push(n);
  }
  return found.sort((a, b) => a - b);
}

const pathOf = ({ path }: H5Objects, at: string): string => `${path}::${at}`;

type Attributes = ReturnType<H5Objects['attributes']>;

/** An attribute that holds one whole number; undefined when it is not there. @throws TaskError for anything else */
function wholeOf(
  file: H5Objects,
  { path }: H5Object,
  attributes: Attributes,
  name: string,
): number | bigint | undefined {
  if (!attributes.has(name)) return undefined;
  const value: Value | undefined = scalarOf(attributes, name);
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)))
    return value;
  throw new TaskError(`${pathOf(file, path)}: attribute ${name} is not one whole number`, {
    try: 'merge the run again',
  });
}

export function scanModernEvents(scanning: Scanning, events: H5Object, format: Format): void {
  const { file, findings } = scanning;
  const members = file.members(events);
  const numbers = numbersOf(members.keys());
  const [first, last] = rangeOf(scanning, events, members, numbers, format);
  const inRange = numbers.filter((n) => n >= first && n <= last);
  if (inRange.length === 0) return findings.add('empty-run');
  let next = first;
  let done = 0;
  for (const n of inRange) {
    findings.range('missing-events', next, n);
    next = n + 1;
    const event = file.member(events, `event_${n}`, members);
    if (event?.kind === 'group') scanEvent(scanning, n, event, format);
    else findings.add('missing-events', n);
    if (++done % 256 === 0) scanning.progress?.(done, inRange.length);
  }
  findings.range('missing-events', next, last + 1);
  for (const n of numbers) if (n > last) findings.add('late-frib', n);
}

/** First and last event. A merger that died has left both at 0, or unwritten: then all events count that have GET data. */
function rangeOf(
  { file, findings }: Scanning,
  events: H5Object,
  members: ReturnType<H5Objects['members']>,
  numbers: readonly number[],
  format: Format,
): [number, number] {
  const attributes = file.attributes(events);
  const told = ['min_event', 'max_event'].map((name) => wholeOf(file, events, attributes, name));
  const [first = 0, last = 0] = told.map((n) => Number(n ?? 0));
  if (first > last)
    throw new TaskError(
      `${pathOf(file, '/events')}: min_event ${first} is above max_event ${last}`,
      { try: 'merge the run again' },
    );
  if (last > 0 && !told.includes(undefined)) return [first, last];
  const get = format === '2.0' ? 'get' : 'get_traces';
  const hasGet = (n: number): boolean => {
    const event = file.member(events, `event_${n}`, members);
    return event !== undefined && file.members(event).has(get);
  };
  for (let i = numbers.length - 1; i >= 0 && numbers[i]! > 0; i--) {
    if (!hasGet(numbers[i]!)) continue;
    findings.add('unfinished');
    return [Math.min(first, numbers[0]!), numbers[i]!];
  }
  if (told.includes(undefined)) findings.add('unfinished');
  return [first, last];
}

function scanEvent(scanning: Scanning, n: number, event: H5Object, format: Format): void {
  const { file, findings } = scanning;
  const members = file.members(event);
  const fribGroup = file.member(event, 'frib_physics', members);
  const getObject = file.member(event, format === '2.0' ? 'get' : 'get_traces', members);
  const headers: Headers = {};
  let headerless = false;
  const numbersOn = (object: H5Object): ((...names: string[]) => number | bigint) => {
    const attributes = file.attributes(object);
    return (...names) => {
      for (const name of names) {
        const value = wholeOf(file, object, attributes, name);
        if (value !== undefined) return value;
      }
      headerless = true;
      return 0;
    };
  };
  if (getObject !== undefined) {
    const number = numbersOn(getObject);
    headers.get = {
      id: Number(number('id')),
      timestamp: BigInt(number('timestamp')),
      other: BigInt(number('timestamp_other')),
    };
  }
  if (fribGroup !== undefined) {
    const number = numbersOn(fribGroup);
    // The merger writes `id`, the synchronizer `event`, which alone the harmonizer read.
    headers.frib = { id: Number(number('id', 'event')), timestamp: Number(number('timestamp')) };
  }
  if (headerless) findings.add('no-header', n);
  const pieces: PiecePlace[] = [];
  let known = (getObject === undefined ? 0 : 1) + (fribGroup === undefined ? 0 : 1);
  let there = members.size;
  const getGroup = format === '2.0' ? getObject : undefined;
  const inside = new Map(
    [getGroup, fribGroup].flatMap((group) =>
      group === undefined ? [] : [[group, file.members(group)] as const],
    ),
  );
  for (const names of inside.values()) there += names.size;
  for (const [kind, piece] of PIECES.entries()) {
    if (!piece.formats.includes(format)) continue;
    const group = piece.group === '' ? undefined : piece.group === 'get' ? getGroup : fribGroup;
    const dataset =
      piece.group === '' ? getObject : group && file.member(group, piece.name, inside.get(group));
    if (dataset === undefined) continue;
    if (piece.group !== '') known++;
    pieces.push(placeOf(file, dataset, kind));
  }
  if (fribGroup !== undefined) {
    const names = inside.get(fribGroup)!;
    if (!WHOLE_FRIB[format].every((name) => names.has(name))) findings.add('partial-frib', n);
  }
  for (let extra = known; extra < there; extra++) findings.add('other', n);
  if (getObject === undefined) findings.add(fribGroup === undefined ? 'bare' : 'no-get', n);
  scanning.events.add(n, headers, pieces);
}

/** Every `/scalers/event_N` there is. The synchronizer writes the number of events for the last one, or nothing. */
export function scanModernScalers(
  { file, findings, scalers }: Scanning,
  group: H5Object | undefined,
  version: string,
): void {
  const members = group?.kind === 'group' ? file.members(group) : undefined;
  const numbers = numbersOf(members?.keys() ?? []);
  if (group === undefined || numbers.length === 0) return findings.add('no-scalers');
  const told = Number(wholeOf(file, group, file.attributes(group), 'max_event') ?? 0);
  const last = version.startsWith('synchronizer:') ? told - 1 : told;
  let next = 0;
  for (const n of numbers) {
    findings.range('missing-scalers', next, Math.min(n, last + 1));
    next = n + 1;
    const dataset = file.member(group, `event_${n}`, members);
    if (dataset?.kind !== 'dataset') continue;
    const row = scalerRow(file, dataset, CHANNELS.length);
    if (row === undefined) findings.add('short-scalers', n);
    else scalers.push(n, ...row);
  }
  findings.range('missing-scalers', next, last + 1);
}
