/** Units and axes of larnd-sim's truth to those of the charge chain: mm, us, keV, y up from the middle of the detector. Knows rows as bytes, no files. */
import { type Compound, type Dtype } from 'tg/h5';

/** The middle of the detector is so much below that of edep-sim, cm. */
const Y_CM = 21.8236;
const Y_MM = 218.236;

/** A value becomes (value + add) * times. */
interface Change {
  add: number;
  times: number;
}

const times = (n: number): Change => ({ add: 0, times: n });
const CM = times(10);
const MEV = times(1000);

/** Tracks: cm to mm, MeV to keV, MeV/cm to keV/mm; times are us already. */
const TRACKS: Readonly<Record<string, Change>> = {
  ...Object.fromEntries(
    ['x_start', 'x', 'x_end', 'z_start', 'z', 'z_end', 'tran_diff', 'dx', 'long_diff'].map(
      (name) => [name, CM],
    ),
  ),
  ...Object.fromEntries(['y_start', 'y', 'y_end'].map((name) => [name, { add: Y_CM, times: 10 }])),
  dE: MEV,
  dEdx: times(100),
};

/** Trajectories: places are mm already and momenta MeV, both with x and z exchanged; times ns to us. */
const TRAJECTORIES: Readonly<Record<string, readonly Change[]>> = {
  xyz_start: [times(1), { add: Y_MM, times: 1 }, times(1)],
  xyz_end: [times(1), { add: Y_MM, times: 1 }, times(1)],
  pxyz_start: [MEV, MEV, MEV],
  pxyz_end: [MEV, MEV, MEV],
  t_start: [times(1e-3)],
  t_end: [times(1e-3)],
};

/** Changes rows of /tracks in place. */
export function convertTracks(bytes: Uint8Array, type: Compound): void {
  eachField(bytes, type, TRACKS, (numbers, at, change) => {
    numbers.set(at, changed(numbers, at, change));
  });
}

/** Changes rows of /trajectories in place. */
export function convertTrajectories(bytes: Uint8Array, type: Compound): void {
  eachField(bytes, type, TRAJECTORIES, (numbers, at, [first, ...rest]) => {
    if (rest.length === 0) {
      numbers.set(at, changed(numbers, at, first!));
      return;
    }
    const [second, third] = [at + numbers.size, at + 2 * numbers.size];
    const z = changed(numbers, third, first!);
    numbers.set(second, changed(numbers, second, rest[0]!));
    numbers.set(third, changed(numbers, at, rest[1]!));
    numbers.set(at, z);
  });
}

/** Floats of one width in bytes. */
interface Numbers {
  size: 4 | 8;
  get(at: number): number;
  set(at: number, value: number): void;
}

/** In the width of the field, rounded after each step, as numpy does it. */
function changed({ size, get }: Numbers, at: number, change: Change): number {
  const { fround } = Math;
  if (size === 8) return (get(at) + change.add) * change.times;
  return fround(fround(get(at) + fround(change.add)) * fround(change.times));
}

function eachField<T>(
  bytes: Uint8Array,
  type: Compound,
  changes: Readonly<Record<string, T>>,
  change: (numbers: Numbers, at: number, how: T) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { name, offset, type: field } of type.fields) {
    if (!Object.hasOwn(changes, name)) continue;
    const numbers = numbersOf(view, field, name);
    for (let at = offset; at < bytes.length; at += type.size) change(numbers, at, changes[name]!);
  }
}

function numbersOf(view: DataView, type: Dtype, name: string): Numbers {
  const base = type.kind === 'array' ? type.base : type;
  if (base.kind !== 'float' || base.size === 2) throw new TypeError(`${name} holds no floats`);
  return base.size === 4
    ? {
        size: 4,
        get: (at) => view.getFloat32(at, true),
        set: (at, value) => view.setFloat32(at, value, true),
      }
    : {
        size: 8,
        get: (at) => view.getFloat64(at, true),
        set: (at, value) => view.setFloat64(at, value, true),
      };
}
