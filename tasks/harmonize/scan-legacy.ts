/** Events and scalers of a run with `/meta`: the merger's format 0.1.0. Knows that layout alone. */
import { TaskError } from 'tg';
import type { H5Object, H5Objects } from 'tg/h5';
import { CHANNELS, PIECES, WHOLE_FRIB } from './merger-formats.ts';
import { numbersIn, placeOf, scalerRow } from './scan-place.ts';
import type { Scanning } from './run-scan.ts';
import type { Headers, PiecePlace } from './scan-columns.ts';

/** What an integer cast of Rust makes of a float: truncated, at the nearest end of the range. */
const cast = (value: number, most: number): number =>
  Number.isNaN(value) ? 0 : Math.min(most, Math.max(0, Math.trunc(value)));
const U32 = 2 ** 32 - 1;
const toU64 = (value: number): bigint =>
  value >= 2 ** 64 ? 2n ** 64n - 1n : BigInt(cast(value, 2 ** 64));

interface Place {
  group: H5Object;
  members: ReturnType<H5Objects['members']>;
}

const placeAt = (file: H5Objects, parent: H5Object, name: string): Place | undefined => {
  const group = file.member(parent, name);
  return group?.kind === 'group' ? { group, members: file.members(group) } : undefined;
};

/** Numbers N of members `evtN_..`. */
const numbersOf = (place: Place | undefined): number[] =>
  [...(place?.members.keys() ?? [])].flatMap((name) => {
    const n = /^evt(\d+)_/.exec(name)?.[1];
    return n === undefined ? [] : [Number(n)];
  });

/** Name in a legacy file of a piece of event n. */
export const legacyName = (n: number, piece: string): string =>
  `evt${n}_${piece === 'get_traces' ? 'data' : piece}`;

export function scanLegacyEvents(scanning: Scanning, root: H5Object, meta: H5Object): void {
  const { file, findings } = scanning;
  const [first, last] = rangeOf(file, meta);
  const get = placeAt(file, root, 'get');
  const frib = file.member(root, 'frib');
  const evt = frib && placeAt(file, frib, 'evt');
  const read = (place: Place | undefined, name: string): number[] | undefined => {
    const dataset = place && file.member(place.group, name, place.members);
    return dataset && numbersIn(file, dataset);
  };
  const numbers = [...new Set([...numbersOf(get), ...numbersOf(evt)])].sort((a, b) => a - b);
  let next = first;
  for (const n of numbers) {
    if (n > last) findings.add('late-frib', n);
    if (n < first || n > last) continue;
    findings.range('missing-events', next, n);
    next = n + 1;
    const getHead = read(get, `evt${n}_header`);
    const fribHead = read(evt, `evt${n}_header`);
    const pieces: PiecePlace[] = [];
    const names = new Set<string>();
    for (const [kind, { name, group, formats }] of PIECES.entries()) {
      if (!formats.includes('0.1.0')) continue;
      const place = group === '' ? get : evt;
      const dataset = place && file.member(place.group, legacyName(n, name), place.members);
      if (dataset === undefined) continue;
      names.add(name);
      pieces.push(placeOf(file, dataset, kind));
    }
    const headers: Headers = {};
    if (names.has('get_traces') || getHead !== undefined) {
      const [id = 0, timestamp = 0, other = 0] = getHead ?? [];
      headers.get = { id: cast(id, U32), timestamp: toU64(timestamp), other: toU64(other) };
      if ((getHead?.length ?? 0) < 3) findings.add('no-header', n);
    }
    const hasFrib = WHOLE_FRIB['0.1.0'].some((name) => names.has(name));
    if (hasFrib || fribHead !== undefined) {
      const [id = 0, timestamp = 0] = fribHead ?? [];
      headers.frib = { id: cast(id, U32), timestamp: cast(timestamp, U32) };
      if ((fribHead?.length ?? 0) < 2) findings.add('no-header', n);
      if (!WHOLE_FRIB['0.1.0'].every((name) => names.has(name))) findings.add('partial-frib', n);
    }
    if (headers.get === undefined) findings.add(headers.frib === undefined ? 'bare' : 'no-get', n);
    scanning.events.add(n, headers, pieces);
    if (n % 256 === 0) scanning.progress?.(n - first, last - first + 1);
  }
  if (next === first) findings.add('empty-run');
  else findings.range('missing-events', next, last + 1);
}

/** u8 or f8: upstream reads it once as either. */
function rangeOf(file: H5Objects, meta: H5Object): [number, number] {
  const dataset = meta.kind === 'dataset' ? meta : file.member(meta, 'meta');
  const [first, , last] = dataset?.kind === 'dataset' ? numbersIn(file, dataset) : [];
  if (first === undefined || last === undefined || !(first >= 0) || !(last >= first))
    throw new TaskError(`${file.path}::/meta/meta does not tell the first and the last event`, {
      try: 'merge the run again',
    });
  return [first, last];
}

export function scanLegacyScalers({ file, findings, scalers }: Scanning, root: H5Object): void {
  const frib = file.member(root, 'frib');
  const place = frib && placeAt(file, frib, 'scaler');
  const numbers = [...(place?.members.keys() ?? [])]
    .flatMap((name) => /^scaler(\d+)_data$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  if (place === undefined || numbers.length === 0) return findings.add('no-scalers');
  for (const n of numbers) {
    const dataset = file.member(place.group, `scaler${n}_data`, place.members);
    const row = dataset && scalerRow(file, dataset, CHANNELS.length);
    if (row === undefined) findings.add('short-scalers', n);
    else scalers.push(n, ...row);
  }
}
