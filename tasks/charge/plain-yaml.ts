/** The plain part of YAML that layout files are written in, read ten times faster than by a full parser. Knows no geometry. */
import { parseDocument } from 'yaml';

/** Mappings become Maps with text keys; order is that of the file. */
export type PlainValue = string | number | null | PlainValue[] | Map<string, PlainValue>;

/** A mistake in the text: what, and at which line and column. */
export class PlainYamlError extends Error {
  readonly line: number;
  readonly column: number;
  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** The value of a text: block mappings and sequences of numbers and bare words at once, everything else through `yaml`. */
export function parsePlainYaml(text: string): PlainValue {
  const plain = new PlainParser(text).parse();
  return plain === undefined ? parseAnyYaml(text) : plain;
}

/** The same through the full parser, keys as text. */
export function parseAnyYaml(text: string): PlainValue {
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const before = text.slice(0, error.pos[0]).split('\n');
    const sentence = error.message.split('\n')[0]!;
    throw new PlainYamlError(`not YAML: ${sentence}`, before.length, before.at(-1)!.length + 1);
  }
  return textKeys(document.toJS({ mapAsMap: true }));
}

function textKeys(value: unknown): PlainValue {
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, inner]) => [String(key), textKeys(inner)]));
  }
  if (Array.isArray(value)) return value.map(textKeys);
  if (typeof value === 'string' || typeof value === 'number') return value;
  return value === null || value === undefined ? null : JSON.stringify(value);
}

const NUMBER = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const BARE_WORD = /^[A-Za-z0-9_][A-Za-z0-9_./+-]*$/;
/** Words that YAML does not read as text. */
const NOT_TEXT = /^(?:true|false|null|0x|0o)/i;

/** Thrown inside, when the text is not plain. */
class NotPlain extends Error {}

class PlainParser {
  readonly #lines: string[];
  readonly #indents: number[];
  readonly #numbers: number[];
  #next = 0;

  constructor(text: string) {
    this.#lines = [];
    this.#indents = [];
    this.#numbers = [];
    let number = 0;
    for (const raw of text.split('\n')) {
      number++;
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) continue;
      this.#lines.push(line);
      this.#indents.push(raw.length - raw.trimStart().length);
      this.#numbers.push(number);
    }
  }

  /** The value, undefined when the text is not plain. */
  parse(): PlainValue | undefined {
    if (this.#lines.length === 0) return undefined;
    try {
      const value = this.#block(this.#indents[0]!);
      return this.#next === this.#lines.length ? value : undefined;
    } catch (error) {
      if (error instanceof NotPlain) return undefined;
      throw error;
    }
  }

  #block(indent: number): PlainValue {
    return this.#lines[this.#next]!.startsWith('- ')
      ? this.#sequence(indent)
      : this.#mapping(indent);
  }

  #sequence(indent: number): PlainValue[] {
    const values: PlainValue[] = [];
    while (this.#indents[this.#next] === indent && this.#lines[this.#next]!.startsWith('- ')) {
      values.push(scalar(this.#lines[this.#next]!.slice(2).trim()));
      this.#next++;
    }
    return values;
  }

  #mapping(indent: number): Map<string, PlainValue> {
    const values = new Map<string, PlainValue>();
    while (this.#indents[this.#next] === indent) {
      const line = this.#lines[this.#next]!;
      const colon = line.indexOf(':');
      const key = line.slice(0, colon);
      if (colon < 1 || !BARE_WORD.test(key)) throw new NotPlain();
      if (values.has(key)) {
        const line = this.#numbers[this.#next]!;
        throw new PlainYamlError(`key ${key} twice`, line, this.#indents[this.#next]! + 1);
      }
      const rest = line.slice(colon + 1);
      this.#next++;
      values.set(key, rest === '' ? this.#nested(indent) : this.#inline(rest));
    }
    if (this.#next < this.#lines.length && this.#indents[this.#next]! > indent)
      throw new NotPlain();
    return values;
  }

  #inline(rest: string): PlainValue {
    if (!rest.startsWith(' ')) throw new NotPlain();
    const text = rest.trim();
    if (!text.startsWith('[')) return scalar(text);
    if (!text.endsWith(']')) throw new NotPlain();
    return text
      .slice(1, -1)
      .split(',')
      .map((item) => scalar(item.trim()));
  }

  /** What stands below a key: deeper, or a sequence at the same depth. */
  #nested(indent: number): PlainValue {
    if (this.#next === this.#lines.length) throw new NotPlain();
    const inner = this.#indents[this.#next]!;
    if (inner > indent) return this.#block(inner);
    if (inner === indent && this.#lines[this.#next]!.startsWith('- ')) return this.#sequence(inner);
    throw new NotPlain();
  }
}

function scalar(text: string): PlainValue {
  if (NUMBER.test(text)) {
    // A leading zero may be an octal number to someone.
    if (/^-?0\d/.test(text)) throw new NotPlain();
    return Number(text);
  }
  if (!BARE_WORD.test(text) || NOT_TEXT.test(text)) throw new NotPlain();
  return text;
}
