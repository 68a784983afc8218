/** The live view of a terminal: a line per procedure, redrawn at most ten times a second, erased at the end. Knows columns, no files. */
import type { BuildEvent, Reporter } from '../core/types.ts';
import { measured } from './format.ts';
import type { Story } from './story.ts';
import { secondsLeft } from './story.ts';
import { progressLine } from './text.ts';

/** The stream that is drawn on. */
export interface Screen {
  columns?: number | undefined;
  rows?: number | undefined;
  write(text: string): unknown;
}

export interface Live {
  /** Takes an event after the story has taken it. */
  report: Reporter;
  /** Writes text above the view. */
  above: (text: string) => void;
  /** Takes the view away for good. */
  end: () => void;
}

const BAR = 20;
const LEAST = 60;
const MOST = 120;
const EVERY_MS = 100;

/** `charge/pack..corr_ts`: the middle goes. */
export function cutName(name: string, width: number): string {
  if (name.length <= width) return name;
  const left = Math.ceil((width - 2) * 0.6);
  return `${name.slice(0, left)}..${name.slice(name.length - (width - 2 - left))}`;
}

/** `[=============>......]`. */
export function bar(part: number): string {
  if (part >= 1) return `[${'='.repeat(BAR)}]`;
  const full = Math.floor(part * BAR);
  return part <= 0
    ? `[${'.'.repeat(BAR)}]`
    : `[${'='.repeat(Math.max(0, full - 1))}>${'.'.repeat(BAR - Math.max(1, full))}]`;
}

/** `1.31 M packets/s`. */
export function rate(perSecond: number, unit: string): string {
  const [value, prefix] =
    perSecond >= 1e9
      ? [perSecond / 1e9, 'G ']
      : perSecond >= 1e5
        ? [perSecond / 1e6, 'M ']
        : [perSecond, ''];
  return `${prefix === '' ? measured(value) : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${prefix}${unit}/s`;
}

interface Row {
  name: string;
  settled: number;
  tasks: number;
  /** Fractions of running tasks. */
  part: number;
  selections: string[];
  rate: string;
}

/** Work done by procedure, for rates: units and the seconds they took. */
type Work = Map<string, { n: number; seconds: number; unit: string }>;

/** Lines of the view, cut to the width of the screen. */
export function liveLines(rows: readonly Row[], last: string, screen: Screen): string[] {
  const columns = Math.min(MOST, Math.max(LEAST, screen.columns ?? 80)) - 1;
  const counts = rows.map(({ settled, tasks }) => `${settled}/${tasks}`);
  const countWidth = Math.max(...counts.map(({ length }) => length));
  const fixed = BAR + 2 + countWidth + 4;
  const nameWidth = Math.min(
    Math.max(...rows.map(({ name }) => name.length)),
    columns - fixed - 16,
  );
  const rateWidth = Math.max(0, ...rows.map((row) => row.rate.length));
  const lines = rows.map((row, i) => {
    const head = `${cutName(row.name, nameWidth).padEnd(nameWidth)}  ${bar((row.settled + row.part) / row.tasks)}  ${counts[i]!.padEnd(countWidth)}`;
    const room = columns - head.length - 2 - (rateWidth > 0 ? rateWidth + 2 : 0);
    const names = fitNames(row.selections, Math.min(room, 24));
    const tail =
      row.rate === '' ? names : `${names.padEnd(Math.max(0, Math.min(room, 8)))}  ${row.rate}`;
    return `${head}  ${tail}`.trimEnd().slice(0, columns);
  });
  return [...lines, last.slice(0, columns)];
}

function fitNames(names: readonly string[], width: number): string {
  let text = '';
  for (const [i, name] of names.entries()) {
    const next = i === 0 ? name : `${text}, ${name}`;
    if (next.length > width) return i === 0 ? cutName(name, Math.max(4, width)) : text;
    text = next;
  }
  return text;
}

