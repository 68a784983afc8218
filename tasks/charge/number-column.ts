/** A column as plain numbers, for readers that do not mind which width it has. */
import type { TypedArray } from 'tg/h5';

export type NumberColumn = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/** 8-byte integers come as doubles, too. @throws TypeError when there is no such field or it does not hold numbers */
export const numberColumn = (
  rows: { column(name: string): TypedArray },
  name: string,
): NumberColumn => rows.column(name) as NumberColumn;
