/** A recording, frozen view of parameters or of a configuration file: what a run reads through it is what it depends on. Knows nothing of tasks. */
import { canonicalKeys, isNode } from './canonical.ts';
import { numberSet } from './number-set.ts';
import type { NumberSet } from './number-set.ts';
import { indexOf, outlineOf } from './outline.ts';
import type { Outline } from './outline.ts';
import type { Json } from './types.ts';

type Node = Record<string, Json>;

/** What was read of one mapping or list. */
export interface Touch {
  /** Mappings and lists reached through it. */
  children: ReadonlyMap<string, Touch> | undefined;
  /** Keys of the leaves read: none, one (most mappings of a table of pixels), or several. */
  leaves: undefined | string | ReadonlySet<string>;
  absent: ReadonlySet<string> | undefined;
  enumerated: boolean;
  /** Of a large table: what was read of each row, unless it is among the children. */
  table?: TableTouch | undefined;
}

/** A bit per column of each row, and `IN_CHILDREN` for those that are among the children. */
export interface TableTouch {
  outline: Outline;
  masks: Uint8Array;
  /** Keys that it does not have, beside those that are among the absent names. */
  absent: NumberSet;
}
export const IN_CHILDREN = 128;

/** What was read of a document: the root's touch, and how many leaves and absent names in all. */
export interface Readings {
  root: Touch | undefined;
  leaves: number;
  absent: number;
}

export interface Recording {
  /** The view; a scalar document stands for itself (and counts as read). */
  view: Json;
  readings: Readings;
  /** Reads after the task has ended throw. */
  close(): void;
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
/** Asked of a proxy, gives its traps. */
const VIEW = Symbol('view');
/** Probed by JSON.stringify and await in every mapping; never keys of a configuration that matter. */
const PROBES = new Set(['toJSON', 'then']);
const INDEX = /^\d+$/;

const refuse = (): never => {
  throw new TypeError('parameters and configuration cannot be changed by a task');
};

interface Shared {
  readings: Readings;
  nothing: Seen;
  closed: boolean;
}

/** Names read of a mapping of which no view was made: one object for all mappings of which the same was read. */
class Seen implements Touch {
  /** A mapping of which more is read gets a view. */
  static readonly MOST = 8;

  readonly children = undefined;
  readonly absent = undefined;
  readonly enumerated = false;
  readonly leaves: undefined | string | ReadonlySet<string>;
  readonly isFull: boolean;
  readonly #more = new Map<string, Seen>();

  constructor(names: readonly string[]) {
    this.isFull = names.length === Seen.MOST;
    this.leaves = names.length < 2 ? names[0] : new Set(names);
  }

  and(name: string): Seen {
    const { leaves } = this;
    if (leaves === name || (typeof leaves === 'object' && leaves.has(name))) return this;
    let more = this.#more.get(name);
    if (more === undefined) {
      const names = typeof leaves === 'string' ? [leaves] : [...(leaves ?? [])];
      this.#more.set(name, (more = new Seen([...names, name])));
    }
    return more;
  }
}

/**
 * The traps of one mapping or list, and what was read of it. The state lives in the handler, so that a read costs one look-up and
 * no map of proxies is kept beside; one proxy per object, so that `p.a === p.a`, made when one is asked for.
 */
export class View implements ProxyHandler<Node>, Touch {
  children: Map<string, View | Seen> | undefined;
  leaves: undefined | string | Set<string>;
  absent: Set<string> | undefined;
  enumerated = false;
  table: TableTouch | undefined;
  readonly #target: Node;
  readonly #shared: Shared;
  #proxy: Json | undefined;

  constructor(target: object, shared: Shared) {
    this.#target = target as Node;
    this.#shared = shared;
  }

  get proxy(): Json {
    if (this.#proxy === undefined) {
      const target = this.#target;
      this.#proxy = new Proxy(target, this);
      // util.inspect passes by every trap (with showProxy even by the view itself) and looks for this on the document behind it.
      const value = (): Json => this.#readAll(target);
      Object.defineProperty(target, INSPECT, { configurable: true, value });
    }
    return this.#proxy;
  }

