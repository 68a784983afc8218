/** `tg report harmonic`: events, bytes and sources of each file, balance, losses, and the proof that every event is there once. */
import type { Plot, Report, Table } from 'tg/figures';
import { checkConservation, isConserved, type Conservation } from './conservation.ts';
import { summaryOf, type Finding } from './findings.ts';
import { surveyFile, type HarmonicEvents } from './harmonic-survey.ts';
import { gapText, gapsOf, rangesText } from './ranges.ts';
import { reportSource } from './report-source.ts';
import { scanRun } from './run-scan.ts';
import { sizeText } from './size-text.ts';

export const options = ['merger'];

/** Files told line by line; the table has all. */
const TOLD = 40;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** @throws H5Error, TaskError when nothing can be said */
export function report(
  path: string,
  texts: Readonly<Record<string, string>> = {},
): Promise<Report> {
  // Nothing in it waits, but reports are promised.
  return new Promise((resolve) => resolve(reportOf(path, texts)));
}

function reportOf(path: string, texts: Readonly<Record<string, string>>): Report {
  const { files: list, runs: find, range } = reportSource(path, texts['merger']);
  const files = list.map((file) => surveyFile(file.path, file.name));
  const events = files.map(({ run }) => run.length);
  const bytes = files.map((file) => sum(file.bytes));
  const sources = [...new Set(files.flatMap(({ run }) => run))].sort((a, b) => a - b);
  const runs = find?.(sources[0] ?? 0, sources.at(-1) ?? 0);
  const { conservation, findings } = runs === undefined ? UNCHECKED : compare(runs, files);
  const rows = files.map((file, k) => ({
    file: file.name,
    events: events[k]!,
    bytes: bytes[k]!,
    sources: sourcesText(file),
  }));
  const absent = sum(files.map((file) => file.absent));
  const losses = [
    ...(absent > 0 ? [`${absent} events absent from the files`] : []),
    ...(range === undefined
      ? []
      : gapTexts(
          findings.map(({ run }) => run),
          range,
        )),
    ...summaryOf(findings),
  ];
  const balance = { bytes: spread(bytes), events: spread(events) };
  return {
    numbers: {
      files: rows,
      events: sum(events),
      bytes: sum(bytes),
      runs: sources,
      balance,
      losses,
      conservation: conservation ?? null,
      conserved: conservation === undefined ? null : isConserved(conservation),
    },
    lines: [
      `${count(files.length, 'file')}, ${count(sum(events), 'event')} from ${count(sources.length, 'run')} (${rangesText(sources)}), ${sizeText(sum(bytes))} of payload`,
      ...rows.slice(0, TOLD).map(rowText),
      ...(rows.length > TOLD ? [`  ${rows.length - TOLD} more: --figure files`] : []),
      `balance: largest file ${balance.bytes.toFixed(2)} times the mean in bytes, ${balance.events.toFixed(2)} in events`,
      `losses: ${losses.length === 0 ? 'none' : losses.join('; ')}`,
      `conservation: ${conservationText(conservation)}`,
    ],
    figure: { title: path, panels: [sizePlot(bytes), filesTable(rows)] },
    csv: {
      head: ['file', 'events', 'bytes'],
      rows: rows.map((row, k) => [k, row.events, row.bytes]),
    },
  };
}

const gapTexts = (runs: readonly number[], [min, max]: [number, number]): string[] => {
  const gaps = gapsOf(runs, min, max);
  return gaps.length === 0 ? [] : [gapText(gaps)];
};

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

interface Row {
  file: string;
  events: number;
  bytes: number;
  sources: string;
}

const rowText = ({ file, events, bytes, sources }: Row): string =>
  `  ${file}  ${count(events, 'event')}, ${sizeText(bytes)}: ${sources}`;

const UNCHECKED: {
  conservation: Conservation | undefined;
  findings: { run: number; findings: Finding[] }[];
} = { conservation: undefined, findings: [] };

/** Every run is scanned once more, whatever tg or another harmonizer has made of it. */
function compare(
  runs: readonly { run: number; path: string }[],
  files: readonly HarmonicEvents[],
): typeof UNCHECKED {
  const findings: { run: number; findings: Finding[] }[] = [];
  function* inputs() {
    for (const { run, path } of runs) {
      const scan = scanRun(path, run);
      findings.push({ run, findings: scan.findings });
      const { event, bytes } = scan.events.events() as { event: number[]; bytes: number[] };
      yield { run, event, bytes };
    }
  }
  return { conservation: checkConservation(inputs(), files), findings };
}

function conservationText(c: Conservation | undefined): string {
  if (c === undefined) return 'not checked: --merger DIR, or the config in place of the folder';
  if (isConserved(c)) return `every one of ${c.inputs} input events once, in order, in its size`;
  const kinds = (['lost', 'twice', 'changed', 'strange', 'unordered'] as const).flatMap((kind) =>
    c[kind] === 0 ? [] : [`${c[kind]} ${kind}`],
  );
  const examples = c.examples.length === 0 ? '' : ` (${c.examples.join(', ')})`;
  return `BROKEN: of ${c.inputs} input events ${kinds.join(', ')}${examples}`;
}

/** `run 55 13..23, run 56 0..2`: first and last event of each run. */
function sourcesText({ run, event }: HarmonicEvents): string {
  const parts: string[] = [];
  for (let i = 0; i < run.length;) {
    let j = i;
    while (j + 1 < run.length && run[j + 1] === run[i]) j++;
    parts.push(`run ${run[i]!} ${event[i]!}${j > i ? `..${event[j]!}` : ''}`);
    i = j + 1;
  }
  return parts.length === 0 ? 'no event' : parts.join(', ');
}

/** Largest of the values over their mean. */
function spread(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  return mean === 0 ? 1 : values.reduce((a, b) => Math.max(a, b)) / mean;
}

const sizePlot = (bytes: readonly number[]): Plot => ({
  kind: 'plot',
  name: 'sizes',
  title: 'Payload of harmonic files',
  x: { label: 'file' },
  y: { label: 'payload', unit: 'MB' },
  layers: [
    {
      kind: 'histogram',
      bins: { start: 0, step: 1, n: bytes.length },
      counts: bytes.map((n) => n / 1e6),
      density: true,
    },
  ],
});

const filesTable = (rows: readonly Row[]): Table => ({
  kind: 'table',
  name: 'files',
  title: 'Harmonic files',
  head: ['file', 'events', 'bytes', 'from'],
  rowsOf: rows.map(({ file, events, bytes, sources }) => [file, events, bytes, sources]),
});
