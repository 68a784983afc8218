/** Failures: what stays, what is cancelled, what is told. Conformance cases C. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { readTaskLogs } from '../../src/task-log.ts';
import { commandsOf, gate, join_, project, until, world } from '../helpers/world.ts';

const sh = (name: string, script: string, more: Record<string, unknown> = {}): object => ({
  name,
  type: 'command',
  outputs: { [name]: `${name}.txt` },
  command: ['sh', '-c', script, `{output:${name}}`],
  ...more,
});

// 26, 27
test('a task that fails half way publishes nothing, its dependents do not run, the next build runs it', async () => {
  const w = world(
    project([
      sh('a', 'echo half > "$0"; exit 3', { depends: ['fix'] }),
      join_('b', ['a']),
      join_('c', ['b']),
    ]),
  );
  w.write({ fix: '' });
  const { exit, failed, because, failure } = await w.build();
  assert.deepEqual([exit, failed, because], [1, ['a'], { b: 'a', c: 'a' }]);
  assert.match(failure['a']!.message, /exit 3$/);
  assert.equal(w.has('build/a.txt'), false);
  assert.deepEqual((await w.build()).failed, ['a']);
  assert.deepEqual(existsSync(w.at('.tg/stage')) ? readdirSync(w.at('.tg/stage')) : [], []);
});

test('a failing task leaves its old output and its readers as they were', async () => {
  const w = world({
    ...project([
      sh('a', 'cat ../src > "$0"; test "$(cat ../src)" != bad', { depends: ['src'] }),
      join_('b', ['a']),
    ]),
    src: 'good',
  });
  w.write({
    'lib.yaml': JSON.stringify([
      sh('a', 'cat src > "$0"; test "$(cat src)" != bad', { depends: ['src'] }),
      join_('b', ['a']),
    ]),
  });
  await w.build();
  w.write({ src: 'bad' });
  assert.deepEqual((await w.build()).failed, ['a']);
  assert.equal(w.read('build/a.txt'), 'good');
  // 35
  w.write({ src: 'good' });
  const back = await w.build();
  assert.deepEqual([back.exit, back.ran, back.fresh], [0, [], ['a', 'b']]);
});

// 28
test('--keep-going builds what does not depend on the failure', async () => {
  const w = world(
    project([sh('a', 'exit 1'), join_('b', ['a']), sh('c', 'echo c > "$0"'), join_('d', ['c'])]),
  );
  const { exit, ran, failed, cancelled } = await w.build([], { keepGoing: true });
  assert.deepEqual([exit, ran, failed, cancelled], [1, ['c', 'd'], ['a'], ['b']]);
});

// 28
test('--max-failures stops after so many', async () => {
  const w = world(project(['a', 'b', 'c', 'd'].map((n) => sh(n, 'exit 1'))));
  const { failed, because } = await w.build([], { keepGoing: true, maxFailures: 2, workers: 1 });
  assert.deepEqual([failed, because], [['a', 'b'], { c: 'stopped', d: 'stopped' }]);
});

// 29
test('at the first failure running tasks end well and nothing new starts', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(
    project([
      sh('slow', `${g.pass('slow')}; echo x > "$0"`),
      sh('bad', `exit 1`),
      join_('after', ['slow']),
    ]),
  );
  const { ran, failed, because } = await w.build([], {
    on: (e) => void (e.type === 'failed' && g.open(1)),
  });
  assert.deepEqual([ran, failed, because], [['slow'], ['bad'], { after: 'stopped' }]);
});

// 30
test('--kill ends running tasks and what they started at once', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(
    project([
      sh('slow', `(${g.pass('child')}) & ${g.pass('slow')}; echo x > "$0"`),
      sh('bad', `until grep -q +child gate.log; do :; done; exit 1`),
    ]),
  );
  const { ran, failed, because } = await w.build([], { kill: true });
  assert.deepEqual([ran, failed, because], [[], ['bad'], { slow: 'interrupted' }]);
  g.open(2);
  assert.deepEqual(
    g.told().filter((t) => t.startsWith('-')),
    [],
  );
});

// 31
test('a second try that succeeds is a success; both logs are kept and the attempt is told', async () => {
  const w = world(
    project([
      sh(
        'a',
        'n=$(sed \'s/.*"attempt":\\([0-9]*\\).*/\\1/\' "$TG_TASK"); echo "try $n"; test "$n" = 2 && echo ok > "$0"',
        { retries: 1 },
      ),
    ]),
  );
  const { exit, ran, events } = await w.build();
  assert.deepEqual([exit, ran], [0, ['a']]);
  assert.equal(events.filter((e) => e.type === 'retry').length, 1);
  const logs = readTaskLogs(w.at('.tg'), 'a').map((l) => l.text.split('\n')[0]);
  assert.deepEqual(logs, ['try 1', 'try 2']);
});

