/** Fixture cases of the harmonizer, and temporary folders with made-up runs. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { SimulatedRun } from '../../../tasks/harmonize/simulated-run.ts';
import { writeSimulatedRun } from '../../../tasks/harmonize/simulated-run.ts';
import { runFileName } from '../../../tasks/harmonize/merger-formats.ts';

const fixtures = join(process.env['TG_FIXTURES'] ?? '', 'harmonizer');

export const withoutCases: string | false =
  process.env['TG_FIXTURES'] === undefined
    ? 'TG_FIXTURES is not set'
    : existsSync(fixtures)
      ? false
      : `${fixtures} is not there`;

export const CASES = ['case0_upstream_ok', 'case1_basic', 'case2_edges'] as const;
export type Case = (typeof CASES)[number];

export interface ExpectedEvent {
  orig_run: number;
  orig_event: number;
  get: {
    shape: number[];
    sha256: string;
    id: number;
    timestamp: number;
    timestamp_other: number;
  } | null;
  frib: {
    shape_1903: number[];
    sha256_1903: string;
    coinc: number[];
    event: number;
    timestamp: number;
  } | null;
}

export interface Expected {
  harmonic_size_bytes: number;
  min_run: number;
  max_run: number;
  notes: { run: number; event?: number; what: string }[];
  files: { events: ExpectedEvent[] }[];
  n_scaler_rows: number;
  partitions: { [rule: string]: [run: number, event: number][][] };
  outcome: { [rule: string]: { error: string | null; events_written: number } };
}

export const casePath = (name: Case, ...parts: string[]): string => join(fixtures, name, ...parts);

export const expected = (name: Case): Expected =>
  JSON.parse(readFileSync(casePath(name, 'expected/expected.json'), 'utf8')) as Expected;

/** Events by run and number. */
export const eventsOf = ({ files }: Expected): Map<string, ExpectedEvent> =>
  new Map(
    files.flatMap(({ events }) =>
      events.map(({ orig_run, orig_event, get, frib }) => {
        const event = { orig_run, orig_event, get: get ?? null, frib: frib ?? null };
        return [`${orig_run}:${orig_event}`, event] as const;
      }),
    ),
  );

/** A temporary folder, removed when the tests of the file are over. */
export function scratch(): string {
  const root = mkdtempSync(join(tmpdir(), 'tg-harmonic-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Made-up runs in a folder. */
export function simulate(
  folder: string,
  runs: Readonly<Record<number, Partial<SimulatedRun>>>,
): void {
  for (const [run, settings] of Object.entries(runs))
    writeSimulatedRun(join(folder, runFileName(Number(run))), {
      seed: Number(run),
      columns: 20,
      samples: 8,
      ...settings,
    });
}
