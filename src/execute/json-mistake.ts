/** Where a text stops being JSON, and what was wanted there: the same words on every version of Node. Builds no value. */

const BLANK = /[ \t\r\n]*/y;
// eslint-disable-next-line no-control-regex -- JSON does not allow them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.+-])/y;
const WORD = /[^\s,:[\]{}"]+/y;

type Wanted = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end';

/** The first mistake of a text that is not JSON. */
export function jsonMistake(text: string): { offset: number; what: string } {
  const open: ('{' | '[')[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let wanted: Wanted = 'value';
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const mistake = (what: string): { offset: number; what: string } => {
    const word = text[at] === '"' ? 'a string that does not end' : (match(WORD) ?? text[at]);
    return { offset: word === undefined ? at : begin, what: `${what}, not ${shownWord(word)}` };
  };
  let begin = at;
  for (;;) {
    match(BLANK);
    begin = at;
    const next = text[at];
    const inside = open.at(-1);
    const closes = next === (inside === '{' ? '}' : ']');
    if (inside !== undefined && closes && (wanted === 'comma or end' || wanted.includes(' or '))) {
      open.pop();
      at++;
      wanted = 'comma or end';
    } else if (wanted === 'value' || wanted === 'value or ]') {
      if (next === '{' || next === '[') {
        open.push(next);
        at++;
        wanted = next === '{' ? 'key or }' : 'value or ]';
      } else if (match(STRING) ?? match(SCALAR)) wanted = 'comma or end';
      else return mistake('a value is wanted');
    } else if (wanted === 'key' || wanted === 'key or }') {
      if (match(STRING) === undefined) return mistake('a key in double quotes is wanted');
      wanted = 'colon';
    } else if (wanted === 'colon') {
      if (next !== ':') return mistake('":" is wanted');
      at++;
      wanted = 'value';
    } else if (inside === undefined) {
      return next === undefined
        ? { offset: at, what: 'something is wrong with it' }
        : mistake('the end is wanted');
    } else {
      if (next !== ',') return mistake(`"," or "${inside === '{' ? '}' : ']'}" is wanted`);
      at++;
      wanted = inside === '{' ? 'key' : 'value';
    }
  }
}

function shownWord(word: string | undefined): string {
  if (word === undefined) return 'the end of the file';
  if (word.startsWith('a string')) return word;
  return `"${word.length > 20 ? `${word.slice(0, 20)}..` : word}"`;
}
