/** Reads a YAML (or JSON) text once: its value, the place of every part, its mistakes. Knows nothing of what the keys mean. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Alias, Document, Pair, ParsedNode, Scalar, YAMLMap } from 'yaml';
import type { Diagnostic, Json, KeyPath, Places, Where } from '../core/types.ts';
import { syntaxMistake } from './yaml-mistake.ts';

/** A parsed file. `value` is null for an empty file and undefined when it could not be read at all. */
export interface YamlFile {
  file: string;
  text: string;
  value: Json | undefined;
  places: Places;
  /** Text of a part as it is written, for messages. */
  written(path: KeyPath): string;
  diagnostics: readonly Diagnostic[];
}

type Node = ParsedNode | null;
type Entry = { key: ParsedNode; value: Node };

/** Span of text: from, to (behind the last character). */
type Span = readonly [from: number, to: number];

const span = (node: ParsedNode): Span => [node.range[0], node.range[1]];

/** Words that YAML 1.1 (PyYAML) reads as true or false and 1.2 as text. */
const WORDS_1_1: { readonly [word: string]: string } = {
  yes: 'true',
  on: 'true',
  no: 'false',
  off: 'false',
};

/** Integers that no double stands for (exactly, or as it is written) keep their digits as text. */
function numberValue(value: number | bigint): number | string {
  if (typeof value === 'number') return Object.is(value, -0) ? 0 : value;
  const number = Number(value);
  const digits = value.toString();
  return BigInt(number) === value || String(number) === digits ? number : digits;
}

/** Text of a key: numbers canonically, so that 1 and 1.0 are one key; undefined for lists and mappings. */
function keyText(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  const { value } = node;
  if (typeof value === 'number' || typeof value === 'bigint') return `${numberValue(value)}`;
  return typeof value === 'string' ? value : (node.source ?? '');
}

function setOwn(target: { [key: string]: Json }, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else target[key] = value;
}

/** More values than this behind aliases are no configuration. */
const MOST_VALUES = 1_000_000;

/** One walk over a document: value, duplicate keys, words of YAML 1.1, anchors and merge keys; linear. */
class Walk {
  readonly diagnostics: Diagnostic[] = [];
  readonly #anchors = new Map<string, { node: ParsedNode; value?: Json; size?: number }>();
  readonly #entries = new Map<YAMLMap, Map<string, Entry>>();
  readonly #where: (span: Span) => Where;
  /** Values so far, those behind aliases counted each time. */
  #size = 0;
  #tooMany = false;

  constructor(where: (span: Span) => Where) {
    this.#where = where;
  }

