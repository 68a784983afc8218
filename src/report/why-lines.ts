/** The answer of `tg why`: first line the answer, then what changed. Knows no project: what was decided comes as data. */
import { reasonText } from '../core/reason.ts';
import type { Json, Reason } from '../core/types.ts';
import { grouped, moment, plural } from './format.ts';

/** What is to be said of one task. */
export type WhyAnswer = { task: string } & (
  | {
      state: 'fresh';
      /** Unix seconds. */
      made: number;
      reason: string;
      inputs: number;
      /** Values read of files; null: none was read value by value. */
      values: number | null;
      parameters: number;
    }
  | { state: 'stale'; reasons: readonly Reason[] }
  | {
      state: 'maybe';
      /** From the nearest maker to the first that is stale. */
      after: readonly string[];
      reasons: readonly Reason[];
    }
);

export interface WhyStyle {
  /** All that changed, not only ten lines. */
  all: boolean;
  now?: number;
}

const MOST = 10;

export function whyLines(answer: WhyAnswer, style: WhyStyle): string[] {
  const when = (at: number): string => moment(at, style.now);
  const { task } = answer;
  if (answer.state === 'fresh') {
    const { inputs, values, parameters } = answer;
    const read =
      values !== null
        ? `, ${plural(values, 'value')} read`
        : parameters > 0
          ? `, ${plural(parameters, 'parameter')} read`
          : '';
    const made = `made ${when(answer.made)} (${answer.reason})`;
    return [`${task} is fresh: ${made}, ${plural(inputs, 'input')}${read}`];
  }
  if (answer.state === 'stale') return shortened(causes(task, answer.reasons, when), task, style);
  const chain = answer.after.map((name) => `after ${name}`).join(', ');
  const root = answer.after.at(-1)!;
  const body = shortened(causes(root, answer.reasons, when), root, style);
  return [`${task} is maybe stale: ${chain}, which is stale:`, ...body];
}

/** One line per cause, below it the values that changed. */
function causes(task: string, reasons: readonly Reason[], when: (at: number) => string): string[] {
  return reasons.flatMap((reason) => [
    `${task}: ${reasonText(reason, when)}`,
    ...(reason.kind === 'values' ? valueLines(reason.file, reason.values) : []),
  ]);
}

/** `  cal/ped.json  4211697.pedestal_mv  570.594 -> 571.2`, columns aligned. */
export function valueLines(
  file: string,
  values: readonly { key: string; from?: Json; to?: Json }[],
): string[] {
  const width = values.reduce((most, { key }) => Math.max(most, key.length), 0);
  return values.map((value) => {
    const known = value.from !== undefined || value.to !== undefined;
    const change = known ? `${valueText(value.from)} -> ${valueText(value.to)}` : 'changed';
    return `  ${file}  ${value.key.padEnd(width)}  ${change}`;
  });
}

export function valueText(value: Json | undefined): string {
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shortened(lines: readonly string[], task: string, { all }: WhyStyle): string[] {
  // The first line is the answer; ten may follow.
  if (all || lines.length <= 1 + MOST) return [...lines];
  const left = lines.length - MOST;
  return [...lines.slice(0, MOST), `  ... ${grouped(left)} more lines: tg why ${task} --all`];
}
