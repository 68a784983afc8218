/** A mistake as a line of `--json`. Knows nothing of builds. */
import type { Diagnostic } from '../core/types.ts';
import { withShownPlaces } from './diagnostic.ts';

/** Fields of UX.md section 2. @param shown a path as the user sees it */
export function diagnosticLine(
  diagnostic: Diagnostic,
  shown: (path: string) => string,
): { type: 'diagnostic'; [field: string]: unknown } {
  const { severity, code, message, where, remark, related, other } = diagnostic;
  return {
    type: 'diagnostic',
    severity,
    code,
    message,
    ...(where === undefined ? {} : { ...where, file: shown(where.file) }),
    ...(remark === undefined ? {} : { remark }),
    ...(related === undefined
      ? {}
      : {
          related: related.map((r) => ({
            ...r.where,
            file: shown(r.where.file),
            remark: r.remark,
          })),
        }),
    ...(other === undefined ? {} : { other: withShownPlaces(other, shown) }),
    ...(diagnostic.try === undefined ? {} : { try: diagnostic.try }),
  };
}