  /** The value `name` of the mapping at `key`, as two reads would record and give it, without a view of that mapping. */
  inner(key: string | number, name: string): Json | undefined {
    if (this.table !== undefined && !this.#shared.closed) {
      const column = this.table.outline.names.indexOf(name);
      const value = column < 0 ? undefined : this.number(key, column);
      if (value !== undefined) return value;
      if (this.lacks(key)) return undefined;
    }
    const entry = this.#target[key];
    if (entry === undefined || !isNode(entry) || key === '__proto__') {
      this.get(this.#target, String(key), this.#target);
      return undefined;
    }
    const text = String(key);
    const known = this.children?.get(text) ?? this.#shared.nothing;
    const value = (entry as Node)[name];
    // A number that is there is the common case; everything else goes the way of all reads.
    if (
      known instanceof View ||
      known.isFull ||
      typeof value !== 'number' ||
      Array.isArray(entry) ||
      this.#shared.closed
    ) {
      const view = this.#child(text, entry);
      return view.get(view.#target, name, view.#target) as Json | undefined;
    }
    const seen = known.and(name);
    if (seen !== known) {
      (this.children ??= new Map<string, View | Seen>()).set(text, seen);
      this.#shared.readings.leaves++;
    }
    return value;
  }

  /** Of a large table the number in that column of the row `key`; undefined: look again the general way. */
  number(key: string | number, column: number): number | undefined {
    const { outline, masks } = this.table!;
    const row = outline.rowOf(key);
    if (row < 0 || masks[row]! >= IN_CHILDREN) return undefined;
    const value = outline.numbers[column]![row]!;
    if (value !== value) return undefined;
    const mask = masks[row]! | (1 << column);
    if (mask !== masks[row]) this.#shared.readings.leaves++;
    masks[row] = mask;
    return value;
  }

  /** Of a large table: tells that numbers in those columns of rows were read. @returns places of `rows` to be read in another way */
  rows(
    columns: readonly number[],
    rows: ArrayLike<number>,
    isRead: ArrayLike<number>,
    n: number,
  ): number[] {
    const { outline, masks } = this.table!;
    const others: number[] = [];
    const full = columns.reduce((mask, column) => mask | (1 << column), 0);
    const { hasGaps } = outline;
    const { closed } = this.#shared;
    let found = 0;
    for (let i = 0; i < n; i++) {
      if (isRead[i] === 0) continue;
      const row = rows[i]!;
      const mask = row < 0 || closed ? IN_CHILDREN : masks[row]!;
      if (
        mask >= IN_CHILDREN ||
        (hasGaps && columns.some((of) => isNaN(outline.numbers[of]![row]!)))
      )
        others.push(i);
      else if ((mask & full) !== full) {
        for (const column of columns) if ((mask & (1 << column)) === 0) found++;
        masks[row] = mask | full;
      }
    }
    this.#shared.readings.leaves += found;
    return others;
  }

  /** Of a large table: has it no row for this number? That is read, too. */
  lacks(key: string | number): boolean {
    const { outline, absent } = this.table!;
    if (this.#shared.closed || typeof key !== 'number' || outline.rowOf(key) >= 0) return false;
    if (!Number.isInteger(key) || key < 0 || key > 4294967295) return false;
    if (this.absent?.has(String(key)) === true) return true;
    if (absent.add(key)) this.#shared.readings.absent++;
    return true;
  }

  get isOpen(): boolean {
    return !this.#shared.closed;
  }

  /** The traps of the mapping or list at `key`. */
  #child(key: string, value: object): View {
    const known = this.children?.get(key);
    if (known instanceof View) return known;
    const child = new View(value, this.#shared);
    if (known !== undefined)
      child.leaves = typeof known.leaves === 'string' ? known.leaves : new Set(known.leaves);
    const row = this.table?.outline.rowOf(key) ?? -1;
    if (row >= 0) {
      child.leaves = leavesOfRow(this.table!, row);
      this.table!.masks[row] = IN_CHILDREN;
    }
    (this.children ??= new Map<string, View | Seen>()).set(key, child);
    return child;
  }

  #enumerate(): void {
    if (this.#shared.closed) throw new Error('parameters were read after the task had ended');
    this.enumerated = true;
  }

  #read(target: Node, key: string): Json | undefined {
    if (this.#shared.closed) throw new Error('parameters were read after the task had ended');
    const known = this.children?.get(key);
    if (known instanceof View) return known.proxy;
    const value = target[key];
    // What plain data inherits are functions, and __proto__: one look-up tells nearly always.
    const own =
      (value !== undefined && typeof value !== 'function' && key !== '__proto__') ||
      Object.hasOwn(target, key);
    if (!own) {
      if (PROBES.has(key) || this.absent?.has(key) === true) return undefined;
      if (this.table?.absent.has(indexOf(key)) === true) return undefined;
      (this.absent ??= new Set()).add(key);
      this.#shared.readings.absent++;
      return undefined;
    }
    if (isNode(value)) return this.#child(key, value).proxy;
    this.#leaf(key);
    return value;
  }

  #leaf(key: string): void {
    const { leaves } = this;
    if (leaves === key) return;
    if (leaves === undefined) this.leaves = key;
    else if (typeof leaves === 'string') this.leaves = new Set([leaves, key]);
    else if (leaves.has(key)) return;
    else leaves.add(key);
    this.#shared.readings.leaves++;
  }

  /** console.log and util.inspect bypass every trap: whoever prints a view has read all of it. */
  #readAll(target: Node): Json {
    this.#enumerate();
    const keys = canonicalKeys(target);
    const values = keys.map((key) => {
      const value = this.#read(target, key)!;
      return isNode(value)
        ? this.#child(key, target[key] as object).#readAll(target[key] as Node)
        : value;
    });
    return Array.isArray(target)
      ? values
      : Object.fromEntries(keys.map((key, i) => [key, values[i]!]));
  }

  get(target: Node, key: string | symbol, receiver: unknown): unknown {
    if (typeof key === 'symbol') {
      if (key === VIEW) return this;
      if (key === Symbol.iterator) this.#enumerate();
      return Reflect.get(target, key, receiver);
    }
    // The ways of nearly all reads: a mapping seen before, and a plain value, which nothing inherits.
    if (!this.#shared.closed) {
      const known = this.children?.get(key);
      if (known instanceof View) return known.proxy;
      const value = target[key];
      if ((typeof value === 'number' || typeof value === 'string') && !Array.isArray(target)) {
        this.#leaf(key);
        return value;
      }
    }
    if (Array.isArray(target)) {
      if (key === 'length') this.#enumerate();
      if (!INDEX.test(key)) return Reflect.get(target, key, receiver);
    } else if (key in Object.prototype && !Object.hasOwn(target, key)) {
      return Reflect.get(target, key, receiver);
    }
    return this.#read(target, key);
  }

  has(target: Node, key: string | symbol): boolean {
    if (typeof key === 'string') {
      if (Array.isArray(target) && key === 'length') this.#enumerate();
      else this.#read(target, key);
    }
    return Reflect.has(target, key);
  }

  getOwnPropertyDescriptor(target: Node, key: string | symbol): PropertyDescriptor | undefined {
    if (typeof key === 'symbol') return Reflect.getOwnPropertyDescriptor(target, key);
    if (Array.isArray(target) && key === 'length') {
      this.#enumerate();
      return Reflect.getOwnPropertyDescriptor(target, key);
    }
    const value = this.#read(target, key);
    const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
    return descriptor === undefined ? undefined : { ...descriptor, value };
  }

  ownKeys(target: Node): (string | symbol)[] {
    this.#enumerate();
    return Array.isArray(target)
      ? Reflect.ownKeys(target).filter((key) => key !== INSPECT)
      : canonicalKeys(target);
  }

  // Methods, not fields: a table of pixels has a hundred thousand views.
  set(): never {
    return refuse();
  }
  defineProperty(): never {
    return refuse();
  }
  deleteProperty(): never {
    return refuse();
  }
  setPrototypeOf(): never {
    return refuse();
  }
  preventExtensions(): never {
    return refuse();
  }
}

/** Names of what was read of a row. */
function leavesOfRow({ outline, masks }: TableTouch, row: number): undefined | Set<string> {
  const names = outline.names.filter((_, column) => (masks[row]! & (1 << column)) !== 0);
  return names.length === 0 ? undefined : new Set(names);
}

/** The mappings and lists reached through one, the rows of a table among them. */
export function childrenOf(touch: Touch): ReadonlyMap<string, Touch> {
  const children = new Map(touch.children);
  const { table } = touch;
  table?.masks.forEach((mask, row) => {
    if (mask === 0 || mask === IN_CHILDREN) return;
    const leaves = leavesOfRow(table, row);
    const read = { children: undefined, leaves, absent: undefined, enumerated: false };
    children.set(table.outline.keys[row]!, read);
  });
  return children;
}

/**
 * Wraps a document (plain mappings, lists, scalars). The document itself must not be changed by anyone while the view lives.
 * Key sets are handed out in canonical order, so that the order in a file can never show in a result.
 */
export function record(document: Json): Recording {
  const readings: Readings = { root: undefined, leaves: 0, absent: 0 };
  const shared: Shared = { readings, nothing: new Seen([]), closed: false };
  const close = (): void => void (shared.closed = true);
  if (!isNode(document)) return { view: document, readings, close };
  const root = new View(document, shared);
  const outline = outlineOf(document);
  if (outline !== undefined)
    root.table = { outline, masks: new Uint8Array(outline.rows.length), absent: numberSet() };
  readings.root = root;
  return { view: root.proxy, readings, close };
}

/** The view behind a document; undefined for plain data and for what is no mapping or list. */
export const viewOf = (document: Json): View | undefined =>
  isNode(document) ? (document as { [VIEW]?: View })[VIEW] : undefined;
