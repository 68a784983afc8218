/** `tg history`: past builds, the last first. Prints what the log of the store holds. */
import { dirname } from 'node:path';
import { openStore } from '../store/store.ts';
import { VERSION } from '../version.ts';
import { locate } from './open-project.ts';
import { duration, grouped, moment } from '../report/format.ts';
import type { BuildRecord } from '../store/store.ts';
import { PROJECT_FLAGS } from './verb.ts';
import type { Verb } from './verb.ts';

const HEAD = ['build', 'when', 'took', 'done', 'fresh', 'failed', 'targets'];
/** Numbers stand at the right of their column. */
const RIGHT = new Set(['build', 'done', 'fresh', 'failed']);

function cells(build: BuildRecord): string[] {
  const number = (n: number | undefined): string => (n === undefined ? '' : grouped(n));
  return [
    String(build.build),
    moment(build.time),
    build.seconds === undefined ? 'no end' : duration(build.seconds),
    number(build.done),
    number(build.fresh),
    number(build.failed),
    build.targets.join(' '),
  ];
}

/** Head and rows in columns; the last is not padded. */
export function historyLines(builds: readonly BuildRecord[]): string[] {
  const rows = [HEAD, ...builds.map(cells)];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (RIGHT.has(HEAD[i]!) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

export const verb: Verb = {
  flags: [...PROJECT_FLAGS],
  async run(call) {
    // What was built can be told whatever tg.yaml says now.
    const { store: folder } = await locate(call);
    const store = openStore(dirname(folder), folder, VERSION, false);
    const builds = [...store.builds()].reverse();
    if (call.json)
      for (const { time, ...build } of builds)
        call.line({ type: 'build', ...build, time: new Date(time * 1000).toISOString() });
    else if (builds.length === 0) call.err('note: nothing was built here yet\n');
    else
      call.out(
        historyLines(builds)
          .map((line) => `${line}\n`)
          .join(''),
      );
    return 0;
  },
};
