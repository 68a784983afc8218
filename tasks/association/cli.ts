/** `tg report charge-light FILE`: is the matching of charge and light right? Reads a flow file in either form; shows nothing itself. */
import { TaskError } from 'tg';
import { binsFor } from 'tg/figures';
import type { HeatMap, Report } from 'tg/figures';
import { openH5, relationOf } from 'tg/h5';
import type { H5File, Runs, Table } from 'tg/h5';
import { correlation } from './correlation.ts';
import { addIntegrals, createIntegrals } from './light-integrals.ts';
import type { LightIntegrals, WaveformShape } from './light-integrals.ts';
import type { LightTimes } from './light-times.ts';
import type { TriggerTimes } from './match.ts';
import { countsOf, having, pairsOf, residuals, sumOver } from './matching.ts';
import { lightTimes, triggerTimes } from './read-times.ts';
import { reportLines } from './report-lines.ts';
import type { ChargeLightNumbers } from './report-lines.ts';
import { reportOptions } from './report-options.ts';
import type { ReportOptions } from './report-options.ts';
import { timeSpans } from './time-spans.ts';

export const options = ['channels', 'pedestal', 'raw', 'bins', 'log-z'];

/** A second has so many ns; what is later was taken before the first SYNC. */
const TICKS_PER_S = 1e7;

/** @throws H5Error or TaskError when nothing can be said */
export async function report(
  path: string,
  texts: Readonly<Record<string, string>> = {},
): Promise<Report> {
  const file = await openH5(path);
  try {
    return reportOf(file, texts);
  } catch (error) {
    // A column that is not there, or holds no numbers.
    if (!(error instanceof TypeError)) throw error;
    throw new TaskError(`${path}: its tables are not tg's or h5flow's: ${error.message}`, {
      try: `tg build charge/light_assoc -i CHARGE -i LIGHT -o ${path}`,
    });
  } finally {
    file.close();
  }
}

function reportOf(file: H5File, texts: Readonly<Record<string, string>>): Report {
  const tables = tablesOf(file);
  const shape = shapeOf(tables.waveforms);
  const asked = reportOptions(texts, [shape[1], shape[2]]);
  const [events, triggers] = [tables.events.rows, tables.triggers.rows];
  const light = lightTimes(tables.light, shape[0]);
  const triggersOf = relation(file, 'charge/events', 'charge/ext_trigs');
  const times = triggerTimes(tables.triggers, triggersOf, tables.events);
  const ofEvents = pairsOf(relation(file, 'charge/events', 'light/events'));
  const ofTriggers = pairsOf(relation(file, 'charge/ext_trigs', 'light/events'));
  const attributes = file.attributes('charge/events');
  const windows = {
    unix: numberOf(attributes['charge_to_light_assoc_unix_ts_window']),
    ts: numberOf(attributes['charge_to_light_assoc_ts_window']),
  };
  if (ofEvents.parent.length === 0) throw noMatch(file, times, light, windows);
  const sums = integrals(file, tables, shape, asked);
  const perEvent = countsOf(ofEvents.parent, events);
  const rows = [...perEvent.keys()].filter((row) => perEvent[row]! > 0);
  const all = tables.events.column('q') as Float64Array;
  const summed = sumOver(ofEvents, sums.integral, events);
  const charge = rows.map((row) => all[row]!);
  const integral = rows.map((row) => summed[row]!);
  const triggersOfLight = countsOf(ofTriggers.child, tables.light.rows);
  const numbers: ChargeLightNumbers = {
    charge_events: events,
    charge_events_with_light: rows.length,
    triggers,
    triggers_with_light: having(countsOf(ofTriggers.parent, triggers), 1),
    light_events: tables.light.rows,
    light_events_with_trigger: having(triggersOfLight, 1),
    light_events_without_an_adc: having(sums.adcs, 1) - having(sums.adcs, shape[0]),
    light_events_without_waveform: tables.light.rows - having(sums.adcs, 1),
    light_events_before_sync: light.ts.reduce((n, ts) => n + (ts > TICKS_PER_S ? 1 : 0), 0),
    saturated_waveforms: sums.saturated.reduce((a, b) => a + b, 0),
    lights_per_event: [0, 1, 2].map((n) =>
      n === 2 ? having(perEvent, 2) : having(perEvent, n) - having(perEvent, n + 1),
    ),
    residual: residuals(ofTriggers, times, light),
    windows,
    points: rows.length,
    ...correlation(charge, integral),
    channels: asked.channels,
    pedestal: asked.pedestal ?? null,
  };
  const panel = mapOf(charge, integral, numbers, asked);
  return {
    numbers: { ...numbers },
    lines: reportLines(numbers),
    figure: { title: file.path.replace(/.*[/\\]/, ''), panels: [panel] },
    csv: {
      head: ['event', 'charge_mv', 'light_integral_adc', 'light_events'],
      rows: rows.map((row, i) => [row, charge[i]!, integral[i]!, perEvent[row]!]),
    },
  };
}

