/** Signals of the user: the first stops the build and keeps what is finished, the second ends at once. Knows no tasks. */

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export interface Interrupt {
  /** Aborted by the first signal; the reason is the exit code. */
  signal: AbortSignal;
  release(): void;
}

/**
 * @param first called at the first signal
 * @param second called at the next one, before the process ends
 */
export function onSignals(
  first: (name: keyof typeof CODES) => void,
  second: () => void,
): Interrupt {
  const controller = new AbortController();
  const names = Object.keys(CODES) as (keyof typeof CODES)[];
  const handle = (name: keyof typeof CODES): void => {
    if (controller.signal.aborted) {
      second();
      process.exit(controller.signal.reason as number);
    }
    first(name);
    controller.abort(CODES[name]);
  };
  for (const name of names) process.on(name, handle);
  return {
    signal: controller.signal,
    release() {
      for (const name of names) process.off(name, handle);
    },
  };
}
