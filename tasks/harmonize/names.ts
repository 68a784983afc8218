/** Names of what the tasks of one entry make for each other. */

/** `harmonic/scan` for a task `harmonic/plan@..` and `scan`. */
export const sibling = (task: string, what: string): string =>
  `${task.replace(/@.*/s, '').replace(/\/[^/]*$/, '')}/${what}`;
