/** Colours, as an aid only: nothing is said by colour alone. Knows the habits of terminals, no events. */

/** Colours a piece of text; identity where there are none. */
export interface Ink {
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  bold(text: string): string;
}

const wrap =
  (on: number, off: number) =>
  (text: string): string =>
    `\x1b[${on}m${text}\x1b[${off}m`;
const same = (text: string): string => text;

export const PLAIN: Ink = { red: same, yellow: same, green: same, bold: same };
export const COLOURED: Ink = {
  red: wrap(31, 39),
  yellow: wrap(33, 39),
  green: wrap(32, 39),
  bold: wrap(1, 22),
};

/** `--color` wins over everything, then NO_COLOR and TERM=dumb, then FORCE_COLOR, then whether it is a terminal. */
export function hasColour(
  when: string | undefined,
  environment: { readonly [name: string]: string | undefined },
  isTerminal: boolean,
): boolean {
  if (when === 'always') return true;
  if (when === 'never') return false;
  if (environment['NO_COLOR'] !== undefined || environment['TERM'] === 'dumb') return false;
  const { FORCE_COLOR: force } = environment;
  if (force !== undefined && force !== '0' && force !== 'false') return true;
  return isTerminal;
}
