# What h5py does with merged AT-TPC runs: makes them (superblock 0, symbol tables, as the merger's library does), scans them, copies them.
import sys

import h5py
import numpy as np


def make(path, events, traces, samples, seed):
    rng = np.random.default_rng(seed)
    pool = rng.integers(-2048, 2048, (2 * traces + 1, 517), dtype=np.int16)
    digits = rng.integers(0, 4096, (samples, 8), dtype=np.uint16)
    counts = rng.integers(1, 2 * traces, events)
    with h5py.File(path, "w", libver=("earliest", "v110")) as f:
        g = f.create_group("events")
        for n in range(events):
            e = g.create_group(f"event_{n}")
            d = e.create_dataset("get_traces", data=pool[: counts[n]])
            d.attrs["id"] = np.uint32(n)
            d.attrs["timestamp"] = np.uint64(n * 1000)
            d.attrs["timestamp_other"] = np.uint64(n * 1000 + 37)
            q = e.create_group("frib_physics")
            q.attrs["id"] = np.uint32(n)
            q.attrs["timestamp"] = np.uint32(n)
            q.create_dataset("1903", data=digits)
            q.create_dataset("977", data=np.array([n % 8], dtype=np.uint16))
        g.attrs["min_event"] = np.uint64(0)
        g.attrs["max_event"] = np.uint64(events - 1)
        g.attrs["version"] = "libattpc_merger:1.0"
        s = f.create_group("scalers")
        s.attrs["min_event"] = np.uint32(0)
        s.attrs["max_event"] = np.uint32(3)
        for n in range(4):
            s.create_dataset(f"event_{n}", data=np.arange(11, dtype=np.uint32))


def scan(path):
    total = 0
    with h5py.File(path, "r") as f:
        g = f["events"]
        for n in range(int(g.attrs["max_event"]) + 1):
            e = g[f"event_{n}"]
            d = e["get_traces"]
            total += d.id.get_storage_size() + int(d.attrs["id"]) * 0
            int(d.attrs["timestamp"]), int(d.attrs["timestamp_other"]), d.id.get_offset()
            q = e["frib_physics"]
            int(q.attrs["id"]), int(q.attrs["timestamp"])
            for name in ("1903", "977"):
                total += q[name].id.get_storage_size()
                q[name].id.get_offset()
    print(total)


def copy(out, *paths):
    k = 0
    with h5py.File(out, "w") as o:
        h = o.create_group("events")
        for run, path in enumerate(paths):
            with h5py.File(path, "r") as f:
                g = f["events"]
                for n in range(int(g.attrs["max_event"]) + 1):
                    e = g[f"event_{n}"]
                    t = h.create_group(f"event_{k}")
                    t.attrs["orig_run"] = np.int32(run)
                    t.attrs["orig_event"] = np.uint64(n)
                    d = t.create_dataset("get_traces", data=e["get_traces"][:])
                    for name, value in e["get_traces"].attrs.items():
                        d.attrs[name] = value
                    q = e["frib_physics"]
                    u = t.create_group("frib_physics")
                    for name, value in q.attrs.items():
                        u.attrs[name] = value
                    for name in ("1903", "977"):
                        u.create_dataset(name, data=q[name][:])
                    k += 1


what, *rest = sys.argv[1:]
if what == "make":
    make(rest[0], *map(int, rest[1:]))
elif what == "scan":
    scan(*rest)
else:
    copy(*rest)
