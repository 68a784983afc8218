// Runs commands and says what they cost: CPU (user + sys of the process tree), wall time, peak RSS of the largest process. Needs python3.
import { spawnSync } from 'node:child_process';

const PYTHON = `
import json, os, resource, subprocess, sys, time
out = open(os.devnull, 'w')
start = time.time()
code = subprocess.call(sys.argv[1:], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
wall = time.time() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({'code': code, 'wall': wall, 'cpu': used.ru_utime + used.ru_stime, 'rss': used.ru_maxrss / 1000}))
`;

/** One run of a command. @returns {{code: number, wall: number, cpu: number, rss: number}} seconds, MB */
export function run(words, { cwd, env } = {}) {
  const done = spawnSync('python3', ['-c', PYTHON, ...words], {
    cwd,
    env: { ...process.env, CI: '1', ...env },
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`${words.join(' ')}: ${done.stderr}`);
  const result = JSON.parse(done.stdout);
  if (result.code !== 0) throw new Error(`${words.join(' ')}: exit ${result.code}`);
  return result;
}

export const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

/**
 * Runs the candidates alternately. `before` of each is called ahead of every run and not measured.
 * @param candidates [{name, words, cwd, env, before}]
 */
export function alternate(candidates, times = 5) {
  const results = candidates.map(() => []);
  for (let k = 0; k < times; k++) {
    for (const [i, c] of candidates.entries()) {
      c.before?.();
      results[i].push(run(c.words, c));
    }
  }
  return candidates.map((c, i) => ({
    name: c.name,
    cpu: median(results[i].map((r) => r.cpu)),
    wall: median(results[i].map((r) => r.wall)),
    rss: median(results[i].map((r) => r.rss)),
  }));
}

/** A line per candidate, with the ratio of CPU to the first. */
export function print(title, results) {
  console.log(title);
  const base = results[0].cpu;
  for (const { name, cpu, wall, rss } of results)
    console.log(
      `  ${name.padEnd(34)} CPU ${cpu.toFixed(3)} s  wall ${wall.toFixed(3)} s  RSS ${rss.toFixed(0).padStart(4)} MB  ratio ${(cpu / base).toFixed(2)}`,
    );
}
