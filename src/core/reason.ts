/** A reason as the user reads it: one line, a difference. Knows no files. */
import { grouped } from './text.ts';
import type { Reason } from './types.ts';

const text = (value: string | undefined): string => value ?? 'none';

/** `pedestal_file changed (1 of 6 055 values read)`. @param when formats a moment (unix seconds) */
export function reasonText(reason: Reason, when?: (at: number) => string): string {
  switch (reason.kind) {
    case 'never-built':
      return 'never built';
    case 'forced':
      return 'forced';
    case 'interrupted':
      return when === undefined
        ? 'interrupted last time'
        : `interrupted last time (${when(reason.at)})`;
    case 'output-missing':
      return `output missing: ${reason.path}`;
    case 'output-edited':
      return `output edited: content ${short(reason.is)} is not the ${short(reason.was)} tg made`;
    case 'parameter':
      return `${reason.name} changed: ${text(reason.from)} -> ${text(reason.to)}`;
    case 'environment':
      return `environment ${reason.name} changed: ${text(reason.from)} -> ${text(reason.to)}`;
    case 'values':
      return `${reason.name} changed (${grouped(reason.changed)} of ${grouped(reason.read)} value${reason.read === 1 ? '' : 's'} read)`;
    case 'input': {
      const [was, is] = reason.rows ?? [null, null];
      const rows =
        was === null || is === null
          ? ''
          : was === is
            ? ' (same rows)'
            : ` (${grouped(was)} -> ${grouped(is)} rows)`;
      return `input ${reason.target} changed${rows}`;
    }
    case 'input-added':
      return `input ${reason.target} added`;
    case 'input-removed':
      return `input ${reason.target} removed`;
    case 'code': {
      if (reason.what === 'outputs') return 'its outputs changed';
      if (reason.what === 'checks') return `its checks changed: ${reason.to}`;
      if (reason.what === 'inputs') return 'its inputs have other names';
      const version = /^version (.*)$/;
      const [from, to] = [version.exec(reason.from)?.[1], version.exec(reason.to)?.[1]];
      if (from !== undefined && to !== undefined)
        return `code changed: type ${reason.what} version ${from} -> ${to}`;
      if (reason.what === 'type') return `code changed: type ${reason.from} -> ${reason.to}`;
      return `code changed: ${reason.what}`;
    }
    case 'always':
      return 'always runs (always: true)';
  }
}

/** More reasons than these are counted. */
const MOST = 3;

/** The reasons of one run in a line. */
export function reasonsText(reasons: readonly Reason[]): string {
  const texts = reasons
    .slice(0, reasons.length > MOST + 1 ? MOST : MOST + 1)
    .map((r) => reasonText(r));
  const more = reasons.length - texts.length;
  return [...texts, ...(more > 0 ? [`${grouped(more)} more`] : [])].join('; ');
}

const short = (id: string | undefined): string =>
  id === undefined ? 'none' : `${id.slice(0, 6)}..`;
