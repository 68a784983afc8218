/** `tg report NAME FILE`: numbers and figures from a made file. Knows how they are shown, and by name who makes them; no experiment. */
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { verbs } from '../../tasks/index.ts';
import { nearest } from '../core/nearest.ts';
import type { Figure, Panel, Report } from '../figures/model.ts';
import { toPng } from '../figures/png.ts';
import { toSvg } from '../figures/svg.ts';
import { toText } from '../figures/terminal.ts';
import { moduleUrl } from '../package.ts';
import { refuse } from './verb.ts';
import type { Call, Flag, Verb } from './verb.ts';

/** What the module of a report exports. */
interface Maker {
  report: (file: string, options: Readonly<Record<string, string>>) => Promise<Report>;
  /** Options of OPTIONS that it knows. */
  options?: readonly string[];
}

/** Flags of some reports, handed on as they are typed. */
const OPTIONS: readonly Flag[] = [
  { name: 'channels', takes: 'A,B,..', help: 'charge-light: of the light integral' },
  { name: 'pedestal', takes: 'A:B', help: 'charge-light: samples whose mean is taken off' },
  { name: 'raw', help: 'charge-light: samples as they are, no pedestal taken off' },
  { name: 'bins', takes: 'NxM', help: 'charge-light: at most so many columns and rows' },
  { name: 'merger', takes: 'DIR', help: 'harmonic: the merged runs, to prove that all is there' },
  { name: 'log-z', help: 'charge-light: colours by the logarithm' },
];

/** `report charge` in the table of verbs is the report `charge`. */
const PREFIX = 'report ';
const names = Object.keys(verbs)
  .filter((verb) => verb.startsWith(PREFIX))
  .map((verb) => verb.slice(PREFIX.length));

export const verb: Verb = {
  flags: [
    { name: 'figure', takes: 'NAME', repeats: true, help: 'show this figure (all: every one)' },
    { name: 'svg', takes: 'FILE', help: 'write the figures there' },
    { name: 'png', takes: 'FILE', help: 'write the figures there' },
    { name: 'csv', takes: 'FILE', help: 'write the points there, where the report has points' },
    ...OPTIONS,
  ],
  examples: [
    'tg report charge build/r42.h5 --figure hit-charge --png r42.png',
    ...names.map((name) => `tg report ${name} FILE`),
  ],
  async run(call) {
    const [name = '', file = ''] = call.words;
    const make = await makerOf(name, file);
    const options = optionsFor(call, name, make);
    const pictures = ['svg', 'png', 'csv'].flatMap((kind) => {
      const path = call.value(kind);
      return path === undefined ? [] : [{ kind, path, at: placeFor(call, file, path, kind) }];
    });
    const report = await make.report(file, options).catch(asRefusal);
    if (call.has('csv') && report.csv === undefined)
      throw refuse('bad-flag', `report ${name} has no points for --csv`, '--json');
    const panels = chosen(report.figure, call.values('figure'), `tg report ${name} ${file}`);
    if (call.json) tellLines(call, name, file, report, panels);
    else if (!call.quiet) tellText(call, report, panels);
    if (pictures.length === 0) return 0;
    const svg = toSvg({ ...report.figure, panels });
    for (const { kind, path, at } of pictures) {
      if (kind === 'csv') write(at, csvText(report.csv!));
      else write(at, kind === 'svg' ? svg : await toPng(svg).catch(noResvg));
      if (call.json) call.line({ type: 'file', path });
    }
    if (!call.json && !call.quiet)
      call.out(`files: ${pictures.map(({ path }) => path).join(' ')}\n`);
    return 0;
  },
};

/** Options of the report, as typed. @throws Refusal for one of another report */
function optionsFor(call: Call, name: string, { options = [] }: Maker): Record<string, string> {
  const given: Record<string, string> = {};
  for (const { name: flag } of OPTIONS) {
    if (!call.has(flag)) continue;
    if (!options.includes(flag))
      throw refuse('bad-flag', `report ${name} has no --${flag}`, 'tg help report shows its flags');
    given[flag] = call.value(flag) ?? '';
  }
  return given;
}

