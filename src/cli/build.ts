/** `tg build`: flags to the engine's options, its events to a reporter, its end to an exit code. Decides nothing about tasks. */
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { grouped } from '../core/text.ts';
import type { BuildResult } from '../build.ts';
import type { BuildEvent } from '../core/types.ts';
import { logStamp, quickAnswer } from '../store/quick.ts';
import type { QuickAnswer, QuickList, QuickQuestion, QuickReply } from '../store/quick.ts';
import { VERSION } from '../version.ts';
import type { Workspace } from '../workspace.ts';
import { BUILD_FLAGS, secondsOf } from './build-flags.ts';
import { lockStore, locate, openLocated } from './open-project.ts';
import type { Located } from './open-project.ts';
import type { Call, Verb } from './verb.ts';

export const verb: Verb = {
  flags: BUILD_FLAGS,
  examples: [
    'tg build charge/events --workers 8',
    'tg build charge/events@r41..r45 --keep-going',
    'tg build charge/events -i packets.h5 -o out.h5',
  ],
  async run(call) {
    if (call.has('question')) return ask(call);
    if (call.has('dry-run')) return (await planVerb()).run(call);
    const openedAt = Date.now();
    const located = await locate(call);
    if (!call.json && !call.quiet) located.found.forEach(call.err);
    const question = questionOf(call, located);
    const seen = logStamp(located.store);
    const reply = question === undefined ? undefined : quick(located, question);
    if (reply !== undefined && 'fresh' in reply) {
      tellFresh(call, reply.fresh);
      return 0;
    }
    const lock = await lockStore(
      located.store,
      call.has('wait'),
      call.json ? () => undefined : call.err,
    );
    try {
      // Another build may have ended while this one waited for the lock: then nothing of before counts.
      const before = seen === logStamp(located.store) ? reply : undefined;
      return await runBuild(call, located, { question, before, openedAt }, lock);
    } finally {
      lock.release();
    }
  },
};

const planVerb = async (): Promise<Verb> => {
  const { VERBS } = await import('./verbs.ts');
  return (await VERBS.find(({ name }) => name === 'plan')!.load()).verb;
};

/** --question is the plan without a word. */
async function ask(call: Call): Promise<number> {
  const silent = (): void => undefined;
  const has = (flag: string): boolean => flag === 'exit-code' || call.has(flag);
  return (await planVerb()).run({ ...call, has, json: false, out: silent, err: silent });
}

/** What a wholly fresh build may be remembered by; undefined when flags ask for more than that. */
function questionOf(call: Call, located: Located): QuickQuestion | undefined {
  const more = ['force', 'force-all', 'only', 'rehash', 'trace', 'json', 'verbose', 'input'];
  if (more.some(call.has)) return undefined;
  const root = 'file' in located.load ? [located.load.file] : [];
  const sets = call.values('set').map((word) => `--set ${word}`);
  return { tg: VERSION, words: [...call.words, ...sets, ...root], cwd: call.cwd };
}

/** Everything stats as it did when all of it was fresh: told without reading anything. */
const quick = (located: Located, question: QuickQuestion): QuickReply =>
  'file' in located.load ? quickAnswer(dirname(located.store), located.store, question) : undefined;

function tellFresh(call: Call, { tasks, files }: QuickAnswer): void {
  if (!call.quiet) {
    const n = grouped(tasks);
    const word = tasks === 1 ? 'task' : 'tasks';
    const seconds = performance.now() / 1000;
    const took = seconds.toFixed(seconds < 0.095 ? 2 : 1);
    call.err(`${n} ${word}: ${n} fresh, nothing to do (${took} s)\n`);
  }
  if (!process.stdout.isTTY) call.out(files.map((file) => `${file}\n`).join(''));
}

/** @param tell what the result is told by, in place of the files that were asked for */
export async function runBuild(
  call: Call,
  located: Located,
  known: {
    question: QuickQuestion | undefined;
    /** What was so when all was fresh, and what is not. */
    before: { changed: readonly string[]; list: QuickList } | undefined;
    openedAt: number;
  },
  lock: Awaited<ReturnType<typeof lockStore>>,
  tell?: (ws: Workspace, result: BuildResult) => void,
): Promise<number> {
  const [{ build }, { endOrphans }, { openReporter }, { onSignals }] = await Promise.all([
    import('../build.ts'),
    import('../execute/orphans.ts'),
    import('./reporter.ts'),
    import('./interrupt.ts'),
  ]);
  const ws = await openLocated(call, located, true);
  if (call.has('rehash')) ws.store.stats.clear();
  const reporter = await openReporter(call, ws);
  const interrupt = onSignals(
    (name) => reporter.stopping(name),
    () => {
      reporter.end();
      endOrphans(join(located.store, 'stage'));
      lock.release();
    },
  );
  const number = (flag: string): number | undefined =>
    call.value(flag) === undefined ? undefined : Number(call.value(flag));
  const report = (event: BuildEvent): void => {
    reporter.report(event);
    if (event.type === 'tick' || event.type === 'planned') {
      const { settled, tasks } = reporter.story;
      lock.progress(settled.size, tasks);
    }
  };
  const maxFailures = number('max-failures');
  try {
    const result = await build(ws, {
      words: call.words,
      workers: number('workers') ?? ws.project.workers ?? availableParallelism(),
      keepGoing: call.has('keep-going') || maxFailures !== undefined,
      maxFailures: maxFailures ?? Infinity,
      kill: call.has('kill'),
      force: call.has('force'),
      forceAll: call.has('force-all'),
      only: call.has('only'),
      retries: number('retries'),
      timeout: call.value('timeout') === undefined ? undefined : secondsOf(call.value('timeout')!),
      changed: known.before?.changed,
      report,
      interrupt: interrupt.signal,
    });
    const files = reporter.finish(result);
    if (tell !== undefined) tell(ws, result);
    else if (!call.json && !process.stdout.isTTY)
      call.out(files.map((file) => `${file}\n`).join(''));
    if (known.question !== undefined && result.exit === 0 && reporter.allGood()) {
      const { rememberFresh, renewFresh } = await import('../quick.ts');
      const { question, before, openedAt } = known;
      const done = reporter.story.done.map(({ task }) => task);
      if (before !== undefined)
        renewFresh(ws, result.plan, question, before.list, before.changed, done, openedAt);
      else rememberFresh(ws, result.plan, question, { files }, openedAt);
    }
    return result.exit;
  } finally {
    reporter.end();
    interrupt.release();
  }
}
