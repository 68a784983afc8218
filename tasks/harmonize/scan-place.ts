/** Single datasets of a run: where the bytes of one lie, and the channels of a scaler event. Knows no layout of events. */
import { TaskError } from 'tg';
import { extract, type Dtype, type H5Object, type H5Objects } from 'tg/h5';
import { PIECES } from './merger-formats.ts';
import type { PiecePlace } from './scan-columns.ts';

const isWhole = (type: Dtype): type is Dtype & { kind: 'int' } => type.kind === 'int';

/** @throws TaskError when it does not hold whole numbers in as many axes as the format has */
export function placeOf(file: H5Objects, dataset: H5Object, kind: number): PiecePlace {
  const { type, rank } = PIECES[kind]!;
  const where = `${file.path}::${dataset.path}`;
  if (dataset.kind !== 'dataset')
    throw new TaskError(`${where} is a group, not a dataset`, { try: 'merge the run again' });
  const { dtype, shape, offset } = file.place(dataset);
  if (!isWhole(dtype) || shape.length !== rank)
    throw new TaskError(
      `${where} holds ${dtype.kind} of shape [${shape.join(', ')}], not whole numbers in ${rank} axes`,
      { try: 'merge the run again' },
    );
  const same = dtype.size === 2 && dtype.signed === (type === 'i2');
  return { kind, shape, offset: same ? offset : undefined };
}

/** Whole numbers of a small dataset. */
export function numbersIn(file: H5Objects, dataset: H5Object): number[] {
  const { dtype, shape } = file.place(dataset);
  if (dtype.kind !== 'int' && dtype.kind !== 'float')
    throw new TaskError(`${file.path}::${dataset.path} holds no numbers`, {
      try: 'merge the run again',
    });
  const n = shape.reduce((product, d) => product * d, 1);
  return Array.from(extract(file.read(dataset), n, dtype.size, 0, dtype), Number);
}

/** The first `channels` values, u32; undefined when there are fewer. */
export function scalerRow(
  file: H5Objects,
  dataset: H5Object,
  channels: number,
): number[] | undefined {
  const values = numbersIn(file, dataset);
  if (values.length < channels) return undefined;
  const row = values.slice(0, channels);
  const odd = row.find((value) => !Number.isInteger(value) || value < 0 || value >= 2 ** 32);
  if (odd !== undefined)
    throw new TaskError(`${file.path}::${dataset.path} holds ${odd}, no 32-bit count`, {
      try: 'merge the run again',
    });
  return row;
}
