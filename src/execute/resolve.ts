/** Resolve hook: `tg`, `tg/h5` and `tg/figures` in modules outside this package mean the tg that runs them. Runs in the loader's thread. */
import { moduleUrl } from '../package.ts';

const own: Record<string, string> = {
  tg: moduleUrl('src/index.js'),
  'tg/h5': moduleUrl('src/h5/index.js'),
  'tg/figures': moduleUrl('src/figures/index.js'),
};

export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<{ url: string }>,
): Promise<{ url: string; shortCircuit?: boolean }> {
  const url = own[specifier];
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}