interface Tables {
  events: Table;
  triggers: Table;
  light: Table;
  waveforms: Table;
}

/** @throws TaskError naming what the file lacks */
function tablesOf(file: H5File): Tables {
  const table = (name: string, fix: string): Table => {
    if (file.has(`${name}/data`)) return file.table(name);
    throw new TaskError(`${file.path} has no ${name}`, { code: 'no-table', try: fix });
  };
  const build = 'a flow file of charge and light: tg build charge/light_assoc';
  return {
    events: table('charge/events', build),
    triggers: table('charge/ext_trigs', build),
    light: table('light/events', build),
    waveforms: table('light/wvfm', 'build it without drop: light/wvfm'),
  };
}

function relation(file: H5File, parent: string, child: string): Runs {
  const place = `${parent}/ref/${child}`;
  const inverse = `${child}/ref/${parent}`;
  if (file.has(`${place}/ref`) || file.has(`${inverse}/ref`))
    return relationOf(file, parent, child);
  throw new TaskError(`${file.path} has no references from ${parent} to ${child}`, {
    code: 'no-table',
    try: 'tg build charge/light_assoc, and report the flow file',
  });
}

function shapeOf(waveforms: Table): WaveformShape {
  const type = waveforms.dtype.fields.find(({ name }) => name === 'samples')?.type;
  if (type?.kind !== 'array' || type.shape.length !== 3)
    throw new TypeError(`light/wvfm has no samples of [ADCs, channels, samples]`);
  return type.shape as unknown as WaveformShape;
}

/** Each waveform is read once, block by block. */
/** Bytes of waveforms that are looked at together. */
const PIECE = 2 ** 20;

function integrals(
  file: H5File,
  { light, waveforms }: Tables,
  shape: WaveformShape,
  rules: ReportOptions,
): LightIntegrals {
  if (light.rows !== waveforms.rows)
    throw new TaskError(
      `${file.path}: ${light.rows} light events and ${waveforms.rows} of their waveforms`,
      { try: 'build it again' },
    );
  const found = createIntegrals(light.rows);
  // Blocks that stay in the cache from reading to summing, in one room.
  const { rowSize } = waveforms;
  const most = Math.ceil(PIECE / rowSize);
  const room = new Uint8Array(most * rowSize);
  for (let start = 0; start < waveforms.rows; start += most) {
    const rows = Math.min(most, waveforms.rows - start);
    const block = waveforms.read(start, rows, room.subarray(0, rows * rowSize));
    const valid = light.read(start, rows).column('wvfm_valid') as Uint8Array;
    addIntegrals(found, start, valid, block.column('samples') as Int16Array, shape, rules);
  }
  return found;
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** Nothing is matched: both time ranges tell why. */
function noMatch(
  file: H5File,
  triggers: TriggerTimes,
  light: LightTimes,
  { unix, ts }: ChargeLightNumbers['windows'],
): TaskError {
  const spans = timeSpans({ light: light.unix, charge: triggers.unix });
  const [windows, fix] =
    unix === null
      ? ['', 'the right files']
      : [` within ${unix} s and ${ts} ticks`, 'wider windows, or the right files'];
  return new TaskError(`${file.path}: no light event${windows} of a trigger: ${spans}`, {
    code: 'no-match',
    try: fix,
  });
}

function mapOf(
  charge: readonly number[],
  integral: readonly number[],
  { channels, pedestal }: ChargeLightNumbers,
  { bins: [across, down], isLog }: ReportOptions,
): HeatMap {
  const range = (values: readonly number[], most: number): HeatMap['xBins'] =>
    binsFor(
      values.reduce((a, b) => Math.min(a, b), 0),
      values.reduce((a, b) => Math.max(a, b), 0),
      most,
    );
  const [xBins, yBins] = [range(charge, across), range(integral, down)];
  const counts = new Array<number>(xBins.n * yBins.n).fill(0);
  const cell = (value: number, { start, step, n }: HeatMap['xBins']): number =>
    Math.min(n - 1, Math.max(0, Math.floor((value - start) / step)));
  charge.forEach((q, i) => {
    counts[cell(integral[i]!, yBins) * xBins.n + cell(q, xBins)]!++;
  });
  const less = pedestal === null ? '' : ` less pedestal (${pedestal[0]}:${pedestal[1]})`;
  return {
    kind: 'map',
    name: 'charge-light',
    title: `channels ${channels.join(',')}${less}`,
    x: { label: 'charge sum', unit: 'mV' },
    y: { label: 'light integral', unit: 'ADC' },
    z: { label: 'charge events', scale: isLog ? 'log' : 'linear' },
    xBins,
    yBins,
    counts,
  };
}
