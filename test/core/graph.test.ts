/** Drawings of a plan: order, names that clash, formats that parse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { graphText } from '../../src/core/graph-text.ts';
import type { Graph } from '../../src/core/graph.ts';

const GRAPH: Graph = {
  nodes: [
    { name: 'end', kind: 'source' },
    { name: 'a/b', kind: 'procedure' },
    { name: 'a_b', kind: 'table' },
    { name: 'say@"r1"', kind: 'task' },
    { name: 'alone', kind: 'procedure' },
  ],
  edges: [
    [0, 1],
    [1, 2],
    [1, 3],
    [2, 3],
  ],
};

test('Mermaid: reserved words, clashing names and quotes are made harmless', () => {
  assert.equal(
    graphText(GRAPH, 'mermaid'),
    [
      'graph LR',
      '  end_[("end")] --> a_b["a/b"]',
      '  a_b --> a_b_2["a_b"]',
      '  a_b --> say__r1_["say@#quot;r1#quot;"]',
      '  a_b_2 --> say__r1_',
      '  alone["alone"]',
      '',
    ].join('\n'),
  );
});

test('dot: quotes are escaped, every statement ends', () => {
  const text = graphText(GRAPH, 'dot');
  assert.match(text, /^digraph tg \{\n/);
  assert.match(text, /\n\}\n$/);
  const statements = text.split('\n').slice(1, -2);
  const id = '"(?:[^"\\\\]|\\\\.)*"';
  const form = new RegExp(`^ {2}(?:rankdir=LR|${id} \\[shape=\\w+\\]|${id} -> ${id});$`);
  for (const statement of statements) assert.match(statement, form);
  assert.ok(text.includes('"say@\\"r1\\""'));
});

test('text: what was written out before is not written out again', () => {
  assert.equal(
    graphText(GRAPH, 'text'),
    ['say@"r1"', '  a/b', '    end  (source)', '  a_b', '    a/b  (see above)', 'alone', ''].join(
      '\n',
    ),
  );
});

test('json: names on both ends of every edge, one line', () => {
  const text = graphText(GRAPH, 'json');
  assert.equal(text.split('\n').length, 2);
  const read = JSON.parse(text) as { v: number; nodes: { name: string }[]; edges: string[][] };
  assert.equal(read.v, 1);
  const names = new Set(read.nodes.map(({ name }) => name));
  for (const name of read.edges.flat()) assert.ok(names.has(name));
});