/** Numbers in full: nothing is lost. */
const csvText = ({ head, rows }: NonNullable<Report['csv']>): string =>
  [head, ...rows].map((row) => `${row.join(',')}\n`).join('');

async function makerOf(name: string, file: string): Promise<Maker> {
  const module = names.includes(name) ? verbs[`${PREFIX}${name}`] : undefined;
  if (module === undefined) {
    const near = nearest(name, names);
    const fix = near.length > 0 ? near : names;
    throw refuse(
      'bad-flag',
      `no report "${name}"`,
      fix.map((each) => `tg report ${each} ${file}`).join(', '),
    );
  }
  return (await import(moduleUrl(`tasks/${module}`))) as Maker;
}

/** Mistakes of the user's, known by their shape as in main.ts: nothing can be said, which is 1. */
function asRefusal(error: unknown): never {
  if (error instanceof Error && (error.name === 'TaskError' || error.name === 'H5Error')) {
    const { message, code, try: fix } = error as Error & { code?: string; try?: string };
    throw refuse(code ?? 'bad-input', message, fix ?? 'another file', code === 'bad-flag' ? 2 : 1);
  }
  throw error;
}

/** It comes prebuilt, but not for every machine; all else of a report needs none of it. */
function noResvg(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
  throw refuse('no-png', 'no PNG here: @resvg/resvg-js is not installed', '--svg FILE', 1);
}

function chosen({ panels }: Figure, asked: readonly string[], call: string): readonly Panel[] {
  if (asked.length === 0 || asked.includes('all')) return panels;
  const known = panels.map((panel) => panel.name);
  const odd = asked.find((name) => !known.includes(name));
  if (odd !== undefined) {
    const near = nearest(odd, known, 1)[0] ?? known[0] ?? '';
    const message = `no figure "${odd}": there are ${known.join(', ')}`;
    throw refuse('bad-flag', message, `${call} --figure ${near}`);
  }
  return panels.filter(({ name }) => asked.includes(name));
}

/** Numbers first; the first figure, or those that were asked for. */
function tellText(call: Call, { lines }: Report, panels: readonly Panel[]): void {
  const shown = call.values('figure').length > 0 ? panels : panels.slice(0, 1);
  const width = process.stdout.columns ?? 80;
  for (const line of lines) call.out(`${line}\n`);
  for (const panel of shown) call.out(`${toText(panel, width).join('\n')}\n`);
}

function tellLines(
  call: Call,
  name: string,
  file: string,
  report: Report,
  panels: readonly Panel[],
): void {
  call.line({ type: 'report', report: name, file, ...report.numbers });
  for (const panel of panels) call.line({ type: 'figure', ...panel });
}

/** Where a picture goes. @throws Refusal where it cannot, before anything is read */
function placeFor(call: Call, file: string, path: string, kind: string): string {
  const at = resolve(call.cwd, path);
  const folder = dirname(at);
  const isFolder = (where: string): boolean =>
    statSync(where, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder(folder))
    throw refuse('bad-flag', `no folder for ${path}`, `mkdir -p ${dirname(path)}`);
  if (isFolder(at)) throw refuse('bad-flag', `${path} is a folder`, join(path, `report.${kind}`));
  if (at === resolve(call.cwd, file))
    throw refuse('bad-flag', `input and output are the same file: ${path}`, 'another name');
  return at;
}

/** Whole or absent. */
function write(path: string, content: string | Uint8Array): void {
  const aside = `${path}.${process.pid}.part`;
  try {
    writeFileSync(aside, content);
    renameSync(aside, path);
  } finally {
    if (existsSync(aside)) rmSync(aside);
  }
}
