/** Turns what the YAML parser says into one sentence, a place and what to do. Knows the parser's codes and the habit of writing a bare {run}. */
import type { YAMLError } from 'yaml';
import type { Diagnostic, Where } from '../core/types.ts';

/** What to do about an error of the parser, by its code. */
const HINTS: { readonly [code: string]: string } = {
  TAB_AS_INDENT: 'spaces instead of the tab',
  BAD_SCALAR_START: 'put the value in quotes',
  MISSING_CHAR: 'close the quote',
  BLOCK_AS_IMPLICIT_KEY: 'the indentation, or quotes round a value that holds ": "',
  MULTILINE_IMPLICIT_KEY: 'the indentation',
  BAD_INDENT: 'the indentation, or close the bracket above',
  MULTIPLE_DOCS: 'one file for each part',
  TAG_RESOLVE_FAILED: 'take the tag out, or put the value in quotes',
};

/** A word with a {wildcard} in it, outside of quotes. */
const WORD =
  /(?:[^\s{}[\]"',#]|\{[A-Za-z_]\w*(?::d)?\})*\{[A-Za-z_]\w*(?::d)?\}(?:[^\s{}[\]"',#]|\{[A-Za-z_]\w*(?::d)?\})*/g;

/** The message for a bare {run}, at the word that needs quotes. */
export function bareWildcard(word: string, where: Where): Diagnostic {
  const wildcard = /\{\w+/.exec(word)?.[0] ?? '{run';
  return {
    severity: 'error',
    code: 'yaml',
    message: `${wildcard}} inside { } or at the start of a value needs quotes`,
    where,
    try: `"${word}"`,
  };
}

/** The first unquoted word with a wildcard on the line of `offset` that reaches to where the parser stumbled. */
function wildcardAt(text: string, offset: number): [from: number, to: number] | undefined {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', from);
  const line = text.slice(from, end < 0 ? undefined : end);
  const blanked = line.replace(/"[^"]*"|'[^']*'/g, (quoted) => ' '.repeat(quoted.length));
  for (const match of blanked.matchAll(WORD)) {
    const start = from + match.index;
    if (start <= offset && offset <= start + match[0].length)
      return [start, start + match[0].length];
  }
  return undefined;
}

/** One diagnostic for the parser's first error. */
export function syntaxMistake(
  problem: YAMLError | { code: string; message: string; pos: [number, number] },
  text: string,
  where: (span: [from: number, to: number]) => Where,
): Diagnostic {
  const offset = problem.pos[0];
  if (problem.code === 'UNEXPECTED_TOKEN') {
    const word = wildcardAt(text, offset);
    if (word !== undefined) return bareWildcard(text.slice(...word), where(word));
  }
  // The parser is recursive and tells of its stack as of a mistake.
  const tooDeep = /call stack/i.test(problem.message);
  const sentence =
    problem.code === 'MULTIPLE_DOCS'
      ? 'several documents (---) in one file'
      : tooDeep
        ? 'nested too deep'
        : problem.message.split(/\n|; |\. /)[0]!.replace(/[.:]$/, '');
  return {
    severity: 'error',
    code: 'yaml',
    message: `not YAML: ${sentence}`,
    where: where([offset, Math.max(offset + 1, problem.pos[1])]),
    try: tooDeep
      ? 'fewer brackets'
      : (HINTS[problem.code] ?? 'correct what stands above the marker'),
  };
}
