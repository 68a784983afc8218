/** Words of an entry that name its own inputs and outputs: `optional:`, and `{input:NAME}` in a command. Knows no other entry. */
import { nearest } from '../core/nearest.ts';
import type { Procedure } from '../core/types.ts';
import { items, mistake, quoted } from './schema.ts';
import type { Cursor } from './schema.ts';

/** `optional` names inputs, by alias or by target. */
export function checkOptional(
  optional: Cursor | undefined,
  { inputs }: Pick<Procedure, 'inputs'>,
): void {
  const known = inputs.flatMap(({ alias, target }) => [alias, target]);
  for (const item of optional === undefined || optional.value === null ? [] : items(optional)) {
    if (typeof item.value !== 'string' || known.includes(item.value)) continue;
    const hint = nearest(item.value, known).join(', ') || `inputs: [${item.value}]`;
    mistake(
      item,
      'bad-value',
      `optional must name inputs of the procedure, not ${quoted(item.value)}`,
      hint,
    );
  }
}

/** `{input:NAME}` and `{output:NAME}` in a command name what the entry has; other braces may be anybody's. */
export function checkPlaceholders(
  command: Cursor | undefined,
  { inputs, outputs }: Pick<Procedure, 'inputs' | 'outputs'>,
): void {
  const known = {
    input: inputs.map(({ alias }) => alias),
    output: outputs.map(({ target }) => target),
  };
  for (const word of command === undefined ? [] : items(command)) {
    if (typeof word.value !== 'string') continue;
    for (const [text, kind, name] of word.value.matchAll(/\{(input|output):([^{}]+)\}/g)) {
      const names = known[kind as keyof typeof known];
      if (names.includes(name!)) continue;
      const near = nearest(name!, names);
      const hint = (near.length > 0 ? near : names).map((other) => `{${kind!}:${other}}`);
      const none = `${kind!}s: of the procedure`;
      mistake(
        word,
        'bad-value',
        `${text} names no ${kind!} of the procedure`,
        hint.join(', ') || none,
      );
    }
  }
}
