/** A recording, frozen view of parameters or of a configuration file: what a run reads through it is what it depends on. Knows nothing of tasks. */
import { canonicalKeys, isNode } from './canonical.ts';
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
}

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
/** Probed by JSON.stringify and await in every mapping; never keys of a configuration that matter. */
const PROBES = new Set(['toJSON', 'then']);
const INDEX = /^\d+$/;

const refuse = (): never => {
  throw new TypeError('parameters and configuration cannot be changed by a task');
};

interface Shared {
  readings: Readings;
  closed: boolean;
}

/**
 * The traps of one mapping or list, and what was read of it. The state lives in the handler, so that a read costs one look-up and
 * no map of proxies is kept beside; one proxy per object, so that `p.a === p.a`.
 */
class View implements ProxyHandler<Node>, Touch {
  children: Map<string, View> | undefined;
  leaves: undefined | string | Set<string>;
  absent: Set<string> | undefined;
  enumerated = false;
  readonly proxy: Json;
  readonly #shared: Shared;

  constructor(target: object, shared: Shared) {
    this.#shared = shared;
    this.proxy = new Proxy(target as Node, this);
    // util.inspect passes by every trap (with showProxy even by the view itself) and looks for this on the document behind it.
    const value = (): Json => this.#readAll(target as Node);
    Object.defineProperty(target, INSPECT, { configurable: true, value });
  }

  #enumerate(): void {
    if (this.#shared.closed) throw new Error('parameters were read after the task had ended');
    this.enumerated = true;
  }

  #read(target: Node, key: string): Json | undefined {
    if (this.#shared.closed) throw new Error('parameters were read after the task had ended');
    const known = this.children?.get(key);
    if (known !== undefined) return known.proxy;
    const value = target[key];
    // What plain data inherits are functions, and __proto__: one look-up tells nearly always.
    const own =
      (value !== undefined && typeof value !== 'function' && key !== '__proto__') ||
      Object.hasOwn(target, key);
    if (!own) {
      if (PROBES.has(key) || this.absent?.has(key) === true) return undefined;
      (this.absent ??= new Set()).add(key);
      this.#shared.readings.absent++;
      return undefined;
    }
    if (isNode(value)) {
      const child = new View(value, this.#shared);
      (this.children ??= new Map<string, View>()).set(key, child);
      return child.proxy;
    }
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
      return isNode(value) ? this.children!.get(key)!.#readAll(target[key] as Node) : value;
    });
    return Array.isArray(target)
      ? values
      : Object.fromEntries(keys.map((key, i) => [key, values[i]!]));
  }

  get(target: Node, key: string | symbol, receiver: unknown): unknown {
    if (typeof key === 'symbol') {
      if (key === Symbol.iterator) this.#enumerate();
      return Reflect.get(target, key, receiver);
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

/**
 * Wraps a document (plain mappings, lists, scalars). The document itself must not be changed by anyone while the view lives.
 * Key sets are handed out in canonical order, so that the order in a file can never show in a result.
 */
export function record(document: Json): Recording {
  const readings: Readings = { root: undefined, leaves: 0, absent: 0 };
  const shared: Shared = { readings, closed: false };
  const close = (): void => void (shared.closed = true);
  if (!isNode(document)) return { view: document, readings, close };
  const root = new View(document, shared);
  readings.root = root;
  return { view: root.proxy, readings, close };
}

/**
 * Walks a document in canonical order (depth first, keys as `canonicalKeys`). Every leaf, mapping and list gets the next number; the
 * root is 0. `path` is one array that changes under way.
 */
export function walkCanonical(
  document: Json,
  visit: (node: number, path: readonly string[], value: Json, key: string) => void,
): number {
  let node = 0;
  const path: string[] = [];
  const stack: { value: object; keys: string[]; next: number }[] = [];
  const enter = (value: Json, key: string): void => {
    visit(node++, path, value, key);
    if (isNode(value)) stack.push({ value, keys: canonicalKeys(value), next: 0 });
    else path.pop();
  };
  enter(document, '');
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    if (top.next === top.keys.length) {
      stack.pop();
      path.pop();
      continue;
    }
    const key = top.keys[top.next++]!;
    path.push(key);
    enter((top.value as Node)[key]!, key);
  }
  return node;
}

/** The same numbers, told only of what was read: what was not is counted and passed over. */
export function walkRead(
  document: Json,
  root: Touch | undefined,
  visit: (node: number, key: string, value: Json, touch: Touch | undefined) => void,
): number {
  let node = 1;
  const inside = (value: object, touch: Touch): void => {
    const { children, leaves } = touch;
    for (const key of canonicalKeys(value)) {
      const member = (value as Node)[key]!;
      const at = node++;
      if (member === null || typeof member !== 'object') {
        if (leaves === key || (typeof leaves === 'object' && leaves.has(key)))
          visit(at, key, member, undefined);
        continue;
      }
      const child = children?.get(key);
      if (child === undefined) node += sizeOf(member);
      else {
        visit(at, key, member, child);
        inside(member, child);
      }
    }
  };
  if (isNode(document) && root !== undefined) {
    visit(0, '', document, root);
    inside(document, root);
  }
  return node;
}

/** Values below a mapping or list. */
function sizeOf(value: object): number {
  let n = 0;
  for (const member of Object.values(value) as Json[])
    n += 1 + (isNode(member) ? sizeOf(member) : 0);
  return n;
}
