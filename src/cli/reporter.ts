/** Picks the reporter: JSON, plain text, or a live view with text above it; adds what events do not carry. Draws nothing itself. */
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { BuildResult } from '../build.ts';
import type { BuildEvent, Reporter, TaskFailure } from '../core/types.ts';
import { shownPath, shownPaths } from '../procedures/files.ts';
import { renderDiagnostics } from '../report/diagnostic.ts';
import type { Outcome } from '../report/outcome.ts';
import { newStory } from '../report/story.ts';
import type { Story } from '../report/story.ts';
import { textReporter } from '../report/text.ts';
import type { TextOptions } from '../report/text.ts';
import { below } from '../store/store.ts';
import { yamlThen } from '../store/yaml-history.ts';
import { VERSION } from '../version.ts';
import type { Workspace } from '../workspace.ts';
import { askedPaths } from './asked-paths.ts';
import { again } from './build-flags.ts';
import { viewOf } from './tell.ts';
import type { Call } from './verb.ts';

export interface BuildReporter {
  story: Story;
  report(event: BuildEvent): void;
  /** The first signal came. */
  stopping(signal: string): void;
  /** Tells the end, now that all is known. @returns paths of what was asked for and is there */
  finish(result: BuildResult): readonly string[];
  /** Is everything fresh or done? */
  allGood(): boolean;
  /** Leaves the terminal as it was; also after an error. */
  end(): void;
}

export async function openReporter(call: Call, ws: Workspace): Promise<BuildReporter> {
  const began = performance.now();
  const now = (): number => (performance.now() - began) / 1000;
  const story = newStory((task) => ws.store.entry(task));
  // Most paths are below the root where the user stands: ten thousand of them need no arithmetic.
  const atRoot = call.cwd === ws.root;
  const shown = (path: string): string =>
    isAbsolute(path)
      ? shownPath(path, call.cwd)
      : atRoot
        ? path
        : shownPath(join(ws.root, path), call.cwd);
  const manner = {
    verbose: call.verbose,
    keepGoing: call.has('keep-going') || call.has('max-failures'),
    maxFailures: Number(call.value('max-failures') ?? 0),
    again: again(call),
    shown,
    newcomer: ws.store.builds().length === 0 && !call.has('input'),
    edited: call.verbose ? editedYaml(ws).map(shown) : [],
  };
  let outcome: Outcome | undefined;
  let write = call.err;
  let end = (): void => undefined;
  const reporters: Reporter[] = [];

  const isLive = !call.json && !call.quiet && hasLiveView();
  if (isLive) {
    const { liveView } = await import('../report/live.ts');
    const live = liveView(process.stderr, story, now);
    reporters.push(live.report);
    write = live.above;
    end = live.end;
  }
  if (call.json) {
    const { jsonReporter } = await import('../report/json.ts');
    const { line } = call;
    reporters.push(jsonReporter({ story, shown, tg: VERSION, line, outcome: () => outcome }));
  } else {
    const level: TextOptions['level'] = call.quiet
      ? 'quiet'
      : isLive && !call.verbose
        ? 'closing'
        : 'tasks';
    reporters.push(
      textReporter({
        story,
        manner,
        ink: call.ink.err,
        level,
        write: (text) => write(text),
        diagnostic: (diagnostic) =>
          renderDiagnostics([diagnostic], { ...viewOf(call), closing: false }),
        outcome: () => outcome,
        seconds: () => performance.now() / 1000,
      }),
    );
  }
  const traceFile = call.value('trace');
  if (traceFile !== undefined) {
    const { traceReporter } = await import('../report/chrome-trace.ts');
    reporters.push(traceReporter(traceFile));
  }
  const { whereInFile } = await import('../procedures/where-in-file.ts');

  /** Places of failures, and paths as the user sees them. */
  function completed(event: BuildEvent): BuildEvent {
    if (event.type !== 'failed' && event.type !== 'retry') return event;
    return { ...event, failure: placed(event.failure) };
  }
  function placed(failure: TaskFailure): TaskFailure {
    const { at } = failure;
    const keys = at?.keys;
    const where = at !== undefined && keys !== undefined ? whereInFile(at.file, keys) : undefined;
    const message = shownPaths(failure.message, call.cwd);
    return { ...failure, message, ...(where === undefined ? {} : { where }) };
  }

  let t = 0;
  const tell = (event: BuildEvent): void => {
    // Ten thousand fresh tasks come in one breath, and a look at the clock may cost microseconds.
    if (event.type !== 'fresh' || call.json || call.verbose) t = now();
    story.take(event, t);
    for (const reporter of reporters) reporter(event, t);
  };
  let finished: BuildEvent | undefined;
  return {
    story,
    report(event) {
      // What stands in the closing lines is known when the engine has returned.
      if (event.type === 'finished') finished = event;
      else tell(completed(event));
    },
    stopping(signal) {
      const n = story.running.size;
      const how = signal === 'SIGINT' ? '^C ' : '';
      // The terminal has written ^C itself.
      const start = process.stderr.isTTY ? '\r' : '';
      const tasks = `${n} task${n === 1 ? '' : 's'}`;
      if (!call.json)
        write(`${start}${how}stopping ${tasks}, finished work is kept (Ctrl-C again: at once)\n`);
    },
    finish(result) {
      end();
      write = call.err;
      const there = (i: number): boolean => {
        const state = result.state(i);
        return state === 'fresh' || state === 'done';
      };
      const unmade = (i: number): boolean => ['failed', 'cancelled'].includes(result.state(i));
      let files: readonly string[] | undefined;
      outcome = {
        plan: result.plan,
        wanted: result.wanted,
        there,
        contents: (task) => result.contents(task),
        files: () =>
          (files ??= askedPaths(ws, result.plan.tasks, result.wanted, there, unmade).map(shown)),
      };
      if (finished !== undefined) tell(finished);
      return outcome.files();
    },
    allGood: () => story.settled.size > 0 && story.settled.size === story.fresh + story.done.length,
    end: () => end(),
  };
}

/** YAML files that are not as the last build had them. */
function editedYaml(ws: Workspace): string[] {
  return ws.project.files.filter((file) => {
    const copy = yamlThen(ws.store, below(ws.root, file), Infinity);
    return copy !== undefined && !readFileSync(copy).equals(readFileSync(file));
  });
}

/** Only a terminal, not a dumb one, not in CI. */
function hasLiveView(): boolean {
  const { TERM, CI } = process.env;
  return process.stderr.isTTY && TERM !== 'dumb' && CI === undefined;
}
