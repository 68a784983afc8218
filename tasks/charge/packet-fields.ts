/** Where the fields of a LArPix+HDF5 2.x packet stand in its row; knows the row as bytes, nothing of files. */

/** The bytes of one field that the charge chain reads: what it is called in the file and how wide it must be. */
const NEEDED = {
  ioGroup: ['io_group', 1],
  ioChannel: ['io_channel', 1],
  chipId: ['chip_id', 1],
  packetType: ['packet_type', 1],
  validParity: ['valid_parity', 1],
  channelId: ['channel_id', 1],
  timestamp: ['timestamp', 8],
  dataword: ['dataword', 1],
  triggerType: ['trigger_type', 1],
  receiptTimestamp: ['receipt_timestamp', 4],
} as const;

type FieldName = keyof typeof NEEDED;

/** Byte offsets in a row of `rowSize` bytes (36 in version 2.4; 35 where shared_fifo_events is one byte). */
export type PacketFields = Readonly<Record<FieldName, number>> & { readonly rowSize: number };

/** One unsigned field of a compound type, as much of it as matters here. */
export interface FieldPlace {
  name: string;
  offset: number;
  size: number;
  /** Whether it holds whole numbers; they do unless told otherwise. */
  isWhole?: boolean;
}

/** Values of `packet_type`. */
export const PACKET = { data: 0, timestamp: 4, sync: 6, trigger: 7 } as const;

/** `trigger_type` of a sync packet that resets the clock: ASCII "S". */
export const SYNC_RESET = 83;

/** A `timestamp` counts ticks of 0.1 us in 31 bits; triggers may set bit 31. */
export const TIMESTAMP_MASK = 0x7fffffff;

/** One object for all tables of the same layout. */
const known = new Map<string, PacketFields>();

/** Offsets of the needed fields, or the sentence that says which field is missing or of another width. */
export function packetFields(
  places: readonly FieldPlace[],
  rowSize: number,
): PacketFields | string {
  const found: Record<string, number> = { rowSize };
  for (const [key, [name, size]] of Object.entries(NEEDED)) {
    const place = places.find((field) => field.name === name);
    if (place === undefined) return `packets have no field ${name}`;
    if (place.size !== size) return `packets: field ${name} has ${place.size} bytes, not ${size}`;
    if (place.isWhole === false) return `packets: field ${name} holds no whole numbers`;
    found[key] = place.offset;
  }
  const text = Object.values(found).join();
  const same = known.get(text);
  if (same !== undefined) return same;
  known.set(text, found as PacketFields);
  return found as PacketFields;
}

/** The 22 fields of version 2.4 with their types, in order. */
export const PACKET_FIELDS: readonly (readonly [name: string, type: string])[] = [
  ['io_group', 'u1'],
  ['io_channel', 'u1'],
  ['chip_id', 'u1'],
  ['packet_type', 'u1'],
  ['downstream_marker', 'u1'],
  ['parity', 'u1'],
  ['valid_parity', 'u1'],
  ['channel_id', 'u1'],
  ['timestamp', 'u8'],
  ['dataword', 'u1'],
  ['trigger_type', 'u1'],
  ['local_fifo', 'u1'],
  ['shared_fifo', 'u1'],
  ['register_address', 'u1'],
  ['register_data', 'u1'],
  ['direction', 'u1'],
  ['local_fifo_events', 'u1'],
  ['shared_fifo_events', 'u2'],
  ['counter', 'u4'],
  ['fifo_diagnostics_enabled', 'u1'],
  ['first_packet', 'u1'],
  ['receipt_timestamp', 'u4'],
];

/** Offsets in a packed row of version 2.4 (36 bytes), for simulation and tests. */
export function packetFields24(): PacketFields {
  let offset = 0;
  const places = PACKET_FIELDS.map(([name, type]) => {
    const place = { name, offset, size: Number(type.slice(1)) };
    offset += place.size;
    return place;
  });
  const fields = packetFields(places, offset);
  if (typeof fields === 'string') throw new Error(fields);
  return fields;
}
