#!/usr/bin/env python3
"""Tree rwf of a legacy light file (ROOT) -> the flat dataset /rwf that tg reads: one row per waveform, th1s with under- and overflow.
Usage: rwf_to_hdf5.py rwf_20210404.data.root rwf_20210404.rwf.h5     (needs Python with ROOT, numpy and h5py)"""
import sys
import h5py
import numpy as np
import ROOT


def convert(source, target, block=1024):
    file = ROOT.TFile.Open(source)
    tree = file.Get('rwf')
    with h5py.File(target, 'w') as out:
        rows = dset = None
        for n, entry in enumerate(tree):
            bins = entry.th1s_ptr.GetNbinsX() + 2
            if rows is None:
                dtype = [('event', 'u4'), ('sn', 'u4'), ('ch', 'u4'), ('utime_ms', 'u8'), ('tai_ns', 'u8'), ('th1s', 'i2', (bins,))]
                rows = np.zeros(block, dtype)
                dset = out.create_dataset('rwf', (0,), dtype, maxshape=(None,), chunks=(64,), compression=1, shuffle=True)
            if bins != rows.dtype['th1s'].shape[0]:
                sys.exit(f'{source}: entry {n} has {bins - 2} bins, the first has {rows.dtype["th1s"].shape[0] - 2}')
            # Later files call the time ntp_ms.
            utime = entry.utime_ms if hasattr(entry, 'utime_ms') else entry.ntp_ms
            samples = np.frombuffer(entry.th1s_ptr.GetArray(), dtype='i2', count=bins)
            rows[n % block] = (entry.event, entry.sn, entry.ch, utime, entry.tai_ns, samples)
            if (n + 1) % block == 0 or n + 1 == tree.GetEntries():
                filled = n % block + 1
                dset.resize((n + 1,))
                dset[n + 1 - filled:] = rows[:filled]


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    convert(*sys.argv[1:])
