/** `tg log TARGET`: output of the last try of each task meant. Prints what the store and the log folder hold. */
import { expandAsMade } from '../lists.ts';
import { shownPaths } from '../procedures/files.ts';
import { logHead, logNotes } from '../report/log-lines.ts';
import { readTaskLogs } from '../task-log.ts';
import { Mistakes } from '../workspace.ts';
import { openProject } from './open-project.ts';
import { PROJECT_FLAGS } from './verb.ts';
import type { Verb } from './verb.ts';

/** The output ends with the failure; the record knows in which file it was, and where. */
function withPlace(text: string, message: string | undefined, cwd: string): string {
  if (message === undefined) return text;
  const lines = text.trimEnd().split('\n');
  const last = lines.at(-1)!;
  const same = last.startsWith('error: ') && message.endsWith(last.slice('error: '.length));
  const rest = same || last === '' ? lines.slice(0, -1) : lines;
  return [...rest, `error: ${shownPaths(message, cwd)}`, ''].join('\n');
}

export const verb: Verb = {
  flags: [...PROJECT_FLAGS],
  examples: ['tg log charge/hits@r42'],
  async run(call) {
    const ws = await openProject(call);
    expandAsMade(ws);
    const { wanted, diagnostics } = ws.planFor(call.words, { only: true });
    const mistakes = diagnostics.filter((d) => d.severity === 'error');
    if (mistakes.length > 0) throw new Mistakes(mistakes);
    let told = 0;
    for (const i of wanted.tasks) {
      const { id } = ws.expansion.tasks[i]!;
      const entry = ws.store.entry(id);
      const open = ws.store.unfinished(id);
      const last = readTaskLogs(ws.store.folder, id).at(-1);
      if (entry === undefined && open === undefined && last === undefined) continue;
      told++;
      const head = { task: id, entry, open, attempt: last?.attempt };
      const notes = open === undefined && entry !== undefined ? logNotes(entry) : [];
      const text = withPlace(last?.text ?? '', open?.message, call.cwd);
      if (call.json) call.line({ type: 'log', task: id, state: open?.kind ?? 'done', text, notes });
      else
        call.out(
          [logHead(head), text.trimEnd(), ...notes].filter((t) => t !== '').join('\n') + '\n',
        );
    }
    if (told > 0) return 0;
    if (!call.json)
      call.err(`error: ${call.words[0]!} was never tried\n  try: tg build ${call.words[0]!}\n`);
    return 1;
  },
};
