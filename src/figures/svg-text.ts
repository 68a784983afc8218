/** Pieces of SVG text: numbers, words, and how wide words will be. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text that may stand in an element or an attribute; control characters, which XML has not, are left out. */
export const escape = (words: string): string =>
  // eslint-disable-next-line no-control-regex
  words.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '').replace(/[&<>"]/g, (c) => ENTITIES[c]!);

/** Hundredths of a pixel. */
export const round = (n: number): string => String(Math.round(n * 100) / 100 + 0);

export const text = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${attributes === '' ? '' : ` ${attributes}`}>${escape(words)}</text>`;

/** About how wide a text is in Arial. */
export const widthOf = (words: string, size = 11): number => {
  let em = 0;
  for (const c of words)
    em += /[ .,:;'|!ijlftI()[\]-]/.test(c) ? 0.3 : /[A-Zmw@%M]/.test(c) ? 0.72 : 0.556;
  return em * size;
};
