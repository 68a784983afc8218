/** Mistakes and bugs to the user: text on stderr or lines of JSON on stdout. Knows files only to show their lines. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Diagnostic } from '../core/types.ts';
import { PACKAGE } from '../package.ts';
import { shownPath } from '../procedures/files.ts';
import { findProject } from '../procedures/load.ts';
import { renderDiagnostics } from '../report/diagnostic.ts';
import type { DiagnosticView } from '../report/diagnostic.ts';
import { diagnosticLine } from '../report/json-diagnostic.ts';
import type { Call } from './verb.ts';

const SHIPPED = join(PACKAGE, 'procedures');

const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** How this call shows diagnostics. */
export function viewOf(call: Pick<Call, 'cwd' | 'ink'>): DiagnosticView {
  return {
    cwd: call.cwd,
    textOf,
    nameOf(file) {
      const name = shownPath(file, call.cwd, SHIPPED);
      return name.startsWith('tg:') ? name : undefined;
    },
    paint: (text, colour) => call.ink.err[colour](text),
  };
}

/** All of them at once; warnings and notes beside errors too, on their own only when not quiet. */
export function tell(
  call: Pick<Call, 'cwd' | 'ink' | 'json' | 'quiet' | 'err' | 'line'>,
  list: readonly Diagnostic[],
): void {
  // Two runs of one procedure find the same mistake.
  const once = [...new Map(list.map((each) => [JSON.stringify(each), each])).values()];
  const shown = call.quiet ? once.filter(({ severity }) => severity === 'error') : once;
  if (call.json)
    for (const diagnostic of shown)
      call.line(diagnosticLine(diagnostic, (path) => shownPath(path, call.cwd, SHIPPED)));
  else call.err(renderDiagnostics(shown, viewOf(call)));
}

/** A bug of tg: one sentence, the stack, a file to send. */
export function bugText(error: unknown, cwd: string, words: readonly string[], tg: string): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const project = findProject(cwd);
  const folder = project === undefined ? tmpdir() : join(dirname(project), '.tg');
  const file = join(folder, project === undefined ? 'tg-crash.txt' : 'crash.txt');
  const report = `tg ${tg}, node ${process.version}, ${process.platform}\ntg ${words.join(' ')}\n\n${stack ?? message}\n`;
  let shown = file;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, report);
    const path = relative(cwd, file);
    if (!path.startsWith('../../..')) shown = path;
  } catch {
    shown = 'the lines above';
  }
  const sentence = message.split('\n')[0]!;
  return `BUG: ${sentence}\n${stack ?? ''}\nplease report with ${shown}\n`;
}
