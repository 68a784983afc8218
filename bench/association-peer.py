"""Charge and light the Python way. Usage: association-peer.py chunks|loop FILE: triggers with their light events, as module0_flow's class goes about it (a matrix of
all triggers of 256 events and all light events near them) or trigger by trigger; association-peer.py integrals FLOW: the light integrals of its README's session"""
import sys
import h5py
import numpy as np
import numpy.ma as ma

UNIX, TICKS, CHUNK = 3, 10, 256


def light_times(f):
    light = f['light/events/data']
    mask = ~light['wvfm_valid'][:].astype(bool)
    return tuple(ma.array(light[n][:], mask=mask).mean(axis=-1).mean(axis=-1) * scale for n, scale in (('utime_ms', 0.001), ('tai_ns', 0.01)))


def pairs(f, chunk):
    unix, ts = light_times(f)
    events, triggers = f['charge/events/data'][:], f['charge/ext_trigs/data'][:]
    found = []
    for at in range(0, len(events), chunk):
        # Event and trigger are one to one here.
        u, t = events['unix_ts'][at:at + chunk].astype('f8'), triggers['ts'][at:at + chunk]
        if chunk > 1:
            first = np.argmax(unix >= u.min() - UNIX)
            last = len(unix) - np.argmax((unix <= u.max() + UNIX)[::-1])
            near = slice(first, last)
        else:
            near = slice(None)
        close = (np.abs(unix[near].reshape(1, -1) - u.reshape(-1, 1)) <= UNIX) & (np.abs(ts[near].reshape(1, -1) - t.reshape(-1, 1)) <= TICKS)
        idcs = np.argwhere(close)
        if len(idcs):
            idcs[:, 0] += at
            idcs[:, 1] += near.start or 0
            found.append(idcs)
    return np.unique(np.concatenate(found), axis=0)


def integrals(f):
    valid = f['charge/events/ref/light/events/ref_valid'].astype(bool)
    ref = f['charge/events/ref/light/events/ref']
    light, wvfm = f['light/events/data'], f['light/wvfm/data']
    events = [light[r] for r, v in zip(ref, valid) if v]
    chosen = np.zeros((1,) + light.dtype.fields['wvfm_valid'][0].shape + (1,), dtype=bool)
    chosen[:, :, [31, 24, 15, 8, 63, 56, 47, 40]] = True
    total = np.zeros(len(events))
    for i, event in enumerate(events):
        samples = wvfm[event['id']]['samples']
        keep = np.broadcast_to(chosen & np.expand_dims(event['wvfm_valid'].astype(bool), -1), samples.shape)
        total[i] = ma.masked_where(~keep, samples, copy=False).sum()
    return total


if __name__ == '__main__':
    what, path = sys.argv[1:]
    with h5py.File(path, 'r') as f:
        if what == 'integrals':
            print(len(integrals(f)), 'integrals')
        else:
            print(len(pairs(f, CHUNK if what == 'chunks' else 1)))
