/** All that stands in two flow files, compared by h5py object by object: groups, types, shapes, attributes, rows and relations. Knows no case. */
import { runPython } from '../h5/peers.ts';

/**
 * Prints what is otherwise, one line each: `NAME WHAT: ours, theirs`. Rows are compared as texts without the fields that number rows,
 * because upstream's order within an event is arbitrary; raw events and events stand in one order in both and count in theirs.
 */
const WALK = `
import re
def objects(f):
    found = {}
    f.visititems(lambda name, o: found.__setitem__(name, o))
    return found

def value(f, o, key):
    a = o.attrs.get_id(key)
    v = o.attrs[key]
    if isinstance(v, h5py.Reference): return ('reference', f[v].name)
    return (a.get_type(), a.shape, repr(v))

def told(v):
    return ' '.join((v[1] if v[0] == 'reference' else v[2]).split())

IN_ORDER = ('charge/raw_events', 'charge/events', 'light/events', 'light/wvfm', 'combined/t0')
PLACES = ('px', 'py')
def texts(f, table):
    rows = f[table + '/data'][:]
    cells = []
    for n in rows.dtype.names or ():
        column = rows[n]
        # Places and z are compared as numbers: upstream's pairs version has 4 bytes of them.
        if n in PLACES + ('z',) or n == 'id' and table not in IN_ORDER: continue
        if column.ndim > 1: cells.append([x.tobytes().hex() for x in column])
        elif column.dtype.kind != 'f': cells.append([str(int(x)) for x in column])
        else: cells.append(['%.7g' % x for x in column])
    if not cells: return [str(i) for i in range(len(rows))]
    return [' '.join(c) for c in zip(*cells)]

def pairs(f, at, parent, child):
    if at + '/ref_region' in f: return [tuple(map(int, x)) for x in f[at + '/ref'][:]]
    return regions(f, at, child)

def regions(f, at, child):
    found = []
    for i, r in enumerate(f[at + '/ref'][:]):
        if not r: continue
        assert f[r].name == '/' + child + '/data'
        s = h5py.h5r.get_region(r, f.id)
        if s.get_select_type() == h5py.h5s.SEL_POINTS: found += [(i, int(x[0])) for x in s.get_select_elem_pointlist()]
        else:
            for start, stop in s.get_select_hyper_blocklist(): found += [(i, j) for j in range(int(start[0]), int(stop[0]) + 1)]
    return found

def compare(ours, theirs, cut):
    with h5py.File(ours, 'r') as f, h5py.File(theirs, 'r') as u:
        a, b = objects(f), objects(u)
        for name in sorted(set(a) - set(b)): yield name + ': ours'
        for name in sorted(set(b) - set(a)): yield name + ': not ours'
        for name in sorted(set(a) & set(b)):
            x, y = a[name], b[name]
            if type(x) is not type(y): yield name + ' kind: %s, %s' % (type(x).__name__, type(y).__name__); continue
            for key in sorted(set(x.attrs) | set(y.attrs)):
                if key not in y.attrs: yield name + ' @' + key + ': ours'
                elif key not in x.attrs: yield name + ' @' + key + ': not ours'
                else:
                    v, w = value(f, x, key), value(u, y, key)
                    if v != w: yield name + ' @' + key + ': ' + told(v) + ', ' + told(w)
            if isinstance(x, h5py.Group): continue
            if x.dtype.names and y.dtype.names:
                if x.dtype.names != y.dtype.names: yield name + ' fields: %s, %s' % (x.dtype.names, y.dtype.names)
                else:
                    for n in x.dtype.names:
                        if x.dtype[n] != y.dtype[n]: yield name + '.' + n + ': ' + x.dtype[n].str[1:] + ', ' + y.dtype[n].str[1:]
            elif x.id.get_type() != y.id.get_type(): yield name + ' type: %s, %s' % (x.dtype, y.dtype)
            if x.maxshape != y.maxshape: yield name + ' maxshape: %s, %s' % (x.maxshape, y.maxshape)
            if x.chunks != y.chunks: yield name + ' chunks: %s, %s' % (x.chunks, y.chunks)
            if x.compression != y.compression and x.compression is not None: yield name + ' filter'
            if x.shape != y.shape and not cut: yield name + ' shape: %s, %s' % (x.shape, y.shape)
        tables = [n[:-5] for n in sorted(set(a) & set(b)) if n.endswith('/data') and '/ref/' not in n]
        rows = {}
        counted = 0
        for t in tables:
            rows[t] = (texts(f, t), texts(u, t))
            p, q = rows[t]
            if cut and t != 'light/events': continue
            if t not in IN_ORDER: p, q = sorted(p), sorted(q)
            if p != q: yield t + ' rows: ' + str(sum(1 for i, j in zip(p, q) if i != j)) + ' of %d, %d' % (len(p), len(q))
            for n in PLACES + ('z',):
                if n not in (f[t + '/data'].dtype.names or ()): continue
                v, w = (np.sort(g[t + '/data'][n]) for g in (f, u))
                if not np.allclose(v, w, rtol=0, atol=1e-4): yield t + '.' + n + ' values'
            counted += len(p)
        for name in sorted(set(a) & set(b)):
            m = re.fullmatch('(.*?)/ref/(.*)/ref', name)
            if not m or not isinstance(a[name], h5py.Dataset): continue
            parent, child = m.groups()
            if parent not in rows or child not in rows: continue
            at = name[:-4]
            found = []
            for k, g in ((0, f), (1, u)):
                list_ = pairs(g, at, parent, child)
                if cut: list_ = [x for x in list_ if max(x) < 10**9 and x[0] < len(rows[parent][1])]
                above, below = rows[parent][k], rows[child][k]
                found.append(sorted((str(i) if parent in IN_ORDER else above[i]) + ' | ' + (str(j) if child in IN_ORDER else below[j]) for i, j in list_))
            if cut and parent not in IN_ORDER: continue
            if found[0] != found[1]: yield at + ' pairs: %d, %d' % (len(found[0]), len(found[1]))
            counted += len(found[0])
        for name in sorted(a):
            m = re.fullmatch('(.*?)/ref/(.*)/(ref|ref_valid|ref_region)', name)
            if m and not (m.group(3) == 'ref' and a[name].ndim == 2) and len(a[name]) != len(a[m.group(1) + '/data']):
                yield name + ' is not as long as its parent'
        global total
        total += counted
total = 0
out = {}
for case, ours, theirs, cut in json.loads(sys.argv[1]): out[case] = list(compare(ours, theirs, cut))
print(json.dumps({'differences': out, 'compared': total}))
`;

