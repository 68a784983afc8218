/** Long-lived workers, started lazily: threads for most jobs, a child process for modules that ask for one. Knows jobs, not tasks. */
import { setTimeout as wait } from 'node:timers/promises';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { moduleUrl } from '../package.ts';
import { endGroup, holdGroup, killGroup } from './groups.ts';
import type { FromWorker, Job, JobError, JobEvent, JobResult, ToWorker } from './job.ts';

const ENTRY = new URL(moduleUrl('src/execute/worker.js'));
/** A job that was told to stop gets this long to do so by itself. */
const GRACE_MS = 200;

/** A job that failed, as data. */
export class JobFailure extends Error {
  readonly error: JobError;
  constructor(error: JobError) {
    super(error.message);
    this.error = error;
  }
}

const stopped = (): JobFailure => new JobFailure({ code: 'interrupted', message: 'stopped' });

interface Hand {
  number: number;
  post(message: ToWorker | { abort: true }): void;
  end(): Promise<void>;
  job:
    | {
        n: number;
        resolve(result: JobResult): void;
        reject(error: Error): void;
        emit(event: JobEvent): void;
      }
    | undefined;
}

export interface Workers {
  /** Runs a job on an idle worker (the caller keeps within the number of workers). Rejects with JobFailure. */
  run(
    job: Job,
    options: {
      process?: boolean;
      signal: AbortSignal;
      emit(event: JobEvent): void;
      started?(worker: number): void;
    },
  ): Promise<JobResult>;
  close(): Promise<void>;
}

/** Longer than V8 compiles one function. */
const CALM_MS = 10;

export function openWorkers(): Workers {
  const idle: Hand[] = [];
  const all = new Set<Hand>();
  let jobs = 0;
  const numbers = new Set<number>();

  function hire(asProcess: boolean): Hand {
    let number = 1;
    while (numbers.has(number)) number++;
    numbers.add(number);
    const hand: Hand = asProcess ? processHand(number) : threadHand(number);
    all.add(hand);
    return hand;
  }
  function dismiss(hand: Hand): Promise<void> {
    if (!all.delete(hand)) return Promise.resolve();
    numbers.delete(hand.number);
    return hand.end();
  }
  const received = (hand: Hand, message: FromWorker): void => {
    const job = hand.job;
    if (job === undefined || message.n !== job.n) return;
    if ('event' in message) job.emit(message.event);
    else if ('result' in message) job.resolve(message.result);
    else job.reject(new JobFailure(message.error));
  };
  /** The worker is gone while it had a job: that task fails, the engine and the others go on. */
  const died = (hand: Hand, how: string): void => {
    void dismiss(hand);
    hand.job?.reject(
      new JobFailure({
        code: 'command',
        message: `its worker ended: ${how}`,
        try: 'tg log shows what it printed',
      }),
    );
  };

  function threadHand(number: number): Hand {
    const worker = new Worker(ENTRY, { stdout: false, stderr: false });
    const hand: Hand = {
      number,
      job: undefined,
      post: (message) => worker.postMessage(message),
      async end() {
        worker.removeAllListeners('exit');
        await worker.terminate();
      },
    };
    worker.on('message', (message: FromWorker) => received(hand, message));
    worker.on('error', (error) => died(hand, error.message.split('\n')[0]!.slice(0, 300)));
    worker.on('exit', (code) => died(hand, `exit ${code}`));
    return hand;
  }
  function processHand(number: number): Hand {
    // A group of its own: what the module starts ends with it.
    const child = fork(fileURLToPath(ENTRY), [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) {
      holdGroup(pid);
      child.once('exit', () => endGroup(pid));
    }
    let errors = '';
    child.stderr?.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-2000)));
    const hand: Hand = {
      number,
      job: undefined,
      post: (message) => void child.send(message),
      end: () =>
        new Promise((resolve) => {
          if (pid === undefined || child.exitCode !== null || child.signalCode !== null)
            return resolve();
          child.off('exit', ended);
          child.once('exit', () => resolve());
          killGroup(pid, 'SIGTERM');
          setTimeout(() => killGroup(pid, 'SIGKILL'), 1000).unref();
        }),
    };
    child.on('message', (message) => received(hand, message as FromWorker));
    const ended = (code: number | null, signal: NodeJS.Signals | null): void =>
      died(
        hand,
        signal !== null
          ? `signal ${signal}${errors === '' ? '' : `: ${errors.split('\n')[0]!}`}`
          : `exit ${String(code)}`,
      );
    child.on('exit', ended);
    return hand;
  }

  return {
    async run(job, options) {
      if (options.signal.aborted) throw stopped();
      const hand = options.process === true ? hire(true) : (idle.pop() ?? hire(false));
      const n = ++jobs;
      options.started?.(hand.number);
      let timer: NodeJS.Timeout | undefined;
      let stop: (() => void) | undefined;
      try {
        const result = await new Promise<JobResult>((resolve, reject) => {
          hand.job = { n, resolve, reject, emit: options.emit };
          stop = () => {
            if (hand.job?.n !== n) return;
            hand.post({ abort: true });
            timer = setTimeout(() => {
              void dismiss(hand);
              reject(stopped());
            }, GRACE_MS);
          };
          options.signal.addEventListener('abort', stop, { once: true });
          hand.post({ n, job });
        });
        hand.job = undefined;
        if (result.worn === true || options.process === true) void dismiss(hand);
        else if (all.has(hand)) idle.push(hand);
        return result;
      } catch (error) {
        hand.job = undefined;
        const worn =
          !(error instanceof JobFailure) || error.error.worn === true || options.process === true;
        if (worn) void dismiss(hand);
        else if (all.has(hand)) idle.push(hand);
        throw error;
      } finally {
        clearTimeout(timer);
        if (stop !== undefined) options.signal.removeEventListener('abort', stop);
      }
    },
    async close() {
      // V8 may still be compiling what the last task ran, and in Node 20 the process aborts when the thread is gone by then.
      if (all.size > 0) await wait(CALM_MS);
      await Promise.all([...all].map((hand) => dismiss(hand)));
    },
  };
}
