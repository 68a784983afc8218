/** The end of an exhaustive switch: an event that nobody renders does not compile. */
export function unreachable(event: never): never {
  throw new Error(`no such event: ${JSON.stringify(event)}`);
}
