// String attributes onto the root of a finished file of the own writer: a new root header at the end of the file,
// then the superblock. Ids of other nodes and, for `tg`, of the root stay. Does not know what is stamped.
import { closeSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { Cursor } from './cursor.ts';
import { dtype as named } from './dtype.ts';
import { encodeType } from './encode-type.ts';
import { ByteWriter } from './byte-writer.ts';
import { H5Error } from './errors.ts';
import { openBytes } from './file-bytes.ts';
import type { Message } from './object-header.ts';
import { openObjects } from './objects.ts';
import { encodeValue } from './values.ts';
import {
  attributeSize,
  dataspace,
  LONGEST_MESSAGE,
  MESSAGE,
  putAttribute,
  putAttributeInfo,
  putHeader,
  superblock,
} from './write-headers.ts';
import { HeapWriter } from './write-heap.ts';
import { systemError, writeAll, type Sink } from './write-sink.ts';

/**
 * Sets string attributes on the root of a file that tg wrote, replacing those of the same names.
 * `staged`: nobody has the file yet, and its bytes need not be on the disk before the new root.
 * @throws H5Error when the file is not one (use stampForeign) or cannot be written.
 */
export function stamp(
  path: string,
  attributes: Record<string, string>,
  { staged = false } = {},
): void {
  const { root, end } = readRoot(path);
  const kept = root.filter((m) => m.type !== MESSAGE.attributeInfo && !isNamed(m, attributes));
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    throw systemError(path, error);
  }
  try {
    const sink = appender(fd, path, end);
    const heap = new HeapWriter(sink);
    const type = encodeType(named('str'));
    const space = dataspace([]);
    const added = Object.entries(attributes).map(([name, value]) => {
      const data = new Uint8Array(16);
      encodeValue(named('str'), value, data, 0, {
        heap: (bytes) => heap.put(bytes),
        addressOf: () => 0,
        region: () => data,
      });
      if (attributeSize(name, type.length, space.length, 16) > LONGEST_MESSAGE)
        throw new H5Error(path, 'the name of an attribute is too long');
      return { name, data };
    });
    heap.flush();
    const header = new ByteWriter(4096);
    putHeader(header, (message) => {
      for (const m of kept) message(m.type, () => header.put(m.body), m.flags);
      message(MESSAGE.attributeInfo, () => putAttributeInfo(header));
      for (const { name, data } of added)
        message(MESSAGE.attribute, () => putAttribute(header, name, type, space, data));
    });
    const address = sink.allocate(header.length);
    sink.write(address, header.written());
    ftruncateSync(fd, sink.end());
    if (!staged) fsyncSync(fd);
    // Last: until now the file is the old one.
    sink.write(0, superblock(address, sink.end()));
  } catch (error) {
    throw error instanceof TypeError ? new H5Error(path, error.message) : error;
  } finally {
    closeSync(fd);
  }
}

function readRoot(path: string): { root: Message[]; end: number } {
  const file = openBytes(path);
  // The root alone: of other objects there may be very many.
  const objects = openObjects(path);
  try {
    const head = file.upTo(0, 48);
    const own = head.length === 48 && head[0] === 0x89 && head[8] === 2;
    const root = objects.root().messages;
    const end = new Cursor(head, 28).u64();
    // Groups of the own writer have no dense storage and no creation order.
    const plain = root.every(
      ({ type, body, flags }) =>
        (flags & 2) === 0 &&
        (type !== MESSAGE.attributeInfo && type !== MESSAGE.linkInfo
          ? true
          : body.length === 18 && body.every((b, i) => b === (i < 2 ? 0 : 0xff))),
    );
    if (!own || !plain)
      throw new H5Error(path, 'was not written by tg, so its root is not rewritten', {
        try: 'use stampForeign',
      });
    return { root: root.map((m) => ({ ...m, body: m.body.slice() })), end };
  } finally {
    file.close();
    objects.close();
  }
}

function isNamed(message: Message, names: Record<string, string>): boolean {
  if (message.type !== MESSAGE.attribute) return false;
  const cursor = new Cursor(message.body);
  const version = cursor.u8();
  cursor.skip(version === 3 ? 8 : 7);
  return Object.hasOwn(names, cursor.cstring());
}

function appender(fd: number, path: string, from: number): Sink {
  let end = from;
  return {
    path,
    end: () => end,
    allocate(bytes) {
      const address = Math.ceil(end / 8) * 8;
      end = address + bytes;
      return address;
    },
    write: (address, bytes) => writeAll(fd, bytes, address),
    finish: () => undefined,
    discard: () => undefined,
  };
}
