// Paths inside a file: absolute, no empty or dotted parts. Knows nothing else.

/** Nothing to be done: parts of letters and signs, none of which begins with a dot. */
const PLAIN = /^(?:\/[^/.\0][^/\0]*)+$/;

/** `charge/hits/`, `/charge/hits` -> `/charge/hits`; the root is `/`. @throws TypeError for impossible names. */
export function absolute(path: string): string {
  if (PLAIN.test(path)) return path;
  const parts = path.split('/').filter((part) => part !== '');
  for (const part of parts)
    if (part === '.' || part === '..' || part.includes('\0'))
      throw new TypeError(`no object can be called ${JSON.stringify(path)}`);
  return `/${parts.join('/')}`;
}

export function join(group: string, name: string): string {
  return group === '/' ? `/${name}` : `${group}/${name}`;
}
