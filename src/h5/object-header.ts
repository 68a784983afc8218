// Object headers, versions 1 and 2, as a list of messages. Does not know what most messages mean.
import { Corrupt, Cursor } from './cursor.ts';
import { Unsupported } from './errors.ts';
import type { FileBytes } from './file-bytes.ts';
import { lookup3 } from './lookup3.ts';
import { MESSAGE } from './write-headers.ts';

export interface Message {
  type: number;
  flags: number;
  body: Uint8Array;
}

/** A header of more bytes than this is damaged. */
const MOST = 64 * 2 ** 20;

/** All messages of the header at `address`, continuations included. @throws Corrupt, Unsupported */
export function readHeader(file: FileBytes, address: number): Message[] {
  const first = file.upTo(address, 4);
  if (first[0] === 0x4f && first[1] === 0x48) return readVersion2(file, address);
  if (first[0] === 1) return readVersion1(file, address);
  throw new Corrupt('no object header where one is expected');
}

function readVersion1(file: FileBytes, address: number): Message[] {
  const head = new Cursor(file.at(address, 16));
  head.skip(2);
  const expected = head.u16();
  head.skip(4);
  const messages: Message[] = [];
  const blocks = [{ at: address + 16, length: head.u32() }];
  const seen = new Set<number>();
  let count = 0;
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    once(seen, block);
    // Messages are kept, windows are not.
    const cursor = new Cursor(file.at(block.at, block.length).slice());
    while (cursor.left >= 8 && count < expected) {
      const type = cursor.u16();
      const size = cursor.u16();
      const flags = cursor.u8();
      cursor.skip(3);
      const body = cursor.take(size);
      count++;
      if (type === MESSAGE.continuation) blocks.push(continuation(body));
      else if (type !== 0) messages.push({ type, flags, body });
    }
  }
  if (count !== expected)
    throw new Corrupt(`an object header of ${count} instead of ${expected} messages`);
  return messages;
}

function readVersion2(file: FileBytes, address: number): Message[] {
  const head = new Cursor(file.upTo(address, 64));
  head.signature('OHDR');
  if (head.u8() !== 2) throw new Corrupt('an object header of unknown version');
  const flags = head.u8();
  if ((flags & 0xc0) !== 0) throw new Corrupt('an object header with unknown flags');
  if ((flags & 0x20) !== 0) head.skip(16);
  if ((flags & 0x10) !== 0) head.skip(4);
  const size = head.uint(1 << (flags & 3));
  if (size > MOST) throw new Corrupt('an object header of impossible size');
  const ordered = (flags & 4) !== 0;
  const messages: Message[] = [];
  const blocks: { at: number; length: number }[] = [];
  const seen = new Set<number>();
  const take = (bytes: Uint8Array, from: number): void => {
    const end = bytes.length - 4;
    if (lookup3(bytes, 0, end) !== new Cursor(bytes, end).u32())
      throw new Corrupt('the checksum of an object header is wrong');
    const cursor = new Cursor(bytes.subarray(0, end), from);
    while (cursor.left >= (ordered ? 6 : 4)) {
      const type = cursor.u8();
      const length = cursor.u16();
      const messageFlags = cursor.u8();
      if (ordered) cursor.skip(2);
      const body = cursor.take(length);
      if (type === MESSAGE.continuation) blocks.push(continuation(body));
      else if (type !== 0) messages.push({ type, flags: messageFlags, body });
    }
  };
  take(file.at(address, head.at + size + 4).slice(), head.at);
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    once(seen, block);
    const bytes = file.at(block.at, block.length).slice();
    new Cursor(bytes).signature('OCHK');
    if (block.length < 8) throw new Corrupt('an object header continuation of impossible size');
    take(bytes, 4);
  }
  return messages;
}

function continuation(body: Uint8Array): { at: number; length: number } {
  const cursor = new Cursor(body);
  return { at: cursor.u64(), length: cursor.u64() };
}

function once(seen: Set<number>, block: { at: number; length: number }): void {
  if (seen.has(block.at)) throw new Corrupt('an object header continues in a circle');
  if (block.length > MOST) throw new Corrupt('an object header of impossible size');
  seen.add(block.at);
}

/**
 * The body of a message, also where it is kept in another object's header (a committed datatype).
 * @throws Unsupported for messages in the file-wide shared heap.
 */
export function bodyOf(file: FileBytes, message: Message): Uint8Array {
  return (message.flags & 2) === 0
    ? message.body
    : sharedBody(file, message.type, new Cursor(message.body));
}

/** Follows a shared-message reference. */
export function sharedBody(file: FileBytes, type: number, cursor: Cursor): Uint8Array {
  const version = cursor.u8();
  const place = cursor.u8();
  if (version < 1 || version > 3) throw new Corrupt(`a shared message of version ${version}`);
  if (version === 1) cursor.skip(6);
  else if (version === 3 && place === 1) throw new Unsupported('messages in a shared heap');
  const target = readHeader(file, cursor.u64()).find((m) => m.type === type);
  if (!target || (target.flags & 2) !== 0) throw new Corrupt('a shared message leads nowhere');
  return target.body;
}
