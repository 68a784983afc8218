/** `tg path TARGET...`: where it lies, the lines that `tg build` prints into a pipe. Builds nothing; 1 when something is not there. */
import { existsSync } from 'node:fs';
import { waiting } from '../core/graph.ts';
import { absolute } from '../store/store.ts';
import { expandAsMade } from '../lists.ts';
import { Mistakes } from '../workspace.ts';
import { askedPaths } from './asked-paths.ts';
import { openProject } from './open-project.ts';
import { tell } from './tell.ts';
import { PROJECT_FLAGS } from './verb.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  flags: [...PROJECT_FLAGS],
  examples: ['h5ls $(tg path charge/events@r42)'],
  async run(call) {
    const ws = await openProject(call);
    expandAsMade(ws);
    const { plan, wanted, diagnostics } = ws.planFor(call.words);
    if (plan === undefined) throw new Mistakes(diagnostics);
    tell(call, [...ws.warnings, ...diagnostics]);
    const paths = askedPaths(ws, plan.tasks, wanted);
    const missing = paths.filter((path) => !existsSync(absolute(ws.root, path)));
    for (const path of paths) {
      if (missing.includes(path)) continue;
      if (call.json) call.line({ type: 'path', path: ws.shown(path) });
      else call.out(`${ws.shown(path)}\n`);
    }
    tell(
      call,
      missing.map((path) => ({
        severity: 'error',
        code: 'no-output',
        message: `${ws.shown(path)} is not there`,
        try: `tg build ${call.words.join(' ')}`,
      })),
    );
    const [waits] = waiting(ws.expansion, plan);
    const until = waits === undefined ? '' : `: its tasks are known once ${waits.list} is made`;
    if (paths.length === 0)
      tell(call, [
        {
          severity: 'error',
          code: 'no-output',
          message: `nothing is there of ${call.words.join(' ')}${until}`,
          try: `tg build ${call.words.join(' ')}`,
        },
      ]);
    return missing.length > 0 || paths.length === 0 ? 1 : 0;
  },
};
