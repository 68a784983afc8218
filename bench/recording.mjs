// What it costs to record which values of a configuration a run reads: a device file of 7 890 leaves, five levels, all of them read from
// the root, and the trace made of it. Usage: node bench/recording.mjs
import { traceHash } from '../dist/src/content-id.js';
import { traceOf } from '../dist/src/core/trace.js';
import { record } from '../dist/src/core/view.js';
import { median } from './measure.mjs';

/** Three chips of mappings alike, as the power-on file of an HGCROC board has them. */
function device() {
  const parts = {
    ch: [72, 30],
    cm: [4, 20],
    Top: [1, 90],
    DigitalHalf: [2, 90],
    Reference: [2, 60],
  };
  const chip = () =>
    Object.fromEntries(
      Object.entries(parts).map(([name, [n, registers]]) => [
        name,
        Object.fromEntries(
          Array.from({ length: n }, (_, i) => [
            i,
            Object.fromEntries(
              Array.from({ length: registers }, (_, k) => [`register_${k}`, k % 7]),
            ),
          ]),
        ),
      ]),
    );
  return { target: { roc_s0: chip(), roc_s1: chip(), roc_s2: chip() } };
}

function pathsOf(value, path = []) {
  return typeof value === 'object'
    ? Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))
    : [path];
}

const rounds = [];
for (let k = 0; k < 21; k++) {
  const document = device();
  const paths = pathsOf(document);
  const start = performance.now();
  const { view, readings } = record(document);
  let sum = 0;
  for (const path of paths) {
    let value = view;
    for (const key of path) value = value[key];
    sum += value;
  }
  const read = performance.now();
  traceOf(document, readings, traceHash);
  rounds.push({ n: paths.length, sum, read: read - start, trace: performance.now() - read });
}
const line = (name, list) =>
  console.log(
    `${name}: ${((1000 * median(list.map((r) => r.read))) / list[0].n).toFixed(2)} us per path read, ` +
      `${median(list.map((r) => r.read)).toFixed(1)} ms for ${list[0].n} leaves, trace ${median(list.map((r) => r.trace)).toFixed(1)} ms`,
  );
line('first', rounds.slice(0, 1));
line('median of 20 more', rounds.slice(1));
