/** `tg why TARGET [KEY]`: why it is stale, or why KEY does not matter. Decides in why.ts and why-key.ts. */
import { whyLines } from '../report/why-lines.ts';
import type { WhyAnswer } from '../report/why-lines.ts';
import { plural } from '../report/format.ts';
import { whyKey } from '../why-key.ts';
import { whyTask } from '../why.ts';
import { decidedPlan } from './decided-plan.ts';
import { openProject } from './open-project.ts';
import { tell } from './tell.ts';
import { PROJECT_FLAGS } from './verb.ts';
import type { Call, Verb } from './verb.ts';

/** Several tasks: those that are not fresh one after another, the fresh ones in a line. */
function lines(answers: readonly WhyAnswer[], word: string, all: boolean): string[] {
  const [only] = answers;
  if (answers.length === 1 && only !== undefined) return whyLines(only, { all });
  const open = answers.filter(({ state }) => state !== 'fresh');
  const fresh = answers.length - open.length;
  const first =
    open.length === 0
      ? `${word}: ${plural(fresh, 'task')}, all fresh`
      : `${word}: ${plural(answers.length, 'task')}, ${open.length} stale or maybe, ${fresh} fresh`;
  const shown = all ? answers : open;
  const body = shown.flatMap((answer) => whyLines(answer, { all }));
  if (all || body.length <= 10) return [first, ...body];
  return [first, ...body.slice(0, 9), `  ... ${body.length - 9} more lines: tg why ${word} --all`];
}

function tellJson(call: Call, answers: readonly WhyAnswer[]): void {
  for (const { state, ...rest } of answers) call.line({ type: state, ...rest });
}

export const verb: Verb = {
  flags: [...PROJECT_FLAGS, { name: 'all', help: 'every line, not ten' }],
  examples: ['tg why charge/hits@r42', 'tg why charge/hits@r43 cal/ped.json:4211697.pedestal_mv'],
  async run(call) {
    const [word, key] = call.words as [string, string?];
    const ws = await openProject(call);
    const { plan, wanted, seen, diagnostics } = await decidedPlan(ws, [word]);
    tell(call, [...ws.warnings, ...diagnostics]);
    const tasks = wanted.tasks.filter((i) => seen[i] !== undefined);
    if (key !== undefined) {
      const answers = tasks.map((i) => ({ task: plan.tasks[i]!, i }));
      for (const { task } of answers) {
        const text = whyKey(ws, plan, task, key);
        if (call.json) call.line({ type: 'answer', task: task.id, key, answer: text });
        else call.out(text.map((line) => `${line}\n`).join(''));
      }
      return 0;
    }
    const answers = tasks.map((i) => whyTask(ws, plan, seen, i));
    if (call.json) tellJson(call, answers);
    else
      call.out(
        lines(answers, word, call.has('all'))
          .map((line) => `${line}\n`)
          .join(''),
      );
    return 0;
  },
};
