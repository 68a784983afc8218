/** The worker: runs one job after another in a thread, or in a child process of its own. Knows jobs, nothing of the schedule. */
import { parentPort } from 'node:worker_threads';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { noteText } from '../core/text.ts';
import { TaskError } from '../task-module.ts';
import type { Cut } from '../task-module.ts';
import { taskContext } from './context.ts';
import type { FromWorker, Job, JobError, JobEvent, JobResult, ToWorker } from './job.ts';
import { loadModule } from './load-module.ts';
import { finishOutputs } from './outputs.ts';

/** A heap that has grown beyond this does not shrink again (HDF5's never does): the worker is replaced. */
const TIDY_BYTES = 96 * 1024 * 1024;
const WORN_BYTES = 768 * 1024 * 1024;

async function runJob(
  job: Job,
  signal: AbortSignal,
  emit: (event: JobEvent) => void,
): Promise<JobResult> {
  const nothing = { trace: [], counts: [], lost: [], notes: [], sidecars: [] };
  switch (job.kind) {
    case 'module': {
      const module = await loadModule(job.module, job.user);
      const running = taskContext(job.job, signal, emit);
      try {
        if (job.cut) await (module.parts as Cut).scan(running.context);
        else await module.run(running.context);
      } catch (error) {
        // What it had noted by then may say why: it belongs to the log of the try.
        for (const note of running.finish().notes)
          if (!note[3])
            emit({ type: 'output', stream: 'stderr', text: `warning: ${noteText(note)}\n` });
        throw error;
      }
      const told = running.finish();
      return { ...told, ...(await finishOutputs(job.job, told.trace)) };
    }
    case 'join': {
      const { writeFlow } = await import('./flow.ts');
      await writeFlow(job.flow);
      return { ...nothing, ...(await finishOutputs(job.job, [])) };
    }
    case 'flow': {
      const { writeFlow } = await import('./flow.ts');
      const { nodes, bytes } = await writeFlow(job.flow);
      const { combine, takeWritten } = await import('../h5/index.ts');
      takeWritten(job.flow.path);
      const { target } = job.job.outputs[0]!;
      const id = combine([...nodes]);
      return {
        ...nothing,
        outputs: [{ target, id: `${id.hex32}.${id.bytes}`, rows: null, bytes }],
      };
    }
    case 'merge': {
      const { writeMerge } = await import('./merge.ts');
      await writeMerge(job.job.outputs.find((o) => o.place !== '')!.path, job.merge);
      return { ...nothing, ...(await finishOutputs(job.job, [])) };
    }
    case 'outputs':
      return { ...nothing, ...(await finishOutputs(job.job, job.trace)) };
    case 'hash':
      return { ...nothing, outputs: await hashPlaces(job) };
  }
}

async function hashPlaces(job: Extract<Job, { kind: 'hash' }>): Promise<JobResult['outputs']> {
  const { fastFileId, fileId } = await import('../content-id.ts');
  if (job.places.length === 0)
    return [
      { target: '', id: job.fast ? fastFileId(job.path) : fileId(job.path), rows: null, bytes: 0 },
    ];
  const h5 = await import('../h5/index.ts');
  const nodes = await h5.hashTree(job.path);
  const { dataOf, nodesAt, nodesOf, tableId } = await import('./outputs.ts');
  const made = job.places.map((place) => ({ place }));
  return job.places.map((place) => {
    if (place === '/') {
      const { hex32, bytes } = h5.combine([...nodes]);
      return { target: place, id: `${hex32}.${bytes}`, rows: null, bytes };
    }
    const own = job.isSource ? nodesAt(nodes, place) : nodesOf(nodes, place, made);
    if (own.length === 0) return { target: place, id: 'absent.0', rows: null, bytes: 0 };
    const { hex32, bytes } = h5.combine(own);
    const data = dataOf(own, place);
    return {
      target: place,
      id: tableId(hex32, bytes, data?.rows),
      rows: data?.rows ?? null,
      bytes,
    };
  });
}

function errorOf(error: unknown): JobError {
  if (error instanceof TaskError)
    return {
      code: error.code,
      message: error.message,
      ...(error.try === undefined ? {} : { try: error.try }),
      ...(error.at === undefined ? {} : { at: error.at }),
    };
  const e = error instanceof Error ? error : new Error(String(error));
  const name = e.name === 'H5Error';
  // A user's module may have its own copy of the class: what counts is its shape.
  if (e.name === 'TaskError') {
    const { code = 'bad-input', try: fix } = e as { code?: string; try?: string };
    return { code, message: e.message, ...(fix === undefined ? {} : { try: fix }) };
  }
  if (name) {
    const fix = (e as { try?: string }).try;
    return {
      code: 'bad-input',
      message: e.message,
      ...(fix === undefined ? {} : { try: fix }),
      worn: true,
    };
  }
  const code = (e as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC')
    return {
      code: 'no-space',
      message: `${(e as NodeJS.ErrnoException).path ?? 'the build folder'}: no space left`,
      try: 'make room, then the same build',
    };
  return {
    code: 'bad-input',
    message: (e.message.split('\n')[0] ?? '').slice(0, 500),
    stack: (e.stack ?? '').slice(0, 8000),
    worn: true,
  };
}

// What a task of a kind has compiled serves the next one of its kind, however long others ran between.
v8.setFlagsFromString('--no-flush-bytecode');

/** Bytes that a collection has left: what a thread keeps from task to task. */
let keptBytes = 0;

/** What a task that has ended left behind waits for a collection that the next, small one does not call for. */
function tidy(): void {
  if (heapBytes() < keptBytes + TIDY_BYTES) return;
  v8.setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  keptBytes = heapBytes();
}

/** Not process.memoryUsage(), which asks the system for the size of the process: 20 us after every task. */
function heapBytes(): number {
  const heap = v8.getHeapStatistics();
  return heap.used_heap_size + heap.external_memory;
}

/** Serves jobs: `post` sends to the main side, the returned function takes what comes from there. */
function serve(post: (message: FromWorker) => void): (message: ToWorker | { abort: true }) => void {
  let controller = new AbortController();
  return (message) => {
    if ('abort' in message) {
      controller.abort();
      return;
    }
    const { n, job } = message;
    controller = new AbortController();
    runJob(job, controller.signal, (event) => post({ n, event })).then(
      (result) => {
        tidy();
        const worn = heapBytes() > WORN_BYTES;
        post({ n, result: worn ? { ...result, worn } : result });
      },
      (error: unknown) => post({ n, error: errorOf(error) }),
    );
  };
}

/** What a task prints belongs to the task, not to the terminal. */
function captureOutput(post: (event: JobEvent) => void): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = (text: string | Uint8Array) => {
      post({
        type: 'output',
        stream,
        text: typeof text === 'string' ? text : Buffer.from(text).toString('utf8'),
      });
      return true;
    };
  }
}

let current = 0;
if (parentPort !== null) {
  const port = parentPort;
  const take = serve((m) => port.postMessage(m));
  captureOutput((event) => port.postMessage({ n: current, event } satisfies FromWorker));
  port.on('message', (message: ToWorker) => {
    if ('n' in message) current = message.n;
    take(message);
  });
} else if (process.send !== undefined) {
  const send = process.send.bind(process);
  const take = serve((m) => void send(m));
  captureOutput((event) => void send({ n: current, event } satisfies FromWorker));
  process.on('message', (message: ToWorker) => {
    if ('n' in message) current = message.n;
    take(message);
  });
  process.on('disconnect', () => process.exit(0));
}
