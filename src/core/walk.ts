/** A document in canonical order, whole or where it was read: what traces number its values by. Knows no views. */
import { canonicalKeys, isNode } from './canonical.ts';
import type { Json } from './types.ts';
import { IN_CHILDREN } from './view.ts';
import type { TableTouch, Touch } from './view.ts';

type Node = Record<string, Json>;

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
  visit: (
    node: number,
    depth: number,
    key: string,
    value: Json,
    touch: Touch | undefined,
    index?: number,
  ) => void,
): number {
  let node = 1;
  const keysOf = keysLikeLast();
  const inside = (value: object, touch: Touch, depth: number): void => {
    const { children } = touch;
    for (const key of keysOf(value)) {
      const member = (value as Node)[key]!;
      const at = node++;
      if (member === null || typeof member !== 'object') {
        if (hasRead(touch, key)) visit(at, depth, key, member, undefined);
        continue;
      }
      const child = children?.get(key);
      if (child === undefined) node += sizeOf(member);
      else {
        visit(at, depth, key, member, child);
        inside(member, child, depth + 1);
      }
    }
  };
  const insideTable = ({ outline, masks }: TableTouch, touch: Touch): void => {
    const { keys, rows, names, indices } = outline;
    for (let row = 0; row < rows.length; row++, node += 1 + names.length) {
      const mask = masks[row]!;
      if (mask === 0) continue;
      const child = mask === IN_CHILDREN ? touch.children!.get(keys[row]!) : undefined;
      visit(node, 1, keys[row]!, rows[row]!, child, indices[row]);
      for (let column = 0; column < names.length; column++) {
        const name = names[column]!;
        const isRead = child === undefined ? (mask & (1 << column)) !== 0 : hasRead(child, name);
        if (isRead) visit(node + 1 + column, 2, name, rows[row]![name]!, undefined);
      }
    }
  };
  if (isNode(document) && root !== undefined) {
    visit(0, 0, '', document, root);
    if (root.table === undefined) inside(document, root, 1);
    else insideTable(root.table, root);
  }
  return node;
}

const hasRead = ({ leaves }: Touch, name: string): boolean =>
  leaves === name || (typeof leaves === 'object' && leaves.has(name));

/** `canonicalKeys`, without new lists for the mappings of a table, which are all alike. */
function keysLikeLast(): (value: object) => readonly string[] {
  let last: readonly string[] = [];
  let sorted: readonly string[] = [];
  return (value) => {
    let n = 0;
    let isAlike = last.length > 0;
    // Plain data: nothing is inherited.
    for (const key in value) {
      isAlike &&= last[n++] === key;
      if (!isAlike) break;
    }
    if (isAlike && n === last.length) return sorted;
    last = Object.keys(value);
    return (sorted = canonicalKeys(value));
  };
}

/** Values below a mapping or list. */
function sizeOf(value: object): number {
  let n = 0;
  for (const member of Object.values(value) as Json[])
    n += 1 + (isNode(member) ? sizeOf(member) : 0);
  return n;
}
