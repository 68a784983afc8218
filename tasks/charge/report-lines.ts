/** The numbers of a charge report as lines of text. Knows no tables. */
import { grouped, measured, type Statistics } from 'tg/figures';
import type { EventSummary } from './event-summary.ts';
import type { HitSurvey } from './hit-survey.ts';

/** Table -> reason -> rows. */
export type Losses = Record<string, Record<string, number>>;

/** What a file has not is undefined. */
export interface ChargeNumbers
  extends Partial<EventSummary['numbers']>, Partial<HitSurvey['numbers']> {
  /** Rows of the tables. */
  events: number | undefined;
  hits: number | undefined;
  packets: number | undefined;
  triggers: number | undefined;
  hits_per_s: number | undefined;
  lost: Losses;
}

export function reportLines(numbers: ChargeNumbers): string[] {
  const { event_charge_mv: charge, hits_per_event: hits, hit_charge_mv: hit } = numbers;
  const lines = [countsLine(numbers), ...timeLines(numbers)];
  if (charge !== undefined) lines.push(`charge per event: ${summary(charge)} mV`);
  if (hits !== undefined)
    lines.push(
      `hits per event: ${summary(hits)}, ${grouped(hits.least)}..${grouped(hits.greatest)}`,
    );
  if (hit !== undefined)
    lines.push(`charge per hit: mean ${measured(hit.mean)}, RMS ${measured(hit.rms)} mV`);
  lines.push(...lossLines(numbers.lost));
  const noisy = numbers.noisiest?.slice(0, 3).map(({ pixel, hits: n }) => `${pixel} ${grouped(n)}`);
  if (noisy !== undefined) lines.push(`noisiest pixels: ${noisy.join(', ')} hits`);
  return lines;
}

function countsLine({ events, hits, packets, triggers, pixels }: ChargeNumbers): string {
  const parts: [number | undefined, string][] = [
    [events, 'event'],
    [hits, 'hit'],
    [packets, 'packet'],
    [triggers, 'trigger'],
    [pixels, 'pixel'],
  ];
  return parts
    .flatMap(([n, thing]) => (n === undefined ? [] : [plural(n, thing)]))
    .join(', ')
    .replace(/(pixels?)$/, '$1 hit');
}

const plural = (n: number, thing: string): string => `${grouped(n)} ${thing}${n === 1 ? '' : 's'}`;

function timeLines(numbers: ChargeNumbers): string[] {
  const { first_unix_s: first, last_unix_s: last, live_s: live } = numbers;
  const untimed = numbers.events_without_time ?? 0;
  const note = untimed === 0 ? [] : [`note: ${plural(untimed, 'event')} without unix_ts`];
  if (first === undefined || last === undefined || live === undefined) return [];
  if (first === null || last === null || live === null) return note;
  const rates = [`${measured(numbers.events_per_s!)} events/s`];
  if (numbers.hits_per_s !== undefined) rates.push(`${measured(numbers.hits_per_s)} hits/s`);
  return [`${grouped(live)} s live, ${moments(first, last)}: ${rates.join(', ')}`, ...note];
}

/** The day once, where it is the same. */
function moments(first: number, last: number): string {
  const [from, to] = [first, last].map((s) =>
    new Date(s * 1000).toISOString().slice(0, 19).replace('T', ' '),
  ) as [string, string];
  const until = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to;
  return `${from} to ${until} UTC`;
}

const summary = ({ mean, rms, median }: Statistics): string =>
  `mean ${measured(mean)}, RMS ${measured(rms)}, median ${measured(median)}`;

/** `lost: charge/packets: 2 124: 1 702 in no event, 375 sync cut`; the table is named where several lost something. */
function lossLines(lost: Losses): string[] {
  const tables = Object.entries(lost);
  return tables.map(([table, reasons]) => {
    const parts = Object.entries(reasons).sort(([, a], [, b]) => b - a);
    const all = parts.reduce((n, [, part]) => n + part, 0);
    const list = parts.map(([reason, n]) => `${grouped(n)} ${reason}`).join(', ');
    const things = table === 'charge/packets' ? 'packets' : `rows for ${table}`;
    return `lost: ${grouped(all)} ${things}: ${list}`;
  });
}
