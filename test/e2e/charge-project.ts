/** Projects of the charge fixtures and of simulated runs for the real command line, and what a folder holds. Knows no verb. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Json } from 'tg';
import {
  anodeOf,
  packetsOf,
  pixelJson,
  simulateParams,
  writePackets,
  type SimulateParams,
} from '../../tasks/charge/simulate.ts';
import { simulatedConfigurations, simulatedPedestals } from '../../tasks/charge/simulated-anode.ts';
import { fixture, folder, run } from '../helpers/cli.ts';
import type { RunOptions, Said } from '../helpers/cli.ts';
import { caseOf, paramsOf } from '../tasks/charge/cases.ts';

/** The cases that have upstream's tables up to events. */
export const WHOLE_CASES = [
  'cosmic10k',
  'cosmic10k_b2048',
  'rollover_notrig',
  'quiet_gap_b300',
  'one_second',
  'larndsim12k',
] as const;

export const EDGE_CASES = ['edge_empty', 'edge_nodata', 'edge_no_timestamps'] as const;

/** Copies a file so that it can be changed (the fixtures are read-only). */
export function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o644);
}

export const JSON_PROJECT = {
  libraries: ['tg:charge'],
  sources: { packets: 'raw/{run}.h5' },
} as const;

/** One project with a run per case, each with its case's parameters and `compat: upstream`. */
export function casesProject(names: readonly string[]): string {
  const overrides = names.map((name) => ({
    runs: name,
    parameters: paramsOf(caseOf(name), 'upstream'),
  }));
  const root = folder({ 'tg.yaml': JSON.stringify({ ...JSON_PROJECT, overrides }) });
  for (const name of names) place(fixture(name, 'packets.h5'), join(root, 'raw', `${name}.h5`));
  return root;
}

/** A project of simulated runs, `{run: settings}`, with calibration files; needs no fixtures. */
export function simulatedProject(
  runs: Readonly<Record<string, Partial<SimulateParams>>>,
  parameters: Readonly<Record<string, Record<string, Json>>> = {},
): string {
  const small = { tiles: 4, chips: 3 };
  const anode = anodeOf(simulateParams(small));
  const root = folder({
    'tg.yaml': JSON.stringify({
      ...JSON_PROJECT,
      parameters: {
        ...parameters,
        // The anode is small: tracks of some thirty pixels.
        'charge/raw_events': { nhit_cut: 15, ...parameters['charge/raw_events'] },
        'charge/hits': {
          pedestal_file: 'cal/ped.json',
          configuration_file: 'cal/cfg.json',
          geometry_file: 'cal/layout.yaml',
          ...parameters['charge/hits'],
        },
      },
    }),
    'cal/ped.json': pixelJson(simulatedPedestals(anode, 1)),
    'cal/cfg.json': pixelJson(simulatedConfigurations(anode, 2)),
    'cal/layout.yaml': anode.text,
  });
  mkdirSync(join(root, 'raw'));
  for (const [name, given] of Object.entries(runs)) {
    const settings = simulateParams({ seconds: 2, ...small, ...given });
    const path = join(root, 'raw', `${name}.h5`);
    writePackets(path, packetsOf(settings, anode), settings.unix_start);
  }
  return root;
}

/** `tg build WORDS` that ends well. */
export async function built(
  root: string,
  words: readonly string[] = [],
  options: RunOptions = {},
): Promise<Said> {
  const said = await run(['build', ...words], { cwd: root, ...options });
  assert.equal(said.code, 0, said.stderr + said.stdout);
  return said;
}

export interface Told {
  ran: string[];
  fresh: string[];
  failed: string[];
  /** Reasons of what ran, by task. */
  reasons: Record<string, Json>;
  done: Record<string, { rows: Record<string, number>; lost: Json; notes: Json }>;
  finished: Record<string, Json>;
}

interface Line {
  type: string;
  task: string;
  reasons: Json;
  outputs: { target: string; rows: number }[];
  lost: Json;
  notes: Json;
}

/** `tg build WORDS --json`, its lines by kind. */
export async function buildTold(
  root: string,
  words: readonly string[] = [],
  code = 0,
): Promise<Told> {
  const said = await run(['build', ...words, '--json'], { cwd: root });
  assert.equal(said.stderr, '');
  assert.equal(said.code, code, said.stdout);
  const lines = said.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const tasks = (type: string): string[] =>
    lines.flatMap((line) => (line.type === type ? [line.task] : [])).sort();
  const told: Told = {
    ran: tasks('done'),
    fresh: tasks('fresh'),
    failed: tasks('failed'),
    reasons: {},
    done: {},
    finished: lines.at(-1) as unknown as Told['finished'],
  };
  for (const { type, task, reasons, outputs, lost, notes } of lines) {
    if (type === 'stale') told.reasons[task] = reasons;
    if (type !== 'done') continue;
    const rows = Object.fromEntries(outputs.map((output) => [output.target, output.rows]));
    told.done[task] = { rows, lost, notes };
  }
  return told;
}

/** Path -> hash of every file below some folders of a project, sorted. */
export function contents(root: string, ...below: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of below) {
    const entries = readdirSync(join(root, part), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      found[path.slice(root.length + 1)] = createHash('sha256').update(bytes).digest('hex');
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What tg makes: flow files and artifacts. */
export const made = (root: string): Record<string, string> =>
  contents(root, 'build', '.tg/artifacts');
