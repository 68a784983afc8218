/** The seconds that the clocks of the PACMANs have been through: SYNC count per io_group, checked against unix time. Knows no packets. */

const IO_GROUPS = 256;
const TICKS_PER_SECOND = 1e7;

/** A quarter of a second: time stamps of the DAQ computer and rows out of order are wrong by less. */
const SLACK = 0.25;

/** State per io_group. `count` is what `t = timestamp + count * rolloverTicks` uses. */
export interface Rollovers {
  rolloverTicks: number;
  /** SYNCs so far. */
  count: Float64Array;
  /** Ticks since the start of the file at the last row seen; NaN before the first. */
  now: Float64Array;
  /** 1 while a timestamp packet waits for the next row of its io_group. */
  waiting: Uint8Array;
  waitingUnix: Float64Array;
  waitingSince: Float64Array;
  /** Bounds of (unix time - ticks since start), seconds. */
  low: Float64Array;
  high: Float64Array;
  /** SYNCs that the last observation misses; negative: too many. */
  lag: Int32Array;
}

/** A correction of the count: `seconds` that unix time is ahead of the SYNCs. */
export interface RolloverJump {
  ioGroup: number;
  seconds: number;
}

export function createRollovers(rolloverTicks: number): Rollovers {
  return {
    rolloverTicks,
    count: new Float64Array(IO_GROUPS),
    now: new Float64Array(IO_GROUPS).fill(NaN),
    waiting: new Uint8Array(IO_GROUPS),
    waitingUnix: new Float64Array(IO_GROUPS),
    waitingSince: new Float64Array(IO_GROUPS),
    low: new Float64Array(IO_GROUPS).fill(-Infinity),
    high: new Float64Array(IO_GROUPS).fill(Infinity),
    lag: new Int32Array(IO_GROUPS),
  };
}

/** A timestamp packet: the next row of its io_group will say what the clock read. */
export function stampUnix(rollovers: Rollovers, ioGroup: number, unix: number): void {
  if (Number.isNaN(rollovers.now[ioGroup]!)) return;
  rollovers.waiting[ioGroup] = 1;
  rollovers.waitingUnix[ioGroup] = unix;
  rollovers.waitingSince[ioGroup] = rollovers.now[ioGroup]!;
}

/**
 * The row after a timestamp packet: unix time is whole seconds, so the packet came at some `ticks` between that row
 * and the one before it, and unix - seconds since start lies in an interval of little more than a second. These
 * intervals narrow to one value; an observation a whole rollover off it tells of lost (or doubled) SYNCs.
 */
export function observe(rollovers: Rollovers, ioGroup: number, ticks: number): void {
  rollovers.waiting[ioGroup] = 0;
  const since = rollovers.waitingSince[ioGroup]!;
  const gap = (ticks - since) / TICKS_PER_SECOND;
  const longest = 1.2 * rollovers.rolloverTicks;
  const clock = ticks - rollovers.count[ioGroup]! * rollovers.rolloverTicks;
  if (gap < -SLACK || gap > 0.5 || clock > longest) return;
  const unix = rollovers.waitingUnix[ioGroup]!;
  const from = unix - Math.max(ticks, since) / TICKS_PER_SECOND;
  const to = unix + 1 - since / TICKS_PER_SECOND;
  const low = rollovers.low[ioGroup]!;
  const high = rollovers.high[ioGroup]!;
  const seconds = rollovers.rolloverTicks / TICKS_PER_SECOND;
  // Near the tick of unix time an observation agrees with two counts: what was found stays until one disagrees.
  const ahead = rollovers.lag[ioGroup]! * seconds;
  if (ahead !== 0 && from - ahead <= high + SLACK && to - ahead >= low - SLACK) return;
  if (from <= high && to >= low) {
    rollovers.low[ioGroup] = Math.max(low, from);
    rollovers.high[ioGroup] = Math.min(high, to);
    rollovers.lag[ioGroup] = 0;
  } else if (from > high + SLACK) {
    rollovers.lag[ioGroup] = Math.ceil((from - high - SLACK) / seconds);
  } else if (to < low - SLACK) {
    rollovers.lag[ioGroup] = -Math.ceil((low - to - SLACK) / seconds);
  }
}

/** At the start of a batch: lets the counts follow unix time, and tells where they did not. */
export function followUnix(rollovers: Rollovers): RolloverJump[] {
  const jumps: RolloverJump[] = [];
  for (let ioGroup = 0; ioGroup < IO_GROUPS; ioGroup++) {
    const lag = rollovers.lag[ioGroup]!;
    if (lag === 0) continue;
    const ticks = lag * rollovers.rolloverTicks;
    rollovers.count[ioGroup]! += lag;
    rollovers.now[ioGroup]! += ticks;
    rollovers.waitingSince[ioGroup]! += ticks;
    rollovers.lag[ioGroup] = 0;
    jumps.push({ ioGroup, seconds: ticks / TICKS_PER_SECOND });
  }
  return jumps;
}
