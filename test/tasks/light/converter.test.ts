/** examples/light/rwf_to_hdf5.py with a stand-in for ROOT that serves a fixture: what it writes is the fixture. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { folder, fixture, withoutFixtures } from '../../helpers/cli.ts';
import { runPython, withoutH5py } from '../../h5/peers.ts';

const SCRIPT = fileURLToPath(new URL('../../../../examples/light/rwf_to_hdf5.py', import.meta.url));

const ROOT = `
import h5py
class Histogram:
    def __init__(self, values): self.values = values
    def GetNbinsX(self): return len(self.values) - 2
    def GetArray(self): return self.values.tobytes()
class Entry:
    def __init__(self, row):
        for name in ('event', 'sn', 'ch', 'utime_ms', 'tai_ns'): setattr(self, name, int(row[name]))
        self.th1s_ptr = Histogram(row['th1s'])
class Tree:
    def __init__(self, rows): self.rows = rows
    def GetEntries(self): return len(self.rows)
    def __iter__(self): return (Entry(row) for row in self.rows)
class TFile:
    def __init__(self, path): self.path = path
    @staticmethod
    def Open(path): return TFile(path)
    def Get(self, name):
        with h5py.File(self.path, 'r') as f: return Tree(f[name][:])
`;

test(
  'the converter writes the rows of the tree as they are',
  { skip: withoutFixtures || withoutH5py() },
  () => {
    const cwd = folder({ 'ROOT.py': ROOT });
    const name = 'rwf_20210404_004206.data.rwf.h5';
    const rwf = join(fixture(), '..', 'light', 'rwf-small', 'input', name);
    const env = { ...process.env, PYTHONPATH: cwd };
    execFileSync('/usr/bin/python3', [SCRIPT, rwf, join(cwd, 'out.h5')], { env });
    const code = `
with h5py.File(sys.argv[1], 'r') as f, h5py.File(sys.argv[2], 'r') as u:
    assert f['rwf'].dtype == u['rwf'].dtype, (f['rwf'].dtype, u['rwf'].dtype)
    assert np.array_equal(f['rwf'][:], u['rwf'][:])
    print(len(f['rwf']))`;
    assert.equal(runPython(code, join(cwd, 'out.h5'), rwf), '372\n');
  },
);
