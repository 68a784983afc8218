/** The real command line in a folder of its own: run it, look at what it says. Knows no verb. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const TG = fileURLToPath(new URL('../../../bin/tg.js', import.meta.url));

export interface RunOptions {
  cwd?: string;
  /** Added to the environment; undefined takes a variable away. */
  env?: { readonly [name: string]: string | undefined };
  stdin?: string;
}

export interface Said {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
}

const LOOKS = [
  'NO_COLOR',
  'FORCE_COLOR',
  'CI',
  'NODE_OPTIONS',
  'NODE_TEST_CONTEXT',
  'NODE_V8_COVERAGE',
];

/** The environment without what would change the look of things. */
function environment(more: RunOptions['env'] = {}): NodeJS.ProcessEnv {
  const plain = Object.entries(process.env).filter(([name]) => !LOOKS.includes(name));
  const all = [...plain, ['TERM', 'xterm'] as const, ...Object.entries(more)];
  // Of two with one name the later counts, also when it says "not there".
  return Object.fromEntries([...new Map(all)].filter(([, value]) => value !== undefined));
}

/** Starts `tg WORDS`; the caller talks to it and waits for `ended`. */
export function start(
  words: readonly string[],
  options: RunOptions = {},
): { child: ChildProcessWithoutNullStreams; ended: Promise<Said>; said: Said } {
  const child = spawn(process.execPath, [TG, ...words], {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: 'pipe',
  });
  const said: Said = { stdout: '', stderr: '', code: null, signal: null };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const ended = new Promise<Said>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(Object.assign(said, { code, signal })));
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  return { child, ended, said };
}

/** Runs `tg WORDS` to its end. */
export const run = (words: readonly string[], options: RunOptions = {}): Promise<Said> =>
  start(words, options).ended;

/** Waits until something is said that matches; fails when the process ends before. */
export async function until(
  running: { said: Said; ended: Promise<Said> },
  holds: (said: Said) => boolean,
): Promise<void> {
  while (!holds(running.said)) {
    const { code, signal } = running.said;
    if (code !== null || signal !== null)
      throw new Error(`it ended first: ${running.said.stdout}${running.said.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export type Files = { readonly [path: string]: string };

/** Writes files below a folder. */
export function write(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A temporary folder with these files, removed when the tests of the file are over. */
export function folder(files: Files = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'tg-e2e-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  write(root, files);
  return root;
}

const fixtures = process.env['TG_FIXTURES'];

/** Reason to skip a test that needs the fixtures, false when they are there. */
export const withoutFixtures: string | false =
  fixtures === undefined
    ? 'TG_FIXTURES is not set'
    : existsSync(join(fixtures, 'charge'))
      ? false
      : `${fixtures} has no charge`;

export const fixture = (...names: string[]): string => join(fixtures ?? '', 'charge', ...names);

/** Runs of the transcripts and the fixtures they are. */
export const RUNS = { r41: 'cosmic10k', r42: 'rollover_notrig', r43: 'one_second' } as const;

/** tg.yaml of the transcripts. */
export const CHARGE_YAML = `libraries: [tg:charge]
sources:
  packets: raw/packets_{run}.h5
parameters:
  charge/hits: {pedestal_file: cal/ped.json, configuration_file: cal/cfg.json, geometry_file: cal/layout.yaml}
default: [charge/events]
`;

/** The project of the transcripts: three runs and their calibration. */
export function chargeProject(files: Files = {}): string {
  const root = folder({ 'tg.yaml': CHARGE_YAML, ...files });
  for (const name of ['raw', 'cal']) mkdirSync(join(root, name), { recursive: true });
  for (const [run, name] of Object.entries(RUNS))
    copyFileSync(fixture(name, 'packets.h5'), join(root, 'raw', `packets_${run}.h5`));
  for (const name of ['ped.json', 'cfg.json']) copyFileSync(fixture(name), join(root, 'cal', name));
  copyFileSync(fixture('multi_tile_layout-2.2.16.yaml'), join(root, 'cal', 'layout.yaml'));
  return root;
}

const TIME = /\b\d+(?:\.\d+)? (?:s|ms)\b|\b\d+ min \d\d s\b|\b\d+ h \d\d min\b/g;

/** Times as T, moments as HH:MM: figures do not count. */
export const untimed = (text: string): string =>
  text.replace(TIME, 'T').replace(/\b(?:yesterday )?\d\d:\d\d\b(?!:)/g, 'HH:MM');

/** Lines of a template text without their common indent, as a transcript has them. */
export function lines(text: string): string {
  const all = text.replace(/^\n/, '').replace(/\n *$/, '\n').split('\n');
  const indents = all.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const indent = Math.min(...indents);
  return all.map((line) => line.slice(indent)).join('\n');
}
