// One value in its canonical form. Does not know nodes or hashes.
import type { ByteWriter } from './byte-writer.ts';
import { itemSize, type Dtype } from './dtype.ts';
import { elements, encodeValue, listOf, memberOf, type Value } from './values.ts';

/** Appends a value in its canonical form: the same bytes for the same content, wherever it points. */
export function putCanonical(
  out: ByteWriter,
  type: Dtype,
  value: Value,
  reference: (out: ByteWriter, value: Value) => void,
): void {
  switch (type.kind) {
    case 'vlen-string': {
      out.sizedText(value as string);
      return;
    }
    case 'vlen':
    case 'array': {
      const list = listOf(value);
      if (type.kind === 'vlen') out.u32(list.length);
      for (const v of list) putCanonical(out, type.base, v, reference);
      return;
    }
    case 'compound':
      type.fields.forEach((field, i) => {
        const v = memberOf(value, field.name, i);
        putCanonical(out, field.type, v ?? zeroOf(field.type), reference);
      });
      return;
    case 'reference': {
      reference(out, value);
      return;
    }
    default: {
      const at = out.skip(itemSize(type));
      encodeValue(type, value, out.bytes, at);
    }
  }
}

/** What a member that was left out holds. */
function zeroOf(type: Dtype): Value {
  if (type.kind === 'vlen-string' || type.kind === 'string') return '';
  if (type.kind === 'vlen') return [];
  if (type.kind === 'reference') return null;
  if (type.kind === 'opaque') return new Uint8Array(type.size);
  if (type.kind === 'array')
    return Array.from({ length: elements(type.shape) }, () => zeroOf(type.base));
  return type.kind === 'compound' ? {} : 0;
}
