/** The names a misspelt word may have meant. Knows nothing of what the words name. */

/** Edits (insert, delete, replace, swap of neighbours) between two words; stops counting above `limit` and returns `limit + 1`. */
export function distance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let d = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        d = Math.min(d, beforeLast[j - 2]! + 1);
      }
      row.push(d);
      if (d < least) least = d;
    }
    // A swap reaches back two rows, so both must be beyond the limit.
    if (least > limit && Math.min(...last) > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length]!, limit + 1);
}

const words = (name: string): string[] => name.toLowerCase().split(/[^a-z0-9]+/);

/** Is one of `candidates` this word, one slip of the finger aside? Words below four letters must be equal. */
const among = (word: string, candidates: readonly string[]): boolean =>
  candidates.some(
    (candidate) =>
      candidate === word ||
      (word.length >= 4 && candidate.length >= 4 && distance(word, candidate, 1) <= 1),
  );

/** Length of the text that both begin with. */
function sharedStart(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

/** Length of the folders that both begin with: `charge/` must not make charge/hits like charge/evnts. */
function sharedFolders(a: string, b: string): number {
  return a.slice(0, sharedStart(a, b)).lastIndexOf('/') + 1;
}

/** Is the word made of letters of the candidate in their order, from the first on? `params` -> `parameters`. */
function abbreviates(word: string, candidate: string): boolean {
  if (word.length < 3 || word[0] !== candidate[0]) return false;
  let at = 0;
  for (const letter of candidate) if (letter === word[at]) at++;
  return at === word.length;
}

/** How a candidate is like the word: 0 = few edits, 1 = has all its parts or is what it abbreviates, 2 = has its last part, 3 = not. */
function likeness(word: string, candidate: string): { tier: number; edits: number } {
  const shared = sharedFolders(word, candidate);
  const edits = distance(word.slice(shared).toLowerCase(), candidate.slice(shared).toLowerCase());
  const longest = Math.max(word.length, candidate.length) - shared;
  if (edits === 0 || (edits <= 3 && 1 - edits / longest > 0.4)) return { tier: 0, edits };
  const parts = words(word).filter((part) => part !== '');
  const theirs = words(candidate);
  if (parts.length === 0) return { tier: 3, edits };
  if (parts.every((part) => among(part, theirs)) || abbreviates(word, candidate))
    return { tier: 1, edits };
  return { tier: among(parts[parts.length - 1]!, theirs) ? 2 : 3, edits };
}

/**
 * At most `n` names that `word` may have meant, nearest first: those within 3 edits and more than 0.4
 * alike, then the nearest that has all parts of the word (`pedestal` -> `pedestal_file`), then the
 * nearest that has its last part (`charge/evnts` -> `light/events`).
 */
export function nearest(word: string, candidates: Iterable<string>, n = 3): string[] {
  const tiers: { candidate: string; edits: number }[][] = [[], [], []];
  for (const candidate of new Set(candidates)) {
    const { tier, edits } = likeness(word, candidate);
    tiers[tier]?.push({ candidate, edits });
  }
  const found: string[] = [];
  for (const [tier, members] of tiers.entries()) {
    members.sort(
      (a, b) =>
        a.edits - b.edits ||
        sharedStart(word, b.candidate) - sharedStart(word, a.candidate) ||
        (a.candidate < b.candidate ? -1 : 1),
    );
    const kept = tier === 0 ? members : members.filter((m) => m.edits === members[0]!.edits);
    found.push(...kept.map((m) => m.candidate));
  }
  return found.slice(0, n);
}
