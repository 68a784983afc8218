/** `tg report charge FILE`: what a flow file, or any file with charge tables, says of its events. Knows the tables; shows nothing itself. */
import { TaskError } from 'tg';
import type { Figure, Report } from 'tg/figures';
import { openH5 } from 'tg/h5';
import type { H5File } from 'tg/h5';
import { summarizeEvents } from './event-summary.ts';
import { surveyHits } from './hit-survey.ts';
import { eventFigures, hitFigures } from './report-figures.ts';
import { reportLines } from './report-lines.ts';
import type { ChargeNumbers, Losses } from './report-lines.ts';

/** @throws H5Error or TaskError when nothing can be said */
export async function report(path: string): Promise<Report> {
  const file = await openH5(path);
  try {
    return reportOf(file);
  } catch (error) {
    // A column that is not there, or holds no numbers.
    if (!(error instanceof TypeError)) throw error;
    throw new TaskError(`${path}: its charge tables are not tg's or h5flow's: ${error.message}`, {
      try: `tg build charge/events -i PACKETS -o ${path}`,
    });
  } finally {
    file.close();
  }
}

function reportOf(file: H5File): Report {
  const rows = (table: string): number | undefined =>
    file.has(`${table}/data`) ? file.table(table).rows : undefined;
  const lost = lossesOf(file);
  const [nEvents, nHits] = [rows('charge/events'), rows('charge/hits')];
  if (nEvents === undefined && nHits === undefined) throw noTables(file);
  if (!((nEvents ?? 0) > 0 || (nHits ?? 0) > 0)) throw noRows(file, lost);
  const events = (nEvents ?? 0) > 0 ? summarizeEvents(file.table('charge/events')) : undefined;
  const hits = (nHits ?? 0) > 0 ? surveyHits(file.table('charge/hits')) : undefined;
  const numbers: ChargeNumbers = {
    events: nEvents,
    hits: nHits,
    packets: rows('charge/packets'),
    triggers: rows('charge/ext_trigs'),
    ...events?.numbers,
    ...hits?.numbers,
    hits_per_s: perSecond(nHits, events?.numbers.live_s),
    lost,
  };
  const [byEvent, byHit] = [events && eventFigures(events), hits && hitFigures(hits)];
  const panels: Figure['panels'] = [
    byEvent?.charge,
    byHit?.charge,
    byEvent?.hits,
    byHit?.map,
    byEvent?.rate,
    byHit?.pixels,
  ].filter((panel) => panel !== undefined);
  return {
    numbers: { ...numbers },
    lines: reportLines(numbers),
    figure: { title: nameOf(file.path), panels },
  };
}

const nameOf = (path: string): string => path.replace(/.*[/\\]/, '');

const perSecond = (
  n: number | undefined,
  seconds: number | null | undefined,
): number | undefined =>
  n === undefined || seconds === undefined || seconds === null ? undefined : n / seconds;

/** The attribute `lost` of the charge tables: `{reason: n}` as canonical JSON. */
function lossesOf(file: H5File): Losses {
  const lost: Losses = {};
  if (file.kind('charge') !== 'group') return lost;
  for (const name of file.members('charge')) {
    const table = `charge/${name}`;
    const { lost: text } = file.attributes(table);
    if (typeof text !== 'string') continue;
    const reasons = parsed(text);
    if (reasons !== undefined && Object.keys(reasons).length > 0) lost[table] = reasons;
  }
  return lost;
}

/** Files of others may have an attribute of that name, too. */
function parsed(text: string): Record<string, number> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const reasons = Object.entries(value).filter(([, n]) => typeof n === 'number' && n > 0);
    return Object.fromEntries(reasons);
  } catch {
    return undefined;
  }
}

function noTables(file: H5File): TaskError {
  const there = [...file.walk()]
    .filter(({ kind, path }) => kind === 'dataset' && !/\/ref\//.test(path))
    .map(({ path }) => path.slice(1).replace(/\/data$/, ''));
  const list = there.slice(0, 8).join(', ') + (there.length > 8 ? ', ...' : '');
  const has = there.length === 0 ? 'it holds no tables' : `it has ${list}`;
  const again = there.includes('packets')
    ? `tg build charge/events -i ${file.path} -o flow.h5`
    : 'a flow file that tg build charge/events made';
  return new TaskError(`${file.path}: no charge/events and no charge/hits: ${has}`, {
    code: 'no-charge',
    try: again,
  });
}

function noRows(file: H5File, lost: Losses): TaskError {
  const why = Object.entries(lost).flatMap(([, reasons]) =>
    Object.entries(reasons).map(([reason, n]) => `${n} ${reason}`),
  );
  const packets = why.length === 0 ? '' : ` (lost: ${why.join(', ')})`;
  return new TaskError(`${file.path}: no events, nothing to report${packets}`, {
    code: 'no-events',
    try: 'another run, or other parameters of charge/raw_events: tg list --params',
  });
}
