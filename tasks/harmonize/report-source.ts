/** From what `tg report harmonic` is given to files and runs: a folder, one file, or the config that made them. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TaskError } from 'tg';
import { parse } from 'yaml';
import { runsIn } from './harmonize.ts';

export interface ReportSource {
  files: { name: string; path: string }[];
  /** Merged runs; undefined when nobody says where they are. */
  runs: ((first: number, last: number) => { run: number; path: string }[]) | undefined;
  /** First and last run that were asked for, where the config tells. */
  range: [number, number] | undefined;
}

const FILE = /^run_\d{4,}\.h5$/;

/** @throws TaskError when there are no harmonic files */
export function reportSource(given: string, merger: string | undefined): ReportSource {
  const stat = statSync(given, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new TaskError(`no file ${given}`, { try: 'a folder of harmonic files, or their config' });
  const wholeRange =
    merger === undefined ? undefined : (first: number, last: number) => runsIn(merger, first, last);
  if (stat.isDirectory()) return { files: filesIn(given), runs: wholeRange, range: undefined };
  if (!/\.ya?ml$/.test(given))
    return {
      files: [{ name: basename(given), path: given }],
      runs: wholeRange,
      range: undefined,
    };
  const config = (parse(readFileSync(given, 'utf8')) ?? {}) as Record<string, unknown>;
  const path = (key: string): string => {
    const value = config[key];
    if (typeof value !== 'string' || value === '')
      throw new TaskError(`${given} has no ${key}`, { try: `${key}: FOLDER` });
    const here = resolve(dirname(given), value);
    return !existsSync(here) && existsSync(resolve(value)) ? resolve(value) : here;
  };
  const [min, max] = [Number(config['min_run']), Number(config['max_run'])];
  const from = merger ?? path('merger_path');
  return {
    files: filesIn(path('harmonic_path')),
    runs: () => runsIn(from, min, max),
    range: [min, max],
  };
}

function filesIn(folder: string): ReportSource['files'] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => FILE.test(name)) : [];
  if (names.length === 0)
    throw new TaskError(`${folder} holds no harmonic files`, { try: 'tg build harmonic' });
  return names
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .map((name) => ({ name, path: join(folder, name) }));
}
