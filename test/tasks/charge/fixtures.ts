/** Where the reference cases of the charge chain are: below TG_FIXTURES, which may not be set. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env['TG_FIXTURES'];

/** Reason to skip a test, false when the cases are there. */
export const withoutFixtures: string | false =
  root === undefined
    ? 'TG_FIXTURES is not set'
    : existsSync(join(root, 'charge'))
      ? false
      : `${root} has no charge`;

/** Path of a file of the cases. */
export const fixture = (...names: string[]): string => join(root ?? '', 'charge', ...names);
