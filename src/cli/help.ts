/** The help, laid out for 80 columns. Knows the table of verbs and the flags of one. */
import { COMMON_FLAGS } from './verb.ts';
import type { Flag, Verb } from './verb.ts';
import { VERBS } from './verbs.ts';
import type { VerbEntry } from './verbs.ts';

const signature = ({ name, words, shown = words }: VerbEntry): string =>
  shown === '' ? name : `${name} ${shown}`;

/** `tg`, `tg --help`: every verb there is, in groups. */
export function helpText(): string {
  const lines = [
    'tg makes detector data: what is stale is built, what is fresh is left alone.',
    '',
    'usage: tg VERB [TARGET...] [options]        tg help VERB for its options',
    '',
  ];
  for (const group of ['build', 'look', 'trust', 'detector'] as const) {
    VERBS.filter((entry) => entry.group === group).forEach((entry, i) => {
      const label = (i === 0 ? group : '').padEnd(10);
      lines.push(`${label}${signature(entry).padEnd(21)}${entry.summary}`);
    });
  }
  const more = VERBS.filter(({ group }) => group === 'more').map(signature);
  lines.push(`${'more'.padEnd(10)}${[...more, '--version'].join('   ')}`, '');
  lines.push(
    'examples  tg build charge/events --workers 8',
    '          tg build charge/events -i packets.h5 -o out.h5      no tg.yaml needed',
  );
  if (VERBS.some(({ name }) => name === 'why')) lines.push('          tg why charge/hits@r42');
  return lines.map((line) => `${line}\n`).join('');
}

function flagLine(flag: Flag): string {
  const short =
    flag.short === undefined ? '    ' : `-${flag.short}${flag.name.length > 1 ? ', ' : '  '}`;
  const long = flag.name.length > 1 ? `--${flag.name}` : '';
  const takes = flag.takes === undefined ? '' : `${long === '' ? '' : ' '}${flag.takes}`;
  const left = `  ${short}${long}${takes}`;
  return left.length > 28
    ? `${left}\n${' '.repeat(30)}${flag.help}`
    : `${left.padEnd(30)}${flag.help}`;
}

/** `tg help build`. */
export function helpOfVerb(entry: VerbEntry, verb: Verb): string {
  const lines = [entry.summary, '', `usage: tg ${signature(entry)} [options]`, ''];
  lines.push(...verb.flags.map(flagLine));
  if (verb.flags.length > 0) lines.push('');
  lines.push(...COMMON_FLAGS.map(flagLine));
  verb.examples?.forEach((example, i) =>
    lines.push(...(i === 0 ? [''] : []), `${(i === 0 ? 'examples' : '').padEnd(10)}${example}`),
  );
  return lines.map((line) => `${line}\n`).join('');
}