  #report(
    severity: 'error' | 'warning',
    code: string,
    message: string,
    at: Span,
    hint: string,
  ): void {
    this.diagnostics.push({ severity, code, message, where: this.#where(at), try: hint });
  }

  value(node: Node): Json {
    this.#size++;
    if (node === null) return null;
    if (isAlias(node)) return this.#alias(node);
    const before = this.#size;
    const anchored = node.anchor === undefined ? undefined : { node };
    if (anchored !== undefined) this.#anchors.set(node.anchor!, anchored);
    const value = this.#plain(node);
    if (anchored !== undefined) Object.assign(anchored, { value, size: this.#size - before });
    return value;
  }

  #plain(node: Exclude<ParsedNode, Alias.Parsed>): Json {
    if (isScalar(node)) return this.#scalar(node);
    if (isSeq(node)) return (node.items as Node[]).map((item) => this.value(item));
    return this.#mapping(node);
  }

  #scalar(node: Scalar.Parsed): Json {
    const { value } = node;
    if (typeof value === 'number' || typeof value === 'bigint') return numberValue(value);
    if (typeof value === 'string') {
      const meant = node.type === 'PLAIN' ? WORDS_1_1[value.toLowerCase()] : undefined;
      if (meant !== undefined) {
        const message = `${value} is text in YAML 1.2`;
        this.#report(
          'warning',
          'yaml-1.1',
          message,
          span(node),
          `${meant}, or "${value}" in quotes`,
        );
      }
      return value;
    }
    return value === null || typeof value === 'boolean' ? value : node.source;
  }

  #alias(node: Alias.Parsed): Json {
    const anchored = this.#anchors.get(node.source);
    if (anchored?.value !== undefined) {
      const size = anchored.size ?? 0;
      if (this.#size + size <= MOST_VALUES) {
        this.#size += size;
        return anchored.value;
      }
      const message = 'not YAML for tg: aliases make more than 1 000 000 values';
      if (!this.#tooMany)
        this.#report('error', 'yaml', message, span(node), 'fewer aliases of aliases');
      this.#tooMany = true;
      return null;
    }
    const what =
      anchored === undefined ? `no anchor &${node.source} above` : `*${node.source} holds itself`;
    this.#report(
      'error',
      'yaml',
      `not YAML: ${what}`,
      span(node),
      `&${node.source} before the value that is meant`,
    );
    return null;
  }

  #mapping(node: YAMLMap.Parsed): Json {
    const merged: { [key: string]: Json } = {};
    const own: { [key: string]: Json } = {};
    const entries = new Map<string, Entry>();
    const inherited = new Map<string, Entry>();
    for (const pair of node.items as Pair<ParsedNode, Node>[]) {
      const key = keyText(pair.key);
      if (key === undefined) {
        this.#report(
          'error',
          'yaml',
          'not YAML for tg: a key must be text',
          span(pair.key),
          'put the key in quotes',
        );
        continue;
      }
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        this.#merge(pair.value, merged, inherited);
        continue;
      }
      const first = entries.get(key);
      if (first !== undefined) this.#duplicate(key, pair.key, first.key);
      else entries.set(key, pair);
      const value = this.value(pair.value);
      if (first === undefined) setOwn(own, key, value);
    }
    for (const [key, entry] of inherited) if (!entries.has(key)) entries.set(key, entry);
    this.#entries.set(node, entries);
    return inherited.size === 0 ? own : { ...merged, ...own };
  }

  #duplicate(key: string, second: ParsedNode, first: ParsedNode): void {
    const where = this.#where(span(first));
    this.diagnostics.push({
      severity: 'error',
      code: 'duplicate-key',
      message: `key "${key}" twice, first at line ${where.line}`,
      where: this.#where(span(second)),
      related: [{ where, remark: 'first' }],
      try: 'keep one',
    });
  }

  /** `<<: *base` or a list of them: the first that has a key wins, the mapping's own keys before all. */
  #merge(node: Node, into: { [key: string]: Json }, entries: Map<string, Entry>): void {
    for (const part of isSeq(node) ? node.items : [node]) {
      const value = this.value(part);
      const mapping = this.resolve(part);
      if (!isMap(mapping)) {
        const at: Span = part === null ? [0, 0] : span(part);
        this.#report('error', 'yaml', 'not YAML: << takes a mapping', at, '<<: *name of a mapping');
        continue;
      }
      for (const [key, entry] of this.#entries.get(mapping) ?? []) {
        if (entries.has(key)) continue;
        entries.set(key, entry);
        setOwn(into, key, (value as { readonly [key: string]: Json })[key]!);
      }
    }
  }

  /** The node itself, or what an alias stands for. */
  resolve(node: Node): Node {
    return isAlias(node) ? (this.#anchors.get(node.source)?.node ?? null) : node;
  }

  /** Entry or item of `node` for one step of a path. */
  child(node: Node, step: string | number): Entry | { key: undefined; value: Node } | undefined {
    const parent = this.resolve(node);
    if (isMap(parent)) return this.#entries.get(parent)?.get(String(step));
    if (!isSeq(parent) || !(Number(step) in parent.items)) return undefined;
    return { key: undefined, value: parent.items[Number(step)] as Node };
  }
}

/** Where paths lead in a document; what is not there is shown at the nearest thing above it. */
function spansOf(document: Document.Parsed, walk: Walk, path: KeyPath): { key: Span; value: Span } {
  let node: Node = document.contents;
  let value: Span = node === null ? [0, 0] : span(node);
  let key = value;
  for (const step of path) {
    const child = walk.child(node, step);
    if (child === undefined) break;
    node = child.value;
    key = child.key === undefined ? (node === null ? key : span(node)) : span(child.key);
    value = node === null ? key : span(node);
    if (value[0] === value[1]) value = key;
  }
  return { key, value };
}

/** Reads a text. Of syntax errors only the first is told; one bad bracket makes the parser see fifty. */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const where = (at: Span): Where => {
    const { line, col } = lines.linePos(at[0]);
    const end = text.slice(at[0], at[1]).search(/[ \t]*(?:\r?\n|$)/);
    return { file, line, column: col, length: Math.max(1, end) };
  };
  const nowhere = (): Where => ({ file, line: 1, column: 1, length: 1 });
  const broken = (diagnostic: Diagnostic): YamlFile => {
    const places = { value: nowhere, key: nowhere, pair: nowhere };
    return { file, text, value: undefined, places, written: () => '', diagnostics: [diagnostic] };
  };
  let document;
  try {
    document = parseDocument(text, {
      uniqueKeys: false,
      prettyErrors: false,
      intAsBigInt: true,
      lineCounter: lines,
    }) as Document.Parsed;
  } catch (error) {
    // The parser is recursive: a thousand brackets deep it runs out of stack.
    if (!(error instanceof RangeError)) throw error;
    const message = 'not YAML: nested too deep';
    return broken({
      severity: 'error',
      code: 'yaml',
      message,
      where: nowhere(),
      try: 'fewer brackets',
    });
  }
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) return broken(syntaxMistake(problem, text, where));
  const walk = new Walk(where);
  const value = walk.value(document.contents);
  const spans = (path: KeyPath): { key: Span; value: Span } => spansOf(document, walk, path);
  const places: Places = {
    value: (path) => where(spans(path).value),
    key: (path) => where(spans(path).key),
    pair: (path) => {
      const { key, value } = spans(path);
      return where([Math.min(key[0], value[0]), Math.max(key[1], value[1])]);
    },
  };
  const written = (path: KeyPath): string => text.slice(...spans(path).value);
  return { file, text, value, places, written, diagnostics: walk.diagnostics };
}
