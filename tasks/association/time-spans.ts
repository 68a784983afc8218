/** Ranges of unix times as people read them. Knows times only. */

/** `light 12:04:06-12:20:11, charge 13:00:02-13:09:55 (UTC)`, with days where there are several; what has no time says so. */
export function timeSpans(times: Readonly<Record<string, Float64Array>>): string {
  const spans = Object.entries(times).map(([name, values]) => ({ name, span: spanOf(values) }));
  const days = new Set(
    spans.flatMap(({ span }) => (span === undefined ? [] : span.map((t) => isoOf(t).slice(0, 10)))),
  );
  const shown = ({ name, span }: (typeof spans)[number]): string => {
    if (span === undefined) return `${name} without times`;
    const [from, to] = span.map(isoOf) as [string, string];
    return days.size === 1
      ? `${name} ${from.slice(11)}-${to.slice(11)}`
      : `${name} ${from} to ${to}`;
  };
  return `${spans.map(shown).join(', ')} (UTC)`;
}

export function spanOf(times: Float64Array): [number, number] | undefined {
  let [from, to] = [Infinity, -Infinity];
  for (const time of times) {
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return from > to ? undefined : [from, to];
}

/** `2021-04-04 00:42:06`; what no calendar has, as a number. */
function isoOf(unix: number): string {
  const date = new Date(1000 * Math.floor(unix));
  return Number.isNaN(date.getTime())
    ? `${unix}`
    : date.toISOString().slice(0, 19).replace('T', ' ');
}
