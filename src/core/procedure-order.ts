/** Procedures in the order of their needs, or the cycle that forbids one. Knows entries, no tasks. */
import type { ExpandInput } from './expansion.ts';
import { globMatcher } from './names.ts';
import type { Diagnostic, Procedure } from './types.ts';

/** Procedures in the order of their needs (Kahn); a cycle is told with the place of each edge. */
export function inOrder(
  input: ExpandInput,
  makerOf: ReadonlyMap<string, Procedure>,
  diagnostics: Diagnostic[],
): Procedure[] {
  const index = new Map(input.procedures.map((p, i) => [p, i]));
  const byName = new Map(input.procedures.map((p) => [p.name, p]));
  const needs = input.procedures.map((p) => {
    const words = [
      ...p.inputs.map((i) => i.target),
      ...p.after,
      ...(typeof p.each === 'object' ? [p.each.target] : []),
    ];
    const found = new Set<number>();
    for (const word of words)
      for (const q of makersOf(word, makerOf, byName, input.procedures)) found.add(index.get(q)!);
    return found;
  });
  const dependents: number[][] = input.procedures.map(() => []);
  const missing = needs.map((set, i) => {
    for (const j of set) dependents[j]!.push(i);
    return set.size;
  });
  const order: number[] = missing.flatMap((n, i) => (n === 0 ? [i] : []));
  for (let at = 0; at < order.length; at++)
    for (const d of dependents[order[at]!]!) if (--missing[d]! === 0) order.push(d);
  if (order.length < input.procedures.length)
    diagnostics.push(cycle(input.procedures, needs, missing, makerOf, byName));
  // Tasks stand in the order of the library, as far as needs allow: stable for equal ranks.
  return order.map((i) => input.procedures[i]!);
}

function makersOf(
  word: string,
  makerOf: ReadonlyMap<string, Procedure>,
  byName: ReadonlyMap<string, Procedure>,
  all: readonly Procedure[],
): Procedure[] {
  const name = word.replace(/@.*/s, '').replace(/::.*/s, '');
  if (!name.includes('*')) {
    const p = makerOf.get(name) ?? byName.get(name);
    return p === undefined ? [] : [p];
  }
  const matches = globMatcher(name);
  return all.filter((p) => p.outputs.some((o) => matches(o.target)));
}

function cycle(
  all: readonly Procedure[],
  needs: readonly Set<number>[],
  missing: readonly number[],
  makerOf: ReadonlyMap<string, Procedure>,
  byName: ReadonlyMap<string, Procedure>,
): Diagnostic {
  const stuck = (i: number): boolean => missing[i]! > 0;
  let at = all.findIndex((_, i) => stuck(i));
  const seen = new Map<number, number>();
  const path: number[] = [];
  while (!seen.has(at)) {
    seen.set(at, path.length);
    path.push(at);
    at = [...needs[at]!].find(stuck)!;
  }
  const loop = path.slice(seen.get(at));
  const first = loop.reduce((best, i, k) => (i < loop[best]! ? k : best), 0);
  const turned = [...loop.slice(first), ...loop.slice(0, first)].map((i) => all[i]!);
  const related = turned.map((p, k) => {
    const next = turned[(k + 1) % turned.length]!;
    const where =
      p.inputs.find((i) => makersOf(i.target, makerOf, byName, all).includes(next))?.where ??
      p.where;
    return { where, remark: `${p.name} needs ${next.name}` };
  });
  return {
    severity: 'error',
    code: 'cycle',
    message: `cycle: ${[...turned, turned[0]!].map((p) => p.name).join(' -> ')}`,
    ...related[0]!,
    related: related.slice(1),
    try: 'take out one of these inputs',
  };
}
