/** Packets whatever their rows look like: fields in another order, more of them, other bytes, other storage. Rows come from h5py. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashTree, openH5 } from 'tg/h5';
import {
  anodeOf,
  packetsOf,
  simulateParams,
  writePackets,
} from '../../../tasks/charge/simulate.ts';
import { runPython, withoutH5py } from '../../h5/peers.ts';
import { inFolder, runChain, type Chain } from './chain.ts';

const RUN = simulateParams({ seconds: 2, events_per_s: 10, seed: 11 });
const PARAMS = { 'charge/raw_events': { nhit_cut: 50, buffer_size: 1500 } };

/** Writes the packets of `sys.argv[1]` once more in every form, below the folder `sys.argv[2]`; prints the names. */
const FORMS = `
source = h5py.File(sys.argv[1], 'r')
p = source['packets'][:]
fields = [(n, p.dtype[n]) for n in p.dtype.names]
def cast(fields, align=False):
    out = np.zeros(len(p), np.dtype(fields, align=align))
    for n in out.dtype.names:
        if n in p.dtype.names: out[n] = p[n]
        else: out[n] = np.frombuffer(b'x', 'u1')[0] if out.dtype[n].kind != 'S' else b'xyz'
    return out
permuted = [fields[i] for i in np.random.default_rng(3).permutation(len(fields))]
big = lambda list: [(n, t.newbyteorder('>')) for n, t in list]
forms = {
    'old': (cast([(n, 'u1' if n == 'shared_fifo_events' else t) for n, t in fields]), {}),
    'permuted': (cast(permuted), {}),
    'more': (cast([('first', 'f4')] + fields[:5] + [('list', '>u2', (3,))] + fields[5:] + [('text', 'S3')]), {}),
    'fewer': (cast([f for f in fields if f[0] not in ('parity', 'counter', 'direction')]), {}),
    'aligned': (cast(fields, align=True), {}),
    'big': (cast(big(fields)), {}),
    'packed': (cast(big(permuted)), dict(chunks=(100,), compression='gzip', shuffle=True, fletcher32=True)),
    'newest': (p, dict(chunks=(77,), compression='gzip', maxshape=(None,))),
    'virtual': (None, {}),
}
for name, (rows, options) in forms.items():
    f = h5py.File(sys.argv[2] + '/' + name + '.h5', 'w', libver='latest' if name == 'newest' else None)
    f.create_group('_header').attrs['version'] = '2.3'
    if rows is not None: f.create_dataset('packets', data=rows, **options)
    else:
        layout = h5py.VirtualLayout(p.shape, p.dtype)
        layout[:] = h5py.VirtualSource(sys.argv[1], 'packets', shape=p.shape)
        f.create_virtual_dataset('packets', layout)
    f.close()
print(json.dumps({n: None if r is None else r.dtype.itemsize for n, (r, o) in forms.items()}))
`;

/** Ids of the tables that a chain made, but for those of the packets, whose type is the input's. */
async function idsOf(chain: Chain): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const [table, path] of Object.entries(chain.files)) {
    const nodes = await hashTree(path);
    const place = table === 'charge/packets' ? '/charge/raw_events/ref' : `/${table}/data`;
    for (const node of nodes) if (node.path.startsWith(place)) ids[node.path] = node.id;
  }
  return ids;
}

test('whatever its rows look like, a run gives the same events', { skip: withoutH5py() }, () =>
  inFolder(async (folder) => {
    const plain = join(folder, 'plain.h5');
    writePackets(plain, packetsOf(RUN, anodeOf(RUN)), RUN.unix_start);
    const sizes = JSON.parse(runPython(FORMS, plain, folder)) as Record<string, number | null>;
    const chainOf = async (path: string, name: string): Promise<Chain> => {
      const place = join(folder, name);
      mkdirSync(place);
      return runChain(place, path, PARAMS);
    };
    const usual = await chainOf(plain, 'usual');
    const ids = await idsOf(usual);
    assert.ok(Object.keys(ids).length >= 6);
    assert.ok(usual.told['charge/events']!.counts['events']! > 10);
    assert.deepEqual([sizes['old'], sizes['aligned']], [35, 40]);
    const kept = await openH5(usual.files['charge/packets']!);
    const wanted = kept.table('/charge/packets');
    for (const name of Object.keys(sizes)) {
      const chain = await chainOf(join(folder, `${name}.h5`), name);
      assert.deepEqual(await idsOf(chain), ids, name);
      const file = await openH5(chain.files['charge/packets']!);
      const packets = file.table('/charge/packets');
      assert.equal(packets.rowSize, sizes[name] ?? 36, `${name}: packets keep their type`);
      for (const { name: field } of wanted.dtype.fields)
        if (packets.dtype.fields.some((other) => other.name === field))
          assert.deepEqual([...packets.column(field)], [...wanted.column(field)], field);
      file.close();
    }
    kept.close();
  }),
);

/** Fields without which there are no events, each left out, too narrow or no whole number. */
const WITHOUT = `
source = h5py.File(sys.argv[1], 'r')
p = source['packets'][:]
for name in sys.argv[3:]:
    for what in ('missing', 'wide', 'real', 'text'):
        t = {'wide': 'u2', 'real': 'f%d' % max(2, p.dtype[name].itemsize), 'text': 'S%d' % p.dtype[name].itemsize}.get(what)
        fields = [(n, p.dtype[n] if n != name else t) for n in p.dtype.names if n != name or t]
        f = h5py.File('%s/%s-%s.h5' % (sys.argv[2], what, name), 'w')
        f.create_dataset('packets', data=np.zeros(5, fields))
        f.close()
`;

const NEEDED = {
  io_group: 1,
  io_channel: 1,
  chip_id: 1,
  packet_type: 1,
  valid_parity: 1,
  channel_id: 1,
  timestamp: 8,
  dataword: 1,
  trigger_type: 1,
  receipt_timestamp: 4,
};

test('a field that is missing or something else is named', { skip: withoutH5py() }, () =>
  inFolder(async (folder) => {
    const plain = join(folder, 'plain.h5');
    writePackets(plain, packetsOf(RUN, anodeOf(RUN)), RUN.unix_start);
    runPython(WITHOUT, plain, folder, ...Object.keys(NEEDED));
    for (const [name, bytes] of Object.entries(NEEDED)) {
      const told = (what: string): Promise<string> =>
        runChain(folder, join(folder, `${what}-${name}.h5`)).then(
          () => assert.fail(`${what} ${name} was read`),
          (error: unknown) => (error as Error).message,
        );
      assert.equal(await told('missing'), `packets have no field ${name}`);
      assert.equal(await told('wide'), `packets: field ${name} has 2 bytes, not ${bytes}`);
      const real = `packets: field ${name} holds no whole numbers`;
      assert.equal(await told('text'), real);
      if (bytes > 1) assert.equal(await told('real'), real);
    }
  }),
);
