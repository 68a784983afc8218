/** Merge of a scan: tables of the points concatenated in product order behind one column per axis. Knows artifacts, not tasks. */
import type { Json } from '../core/types.ts';
import type { Dtype, H5Writer } from '../h5/index.ts';
import { createH5, dtype, itemSize, openH5, sameDtype } from '../h5/index.ts';
import { TaskError } from '../task-module.ts';
import type { MergeJob } from './job.ts';

type Compound = Extract<Dtype, { kind: 'compound' }>;

/** Column of an axis: whole numbers i8, other numbers f8, everything else text of the longest value. */
function axisColumn(values: readonly Json[]): { type: Dtype; bytes: (value: Json) => Uint8Array } {
  const whole = values.every((v) => typeof v === 'number' && Number.isSafeInteger(v));
  if (whole)
    return {
      type: dtype('i8'),
      bytes: (v) => new Uint8Array(BigInt64Array.of(BigInt(v as number)).buffer),
    };
  if (values.every((v) => typeof v === 'number'))
    return { type: dtype('f8'), bytes: (v) => new Uint8Array(Float64Array.of(v as number).buffer) };
  const text = (v: Json): Buffer => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v));
  const size = Math.max(1, ...values.map((v) => text(v).length));
  return {
    type: dtype(`S${size}`),
    bytes(v) {
      const bytes = new Uint8Array(size);
      bytes.set(text(v));
      return bytes;
    },
  };
}

export async function writeMerge(path: string, merge: MergeJob): Promise<void> {
  const writer = createH5(path);
  try {
    for (const table of merge.tables) await mergeTable(writer, table.place, table.members, merge);
    writer.close();
  } catch (error) {
    writer.abort();
    throw error;
  }
}

async function mergeTable(
  writer: H5Writer,
  place: string,
  members: readonly string[],
  merge: MergeJob,
): Promise<void> {
  const column = axisColumn(merge.values);
  let out: ReturnType<H5Writer['table']> | undefined;
  let inner = undefined as Compound | undefined;
  let add = true;
  for (const [k, path] of members.entries()) {
    const file = await openH5(path);
    try {
      const table = file.table(place);
      const columns: Compound = table.dtype;
      if (inner === undefined) {
        inner = columns;
        add = !columns.fields.some((f) => f.name === merge.over);
        out = writer.table(place, add ? withColumn(columns, merge.over, column.type) : columns, {
          attributes: file.typedAttributes(place),
        });
      } else if (!sameDtype(inner, columns)) {
        throw new TaskError(
          `${place.slice(1)}: the points do not have the same columns (${JSON.stringify(merge.values[0])} and ${JSON.stringify(merge.values[k])} of ${merge.over})`,
          { try: 'write the same columns at every point' },
        );
      }
      const value = column.bytes(merge.values[k]!);
      for (const block of table.blocks())
        out!.append(
          add ? prefixed(block.bytes, block.rows, columns.size, value) : block.bytes,
          block.rows,
        );
    } finally {
      file.close();
    }
  }
  out?.close();
}

function withColumn(inner: Compound, name: string, type: Dtype): Compound {
  const width = itemSize(type);
  return {
    kind: 'compound',
    size: width + inner.size,
    fields: [
      { name, offset: 0, type },
      ...inner.fields.map((f) => ({ ...f, offset: f.offset + width })),
    ],
  };
}

/** Every row behind the value. */
function prefixed(rows: Uint8Array, n: number, size: number, value: Uint8Array): Uint8Array {
  const width = value.length + size;
  const out = new Uint8Array(n * width);
  for (let i = 0; i < n; i++) {
    out.set(value, i * width);
    out.set(rows.subarray(i * size, (i + 1) * size), i * width + value.length);
  }
  return out;
}
