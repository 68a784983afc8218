/** What a finished, wholly fresh build may vouch for next time: every file and folder it was decided by. Decides what is safe to vouch for; stores nothing itself. */
import { dirname, isAbsolute } from 'node:path';
import { moduleFiles } from './module-files.ts';
import type { Plan, Task } from './core/types.ts';
import { RECORDS, WIDTH, saveQuick } from './store/quick.ts';
import type { QuickList, QuickQuestion } from './store/quick.ts';
import { statOf } from './store/stat-cache.ts';
import { absolute, below } from './store/store.ts';
import type { Workspace } from './workspace.ts';

/**
 * Saves the quick answer, when all of it can be vouched for. A file counts only if its last change (ctime) lies before the moment
 * this process began to read: then what was read is what the stat speaks of. Outputs are vouched for by the stats taken when they
 * were published or hashed.
 * @param openedAt ms, taken before the project was opened
 */
export function rememberFresh(
  ws: Workspace,
  plan: Plan,
  question: QuickQuestion,
  answer: { files: readonly string[] },
  openedAt: number,
): void {
  const paths: string[] = [];
  let stamps = new Float64Array(1024);
  let n = 0;
  const push = (path: string, size: number, mtime: number, ctime: number, ino: number): void => {
    if ((n + 1) * 4 > stamps.length) {
      const grown = new Float64Array(stamps.length * 2);
      grown.set(stamps);
      stamps = grown;
    }
    const k = 4 * n++;
    stamps[k] = size;
    stamps[k + 1] = mtime;
    stamps[k + 2] = ctime;
    stamps[k + 3] = ino;
    paths.push(path);
  };
  const limit = openedAt - ws.store.stats.racy;
  let safe = true;
  const input = (path: string): void => {
    const stat = statOf(absolute(ws.root, path));
    if (stat === undefined) push(path, -1, 0, 0, 0);
    else {
      if (Math.max(stat.mtimeMs, stat.ctimeMs) >= limit) safe = false;
      push(path, stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino);
    }
  };
  const { project } = ws;
  const seen = new Set<string>();
  const once = (path: string): void => {
    const shown = below(ws.root, path);
    if (!seen.has(shown)) input(shown);
    seen.add(shown);
  };
  // A tg.yaml that appears nearer to the user would be the one to use.
  for (const file of project.files) once(file);
  if (project.runs !== undefined) once(project.runs.file);
  // A shipped module is bundled: the names of its pieces, which stand in it, change with what is in them.
  for (const { path, user } of ws.modules.values())
    for (const file of user ? moduleFiles(path) : [path]) once(file);
  const environment: Record<string, string | null> = {};
  for (const procedure of project.procedures) {
    for (const file of procedure.depends)
      once(isAbsolute(file) ? file : `${procedure.folder}/${file}`);
    for (const name of procedure.environment) environment[name] = process.env[name] ?? null;
    if (procedure.always || typeof procedure.each === 'object') return;
  }
  for (const source of project.sources) {
    const folder = dirname(source.pattern);
    // A pattern over several folders would need a look at each of them.
    if (/[{*]/.test(folder)) return;
    once(folder);
  }
  const decisive = n;
  let tasks = 0;
  for (const i of plan.order) {
    const task = plan.tasks[i]!;
    if (plan.wanted[i] === 1) tasks++;
    else if (ws.store.entry(task.id) === undefined) continue;
    for (const file of Object.values(task.files)) if (file.path !== null) once(file.path);
    for (const output of task.outputs) {
      const row = ws.store.stats.row(
        output.place === '' ? output.path : `${output.path}::${output.place}`,
      );
      if (row === undefined) return;
      push(output.path, row[0], row[1], row[2], row[3]);
    }
  }
  for (const source of plan.sources.values()) {
    for (const { path } of source.files) {
      // The stat under which its id was taken, or, of what nobody read, the stat it has now.
      const row = ws.store.stats.row(source.place === '' ? path : `${path}::${source.place}`);
      if (row === undefined) input(path);
      else push(path, row[0], row[1], row[2], row[3]);
    }
  }
  if (!safe) return;
  for (const name of ['log', 'snapshot']) {
    const path = `${ws.store.folder}/${name}`;
    const stat = statOf(path);
    push(
      below(ws.root, path),
      stat?.size ?? -1,
      stat?.mtimeMs ?? 0,
      stat?.ctimeMs ?? 0,
      stat?.ino ?? 0,
    );
  }
  saveQuick(ws.store.folder, question, {
    answer: { tasks, files: answer.files, environment, decisive },
    paths,
    stamps,
  });
}

/**
 * The same after a build that began with a list of which only files of single tasks had changed, and ended with all of it fresh:
 * what changed, what was made of it and the records get new stamps, everything else keeps the one it has.
 * @param done tasks that ran
 */
export function renewFresh(
  ws: Workspace,
  plan: Plan,
  question: QuickQuestion,
  list: QuickList,
  changed: readonly string[],
  done: readonly Task[],
  openedAt: number,
): void {
  const { stats } = ws.store;
  const key = (path: string, place: string): string => (place === '' ? path : `${path}::${place}`);
  // Under which name the stat was kept with which an id was taken.
  const keys = new Map<string, string>(changed.map((path) => [path, path]));
  for (const source of plan.sources.values())
    for (const { path } of source.files)
      if (keys.has(path)) keys.set(path, key(path, source.place));
  const outputs = new Set<string>();
  for (const task of done)
    for (const { path, place } of task.outputs) {
      keys.set(path, key(path, place));
      outputs.add(path);
    }
  const limit = openedAt - stats.racy;
  const stamps = list.stamps.slice();
  const { paths } = list;
  for (const [i, path] of paths.entries()) {
    const isRecord = i >= paths.length - RECORDS;
    const known = keys.get(path);
    if (known === undefined && !isRecord) continue;
    let stamp = known === undefined ? undefined : stats.row(known);
    if (stamp === undefined) {
      // Of what is made the stat counts that it was published with.
      if (outputs.has(path)) return;
      const stat = statOf(absolute(ws.root, path));
      if (!isRecord && stat !== undefined && Math.max(stat.mtimeMs, stat.ctimeMs) >= limit) return;
      stamp =
        stat === undefined ? [-1, 0, 0, 0] : [stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino];
    }
    stamps.set(stamp, i * WIDTH);
  }
  saveQuick(ws.store.folder, question, { ...list, stamps });
}
