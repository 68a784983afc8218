/** What a scan of a run came upon that a user must know of, and how it is told. Knows no files. */
import { rangesText } from './ranges.ts';

/** `strict: true` makes the first of these errors; the others are told only. */
export const STRICT = {
  'missing-run': 'absent',
  'empty-run': 'no events',
  'missing-events': 'events missing',
  unfinished: 'the merger did not finish it: first and last event were never written',
  'no-header': 'events lack an id or a time, 0 is written',
  'partial-frib': 'FRIB groups lack a module',
  'no-scalers': 'no scalers',
  'missing-scalers': 'scaler events missing',
  'short-scalers': 'scaler events have fewer than 11 channels and are left out',
} as const;

export const TOLD = {
  'no-get': 'events have FRIB data alone',
  bare: 'events hold nothing',
  'late-frib': 'FRIB events after the last GET event, left out as the harmonizer does',
  other: 'objects that no format has, left out',
} as const;

export type FindingKind = keyof typeof STRICT | keyof typeof TOLD;

export interface Finding {
  kind: FindingKind;
  /** How many; 1 for what is said of the run as a whole. */
  n: number;
  /** The first of them. */
  events: number[];
}

/** Numbers kept of one finding. */
const KEPT = 20;

export interface Findings {
  add(kind: FindingKind, event?: number): void;
  /** Of each of [from, to), which may be very many. */
  range(kind: FindingKind, from: number, to: number): void;
  list(): Finding[];
}

export function findings(): Findings {
  const found = new Map<FindingKind, Finding>();
  const of = (kind: FindingKind): Finding => {
    let finding = found.get(kind);
    if (finding === undefined) found.set(kind, (finding = { kind, n: 0, events: [] }));
    return finding;
  };
  return {
    add(kind, event) {
      const finding = of(kind);
      finding.n++;
      if (event !== undefined && finding.events.length < KEPT) finding.events.push(event);
    },
    range(kind, from, to) {
      if (to <= from) return;
      const { events } = of(kind);
      of(kind).n += to - from;
      for (let n = from; n < to && events.length < KEPT; n++) events.push(n);
    },
    list: () => [...found.values()],
  };
}

export const isStrict = (kind: FindingKind): kind is keyof typeof STRICT => kind in STRICT;

/** `run 7: 2 events missing (2, 5)`. */
export function findingText(run: number, { kind, n, events }: Finding): string {
  const text = isStrict(kind) ? STRICT[kind] : TOLD[kind];
  if (events.length === 0) return `run ${run}: ${text}`;
  const more = n > events.length ? ', ..' : '';
  return `run ${run}: ${n} ${text} (${events.join(', ')}${more})`;
}

/** What all runs came to, a line each kind: `2 events missing (run 7)`, `no scalers: run 4, 5`. */
export function summaryOf(
  runs: readonly { run: number; findings: readonly Finding[] }[],
): string[] {
  const kinds = [...Object.keys(STRICT), ...Object.keys(TOLD)] as FindingKind[];
  return kinds.flatMap((kind) => {
    const of = runs.flatMap(({ run, findings: list }) =>
      list.filter((finding) => finding.kind === kind).map((finding) => ({ run, ...finding })),
    );
    if (of.length === 0) return [];
    const text = isStrict(kind) ? STRICT[kind] : TOLD[kind];
    const named = `run ${rangesText(of.map(({ run }) => run))}`;
    const counted = of.some(({ events }) => events.length > 0);
    const n = of.reduce((sum, finding) => sum + finding.n, 0);
    return [counted ? `${n} ${text} (${named})` : `${text}: ${named}`];
  });
}
