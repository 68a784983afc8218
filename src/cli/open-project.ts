/** From -C, -i -o -c and --set to an open project, and the lock of those that write. Runs nothing. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Loaded } from '../procedures/load.ts';
import { findProject } from '../procedures/find-project.ts';
import { shownPath } from '../procedures/files.ts';
import type { Workspace } from '../workspace.ts';
import { refuse } from './verb.ts';
import type { Call } from './verb.ts';

/** What is to be opened: tg.yaml, or what direct mode made of its flags. */
export interface Located {
  load: { file: string } | { loaded: Loaded; storeFolder: string };
  /** Where the store lies. */
  store: string;
  /** What direct mode found out about its inputs: lines of the story. */
  found: readonly string[];
}

/** @throws Refusal when there is no tg.yaml, or -i -o -c do not make sense */
export async function locate(call: Call): Promise<Located> {
  const located = await locateProject(call);
  checkStore(located.store, call.cwd);
  return located;
}

/** A file where the store, or a folder above it, should lie. */
function checkStore(store: string, cwd: string): void {
  for (let path = store; path !== dirname(path); path = dirname(path)) {
    let stat;
    try {
      stat = statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') continue;
      return;
    }
    if (stat === undefined) continue;
    if (stat.isDirectory()) return;
    const shown = shownPath(path, cwd);
    throw refuse(
      'no-access',
      `${shown} is a file, and tg keeps its store in a folder of that name`,
      `mv ${shown} ${shown}.old`,
    );
  }
}

/** Flags of direct mode alone, and what stands for them in a project. */
const DIRECT = [
  ['start_position', '--set charge/raw_events.start_position=VALUE'],
  ['end_position', '--set charge/raw_events.end_position=VALUE'],
  ['drop', 'link: {drop: [VALUE]} in tg.yaml'],
  ['refs', 'link: {refs: VALUE} in tg.yaml'],
  ['parts', 'parts: true in tg.yaml'],
] as const;

async function locateProject(call: Call): Promise<Located> {
  if (call.has('input') || call.has('output') || call.has('library')) {
    const { directMode } = await import('./direct.ts');
    return directMode(call);
  }
  for (const [flag, fix] of DIRECT) {
    if (call.has(flag))
      throw refuse(
        'bad-flag',
        `--${flag} needs -i FILE -o FILE`,
        fix.replace('VALUE', call.value(flag) ?? ''),
      );
  }
  const folder = resolve(call.cwd, call.value('C') ?? '.');
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw refuse('bad-flag', `-C must be a folder, not "${call.value('C') ?? ''}"`, '-C .');
  const file = findProject(folder);
  if (file === undefined)
    throw refuse(
      'no-project',
      'no tg.yaml here or above',
      'tg init --example charge, or -i FILE -o FILE',
    );
  return { load: { file }, store: join(dirname(file), '.tg'), found: [] };
}

/** Opens what was located. @throws Mistakes, StoreError */
export async function openLocated(
  call: Call,
  located: Located,
  write: boolean,
): Promise<Workspace> {
  const { openWorkspace } = await import('../workspace.ts');
  const { shipped } = await import('./shipped.ts');
  return openWorkspace({
    load: located.load,
    cwd: call.cwd,
    shipped,
    set: call.values('set'),
    write,
  });
}

/** For verbs that only look. With `write: false` nothing on the disk is touched. */
export async function openProject(call: Call): Promise<Workspace> {
  return openLocated(call, await locate(call), false);
}

/** Takes the lock of a store, or waits for it with --wait. @throws Refusal `locked`, exit 3 */
export async function lockStore(
  store: string,
  wait: boolean,
  say: (text: string) => void,
): Promise<import('../store/lock.ts').Lock> {
  const { progressOf, takeLock } = await import('../store/lock.ts');
  mkdirSync(store, { recursive: true });
  const path = join(store, 'lock');
  let told = false;
  for (;;) {
    const lock = takeLock(path);
    if ('release' in lock) return lock;
    const { moment } = await import('../report/format.ts');
    const progress = progressOf(path);
    const far = progress === undefined ? '' : ` ${progress.done} of ${progress.tasks} tasks,`;
    const who = `pid ${lock.pid} on ${lock.host},${far} since ${moment(lock.since)}`;
    if (!wait)
      throw refuse('locked', `held by another build: ${who}`, '--wait, or look: tg status', 3);
    if (!told) say(`waiting for another build: ${who}\n`);
    told = true;
    await new Promise((done) => setTimeout(done, 200));
  }
}
