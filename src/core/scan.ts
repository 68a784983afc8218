/** Scans: one task per point of the product of axes, and the tree of merges above them. A point is its values, not its place. */
import { points, withPoint } from './axes.ts';
import { valueText } from './names.ts';
import { outputsOf, targetOf } from './outputs.ts';
import type { Folders } from './outputs.ts';
import type { Axis, Json, Task, TaskOutput } from './types.ts';

type Point = { readonly [axis: string]: Json };

/** `r42,a=1,b=*`: axes sorted by name, so that the order of axes in YAML is no part of a point. */
export function selectionOf(
  run: string | undefined,
  point: Point,
  stars: readonly string[] = [],
): string {
  const axes = [
    ...Object.keys(point).map((k) => [k, valueText(point[k]!)]),
    ...stars.map((k) => [k, '*']),
  ] as [string, string][];
  axes.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return [...(run === undefined ? [] : [run]), ...axes.map(([k, v]) => `${k}=${v}`)].join(',');
}

/** Values of a point as they stand in paths. */
export const patternValues = (point: Point): { [axis: string]: string } =>
  Object.fromEntries(
    Object.entries(point).map(([k, v]) => [k, typeof v === 'string' ? v : valueText(v)]),
  );

/** One task per point; `one` is the procedure's task for the run without its scan. */
export function* pointTasks(one: Task, axes: readonly Axis[], folders: Folders): Iterable<Task> {
  for (const point of points(axes)) {
    const selection = selectionOf(one.run, point);
    yield {
      ...one,
      id: targetOf(one.procedure.name, selection),
      params: withPoint(one.params, axes, point),
      point,
      outputs: outputsOf(one.procedure, selection, one.run, patternValues(point), folders),
    };
  }
}

/** Merges over the last axis, and so upward; the last one, over the first axis, is the procedure's own target. */
export function* mergeTasks(one: Task, axes: readonly Axis[], folders: Folders): Iterable<Task> {
  const names = one.procedure.outputs;
  for (let level = axes.length - 1; level >= 0; level--) {
    const outer = axes.slice(0, level);
    const over = axes[level]!;
    const below = axes.slice(level + 1).map((a) => a.name);
    for (const point of points(outer)) {
      const members = over.values.map((v) =>
        selectionOf(one.run, { ...point, [over.name]: v }, below),
      );
      const selection =
        level === 0 ? (one.run ?? '') : selectionOf(one.run, point, [over.name, ...below]);
      yield {
        ...one,
        id: targetOf(one.procedure.name, selection),
        kind: 'merge',
        params: {},
        files: {},
        inputs: names.map((o) => ({
          alias: o.target,
          targets: members.map((m) => targetOf(o.target, m)),
        })),
        after: [],
        outputs: mergeOutputs(one, selection, folders),
        ...(level === 0 ? {} : { point }),
        merge: {
          axes: axes.slice(level),
          over: over.name,
          points: over.values.map((v) => ({ ...point, [over.name]: v })),
        },
      };
    }
  }
}

/**
 * The lists of a merge hold paths: where the products of its points lie is part of what it makes.
 * @param build relative to the root, as it stands in those paths
 */
export function mergeCode({ procedure }: Task, build: string): string {
  const lists = procedure.outputs.flatMap((o) => (o.pattern === undefined ? [] : [o.pattern]));
  return lists.length === 0 ? 'merge 1' : `merge 1 ${JSON.stringify([build, ...lists])}`;
}

/** Tables are merged into one artifact, other products into a JSON list of their own. */
function mergeOutputs(one: Task, selection: string, folders: Folders): TaskOutput[] {
  const tables = outputsOf(one.procedure, selection, one.run, {}, folders);
  return one.procedure.outputs.map((o, i) => {
    if (o.pattern === undefined) return tables[i]!;
    const name =
      selection === ''
        ? o.target
        : `${o.target}/${selection.replaceAll('*', '_').replaceAll('/', '%2f')}`;
    return {
      target: targetOf(o.target, selection),
      path: `${folders.artifacts}/${name}.json`,
      place: '',
    };
  });
}
