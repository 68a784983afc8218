// Runs of rows that grow in three typed arrays. Does not know files.
import type { Runs } from './write-references.ts';

/** Runs that grow in three typed arrays. */
export class RunList {
  length = 0;
  parent: Uint32Array;
  start: Uint32Array;
  stop: Uint32Array;

  constructor(capacity: number) {
    this.parent = new Uint32Array(capacity);
    this.start = new Uint32Array(capacity);
    this.stop = new Uint32Array(capacity);
  }
  push(parent: number, start: number, stop: number): void {
    const at = this.length++;
    if (at === this.parent.length) this.#grow();
    this.parent[at] = parent;
    this.start[at] = start;
    this.stop[at] = stop;
  }
  /** Joins runs that follow each other without a gap, in their order. */
  join(): void {
    let at = -1;
    for (let i = 0; i < this.length; i++) {
      if (at >= 0 && this.start[i] === this.stop[at]) this.stop[at] = this.stop[i]!;
      else {
        at++;
        this.start[at] = this.start[i]!;
        this.stop[at] = this.stop[i]!;
      }
    }
    this.length = at + 1;
  }
  /** Sorts and joins the runs from `from` on, which belong to one parent. */
  settle(from: number): void {
    const start = this.start;
    const stop = this.stop;
    let ordered = true;
    for (let i = from + 1; i < this.length; i++) if (start[i]! <= stop[i - 1]!) ordered = false;
    if (ordered) return;
    const runs = Array.from(
      { length: this.length - from },
      (_, k) => [start[from + k]!, stop[from + k]!] as const,
    );
    runs.sort((a, b) => a[0] - b[0]);
    let at = from - 1;
    for (const [first, end] of runs) {
      if (at >= from && first <= stop[at]!) stop[at] = Math.max(stop[at]!, end);
      else {
        at++;
        start[at] = first;
        stop[at] = end;
      }
    }
    this.length = at + 1;
  }
  rows(): Uint32Array {
    let n = 0;
    for (let i = 0; i < this.length; i++) n += this.stop[i]! - this.start[i]!;
    const out = new Uint32Array(n);
    for (let i = 0, at = 0; i < this.length; i++)
      for (let row = this.start[i]!; row < this.stop[i]!; row++) out[at++] = row;
    return out;
  }
  runs(): Runs {
    const cut = (list: Uint32Array): Uint32Array => list.slice(0, this.length);
    return { parent: cut(this.parent), start: cut(this.start), stop: cut(this.stop) };
  }
  #grow(): void {
    const wider = (list: Uint32Array): Uint32Array => {
      const out = new Uint32Array(Math.max(16, 2 * list.length));
      out.set(list);
      return out;
    };
    this.parent = wider(this.parent);
    this.start = wider(this.start);
    this.stop = wider(this.stop);
  }
}
