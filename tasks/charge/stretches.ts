/** Which packet each hit is, row by row. Knows bytes, no files. */
import type { Stretches } from 'tg/h5';
import { PACKET, type PacketFields } from './packet-fields.ts';

/** The packets of hits as they are found, in order of the hits. */
export interface HitPackets {
  /** Packets [from, to) of `bytes`, the first of them row `packet` of its table; their first hit is row `hit`. */
  add(bytes: Uint8Array, from: number, to: number, packet: number, hit: number): void;
  /** charge/hits -> charge/packets. */
  stretches(): Stretches;
}

export function createHitPackets({ rowSize, packetType }: PacketFields): HitPackets {
  const hits: number[] = [];
  const packets: number[] = [];
  const rows: number[] = [];
  const push = (hit: number, packet: number, n: number): void => {
    const last = rows.length - 1;
    if (last >= 0 && hits[last]! + rows[last]! === hit && packets[last]! + rows[last]! === packet) {
      rows[last]! += n;
    } else {
      hits.push(hit);
      packets.push(packet);
      rows.push(n);
    }
  };
  return {
    add(bytes, from, to, packet, hit) {
      let next = hit;
      for (let row = from; row < to; row++) {
        const first = row;
        while (row < to && bytes[row * rowSize + packetType] === PACKET.data) row++;
        if (row === first) continue;
        push(next, packet + first - from, row - first);
        next += row - first;
      }
    },
    stretches: () => ({
      parent: Uint32Array.from(hits),
      child: Uint32Array.from(packets),
      rows: Uint32Array.from(rows),
    }),
  };
}