// 32
test('retries that run out are one failure with the last message', async () => {
  const w = world(
    project([
      sh('a', 'n=$(sed \'s/.*"attempt":\\([0-9]*\\).*/\\1/\' "$TG_TASK"); echo "try $n"; exit 4'),
    ]),
  );
  const { failed, events } = await w.build([], { retries: 1 });
  assert.deepEqual(failed, ['a']);
  const ends = events.filter((e) => e.type === 'failed');
  assert.deepEqual(
    ends.map((e) => [e.attempts, e.failure.lines]),
    [[2, ['try 2']]],
  );
});

test('an interrupt ends the wait for the next try at once', async () => {
  const interrupt = new AbortController();
  const w = world(project([sh('a', 'exit 1', { retries: 20 })]));
  const { exit, cancelled, events } = await w.build([], {
    interrupt: interrupt.signal,
    on: (e) => void (e.type === 'retry' && setImmediate(() => interrupt.abort(130))),
  });
  assert.deepEqual([exit, cancelled], [130, ['a']]);
  // Twenty tries with two, four, eight .. seconds between them: the first wait was the last.
  assert.equal(events.filter((e) => e.type === 'retry').length, 1);
});

test('--timeout ends a task and what it started', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project([sh('a', g.pass('a'))]));
  const { failed, failure } = await w.build([], { timeout: 0.1 });
  assert.deepEqual(failed, ['a']);
  assert.equal(failure['a']!.code, 'timeout');
  assert.match(failure['a']!.message, /over 0\.1 s/);
});

// 34
test('the output of a failing command is told whole, with the command and its exit code', async () => {
  const w = world(
    project([sh('a', 'for i in 1 2 3; do echo line $i; done; echo oops >&2; exit 7')]),
  );
  const { failure } = await w.build();
  assert.match(failure['a']!.message, /^sh -c .*exit 7 \(last 4 lines above\)$/s);
  assert.deepEqual([...failure['a']!.lines!].sort(), ['line 1', 'line 2', 'line 3', 'oops']);
  assert.doesNotMatch(failure['a']!.message, /stage/);
});

// 41
test('more words than the system takes are a failure that says so; TG_TASK takes any number of paths', async () => {
  const w = world(project([], { sources: { s: 'in/{run}' } }));
  for (let i = 0; i < 3000; i++) w.write({ [`in/${'x'.repeat(200)}${i}`]: '' });
  const word = Array.from({ length: 4 }, () => '{input:s}');
  w.write({
    'lib.yaml': JSON.stringify([
      { ...sh('a', ': > "$0"', { inputs: ['s'], each: 'all' }), command: ['true', ...word] },
      sh('b', 'tr , "\\n" < "$TG_TASK" | grep -c /in/ > "$0"', { inputs: ['s'], each: 'all' }),
    ]),
  });
  const { ran, failure } = await w.build([], { keepGoing: true });
  assert.deepEqual([ran, w.read('build/b.txt')], [['b'], '3000\n']);
  assert.match(
    failure['a']!.message,
    /^the command of a has 12001 words, more than the system takes$/,
  );
});

