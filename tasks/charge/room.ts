/** Memory that a thread keeps from task to task: the parts of a run follow each other, and new memory must be zeroed each time. Knows no contents. */

const rooms = new Map<string, Uint8Array<ArrayBuffer>>();

/** `bytes` bytes, which hold what was last written into the room of that name; zeros at first. Only one task of a thread runs at a time. */
export function room(name: string, bytes: number): Uint8Array<ArrayBuffer> {
  let found = rooms.get(name);
  if (found === undefined || found.length < bytes)
    rooms.set(name, (found = new Uint8Array(new ArrayBuffer(Math.ceil(bytes / 8) * 8))));
  return found.subarray(0, bytes);
}
