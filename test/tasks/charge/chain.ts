/** Runs the charge tasks one after the other in a folder, as the engine will; remembers what they told. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, TaskContext, TaskModule } from 'tg';
import type { ZodType } from 'zod';
import driftReconstruction from '../../../tasks/charge/drift-reconstruction.ts';
import eventBuilder from '../../../tasks/charge/event-builder.ts';
import extTrigFinder from '../../../tasks/charge/ext-trig-finder.ts';
import hitBuilder from '../../../tasks/charge/hit-builder.ts';
import rawEventBuilder from '../../../tasks/charge/raw-event-builder.ts';
import t0Reconstruction from '../../../tasks/charge/t0-reconstruction.ts';
import trackletReconstruction from '../../../tasks/charge/tracklet-reconstruction.ts';
import timestampCorrector from '../../../tasks/charge/timestamp-corrector.ts';

/** What a task said of itself. */
export interface Told {
  counts: Record<string, number>;
  /** `4 430 in no event`, in the order told. */
  lost: { n: number; of: number; reason: string }[];
  notes: { text: string; n?: number | undefined; of?: number | undefined; quiet: boolean }[];
  /** Values read of each configuration file, probed absent keys included. */
  read: Record<string, number>;
}

type Params = Record<string, Json>;

type Place = { path: string; place: string };

interface Work {
  /** A file of each input, or several. */
  inputs: Record<string, Place | readonly Place[]>;
  output: string;
  params: Params;
}

/** Runs one task; without `record`, values read are not counted (the view costs more than the task). */
export async function runTask(
  module: TaskModule,
  { inputs, output, params }: Work,
  record = true,
): Promise<Told> {
  const told: Told = { counts: {}, lost: [], notes: [], read: {} };
  const values = (module.params as ZodType<Params>).parse(params);
  const fileOf = (name: string): string | null => values[name] as string | null;
  const context: TaskContext = {
    task: 'test',
    attempt: 1,
    params: values,
    input: (alias) => [inputs[alias]!].flat()[0]!.path,
    place: (alias) => [inputs[alias]!].flat()[0]!.place,
    inputs: (alias) => [inputs[alias]!].flat(),
    configuration(name) {
      const path = fileOf(name);
      if (path === null) return null;
      const content = JSON.parse(readFileSync(path, 'utf8')) as Json;
      if (!record) return content;
      const paths = new Set<string>();
      told.read[name] = 0;
      return recorded(content, '', (leaf) => {
        paths.add(leaf);
        told.read[name] = paths.size;
      });
    },
    file: fileOf,
    output: () => output,
    scratch: output,
    rng: () => 0,
    progress: () => undefined,
    count(name, n) {
      told.counts[name] = (told.counts[name] ?? 0) + n;
    },
    lost: (n, of, reason) => void told.lost.push({ n, of, reason }),
    note: (text, n, of, quiet = false) => void told.notes.push({ text, n, of, quiet }),
    signal: new AbortController().signal,
  };
  await module.run(context);
  return told;
}

/** A view that tells of every leaf read and every absent key asked for. */
function recorded(value: Json, path: string, tell: (path: string) => void): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return new Proxy(value as Record<string, Json>, {
    get(target, key) {
      if (typeof key === 'symbol') return undefined;
      const inner = target[key];
      const place = `${path}.${key}`;
      if (inner === undefined || inner === null || typeof inner !== 'object') tell(place);
      return inner === undefined ? undefined : recorded(inner, place, tell);
    },
  });
}

/** The task modules of tg:charge by what they make. */
export type Modules = Readonly<Record<(typeof STEPS)[number]['name'], TaskModule>>;

const STEPS = [
  { name: 'charge/raw_events', needs: [], makes: ['charge/raw_events', 'charge/packets'] },
  {
    name: 'charge/packets_corr_ts',
    needs: ['charge/packets'],
    makes: ['charge/packets_corr_ts'],
  },
  {
    name: 'charge/ext_trigs',
    needs: ['charge/packets', 'charge/packets_corr_ts'],
    makes: ['charge/ext_trigs'],
  },
  {
    name: 'charge/hits',
    needs: ['charge/packets', 'charge/packets_corr_ts'],
    makes: ['charge/hits'],
  },
  {
    name: 'charge/events',
    needs: ['charge/raw_events', 'charge/hits', 'charge/ext_trigs'],
    makes: ['charge/events'],
  },
  {
    name: 'combined/t0',
    needs: ['charge/events', 'charge/ext_trigs'],
    makes: ['combined/t0'],
  },
  {
    name: 'combined/hit_drift',
    needs: ['charge/hits', 'charge/events', 'combined/t0'],
    makes: ['combined/hit_drift'],
  },
  {
    name: 'combined/tracklets',
    needs: ['charge/hits', 'charge/events', 'combined/hit_drift'],
    makes: ['combined/tracklets'],
  },
] as const;

export const MODULES: Modules = {
  'charge/raw_events': rawEventBuilder,
  'charge/packets_corr_ts': timestampCorrector,
  'charge/ext_trigs': extTrigFinder,
  'charge/hits': hitBuilder,
  'charge/events': eventBuilder,
  'combined/t0': t0Reconstruction,
  'combined/hit_drift': driftReconstruction,
  'combined/tracklets': trackletReconstruction,
};

/** The files that a run of the chain made, by table. */
export interface Chain {
  files: Record<string, string>;
  told: Record<string, Told>;
}

/** The tasks of tg:charge over one file of packets, to `upTo`. */
export async function runChain(
  folder: string,
  packets: string,
  params: Record<string, Params> = {},
  upTo = 'charge/events',
  modules = MODULES,
): Promise<Chain> {
  const chain: Chain = { files: {}, told: {} };
  for (const { name, needs, makes } of STEPS) {
    const output = join(folder, `${name.replaceAll('/', '_')}.h5`);
    const inputs: Work['inputs'] = { packets: { path: packets, place: '/packets' } };
    for (const need of needs) inputs[need] = { path: chain.files[need]!, place: `/${need}` };
    const work = { inputs, output, params: params[name] ?? {} };
    chain.told[name] = await runTask(modules[name], work);
    for (const made of makes) chain.files[made] = output;
    if (name === upTo) break;
  }
  return chain;
}

/** Runs a test with a folder of its own. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tg-charge-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
