/** Parts of h5flow workflow files: mappings read as PyYAML reads them, `!include` and the places of what is in them. Knows no stages. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LineCounter, isNode, parseDocument } from 'yaml';
import type { Diagnostic, KeyPath, Where } from '../core/types.ts';

/** `!include FILE`, not yet read. */
interface Include {
  include: string;
}
/** A mapping of a file, with the places of what is in it. */
export interface Part {
  value: Readonly<Record<string, unknown>>;
  where(path: KeyPath): Where;
}

export const isMapping = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
export const isInclude = (value: unknown): value is Include =>
  isMapping(value) && typeof value['include'] === 'string' && Object.keys(value).length === 1;

/** Reads a file as PyYAML does (YAML 1.1), with `!include`. Undefined, with the mistake told, when it is no mapping. */
export function readPart(file: string, told: Diagnostic[], from?: Where): Part | undefined {
  const fail = (code: string, message: string, fix: string, where = from): undefined => {
    told.push({ severity: 'error', code, message, ...(where && { where }), try: fix });
  };
  if (!existsSync(file)) return void fail('no-file', `no file ${file}`, 'correct the path');
  const lines = new LineCounter();
  const include = { tag: '!include', resolve: (path: string): Include => ({ include: path }) };
  const doc = parseDocument(readFileSync(file, 'utf8'), {
    version: '1.1',
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    customTags: (tags) => [...tags, include],
  });
  const where = (path: KeyPath): Where => {
    for (let n = path.length; n >= 0; n--) {
      const node = n === 0 ? doc.contents : doc.getIn(path.slice(0, n), true);
      if (isNode(node) && node.range) {
        const { line, col } = lines.linePos(node.range[0]);
        return { file, line, column: col, length: Math.max(1, node.range[1] - node.range[0]) };
      }
    }
    return { file, line: 1, column: 1 };
  };
  const [error] = doc.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return void fail('yaml', `not YAML: ${error.message}`, 'correct it', {
      file,
      line,
      column: col,
    });
  }
  const value = doc.toJS() as unknown;
  return isMapping(value)
    ? { value, where }
    : void fail(
        'wrong-type',
        'a workflow is a mapping',
        'flow: {source: .., stages: [..]}',
        where([]),
      );
}

/** A member of a part that is a mapping, or the whole of another file. */
export function memberOf(
  told: Diagnostic[],
  part: Part,
  path: KeyPath,
  cwd: string,
): Part | undefined {
  const value = path.reduce<unknown>(
    (at, key) => (at as Record<string | number, unknown> | undefined)?.[key],
    part.value,
  );
  if (isInclude(value)) return readPart(resolve(cwd, value.include), told, part.where(path));
  return isMapping(value)
    ? { value, where: (inner) => part.where([...path, ...inner]) }
    : undefined;
}
