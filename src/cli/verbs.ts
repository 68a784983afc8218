/** The verbs there are, in the order and groups of the help. Each is loaded only when it is asked for. */
import type { Verb } from './verb.ts';

export interface VerbEntry {
  group: 'build' | 'look' | 'trust' | 'detector' | 'more';
  name: string;
  /** As in `tg --help`: `[X]` may be missing, `X...` may repeat. */
  words: string;
  /** What the help shows in their place. */
  shown?: string;
  summary: string;
  load(): Promise<{ verb: Verb }>;
}

export const VERBS: readonly VerbEntry[] = [
  {
    group: 'build',
    name: 'build',
    words: '[TARGET...]',
    summary: 'make targets and what they need',
    load: () => import('./build.ts'),
  },
  {
    group: 'build',
    name: 'clean',
    words: '[TARGET...]',
    summary: 'remove made files (never sources)',
    load: () => import('./clean.ts'),
  },
  {
    group: 'look',
    name: 'list',
    words: '[GLOB]',
    summary: 'targets; --sources, --types, --params',
    load: () => import('./list.ts'),
  },
  {
    group: 'look',
    name: 'status',
    words: '[TARGET...]',
    summary: 'how much is fresh, stale, failed',
    load: () => import('./status.ts'),
  },
  {
    group: 'look',
    name: 'plan',
    words: '[TARGET...]',
    summary: 'what build would do, and why',
    load: () => import('./plan.ts'),
  },
  {
    group: 'look',
    name: 'why',
    words: 'TARGET [KEY]',
    summary: 'why it is stale, or why KEY does not matter',
    load: () => import('./why.ts'),
  },
  {
    group: 'look',
    name: 'graph',
    words: '[TARGET...]',
    summary: 'text, mermaid, dot or json',
    load: () => import('./graph.ts'),
  },
  {
    group: 'look',
    name: 'log',
    words: 'TARGET',
    summary: 'output of the last try of a task',
    load: () => import('./log.ts'),
  },
  {
    group: 'look',
    name: 'path',
    words: 'TARGET...',
    summary: 'where it lies (what build prints into a pipe)',
    load: () => import('./path.ts'),
  },
  {
    group: 'look',
    name: 'history',
    words: '',
    summary: 'past builds',
    load: () => import('./history.ts'),
  },
  {
    group: 'detector',
    name: 'harmonize',
    words: '[new]',
    shown: '-c FILE',
    summary: 'equal-sized AT-TPC files',
    load: async () => (await import('./config-verb.ts')).configVerb('harmonize'),
  },
  {
    group: 'detector',
    name: 'report',
    words: 'NAME FILE',
    summary: 'figures and numbers from a made file',
    load: () => import('./report.ts'),
  },
  {
    group: 'more',
    name: 'init',
    words: '[--example NAME]',
    summary: 'begin a project',
    load: () => import('./init.ts'),
  },
];
