/** Waveforms of a flat `rwf` dataset: one row per triggered channel, as the tree of the legacy ROOT files has them. Knows files, no events. */
import { TaskError } from 'tg';
import { describe, type H5File, type Table } from 'tg/h5';
import { PPS_NS, type Waveform } from './light-event.ts';

/** Bytes read at a time. */
const BLOCK = 4 * 2 ** 20;

/** Bins of a histogram that are no samples: underflow before the first, overflow after the last. */
const FLOWS = 2;

export interface RwfFile {
  table: Table;
  /** Bins of a waveform, without the two for what is outside. */
  bins: number;
}

/** @throws TaskError when the file has no such rows */
export function rwfFile(file: H5File, place: string): RwfFile {
  const refuse = (message: string): TaskError =>
    new TaskError(message, {
      at: { file: file.path },
      try: 'rows of event, sn, ch, utime_ms, tai_ns, th1s: the tree rwf as a flat dataset',
    });
  if (file.kind(place) !== 'dataset') {
    const names = file.members('/').map((name) => `/${name}`);
    const what = names.length === 0 ? 'it is empty' : `it has ${names.join(', ')}`;
    throw refuse(`${file.path} has no ${place}; ${what}`);
  }
  const { dtype, shape } = file.dataset(place);
  if (dtype.kind !== 'compound' || shape.length !== 1)
    throw refuse(`${place} holds ${describe(dtype)} of shape [${shape.join(', ')}], no rows`);
  const field = (name: string) => dtype.fields.find((f) => f.name === name)?.type;
  for (const name of ['sn', 'ch', 'utime_ms', 'tai_ns'])
    if (field(name)?.kind !== 'int') throw refuse(`${place} has no whole number ${name}`);
  const samples = field('th1s');
  const isSamples =
    samples?.kind === 'array' &&
    samples.base.kind === 'int' &&
    samples.base.size === 2 &&
    samples.shape.length === 1 &&
    samples.shape[0]! > FLOWS;
  if (!isSamples) throw refuse(`${place} has no th1s of 2-byte samples`);
  return { table: file.table(place), bins: samples.shape[0]! - FLOWS };
}

/**
 * The waveforms of rows [from, to) in their order, `samples` long, from element `first` of the stored histogram. Pulses of these files
 * are negative: the sign is turned, in 2 bytes (-32768 stays).
 */
export function* rwfWaveforms(
  { table, bins }: RwfFile,
  { from, to, samples, first }: { from: number; to: number; samples: number; first: number },
): Generator<Waveform> {
  const length = bins + FLOWS;
  const step = Math.max(1, Math.floor(BLOCK / table.rowSize));
  for (let start = from; start < to; start += step) {
    const block = table.read(start, Math.min(step, to - start));
    const [sn, ch] = [block.column('sn'), block.column('ch')];
    const [utimeMs, taiNs] = [block.column('utime_ms'), block.column('tai_ns')];
    const stored = block.column('th1s') as Int16Array;
    // In full where a double is not exact.
    const whole = (taiNs as Float64Array).some((ns) => ns > Number.MAX_SAFE_INTEGER)
      ? block.columnBig('tai_ns')
      : undefined;
    for (let row = 0; row < block.rows; row++) {
      const at = row * length + first;
      yield {
        sn: Number(sn[row]!),
        ch: Number(ch[row]!),
        utimeMs: Number(utimeMs[row]!),
        taiNs: whole ? Number(whole[row]! % BigInt(PPS_NS)) : Number(taiNs[row]!) % PPS_NS,
        samples: stored.subarray(at, at + samples).map((sample) => -sample),
      };
    }
  }
}
