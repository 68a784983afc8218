/** Values laid over values: the one rule by which libraries, tg.yaml, overrides and defaults combine. Pure. */
import type { Json } from '../core/types.ts';
import { isMapping } from './schema.ts';

/** `b` over `a`: mappings key by key, everything else whole. */
export function layered(a: Json | undefined, b: Json): Json {
  if (!isMapping(a) || !isMapping(b)) return b;
  const merged: { [key: string]: Json } = { ...a };
  for (const [key, value] of Object.entries(b)) {
    merged[key] = layered(Object.hasOwn(a, key) ? a[key] : undefined, value);
  }
  return merged;
}
