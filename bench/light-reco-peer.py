"""Light reconstruction the Python way, whole arrays of 32 events at a time as module0_flow's classes do: noise filter, Wiener deconvolution, alignment,
sums, hits with scipy's splines and masked medians; all waveforms are written. Usage: light-reco-peer.py FLOW TEMPLATES GEOMETRY THRESHOLD OUT"""
import sys
import h5py
import numpy as np
import numpy.ma as ma
import yaml
from scipy.interpolate import CubicSpline

CHUNK, NEAR, POINTS, NS = 32, 2, 256, 10
flow, templates, geometry, threshold, out = sys.argv[1:]
f = h5py.File(flow, 'r')
events, wvfm = f['light/events/data'], f['light/wvfm/data']
A, C, N = wvfm.dtype['samples'].shape
listed = np.array([c not in (0, 1, 32, 33) for c in range(C)])
load = lambda name, key: np.nan_to_num(np.load(f'{templates}/{name}.npz')[key])


def spectrum(name):
    s = load(name, 'spectrum')
    n = s.shape[-1]
    return CubicSpline(np.linspace(0, N + 1, n), s / n, axis=-1)(np.arange(N + 1)) * (N + 1)


noise, signal = spectrum('noise_power'), spectrum('signal_power')
impulse = np.zeros((A, C, 2 * N))
impulse[..., :N] = load('signal_impulse', 'impulse')[..., :N]
response = np.fft.rfft(impulse)
gauss = np.exp(-0.5 * np.arange(-N, N) ** 2)
gauss = np.abs(np.fft.rfft(gauss / gauss.sum()))
power = np.clip(signal - noise, 0, None).sum(axis=-1, keepdims=True) * gauss ** 2
with np.errstate(all='ignore'):
    factor = np.conj(response) * power / (power * np.abs(response) ** 2 + noise) * gauss
factor[~np.isfinite(factor)] = 0
geo = yaml.safe_load(open(geometry))
tpcs, dets = len(geo['det_chan']), len(geo['det_chan'][0])
places = [(t, d, geo['det_adc'][t][d], geo['det_chan'][t][d]) for t in range(tpcs) for d in range(dets)]


def outliers(x):
    middle = ma.median(x, axis=-1, keepdims=True)
    return np.abs(x - middle) > ma.median(np.abs(x - middle), axis=-1, keepdims=True)


def hits(w, start):
    d = np.diff(w, axis=-1)
    at = np.nonzero((np.sign(d[..., 1:]) * np.sign(d[..., :-1]) < 0) & (np.diff(d, axis=-1) <= 0) & (w[..., 1:-1] >= float(threshold)))
    if len(at[0]) == 0:
        return np.zeros(0, HIT)
    p = at[3] + 1
    near = w[at[:3] + (np.clip(p + np.arange(-NEAR, NEAR + 1)[:, None], 0, N - 1),)].T
    xs = np.linspace(-NEAR, NEAR, POINTS)
    spline = CubicSpline(np.arange(-NEAR, NEAR + 1), near, axis=-1)
    y, slope = spline(xs), spline(xs, 1)
    top = xs[y.argmax(axis=-1)][:, None]
    half = y.max(axis=-1, keepdims=True) / 2
    with np.errstate(all='ignore'):
        flank = lambda value, mask: ma.array(value, mask=mask)
        rise, low, up = flank(xs - y / slope, xs >= top), flank(xs + (half - y) / slope, xs >= top), flank(xs + (half - y) / slope, xs <= top)
        rise, low, up = (ma.array(x, mask=ma.getmaskarray(x) | ma.filled(outliers(x), True)) for x in (rise, low, up))
    row = np.zeros(len(p), HIT)
    row['event'], row['tpc'], row['det'], row['sample_idx'], row['samples'] = at[0] + start, at[1], at[2], p, near
    row['sum'], row['max'] = near.sum(axis=-1), near[:, NEAR]
    row['sum_spline'], row['max_spline'], row['ns_spline'] = spline.integrate(-NEAR, NEAR), y.max(axis=-1), top[:, 0] * NS
    row['rising'], row['err'], row['fwhm'] = (ma.filled(x, 0) * NS for x in (rise.mean(axis=-1), rise.std(axis=-1), up.mean(axis=-1) - low.mean(axis=-1)))
    return row


HIT = np.dtype([('event', 'u4'), ('tpc', 'u1'), ('det', 'u1'), ('sample_idx', 'u2'), ('samples', 'f4', 2 * NEAR + 1)] + [(n, 'f4') for n in ('sum', 'max', 'sum_spline', 'max_spline', 'ns_spline', 'rising', 'err', 'fwhm')])
with h5py.File(out, 'w') as o:
    table = lambda name, dtype: o.create_dataset(f'light/{name}/data', (0,), dtype=dtype, maxshape=(None,))
    waves = np.dtype([('samples', 'f4', (A, C, N))])
    sums = np.dtype([('samples', 'f4', (tpcs, dets, N))])
    tables = {'fwvfm': table('fwvfm', waves), 'deconv': table('deconv', waves), 'swvfm': table('swvfm', sums), 'hits': table('hits', HIT)}

    def append(name, rows):
        d = tables[name]
        d.resize((len(d) + len(rows),))
        d[len(d) - len(rows):] = rows

    for start in range(0, len(events), CHUNK):
        ev = events[start:start + CHUNK]
        valid = ev['wvfm_valid'].astype(bool)
        w = wvfm[start:start + CHUNK]['samples']
        s = (w - w % 64).astype('f8')
        blocks = s[..., :80].reshape(s.shape[:-1] + (8, 10))
        template = (blocks - blocks.mean(axis=-1, keepdims=True)).mean(axis=-2)
        s -= np.where((valid & listed)[..., None], np.take(template, np.arange(N) % 10, axis=-1), 0)
        fw = s.astype('f4')
        fw -= fw[..., :80].mean(axis=-1, keepdims=True)
        rows = np.zeros(len(ev), waves)
        rows['samples'] = fw
        append('fwvfm', rows)
        padded = np.concatenate((ma.array(fw, mask=~np.broadcast_to(valid[..., None], fw.shape)).filled(0), np.zeros_like(fw)), axis=-1)
        filtered = np.fft.irfft(np.fft.rfft(padded) * factor)[..., :N]
        deconv = np.where((valid & listed)[..., None], filtered, fw).astype('f4')
        rows['samples'] = deconv
        append('deconv', rows)
        total = np.zeros(len(ev), sums)
        for t, d, adc, chans in places:
            total['samples'][:, t, d] = (deconv[:, adc, chans] * valid[:, adc, chans, None]).sum(axis=1)
        append('swvfm', total)
        append('hits', hits(total['samples'], start))
    print(len(tables['hits']), 'hits')
