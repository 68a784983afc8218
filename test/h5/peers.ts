// Other people's HDF5 for the tests: python3 with h5py, the HDF5 tools, and one dump that all readers must agree on.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { isPlain, type Dtype } from '../../src/h5/dtype.ts';
import type { H5File, Region, Typed, Value } from '../../src/h5/index.ts';

let python: string | null | undefined;

/** A python with h5py, or null. Missing is an error under TG_REQUIRE_H5PY=1. */
function findPython(): string | null {
  for (const name of ['python3', '/usr/bin/python3'])
    if (spawnSync(name, ['-c', 'import h5py']).status === 0) return name;
  if (process.env['TG_REQUIRE_H5PY'] === '1') throw new Error('TG_REQUIRE_H5PY=1 and no h5py');
  return null;
}

/** Why tests against h5py are skipped; false when they run. */
export function withoutH5py(): string | false {
  python ??= findPython();
  return python === null && 'no python3 with h5py (apt install python3-h5py hdf5-tools)';
}

/** Runs Python code with h5py, numpy, sys and json imported; gives its standard output. */
export function runPython(code: string, ...args: string[]): string {
  python ??= findPython();
  const head = 'import sys, json, h5py, numpy as np\n';
  const result = spawnSync(python!, ['-c', head + code, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
}

/** Runs one of the HDF5 tools; throws with its complaint when it fails. */
export function runTool(name: string, ...args: string[]): string {
  const result = spawnSync(name, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (result.status !== 0)
    throw new Error(
      `${name} ${args.join(' ')}: ${String(result.status)}\n${result.stdout}${result.stderr}`,
    );
  return result.stdout;
}

/** A folder for the files of one test file, removed at its end. */
export function scratch(): (name: string) => string {
  const dir = mkdtempSync(join(tmpdir(), 'tg-h5-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  return (name) => join(dir, name);
}

/** TG_FIXTURES, or a reason to skip. */
export function fixtures(): { dir: string; skip: string | false } {
  const dir = process.env['TG_FIXTURES'] ?? '';
  return { dir, skip: dir === '' && 'TG_FIXTURES is not set' };
}

/** Shape and content of something, content as hex for plain types. */
interface Content {
  shape: number[] | null;
  hex?: string;
  values?: unknown[];
}

export type Dump = Record<string, { attributes: Record<string, Content>; data?: Content }>;

/** Everything in a file as our reader sees it. */
export function dump(file: H5File): Dump {
  const out: Dump = {};
  for (const { path, kind } of file.walk()) {
    // Not by assignment: an attribute may be called __proto__.
    const attributes = Object.fromEntries(
      Object.entries(file.typedAttributes(path)).map(([name, typed]) => [name, contentOf(typed)]),
    );
    out[path] = { attributes };
    if (kind !== 'dataset') continue;
    const dataset = file.dataset(path);
    out[path].data = isPlain(dataset.dtype)
      ? { shape: dataset.shape, hex: Buffer.from(dataset.readRaw()).toString('hex') }
      : { shape: dataset.shape, values: dataset.readValues().map(as(dataset.dtype)) };
  }
  return out;
}

function contentOf({ dtype, shape, bytes, values }: Typed): Content {
  if (bytes) return { shape, hex: Buffer.from(bytes).toString('hex') };
  return { shape, values: (values ?? []).map(as(dtype)) };
}

const as =
  (type: Dtype) =>
  (value: Value): unknown =>
    plainly(value, type);

/** Regions as [path, rows or boxes]; records as lists of their members; numbers as they are, text where JSON has none. */
function plainly(value: Value, type: Dtype): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(as((type as { base: Dtype }).base));
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  if (type.kind !== 'compound') {
    const { path, selection } = value as unknown as Region;
    return [path, rowsOf(selection as never)];
  }
  // In the order of the fields: an object has members like "0" before all others.
  return type.fields.map((f) => plainly((value as Record<string, Value>)[f.name]!, f.type));
}

function rowsOf(selection: { kind: string; blocks: number[]; coordinates: number[] }): unknown {
  if (selection.kind === 'points') return selection.coordinates;
  if (selection.kind !== 'blocks') return selection.kind;
  const rows: number[] = [];
  for (let i = 0; i < selection.blocks.length; i += 2)
    for (let row = selection.blocks[i]!; row < selection.blocks[i + 1]!; row++) rows.push(row);
  return rows;
}

/** The same dump made by h5py; define `dump(path)` in Python. References must lead to 1-D datasets. */
export const PYTHON_DUMP = `
def little(a):
    if a.dtype.kind == 'V' and a.dtype.names is None: return a.tobytes().hex()
    c = a.astype(a.dtype.newbyteorder('<'))
    if c.dtype.names:
        b = np.zeros(c.shape, c.dtype)
        fields(b, c)
        c = b
    return c.tobytes().hex()
def fields(b, c):
    # Bytes between fields, of inner records too, are whatever was in memory.
    for n in c.dtype.names:
        if c.dtype[n].base.names: fields(b[n], c[n])
        else: b[n] = c[n]
def value(f, v, t):
    if h5py.check_string_dtype(t) is not None and t.kind == 'O':
        return v.decode() if isinstance(v, bytes) else (v or '')
    vl = h5py.check_vlen_dtype(t)
    if vl is not None: return [value(f, x, vl) for x in (v if v is not None else [])]
    r = h5py.check_ref_dtype(t)
    if r is h5py.Reference: return f[v].name if v else None
    if r is h5py.RegionReference:
        if not v: return None
        d = f[v]
        s = h5py.h5r.get_region(v, f.id)
        k = s.get_select_type()
        if k == h5py.h5s.SEL_POINTS: return [d.name, [int(x) for x in s.get_select_elem_pointlist().flatten()]]
        if k == h5py.h5s.SEL_HYPERSLABS:
            b = s.get_select_hyper_blocklist()
            return [d.name, [r for x in b for r in range(int(x[0][0]), int(x[1][0]) + 1)]]
        return [d.name, 'all' if k == h5py.h5s.SEL_ALL else 'none']
    if t.names: return [value(f, v[n], t.fields[n][0]) for n in t.names]
    if t.subdtype: return [value(f, x, t.subdtype[0]) for x in np.asarray(v).reshape(-1)]
    if t.kind == 'S': return v.decode()
    if t.kind == 'b': return bool(v)
    if t.kind == 'f' and not np.isfinite(v): return 'NaN' if v != v else 'Infinity' if v > 0 else '-Infinity'
    return v.item() if hasattr(v, 'item') else v
def content(f, a, t):
    if not t.hasobject: return {'shape': list(a.shape), 'hex': little(a)}
    return {'shape': list(a.shape), 'values': [value(f, x, t) for x in a.reshape(-1)]}
def attribute(f, o, n):
    a = h5py.h5a.open(o.id, n.encode())
    if a.get_space().get_simple_extent_type() == h5py.h5s.NULL: return {'shape': None, 'hex': ''}
    t = a.dtype
    shape = a.shape
    base = t
    if t.subdtype is not None:
        base, sub = t.subdtype
        shape = a.shape + sub
    arr = np.zeros(shape, dtype=base)
    a.read(arr, mtype=h5py.h5t.py_create(t))
    c = content(f, arr, base)
    c['shape'] = list(a.shape)
    return c
def dump(path):
    out = {}
    with h5py.File(path, 'r') as f:
        def visit(name, o):
            e = {'attributes': {n: attribute(f, o, n) for n in o.attrs}}
            if isinstance(o, h5py.Dataset):
                if o.shape is None: e['data'] = {'shape': [0], 'hex': ''}
                else:
                    t = o.dtype.subdtype[0] if o.dtype.subdtype else o.dtype
                    c = content(f, np.asarray(o[()], dtype=t) if t.kind != 'V' else np.asarray(o[()]), t)
                    c['shape'] = list(o.shape)
                    e['data'] = c
            out['/' + name if name else '/'] = e
        visit('', f)
        f.visititems(visit)
    return out
`;
