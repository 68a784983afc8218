/** Which records of several ADCs are of one trigger: clocks that count from the last sync pulse. Knows times, no bytes. */

/** Time of an ADC: s and ticks, both u4. */
export interface ClockTime {
  s: number;
  ticks: number;
}

/** A record that waits for those of the other ADCs. */
export interface Waiting {
  /** Host time, ms. */
  unixMs: number;
  /** Since the last sync pulse of its ADC; of a sync pulse itself (0, 0). */
  since: ClockTime;
  isSync: boolean;
}

export interface MatchWindows {
  /** ms, excluded. */
  utimeMs: number;
  /** Ticks, excluded. */
  ticks: number;
}

const PER_S = 1e9;
const u4 = (value: number): number => value >>> 0;

/**
 * Time since a sync pulse, as adc64format has it: s and ticks in u4, a second of 1e9 ticks borrowed where the ticks are fewer. Upstream
 * borrows also where they are equal.
 */
export function sinceSync(time: ClockTime, sync: ClockTime, isUpstream: boolean): ClockTime {
  const borrows = isUpstream ? time.ticks <= sync.ticks : time.ticks < sync.ticks;
  return borrows
    ? { s: u4(time.s - 1 - sync.s), ticks: u4(PER_S + time.ticks - sync.ticks) }
    : { s: u4(time.s - sync.s), ticks: u4(time.ticks - sync.ticks) };
}

/** Upstream computes ticks since the sync in u4; 0 counts as its maximum. */
function upstreamKey({ since: { s, ticks } }: Waiting): number {
  const key = u4(ticks + Math.imul(PER_S, s));
  return key === 0 ? 2 ** 32 - 1 : key;
}

/** Sync pulses come after all that was before them. */
const key = ({ since: { s, ticks }, isSync }: Waiting): number =>
  isSync ? Infinity : s * PER_S + ticks;

/**
 * The records of the next group, as places in `waiting` (undefined: the file has ended); empty when none is left. The reference is the
 * earliest since its sync; of equal ones the earliest in unix time (upstream: of the first file). With it goes what is inside both windows;
 * seconds since the sync are not compared.
 */
export function nextGroup(
  waiting: readonly (Waiting | undefined)[],
  windows: MatchWindows,
  isUpstream: boolean,
): number[] {
  const keyOf = isUpstream ? upstreamKey : key;
  let reference: Waiting | undefined;
  let least = Infinity;
  for (const one of waiting) {
    if (one === undefined) continue;
    const its = keyOf(one);
    const isEarlier =
      reference === undefined ||
      its < least ||
      (!isUpstream && its === least && one.unixMs < reference.unixMs);
    if (isEarlier) [reference, least] = [one, its];
  }
  const group: number[] = [];
  for (const [file, one] of waiting.entries())
    if (
      one !== undefined &&
      Math.abs(reference!.unixMs - one.unixMs) < windows.utimeMs &&
      Math.abs(reference!.since.ticks - one.since.ticks) < windows.ticks
    )
      group.push(file);
  return group;
}
