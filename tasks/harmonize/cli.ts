/** `tg harmonize -c FILE`: what of the harmonizer's own config tg takes, and what is told where the harmonizer tells it. Builds nothing. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { params, runsIn } from './harmonize.ts';
import { stretchesOf } from './partition.ts';
import { spanText } from './ranges.ts';
import { sizeText } from './size-text.ts';

interface Made {
  files(target: string): { path: string; shown: string }[];
  notes(target: string): string[];
  count(target: string, name: string): number;
}

const RULE = '-'.repeat(61);

/** Files named in the line of events; of more the last is named, too. */
const NAMED = 8;

function before(
  values: Readonly<Record<string, unknown>>,
  paths: Readonly<Record<string, string>>,
): string[] {
  const { min_run: min, max_run: max } = values;
  const runs =
    typeof min === 'number' && typeof max === 'number'
      ? runsIn(paths['merger_path'] ?? '', min, max)
      : [];
  const bytes = runs.reduce(
    (sum, { path }) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  return [
    '--------------------- AT-TPC Harmonizer ---------------------',
    `Total amount of data to be harmonized: ${sizeText(bytes)}`,
    'Harmonizing...',
  ];
}

function after(made: Made): string[] {
  const plan = JSON.parse(readFileSync(made.files('harmonic/plan')[0]!.path, 'utf8')) as {
    name: string;
    events: number;
    bytes: number;
    stretches: string;
  }[];
  const runs = new Set(
    plan.flatMap(({ stretches }) => stretchesOf(stretches).map(({ run }) => Number(run))),
  );
  const files = made.files('harmonic/files');
  const events = plan.reduce((sum, file) => sum + file.events, 0);
  const counted = plan.map((file) => `run_${file.name}.h5 ${file.events}`);
  const shown =
    counted.length > NAMED ? [...counted.slice(0, NAMED - 1), '..', counted.at(-1)!] : counted;
  const largest = plan.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const ends =
    files.length > 2
      ? `${files[0]!.shown} ... ${files.at(-1)!.shown}`
      : files.map((file) => file.shown).join(' ');
  const scalers = made.files('harmonic/scalers')[0]!;
  return [
    `harmonic: ${plan.length} file${plan.length === 1 ? '' : 's'}, ${events} events from ${runs.size} run${runs.size === 1 ? '' : 's'}${runs.size === 0 ? '' : ` (${spanText([...runs])})`}`,
    `  events: ${shown.join(', ')} (at most ${sizeText(largest)})`,
    `  ${basename(scalers.path)}: ${made.count('harmonic/scalers', 'rows')} rows`,
    ...made.notes('harmonic/plan').map((note) => `  note: ${note}`),
    `  files: ${ends} ${scalers.shown}`,
    'Complete.',
    RULE,
  ];
}

export const config = {
  library: 'tg:harmonize',
  entry: 'harmonic',
  keys: Object.keys(params.shape),
  paths: ['merger_path', 'harmonic_path', 'run_table'],
  folder: 'harmonic_path',
  makes: 'create',
  template: `merger_path: ''
harmonic_path: ''
harmonic_size_gb: 10
min_run: 0
max_run: 0
`,
  fill: ['merger_path', 'harmonic_path', 'min_run', 'max_run'],
  examples: [
    'tg harmonize --config harmonizer.yml new',
    'tg harmonize --config harmonizer.yml --workers 4',
  ],
  before,
  after,
};
