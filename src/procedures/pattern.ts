/** Patterns of source files: `raw/packets_{run}.h5`, segment by segment. Pure text; opens no folder. */

/** One part of a segment: text as it is, or a wildcard (`name` '' for `*`, which is no more than a filler). */
type Part = { text: string } | { name: string; digits: boolean };

/** One folder or file name of a pattern. */
export interface Segment {
  /** As it is, when there is no wildcard in it. */
  literal: string | undefined;
  parts: readonly Part[];
}

export type Wildcards = { readonly [name: string]: string };

const PART = /\{(\w+)(:d)?\}|\*+/g;

function partsOf(segment: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of segment.matchAll(PART)) {
    if (match.index > from) parts.push({ text: segment.slice(from, match.index) });
    parts.push({ name: match[1] ?? '', digits: match[2] !== undefined });
    from = match.index + match[0].length;
  }
  if (from < segment.length) parts.push({ text: segment.slice(from) });
  return parts;
}

/** Segments of an absolute pattern (without the leading "/"). */
export function segmentsOf(pattern: string): Segment[] {
  return pattern
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => {
      const parts = partsOf(segment);
      return { literal: parts.every((part) => 'text' in part) ? segment : undefined, parts };
    });
}

/** Names of the wildcards of a pattern, in order, each once. */
export function wildcardsOf(pattern: string): string[] {
  const names = segmentsOf(pattern).flatMap(({ parts }) =>
    parts.map((part) => ('name' in part ? part.name : '')),
  );
  return [...new Set(names.filter((name) => name !== ''))];
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Common case, prefix + one wildcard + suffix, without a regular expression. */
function plainMatcher(
  { parts }: Segment,
  bound: Wildcards,
): ((name: string) => Wildcards | undefined) | undefined {
  const open = parts.findIndex((part) => 'name' in part);
  const part = parts[open];
  if (part === undefined || !('name' in part) || part.digits || part.name in bound)
    return undefined;
  if (parts.slice(open + 1).some((other) => 'name' in other)) return undefined;
  const text = (list: readonly Part[]): string =>
    list.map((other) => ('text' in other ? other.text : '')).join('');
  const before = text(parts.slice(0, open));
  const after = text(parts.slice(open + 1));
  const least = before.length + after.length;
  const { name: wildcard } = part;
  const alone = Object.keys(bound).length === 0;
  return (name) => {
    if (name.length <= least || !name.startsWith(before) || !name.endsWith(after)) return undefined;
    const found = name.slice(before.length, name.length - after.length);
    // A spread per file would cost more than all the rest.
    return alone ? { [wildcard]: found } : { ...bound, [wildcard]: found };
  };
}

/**
 * Matcher of one segment: the wildcards of a name that fits, with those bound before it. A wildcard takes at
 * least one character, the first one the longest text it can; one that stands twice is the same text twice.
 */
export function segmentMatcher(
  segment: Segment,
  bound: Wildcards,
): (name: string) => Wildcards | undefined {
  const plain = plainMatcher(segment, bound);
  if (plain !== undefined) return plain;
  const groups: string[] = [];
  const source = segment.parts.map((part) => {
    if ('text' in part) return escape(part.text);
    const known = part.name === '' ? undefined : bound[part.name];
    if (known !== undefined) return escape(known);
    const at = part.name === '' ? -1 : groups.indexOf(part.name);
    if (at >= 0) return `\\${at + 1}(?:)`;
    groups.push(part.name);
    return part.digits ? '(\\d+)' : '(.+)';
  });
  const regexp = new RegExp(`^${source.join('')}$`, 's');
  return (name) => {
    const match = regexp.exec(name);
    if (match === null) return undefined;
    const found: { [name: string]: string } = { ...bound };
    groups.forEach((group, i) => (found[group] = match[i + 1]!));
    return found;
  };
}

/** Wildcards of a whole path, or undefined when it does not fit. */
export function matchPath(pattern: string, path: string): Wildcards | undefined {
  const segments = segmentsOf(pattern);
  const names = path.split('/').filter((name) => name !== '');
  if (segments.length !== names.length) return undefined;
  let bound: Wildcards = {};
  for (const [i, segment] of segments.entries()) {
    const found =
      segment.literal === undefined
        ? segmentMatcher(segment, bound)(names[i]!)
        : segment.literal === names[i]
          ? bound
          : undefined;
    if (found === undefined) return undefined;
    bound = found;
  }
  return bound;
}

/** Least number of edits that make `name` fit a segment; wildcards take any text for nothing. */
export function patternDistance({ parts }: Segment, name: string): number {
  // One column per pattern character; '' stands for a wildcard.
  const tokens = parts.flatMap((part) => ('text' in part ? Array.from(part.text) : ['']));
  let last = Array.from({ length: name.length + 1 }, (_, j) => j);
  for (const token of tokens) {
    const row: number[] = [token === '' ? last[0]! : last[0]! + 1];
    for (let j = 1; j <= name.length; j++) {
      if (token === '') row.push(Math.min(last[j]!, row[j - 1]!));
      else
        row.push(
          Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (token === name[j - 1] ? 0 : 1)),
        );
    }
    last = row;
  }
  return last[name.length]!;
}