test('a command that makes nothing, or something else, fails with a sentence', async () => {
  const w = world(project([sh('a', 'true')]));
  const { failure } = await w.build();
  assert.equal(failure['a']!.message, 'a ended well but did not make a.txt');
  w.write(project([sh('a', 'echo x > "$0"; echo y > "$(dirname "$0")/extra"')]));
  assert.equal((await w.build()).failure['a']!.message, 'a made undeclared extra');
  w.write(project([{ ...sh('a', ''), command: ['no-such-command-of-tg'] }]));
  assert.equal((await w.build()).failure['a']!.message, 'no-such-command-of-tg: no such command');
});

test('a child that a command leaves behind ends with it', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project([sh('a', `echo x > "$0"; (${g.pass('left')}) & exit 0`)]));
  assert.deepEqual((await w.build()).ran, ['a']);
  await until(() => commandsOf(w).length === 0);
});

test('SIGINT ends running tasks, keeps what is done and leaves old outputs alone', async () => {
  const w = world(project([]));
  const g = gate(w);
  const entries = (script: string): object[] => [
    sh('done', 'echo 1 > "$0"'),
    sh('slow', script, { after: ['done'] }),
    join_('last', ['slow']),
  ];
  w.write(project(entries('echo old > "$0"')));
  await w.build('slow');
  w.write(project(entries(`echo new > "$0"; ${g.pass('slow')}`)));
  const interrupt = new AbortController();
  const building = w.build([], { interrupt: interrupt.signal });
  await until(() => g.inside().length === 1);
  interrupt.abort(130);
  const { exit, because, fresh } = await building;
  assert.deepEqual(
    [exit, because, fresh],
    [130, { slow: 'interrupted', last: 'interrupted' }, ['done']],
  );
  assert.equal(w.read('build/slow.txt'), 'old\n');
  assert.deepEqual(existsSync(w.at('.tg/stage')) ? readdirSync(w.at('.tg/stage')) : [], []);
  w.remove('build/slow.txt');
  w.write(project(entries('echo new > "$0"')));
  assert.deepEqual((await w.build()).ran, ['last', 'slow']);
});

test('interrupted before it was ever built is a reason of its own', async () => {
  const w = world(project([]));
  const g = gate(w);
  w.write(project([sh('a', `echo x > "$0"; ${g.pass('a')}`)]));
  const interrupt = new AbortController();
  const building = w.build([], { interrupt: interrupt.signal });
  await until(() => g.inside().length === 1);
  interrupt.abort(143);
  assert.equal((await building).exit, 143);
  g.open(1);
  assert.equal((await w.build()).why['a'], 'interrupted last time');
});

test('checks: bad fails the task and publishes nothing, warn warns', async () => {
  const entry = (limits: object): object[] => [
    sh('a', 'echo "tg: count 3 events"; echo x > "$0"', {
      checks: [{ quantity: 'events', ...limits }],
    }),
  ];
  const w = world(project(entry({ bad: { below: 5 } })));
  assert.equal((await w.build()).failure['a']!.message, 'events is 3, below 5');
  assert.equal(w.has('build/a.txt'), false);
  w.write(project(entry({ warn: { below: 5 } })));
  const { exit, warnings } = await w.build();
  assert.deepEqual([exit, warnings], [0, ['a: events is 3, below 5']]);
  assert.deepEqual((await w.build()).ran, []);
  // What was good is bad by a check that comes later: it does not stay fresh.
  w.write(project(entry({ bad: { above: 2 } })));
  const later = await w.build();
  assert.equal(later.why['a'], 'its checks changed: events is 3, above 2');
  assert.deepEqual([later.exit, later.failure['a']!.message], [1, 'events is 3, above 2']);
  w.write(project(entry({ bad: { above: 3 } })));
  const back = await w.build();
  assert.deepEqual([back.exit, back.ran, back.fresh], [0, [], ['a']]);
});
