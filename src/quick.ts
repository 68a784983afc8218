/** What a finished, wholly fresh build may vouch for next time: every file and folder it was decided by. Decides what is safe to vouch for; stores nothing itself. */
import { dirname, isAbsolute } from 'node:path';
import { moduleFiles } from './module-files.ts';
import type { Plan } from './core/types.ts';
import { saveQuick } from './store/quick.ts';
import type { QuickQuestion } from './store/quick.ts';
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
  for (const { path } of ws.modules.values()) for (const file of moduleFiles(path)) once(file);
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
  saveQuick(
    ws.store.folder,
    question,
    { tasks, files: answer.files, environment, decisive },
    paths,
    stamps,
  );
}
