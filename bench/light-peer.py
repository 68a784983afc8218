"""Light events from two ADC64 files the way the Python event builder goes about it: a numpy scalar for every word of the file, arrays
of records, groups of 128, rows written with h5py. Usage: light-peer.py A.data B.data OUT [--read]: reading alone"""
import os
import sys
import h5py
import numpy as np

CHANNELS, TICK, SYNC, THRESHOLD, UNIX_WINDOW, WINDOW, BATCH = 64, 0.625, 32, 10000, 1000, 1000 / 0.625, 128
U4 = 2 ** 32


def word(f, n, dtype):
    return np.frombuffer(f.read(n), dtype=dtype)[0]


def record(f):
    word(f, 4, 'u4'), word(f, 4, 'u4')
    unix = word(f, 8, 'u8')
    assert word(f, 4, 'u4') == 0x2a502a50
    word(f, 4, 'u4')
    event, serial = word(f, 4, 'u4'), word(f, 4, 'u4')
    f.read(3), f.read(1), word(f, 4, 'u4')
    s, ns = word(f, 4, 'u4'), word(f, 4, 'u4') >> 2
    n = bin(int(word(f, 8, 'u8'))).count('1')
    samples = 2 * ((np.frombuffer(f.read(3) + b'\0', dtype='u4')[0] >> 2) - 2)
    f.seek(-3, 1)
    data = np.zeros(n, dtype=[('channel', 'u1'), ('size', 'u4'), ('voltage', 'i2', (int(samples),))])
    for i in range(n):
        data[i]['size'] = np.frombuffer(f.read(3) + b'\0', dtype='u4')[0] >> 2
        data[i]['channel'] = word(f, 1, 'u1')
        f.seek(8, 1)
        data[i]['voltage'] = np.frombuffer(f.read(2 * int(samples)), dtype='i2').reshape(-1, 2)[:, ::-1].ravel()
    return {'unix': int(unix), 'event': event, 'serial': serial, 's': int(s), 'ns': int(ns), 'data': data}


def since(one, last):
    if np.any(one['data'][one['data']['channel'] == SYNC]['voltage'] >= THRESHOLD):
        last[:] = one['s'], one['ns']
        one['s'] = one['ns'] = 0
    else:
        borrow = one['ns'] <= last[1]
        one['s'] = (one['s'] - borrow - last[0]) % U4
        one['ns'] = one['ns'] - last[1] + 1000000000 * borrow
    return one


def groups(paths):
    files = [open(p, 'rb') for p in paths]
    sizes = [os.path.getsize(p) for p in paths]
    last = [[0, 0] for _ in files]
    waiting = [None] * len(files)
    while True:
        for i, f in enumerate(files):
            if waiting[i] is None and f.tell() < sizes[i]:
                waiting[i] = since(record(f), last[i])
        there = [w for w in waiting if w is not None]
        if not there:
            return
        ref = min(there, key=lambda w: (w['ns'] + 10 ** 9 * w['s']) % U4 or U4 - 1)
        group = [w if w is not None and abs(w['unix'] - ref['unix']) < UNIX_WINDOW and abs(w['ns'] - ref['ns']) < WINDOW else None for w in waiting]
        waiting = [None if g is not None else w for g, w in zip(group, waiting)]
        yield group


def build(paths, out):
    first = record(open(paths[0], 'rb'))
    samples = first['data'].dtype['voltage'].shape[0]
    slots = (len(paths), CHANNELS)
    events = np.dtype([('id', 'u8'), ('event', 'i4'), ('sn', 'i4', len(paths)), ('ch', 'u1', slots), ('utime_ms', 'u8', slots), ('tai_ns', 'u8', slots), ('wvfm_valid', 'u1', slots)])
    wvfm = np.dtype([('samples', 'i2', slots + (samples,))])
    with h5py.File(out, 'w') as f:
        e = f.create_dataset('light/events/data', (0,), dtype=events, maxshape=(None,))
        w = f.create_dataset('light/wvfm/data', (0,), dtype=wvfm, maxshape=(None,))
        batch = []

        def flush():
            ea, wa = np.zeros(len(batch), events), np.zeros(len(batch), wvfm)
            for k, group in enumerate(batch):
                for adc, one in enumerate(group):
                    if one is None:
                        continue
                    ch = one['data']['channel']
                    ea[k]['event'], ea[k]['sn'][adc] = one['event'], one['serial']
                    ea[k]['ch'][adc, ch], ea[k]['utime_ms'][adc, ch] = ch, one['unix']
                    ea[k]['tai_ns'][adc, ch] = one['s'] * 1e9 + one['ns']
                    ea[k]['wvfm_valid'][adc, ch] = True
                    wa[k]['samples'][adc, ch] = one['data']['voltage']
            ea['tai_ns'] = (ea['tai_ns'] * TICK).astype('u8')
            n = len(e)
            ea['id'] = np.arange(n, n + len(ea))
            for dset, rows in ((e, ea), (w, wa)):
                dset.resize((n + len(rows),))
                dset[n:] = rows
            batch.clear()

        for group in groups(paths):
            batch.append(group)
            if len(batch) == BATCH:
                flush()
        flush()
        print(len(e), 'events')


if __name__ == '__main__':
    if sys.argv[4:] == ['--read']:
        n = 0
        for p in sys.argv[1:3]:
            with open(p, 'rb') as f:
                while f.tell() < os.path.getsize(p):
                    record(f)
                    n += 1
        print(n, 'records')
    else:
        build(sys.argv[1:3], sys.argv[3])
