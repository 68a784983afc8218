/** Resolve hook: `tg` and `tg/h5` in modules outside this package mean the tg that runs them. Runs in the loader's thread. */
const own: Record<string, string> = {
  tg: new URL('../index.js', import.meta.url).href,
  'tg/h5': new URL('../h5/index.js', import.meta.url).href,
};

export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<{ url: string }>,
): Promise<{ url: string; shortCircuit?: boolean }> {
  const url = own[specifier];
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}
