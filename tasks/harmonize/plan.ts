/** Task type harmonize/plan: which events of which runs each harmonic file holds, as the list that the files are made over. */
import { readFileSync, writeFileSync } from 'node:fs';
import { defineTask, TaskError, z } from 'tg';
import type { TaskContext } from 'tg';
import { findingText, isStrict, summaryOf } from './findings.ts';
import { layoutOf, type Format } from './merger-formats.ts';
import { harmonicName, partition, stretchesText } from './partition.ts';
import { readSizes, type ScanHead } from './read-scan.ts';
import { gapText, gapsOf, rangesText } from './ranges.ts';
import { checkMixture, parseRunTable } from './run-table.ts';
import { sibling } from './names.ts';

const params = z.strictObject({
  limit: z.int().nonnegative().describe('bytes'),
  min_run: z.int(),
  max_run: z.int(),
  strict: z.boolean(),
  run_table: z.string().nullable(),
});

interface Run extends ScanHead {
  run: number;
  bytes: ArrayLike<number>;
}

/** @throws TaskError for runs that cannot share files */
export function checkFormats(runs: readonly { run: number; format: Format }[]): '1.0' | '2.0' {
  const old = runs.filter(({ format }) => layoutOf(format) === '1.0');
  const recent = runs.filter(({ format }) => layoutOf(format) === '2.0');
  if (old.length === 0 || recent.length === 0) return recent.length > 0 ? '2.0' : '1.0';
  const named = (list: typeof runs, format: string): string =>
    `${list.length === 1 ? 'run' : 'runs'} ${rangesText(list.map(({ run }) => run))} ${list.length === 1 ? 'is' : 'are'} format ${format}`;
  const first = runs[0]!;
  const last = runs.findIndex(({ format }) => layoutOf(format) !== layoutOf(first.format));
  throw new TaskError(
    `${named(old, '1.0 or older')}, ${named(recent, '2.0')}: they cannot share harmonic files`,
    {
      code: 'mixed-formats',
      try: `max_run: ${runs[last - 1]!.run}, then min_run: ${runs[last]!.run} on its own`,
    },
  );
}

/** @throws TaskError naming what would be passed over without `strict` */
function checkStrict(runs: readonly Run[], gaps: readonly [number, number][]): void {
  const found = runs.flatMap(({ run, findings }) =>
    findings.filter(({ kind }) => isStrict(kind)).map((finding) => findingText(run, finding)),
  );
  const all = [...(gaps.length === 0 ? [] : [gapText(gaps)]), ...found];
  if (all.length === 0) return;
  const more = all.length > 5 ? `; and ${all.length - 5} more` : '';
  throw new TaskError(`strict: ${all.slice(0, 5).join('; ')}${more}`, {
    code: 'strict',
    try: 'strict: false passes over them, and tells them; or another range',
  });
}

async function readRuns(context: TaskContext): Promise<Run[]> {
  const runs: Run[] = [];
  for (const { path, place, run } of context.inputs('scan'))
    runs.push({ run: Number(run), ...(await readSizes(path, place)) });
  return runs.sort((a, b) => a.run - b.run);
}

export default defineTask({
  version: '1',
  params,
  files: ['run_table'],
  async run(context) {
    const { limit, min_run: min, max_run: max, strict } = context.params as z.infer<typeof params>;
    const runs = await readRuns(context);
    const layout = checkFormats(runs);
    const table = context.file('run_table');
    if (table !== null)
      checkMixture(
        parseRunTable(readFileSync(table, 'utf8'), table),
        runs.map(({ run }) => run),
      );
    const numbers = runs.map(({ run }) => run);
    const gaps = gapsOf(numbers, min, max);
    if (strict) checkStrict(runs, gaps);
    if (gaps.length > 0) context.note(gapText(gaps));
    for (const line of summaryOf(runs)) context.note(line);
    const files = partition(
      runs.map(({ run, bytes }) => ({ run: String(run), bytes })),
      limit,
    );
    const lines = files.map(({ stretches, events, bytes }, k) =>
      JSON.stringify({
        name: harmonicName(k),
        layout,
        events,
        bytes,
        runs: stretches.map(({ run }) => run),
        stretches: stretchesText(stretches),
      }),
    );
    writeFileSync(context.output(sibling(context.task, 'plan')), `[\n${lines.join(',\n')}\n]\n`);
    context.count('files', files.length);
    context.count(
      'events',
      files.reduce((n, { events }) => n + events, 0),
    );
  },
});
