/** A graph written down: as a tree of text, Mermaid, Graphviz or JSON. Knows no tasks; the same graph is always the same text. */
import type { Graph, GraphNode } from './graph.ts';

export const GRAPH_FORMATS = ['text', 'mermaid', 'dot', 'json'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

/** Ends with a line end. */
export function graphText(graph: Graph, format: GraphFormat): string {
  switch (format) {
    case 'text':
      return tree(graph);
    case 'mermaid':
      return mermaid(graph);
    case 'dot':
      return dot(graph);
    case 'json':
      return json(graph);
  }
}

/** Words that Mermaid reads as its own, whatever their case. */
const RESERVED = new Set(
  'call class classdef click default direction end flowchart graph href interpolate linkstyle style subgraph'.split(
    ' ',
  ),
);

/** One word per node: letters, digits and `_`; different nodes get different words. */
function words(nodes: readonly GraphNode[]): string[] {
  const taken = new Set<string>();
  return nodes.map(({ name }) => {
    const plain = name.replace(/[^A-Za-z0-9_]/g, '_');
    const base = RESERVED.has(plain.toLowerCase()) ? `${plain}_` : plain;
    let word = base;
    for (let n = 2; taken.has(word); n++) word = `${base}_${n}`;
    taken.add(word);
    return word;
  });
}

function mermaid(graph: Graph): string {
  const word = words(graph.nodes);
  const told = new Set<number>();
  const mention = (i: number): string => {
    if (told.has(i)) return word[i]!;
    told.add(i);
    const { name, kind } = graph.nodes[i]!;
    const label = `"${name.replaceAll('"', '#quot;')}"`;
    return kind === 'source' ? `${word[i]!}[(${label})]` : `${word[i]!}[${label}]`;
  };
  const lines = graph.edges.map(([from, to]) => {
    const begin = mention(from);
    return `  ${begin} --> ${mention(to)}`;
  });
  const alone = graph.nodes.flatMap((_, i) => (told.has(i) ? [] : [`  ${mention(i)}`]));
  return ['graph LR', ...lines, ...alone, ''].join('\n');
}

function dot(graph: Graph): string {
  const quoted = (name: string): string =>
    `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const shapes = { source: 'cylinder', procedure: 'box', task: 'box', table: 'note' };
  const nodes = graph.nodes.map(({ name, kind }) => `  ${quoted(name)} [shape=${shapes[kind]}];`);
  const edges = graph.edges.map(
    ([from, to]) => `  ${quoted(graph.nodes[from]!.name)} -> ${quoted(graph.nodes[to]!.name)};`,
  );
  return ['digraph tg {', '  rankdir=LR;', ...nodes, ...edges, '}', ''].join('\n');
}

function json(graph: Graph): string {
  const edges = graph.edges.map(([from, to]) => [graph.nodes[from]!.name, graph.nodes[to]!.name]);
  return `${JSON.stringify({ v: 1, type: 'graph', nodes: graph.nodes, edges })}\n`;
}

/** From what was asked for down to the sources; what was written out before is not written out again. */
function tree(graph: Graph): string {
  const needs = graph.nodes.map((): number[] => []);
  const used = new Set<number>();
  for (const [from, to] of graph.edges) {
    needs[to]!.push(from);
    used.add(from);
  }
  const lines: string[] = [];
  const told = new Set<number>();
  const stack: { node: number; depth: number }[] = [];
  const roots = graph.nodes.flatMap((_, i) => (used.has(i) ? [] : [i]));
  for (const root of roots) {
    stack.push({ node: root, depth: 0 });
    while (stack.length > 0) {
      const { node, depth } = stack.pop()!;
      const { name, kind } = graph.nodes[node]!;
      const again = told.has(node) && needs[node]!.length > 0;
      const remark = kind === 'source' ? '  (source)' : again ? '  (see above)' : '';
      lines.push(`${'  '.repeat(depth)}${name}${remark}\n`);
      if (again) continue;
      told.add(node);
      for (const need of [...needs[node]!].reverse()) stack.push({ node: need, depth: depth + 1 });
    }
  }
  return lines.join('');
}
