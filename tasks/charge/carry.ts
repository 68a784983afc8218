/** What one part of a run leaves to the next, as a table: rows with their times, and the clocks of the io_groups. Knows files, no events. */
import { compound, rowsOf, type H5File, type H5Writer, type Table } from 'tg/h5';
import type { Carried } from './raw-events.ts';
import { createRollovers, type Rollovers } from './rollover.ts';

const PLACE = 'charge/carry';

/** State of the clock of an io_group; `jump` is the correction made at the start of the next part, s. */
const CLOCK = compound([
  ['io_group', 'u1'],
  ['waiting', 'u1'],
  ['count', 'f8'],
  ['now', 'f8'],
  ['waiting_unix', 'f8'],
  ['waiting_since', 'f8'],
  ['low', 'f8'],
  ['high', 'f8'],
  ['lag', 'i4'],
  ['jump', 'f8'],
]);

/** `charge/carry` {packet, t f8 [ticks], unix f8 [s], row f8} with attributes `last_unix` and `row` of what comes next, and `charge/carry/clocks`. */
export function writeCarry(output: H5Writer, packet: Table['dtype'], carried: Carried): void {
  const { packets, times, unix, origins, row, lastUnix } = carried;
  const type = compound([
    ['packet', packet],
    ['t', 'f8'],
    ['unix', 'f8'],
    ['row', 'f8'],
  ]);
  const rows = new Uint8Array(times.length * type.size);
  const view = new DataView(rows.buffer);
  times.forEach((t, i) => {
    const at = i * type.size;
    rows.set(packets.subarray(i * packet.size, (i + 1) * packet.size), at);
    view.setFloat64(at + packet.size, t, true);
    view.setFloat64(at + packet.size + 8, unix[i]!, true);
    view.setFloat64(at + packet.size + 16, origins[i]!, true);
  });
  output.table(PLACE, type, { attributes: { last_unix: lastUnix, row } }).append(rows);
  output.table(`${PLACE}/clocks`, CLOCK).appendColumns(clockColumns(carried));
}

function clockColumns({ rollovers, jumps }: Carried): Record<string, Float64Array> {
  const fresh = createRollovers(rollovers.rolloverTicks);
  const jump = new Map(jumps.map(({ ioGroup, seconds }) => [ioGroup, seconds]));
  const used: number[] = [];
  for (let g = 0; g < rollovers.count.length; g++) {
    const untouched = CLOCKS.every(([key]) => Object.is(rollovers[key][g], fresh[key][g]));
    if (!untouched || jump.has(g)) used.push(g);
  }
  const column = (of: (ioGroup: number) => number): Float64Array => Float64Array.from(used, of);
  return {
    io_group: column((g) => g),
    ...Object.fromEntries(CLOCKS.map(([key, name]) => [name, column((g) => rollovers[key][g]!)])),
    jump: column((g) => jump.get(g) ?? 0),
  };
}

const CLOCKS = [
  ['waiting', 'waiting'],
  ['count', 'count'],
  ['now', 'now'],
  ['waitingUnix', 'waiting_unix'],
  ['waitingSince', 'waiting_since'],
  ['low', 'low'],
  ['high', 'high'],
  ['lag', 'lag'],
] as const satisfies readonly (readonly [Exclude<keyof Rollovers, 'rolloverTicks'>, string])[];

/** What `writeCarry` wrote, for packets of the same type. */
export function readCarry(file: H5File, rolloverTicks: number): Carried {
  const table = file.table(`/${PLACE}`);
  const { bytes, rows } = table.read();
  const field = table.dtype.fields[0]!;
  const size = table.dtype.fields[1]!.offset - field.offset;
  const packets = new Uint8Array(rows * size);
  for (let i = 0; i < rows; i++)
    packets.set(bytes.subarray(i * table.rowSize, i * table.rowSize + size), i * size);
  const all = rowsOf(table.dtype, bytes);
  const rollovers = createRollovers(rolloverTicks);
  const clocks = file.table(`/${PLACE}/clocks`).read();
  const groups = clocks.column('io_group');
  for (const [key, name] of CLOCKS)
    clocks.column(name).forEach((value, i) => (rollovers[key][Number(groups[i])] = Number(value)));
  const jumps = Array.from(clocks.column('jump') as Float64Array, (seconds, i) => ({
    ioGroup: Number(groups[i]),
    seconds,
  })).filter(({ seconds }) => seconds !== 0);
  return {
    packets,
    times: Array.from(all.column('t') as Float64Array),
    unix: Array.from(all.column('unix') as Float64Array),
    origins: Array.from(all.column('row') as Float64Array),
    lastUnix: Number(file.attributes(`/${PLACE}`)['last_unix']),
    row: Number(file.attributes(`/${PLACE}`)['row']),
    rollovers,
    jumps,
  };
}
