/** Relations that grow pair by pair, in order of the parent: as stretches, or as runs of children. Knows no files. */
import type { Runs, Stretches } from 'tg/h5';

/** Three numbers an entry; `at` is the place behind the last. */
interface Triples {
  words: Uint32Array;
  at: number;
}

function push(list: Triples, a: number, b: number, c: number): void {
  if (list.at === list.words.length) {
    const wider = new Uint32Array(2 * list.at);
    wider.set(list.words);
    list.words = wider;
  }
  list.words[list.at++] = a;
  list.words[list.at++] = b;
  list.words[list.at++] = c;
}

const triples = (): Triples => ({ words: new Uint32Array(3 * 1024), at: 0 });

function column({ words, at }: Triples, k: number): Uint32Array {
  const out = new Uint32Array(at / 3);
  for (let i = 0; i < out.length; i++) out[i] = words[3 * i + k]!;
  return out;
}

export interface StretchList {
  /** Row `parent` belongs to row `child`; parents ascend. */
  push(parent: number, child: number): void;
  stretches(): Stretches;
}

export function createStretches(): StretchList {
  const list = triples();
  return {
    push(parent, child) {
      const { words, at } = list;
      const n = at === 0 ? 0 : words[at - 1]!;
      if (n > 0 && words[at - 3]! + n === parent && words[at - 2]! + n === child)
        words[at - 1] = n + 1;
      else push(list, parent, child, 1);
    },
    stretches: () => ({ parent: column(list, 0), child: column(list, 1), rows: column(list, 2) }),
  };
}

export interface ChildRuns {
  /** Row `child` belongs to row `parent`; parents ascend, children of one parent, too, each once. */
  push(parent: number, child: number): void;
  runs(): Runs;
}

export function createRuns(): ChildRuns {
  const list = triples();
  return {
    push(parent, child) {
      const { words, at } = list;
      if (at > 0 && words[at - 3] === parent && words[at - 1] === child) words[at - 1] = child + 1;
      else push(list, parent, child, child + 1);
    },
    runs: () => ({ parent: column(list, 0), start: column(list, 1), stop: column(list, 2) }),
  };
}
