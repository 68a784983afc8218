/** LArPix+HDF5 2.x files: finds the packets and refuses what is something else. Knows files, no events. */
import { TaskError } from 'tg';
import { describe, itemSize, type H5File, type Table } from 'tg/h5';
import { PACKET, packetFields, type PacketFields } from './packet-fields.ts';
import { spaced } from './spaced.ts';

/** Rows that are read and passed over at a time: 1.4 MB, so that they stay in the processor's cache. */
export const BLOCK_ROWS = 40_000;

/** The packets of a file and where their fields are. */
export interface Packets {
  table: Table;
  fields: PacketFields;
}

/** A table of packets at `place`; throws TaskError when the rows are no packets. */
export function packetTable(file: H5File, place: string): Packets {
  const { dtype, shape } = file.dataset(file.has(`${place}/data`) ? `${place}/data` : place);
  const refuse = (message: string): TaskError =>
    new TaskError(message, { at: { file: file.path }, try: 'a file of LArPix packets' });
  if (dtype.kind !== 'compound' || shape.length !== 1) {
    const what = dtype.kind === 'compound' ? 'rows' : describe(dtype);
    throw refuse(`${place} holds ${what} of shape [${shape.join(', ')}], no list of packets`);
  }
  const table = file.table(place);
  const places = table.dtype.fields.map(({ name, offset, type }) => ({
    name,
    offset,
    size: itemSize(type),
    isWhole: type.kind === 'int' || type.kind === 'bool' || type.kind === 'enum',
  }));
  const fields = packetFields(places, table.rowSize);
  if (typeof fields === 'string') throw refuse(fields);
  return { table, fields };
}

/** The packets of a LArPix+HDF5 file of version 2.0 to 2.4; `simulated` when larnd-sim wrote it. */
export function larpixPackets(file: H5File, place: string): Packets & { simulated: boolean } {
  if (!file.has(place)) {
    const names = file.members('/').map((name) => `/${name}`);
    const isRaw = names.includes('/msgs') || names.includes('/msg_headers');
    const what = names.length === 0 ? 'it is empty' : `it has ${names.join(', ')}`;
    throw new TaskError(
      `${file.path} has no ${place}; ${what}${isRaw ? ': a raw message file' : ''}`,
      {
        try: isRaw
          ? 'convert it to packets; tg monitor reads it as it is'
          : 'the place of the packets in the source, FILE::/PLACE',
      },
    );
  }
  const version = file.has('/_header') ? file.attributes('/_header')['version'] : undefined;
  const text = typeof version === 'string' || typeof version === 'number' ? String(version) : '';
  if (version !== undefined && !/^2\.[0-4]$/.test(text)) {
    throw new TaskError(
      `LArPix+HDF5 ${text === '' ? 'of unknown version' : text}, tg reads 2.0 to 2.4`,
      {
        at: { file: file.path },
        try: 'convert it to 2.4',
      },
    );
  }
  return { ...packetTable(file, place), simulated: file.has('/mc_packets_assn') };
}

/** Unix time of the first timestamp packet, s; throws TaskError when there are packets but no such one. */
export function firstUnixTime({ table, fields }: Packets, path: string): number {
  for (let start = 0; start < table.rows; start += BLOCK_ROWS) {
    const { bytes, rows } = table.read(start, Math.min(BLOCK_ROWS, table.rows - start));
    for (let row = 0; row < rows; row++) {
      const at = row * fields.rowSize;
      if (bytes[at + fields.packetType] !== PACKET.timestamp) continue;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return Number(view.getBigUint64(at + fields.timestamp, true));
    }
  }
  if (table.rows === 0) return 0;
  const count = spaced(table.rows);
  throw new TaskError(`no timestamp packet (type 4) in ${count} packets: no unix time`, {
    at: { file: path },
    try: 'another file',
  });
}