/** @param now seconds since the build began */
export function liveView(screen: Screen, story: Story, now: () => number): Live {
  let drawn = 0;
  let ended = false;
  let dirty = false;
  let left: number | undefined;
  let leftAt = -1;
  const work: Work = new Map();
  const begun = new Map<string, { n: number; at: number }>();
  const timer = setInterval(() => dirty && draw(), EVERY_MS);
  timer.unref();

  const erase = (): void => {
    if (drawn > 0) screen.write(`\x1b[${drawn}A\r\x1b[J`);
    drawn = 0;
  };

  function draw(): void {
    dirty = false;
    if (story.plan === undefined || story.stale === 0) return;
    const t = now();
    if (t - leftAt >= 1 || story.tasks < 1000) {
      left = secondsLeft(story, t);
      leftAt = t;
    }
    const rows = fitRows(rowsOf(story, work), (screen.rows ?? 24) - 2);
    const lines = liveLines(rows, progressLine(story, t, left), screen);
    // One write, so that nothing flickers.
    const up = drawn > 0 ? `\x1b[${drawn}A\r\x1b[J` : '';
    screen.write(`${up}${lines.join('\n')}\n`);
    drawn = lines.length;
  }

  return {
    report(event: BuildEvent, t: number) {
      dirty = true;
      if (event.type === 'progress') learn(event, t);
      else if (event.type === 'done') begun.delete(event.task.id);
    },
    above(text) {
      if (text === '') return;
      erase();
      screen.write(text);
      dirty = !ended;
    },
    end() {
      ended = true;
      clearInterval(timer);
      erase();
    },
  };

  function learn(event: Extract<BuildEvent, { type: 'progress' }>, t: number): void {
    const { id, procedure } = event.task;
    const since = story.running.get(id)?.since ?? t;
    const last = begun.get(id) ?? { n: 0, at: since };
    let sum = work.get(procedure.name);
    if (sum === undefined) work.set(procedure.name, (sum = { n: 0, seconds: 0, unit: '' }));
    sum.n += Math.max(0, event.n - last.n);
    sum.seconds += Math.max(0, t - last.at);
    sum.unit = event.unit;
    begun.set(id, { n: event.n, at: t });
  }
}

/** A row per procedure of the plan in the order of the plan, without those that are wholly fresh. */
function rowsOf(story: Story, work: Work): Row[] {
  const rows = new Map<string, Row>();
  const plan = story.plan!;
  for (const i of plan.order) {
    if (plan.wanted[i] === 0) continue;
    const { name } = plan.tasks[i]!.procedure;
    const row = rows.get(name);
    if (row !== undefined) row.tasks++;
    else
      rows.set(name, {
        name,
        settled: story.good.get(name) ?? 0,
        tasks: 1,
        part: 0,
        selections: [],
        rate: '',
      });
  }
  const ran = new Set(story.done.map(({ task }) => task.procedure.name));
  for (const { task, n, of } of story.running.values()) {
    const row = rows.get(task.procedure.name);
    if (row === undefined) continue;
    if (of > 0) row.part += Math.min(1, n / of);
    const selection = task.id.includes('@') ? task.id.slice(task.id.indexOf('@') + 1) : '';
    if (selection !== '') row.selections.push(selection);
    const sum = work.get(row.name);
    if (sum !== undefined && sum.seconds > 0.02 && sum.unit !== '')
      row.rate = rate(sum.n / sum.seconds, sum.unit);
  }
  return [...rows.values()].filter((row) => row.settled < row.tasks || ran.has(row.name));
}

/** Not more than the screen has; those that run, then those that come. */
function fitRows(rows: Row[], most: number): Row[] {
  if (rows.length <= most) return rows;
  const open = rows.filter((row) => row.settled < row.tasks);
  const running = open.filter((row) => row.selections.length > 0 || row.part > 0);
  const chosen = new Set([...running, ...open].slice(0, most));
  return rows.filter((row) => chosen.has(row));
}