export interface Files {
  case: string;
  ours: string;
  theirs: string;
  /** Upstream lost the rest of the run: only its first events are compared. */
  cut?: boolean;
}

/** Differences by case, and how many rows and pairs of rows were compared. */
export function compareFiles(files: readonly Files[]): {
  differences: Record<string, string[]>;
  compared: number;
} {
  const list = files.map((one) => [one.case, one.ours, one.theirs, one.cut === true]);
  return JSON.parse(runPython(WALK, JSON.stringify(list))) as ReturnType<typeof compareFiles>;
}

/** A known difference: lines that match it, in which cases (default all), and why they are so. */
export interface Known {
  line: RegExp;
  why: string;
  cases?: readonly string[];
}

const explains = ({ line, cases }: Known, name: string, text: string): boolean =>
  line.test(text) && (cases === undefined || cases.includes(name));

const all = (differences: Readonly<Record<string, readonly string[]>>): [string, string][] =>
  Object.entries(differences).flatMap(([name, lines]) =>
    lines.map((line): [string, string] => [name, line]),
  );

/** Lines that no known difference explains. */
export const unexplained = (
  differences: Readonly<Record<string, readonly string[]>>,
  known: readonly Known[],
): string[] =>
  all(differences)
    .filter(([name, line]) => !known.some((one) => explains(one, name, line)))
    .map(([name, line]) => `${name}: ${line}`);

/** Known differences that no line shows any more. */
export const unseen = (
  differences: Readonly<Record<string, readonly string[]>>,
  known: readonly Known[],
): string[] =>
  known
    .filter((one) => !all(differences).some(([name, line]) => explains(one, name, line)))
    .map(({ why }) => why);
