/** Task type harmonize: the harmonizer's five keys as the tasks that they stand for. Looks at folders, reads no run. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { bytesOf, defineStanding, StandInError, z } from 'tg';
import type { Hindrance, StandIns } from 'tg';
import { runOfFileName } from './merger-formats.ts';

const size = z.union([z.number(), z.string()]).nullable().default(null);

export const params = z.strictObject({
  merger_path: z.string().min(1),
  harmonic_path: z.string().min(1),
  harmonic_size_gb: size.describe('GB, or text with a unit'),
  harmonic_size: size.describe('bytes, or text with a unit'),
  harmonic_size_bytes: size.describe('bytes'),
  min_run: z.int(),
  max_run: z.int(),
  strict: z.boolean().default(false),
  create: z.boolean().default(false),
  run_table: z.string().nullable().default(null),
});

type Params = z.infer<typeof params>;

const mistake = (code: string, message: string, fix: string, parameter: string): StandInError =>
  new StandInError({ code, message, try: fix, parameter });

/** Bytes of payload that end a file. A bare `harmonic_size_gb` is in units of 10^9, as upstream's. @throws StandInError */
export function limitOf(given: Params): number {
  const names = ['harmonic_size_gb', 'harmonic_size', 'harmonic_size_bytes'] as const;
  const there = names.filter((name) => given[name] !== null);
  const [name] = there;
  if (name === undefined || there.length > 1)
    throw mistake(
      there.length > 1 ? 'bad-value' : 'missing-key',
      there.length > 1
        ? `${there.join(' and ')} say the same: one of them`
        : 'the size of a harmonic file is not given',
      'harmonic_size: 10 GB',
      there[1] ?? 'harmonic_path',
    );
  const value = given[name]!;
  const scale = name === 'harmonic_size_gb' && typeof value === 'number' ? 1e9 : 1;
  const found = bytesOf(typeof value === 'number' ? value * scale : value);
  if (found === undefined)
    throw mistake('bad-value', `${name} is no size: ${value}`, `${name}: 500 MB`, name);
  return found;
}

/** The path with all that is there of it resolved. */
function realOf(path: string): string {
  let at = resolve(path);
  const rest: string[] = [];
  for (;;) {
    try {
      return join(realpathSync(at), ...rest);
    } catch {
      if (dirname(at) === at) return path;
      rest.unshift(at.slice(dirname(at).length).replace(/^\//, ''));
      at = dirname(at);
    }
  }
}

const isFolder = (path: string): boolean | undefined =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory();

function checkPlaces(merger: string, harmonic: string): void {
  const [from, to] = [realOf(merger), realOf(harmonic)];
  if (from === to || to.startsWith(`${from}/`))
    throw mistake(
      'overwrites-input',
      `harmonic_path is ${from === to ? 'merger_path' : 'inside of merger_path'}: inputs would be overwritten`,
      'another folder',
      'harmonic_path',
    );
  if (isFolder(harmonic) === false)
    throw mistake('bad-value', `harmonic_path is a file: ${harmonic}`, 'a folder', 'harmonic_path');
}

/** Merged runs of the range, ascending. */
export function runsIn(
  folder: string,
  min: number,
  max: number,
): { run: number; path: string; name: string }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const run = runOfFileName(name);
      return run === undefined || run < min || run > max
        ? []
        : [{ run, name, path: join(folder, name) }];
    })
    .sort((a, b) => a.run - b.run);
}

export default defineStanding({
  version: '1',
  params,
  files: ['merger_path', 'harmonic_path', 'run_table'],
  standsFor({ name, params: given, file }): StandIns {
    const settings = given as Params;
    const { min_run: min, max_run: max, strict, create } = settings;
    const limit = limitOf(settings);
    if (max < min)
      throw mistake(
        'empty-range',
        `max_run ${max} is below min_run ${min}`,
        `max_run: ${min}`,
        'max_run',
      );
    const merger = file('merger_path')!;
    const harmonic = file('harmonic_path')!;
    checkPlaces(merger, harmonic);
    const absent: Hindrance | undefined =
      create || isFolder(harmonic) === true
        ? undefined
        : {
            code: 'no-file',
            message: `harmonic_path is not there: ${settings.harmonic_path}`,
            try: `mkdir ${settings.harmonic_path}, or create: true`,
            parameter: 'harmonic_path',
          };
    const hindered = absent === undefined ? {} : { hindered: absent };
    const own = (what: string): string => `${name}/${what}`;
    const shared = { limit, min_run: min, max_run: max, strict, run_table: file('run_table') };
    return {
      sources: {
        [own('merged')]: {
          pattern: join(merger, 'run_{run:d}.h5'),
          written: `${settings.merger_path.replace(/\/$/, '')}/run_NNNN.h5, runs ${min} to ${max}`,
          parameter: 'merger_path',
          files: runsIn(merger, min, max).map(({ run, path }) => ({ path, run: String(run) })),
        },
      },
      procedures: [
        {
          name: own('scan'),
          type: 'harmonize/scan',
          inputs: { merged: own('merged') },
          outputs: { [own('scan')]: { inner: true }, [own('run_scalers')]: { inner: true } },
          parameters: {},
          each: 'run',
        },
        {
          name: own('plan'),
          type: 'harmonize/plan',
          inputs: { scan: own('scan') },
          outputs: { [own('plan')]: { path: `${own('plan')}.json`, inner: true } },
          parameters: shared,
          each: 'all',
          ...hindered,
        },
        {
          name: own('files'),
          type: 'harmonize/write',
          inputs: { scan: `${own('scan')}@*`, merged: `${own('merged')}@*` },
          outputs: { [own('files')]: { path: join(harmonic, 'run_{name}.h5'), alone: true } },
          parameters: {},
          each: { target: own('plan') },
          checked: true,
          ...hindered,
        },
        {
          name: own('scalers'),
          type: 'harmonize/scalers',
          inputs: { scalers: own('run_scalers') },
          outputs: { [own('scalers')]: { path: join(harmonic, 'scalers.parquet') } },
          parameters: {},
          each: 'all',
          // What the plan refuses is refused before anything is written.
          after: [own('plan')],
          ...hindered,
        },
      ],
      meant: [own('files'), own('scalers')],
    };
  },
});
