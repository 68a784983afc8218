/** Random graphs against a recursive reference: whatever happened before, after a good build every target is right and a second build runs nothing. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { decidedPlan } from '../../src/cli/decided-plan.ts';
import { project, world } from '../helpers/world.ts';

const ROUNDS = process.env['TG_SLOW'] === '1' ? 60 : 4;
const SEEDS = process.env['TG_SLOW'] === '1' ? 20 : 3;

interface Node {
  name: string;
  needs: string[];
  after: string[];
  word: number;
  /** Made content: a digest, its first letter (cutoff is common), or nothing at all. */
  kind: 'all' | 'letter' | 'empty';
  pool: string;
}

/** mulberry32 */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const MODULE = `
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
export default {
  version: '1',
  params: { word: 0, kind: 'all', unread: 0, needs: 0, bad: '' },
  run({ output, inputs, params, task }) {
    if (existsSync(params.bad)) throw new Error('bang');
    const text = Array.from({ length: params.needs }, (_, i) => readFileSync(inputs('i' + i)[0].path, 'utf8')).join('|');
    const digest = createHash('sha256').update(params.word + ':' + text).digest('hex');
    writeFileSync(output(task), params.kind === 'all' ? digest : params.kind === 'letter' ? digest[0] : '');
  },
};
`;

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`random graph ${seed}: every target is what its inputs say, and a second build runs nothing`, async () => {
    const r = random(seed * 7919);
    const below = (n: number): number => Math.floor(r() * n);
    const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
    const w = world({ 'node.mjs': MODULE });
    const sources = Array.from({ length: 10 }, (_, i) => `s${i}`);
    const value = new Map(sources.map((s) => [s, `${below(3)}`]));
    const nodes: Node[] = [];
    const n = 20 + below(81);
    for (let i = 0; i < n; i++) {
      const earlier = [...sources, ...nodes.map((x) => x.name)];
      const needs = [...new Set(Array.from({ length: below(5) }, () => pick(earlier)))];
      nodes.push({
        name: `t${i}`,
        needs,
        after: r() < 0.1 && nodes.length > 0 ? [pick(nodes).name] : [],
        word: below(3),
        kind: pick(['all', 'all', 'letter', 'empty']),
        pool: pick(['cpu', 'cpu', 'narrow']),
      });
    }
    const byName = new Map(nodes.map((x) => [x.name, x]));
    let unread = 0;
    const write = (): void => {
      const entries = nodes.map((x) => ({
        name: x.name,
        type: './node.mjs',
        inputs: Object.fromEntries(x.needs.map((t, i) => [`i${i}`, t])),
        outputs: { [x.name]: `${x.name}.txt` },
        after: x.after,
        pool: x.pool,
        parameters: {
          word: x.word,
          kind: x.kind,
          needs: x.needs.length,
          unread,
          bad: w.at(`bad-${x.name}`),
        },
      }));
      w.write(
        project(entries, {
          sources: Object.fromEntries(sources.map((s) => [s, `${s}.txt`])),
          pools: { narrow: 2 },
        }),
      );
    };
    // The reference: ten lines that know nothing of building.
    const memo = new Map<string, string>();
    const wanted = (name: string): string => {
      const known = value.get(name) ?? memo.get(name);
      if (known !== undefined) return known;
      const { needs, word, kind } = byName.get(name)!;
      const digest = createHash('sha256')
        .update(`${word}:${needs.map(wanted).join('|')}`)
        .digest('hex');
      const made = kind === 'all' ? digest : kind === 'letter' ? digest[0]! : '';
      memo.set(name, made);
      return made;
    };

    for (const s of sources) w.write({ [`${s}.txt`]: value.get(s)! });
    for (let round = 0; round < ROUNDS; round++) {
      write();
      const bad = r() < 0.4 ? pick(nodes).name : undefined;
      if (bad !== undefined) writeFileSync(w.at(`bad-${bad}`), '');
      const words = r() < 0.3 ? [pick(nodes).name, pick(nodes).name] : [];
      const options = { workers: 1 + below(8), keepGoing: r() < 0.5, kill: r() < 0.5 };
      const interrupt = new AbortController();
      const stopAfter = r() < 0.2 ? below(n) : Infinity;
      let done = 0;
      // What a dry run says, before and without the failure and the interrupt.
      const { plan, seen } = await decidedPlan(await w.open(), words);
      const may = new Set(
        plan.tasks.flatMap((task, i) =>
          seen[i] === undefined || seen[i].state === 'fresh' ? [] : [task.id],
        ),
      );
      const first = await w.build(words, {
        ...options,
        interrupt: interrupt.signal,
        on: (e) => void (e.type === 'done' && ++done > stopAfter && interrupt.abort(130)),
      });
      if (bad !== undefined) rmSync(w.at(`bad-${bad}`));
      const said = `seed ${seed} round ${round}: ${JSON.stringify([first.mistakes, first.failure])}`;
      assert.ok([0, 1, 130].includes(first.exit), said);
      for (const task of first.started)
        assert.ok(may.has(task), `${task} was not foreseen, ${said}`);
      // What is told fresh or done is right, whatever became of the others.
      memo.clear();
      for (const task of [...first.fresh, ...first.ran])
        assert.equal(
          readFileSync(w.at(`build/${task}.txt`), 'utf8'),
          wanted(task),
          `${task}, ${said}`,
        );
      const second = await w.build([], { workers: options.workers });
      assert.equal(
        second.exit,
        0,
        `seed ${seed} round ${round}: ${JSON.stringify(second.failure)}`,
      );
      for (const { name } of nodes)
        assert.equal(
          readFileSync(w.at(`build/${name}.txt`), 'utf8'),
          wanted(name),
          `${name}, seed ${seed} round ${round}`,
        );
      const third = await w.build();
      assert.deepEqual([third.exit, third.ran], [0, []], JSON.stringify(third.why));

      for (let k = below(5); k > 0; k--) {
        const s = pick(sources);
        value.set(s, `${below(3)}`);
        w.write({ [`${s}.txt`]: value.get(s)! });
      }
      for (let k = below(3); k > 0; k--) pick(nodes).word = below(3);
      if (r() < 0.3) unread++;
      if (r() < 0.5) rmSync(w.at(`build/${pick(nodes).name}.txt`));
      if (r() < 0.5) writeFileSync(w.at(`build/${pick(nodes).name}.txt`), 'edited');
      if (r() < 0.3) utimesSync(w.at(`${pick(sources)}.txt`), 1, 1);
      if (r() < 0.1 && existsSync(w.at('.tg/stat'))) rmSync(w.at('.tg/stat'));
    }
  });
}
