"""The peer of bench/tracklets.mjs: the same loop in Python with scikit-learn's DBSCAN and scikit-image's RANSAC (numpy's where it is not installed).
Usage: python3 tracklets-peer.py FLOW EVENTS. Needs h5py, numpy, sklearn."""
import sys
import h5py
import numpy as np
from sklearn.cluster import DBSCAN

try:
    from skimage.measure import LineModelND, ransac
except ImportError:
    ransac = None

EPS, MIN_SAMPLES, THRESHOLD, TRIALS, ITERATIONS, CORNERS, REACH = 25, 5, 8, 10, 100, 16, 10
dbscan = DBSCAN(eps=EPS, min_samples=MIN_SAMPLES)
random = np.random.default_rng(1)


def inliers_of(points):
    if ransac is not None:
        return ransac(points, LineModelND, min_samples=2, residual_threshold=THRESHOLD, max_trials=TRIALS)[1]
    best, least, found = 0, np.inf, None
    for _ in range(TRIALS):
        a, b = points[random.choice(len(points), 2, replace=False)]
        way = (b - a) / (np.linalg.norm(b - a) or 1)
        off = points - a
        d = np.linalg.norm(off - (off @ way)[:, None] * way, axis=1)
        n, total = np.count_nonzero(d < THRESHOLD), d @ d
        if n > best or (n == best and total < least):
            best, least, found = n, total, d < THRESHOLD
    return found


def labels_of(points, mask):
    labels = np.full(len(points), -1)
    labels[mask] = dbscan.fit(points[mask]).labels_
    return labels


def tracklets_of(points):
    free = np.ones(len(points), bool)
    found = []
    for _ in range(ITERATIONS):
        labels = labels_of(points, free)
        for label in np.unique(labels[labels >= 0]):
            mask = labels == label
            if mask.sum() <= 2:
                continue
            inliers = inliers_of(points[mask])
            if inliers is None:
                continue
            mask[mask] = inliers
            pieces = labels_of(points, mask)
            for piece in np.unique(pieces[pieces >= 0]):
                found.append(pieces == piece)
                free[pieces == piece] = False
        if (labels == -1).all() or not free.any():
            break
    return found


def to_segments(points, path):
    way = np.diff(path, axis=0)
    square = (way * way).sum(axis=1)
    off = points[None] - path[:-1, None]
    t = np.clip(np.einsum('snk,sk->sn', off, way) / np.where(square > 0, square, 1)[:, None], 0, 1)
    return np.linalg.norm(off - t[..., None] * way[:, None], axis=-1)


def mean_around(points, q, hit):
    near = np.linalg.norm(points - hit, axis=1) <= REACH
    w = np.maximum(q[near], 0)
    return points[near].mean(axis=0) if w.sum() == 0 else w @ points[near] / w.sum()


def row_of(points, q, ts):
    centre = points.mean(axis=0)
    axis = np.linalg.svd(points - centre, full_matrices=False)[2][0]
    axis = -axis if axis[1] > 0 else axis
    s = (points - centre) @ axis
    box = points.min(axis=0), points.max(axis=0)
    start, end = [np.clip(centre + axis * t, *box) for t in (s.min(), s.max())]
    path = np.array([mean_around(points, q, points[s.argmin()])] + [mean_around(points, q, points[s.argmax()])] * (CORNERS - 1))
    order = np.r_[s.min(), [s.max()] * (CORNERS - 1)]
    dividing = False
    for i in range(1, CORNERS - 1):
        if not dividing:
            d = to_segments(points, path).min(axis=0)
            dividing = d.max() < REACH
        if dividing:
            d = np.linalg.norm(points[None] - path[:, None], axis=-1).min(axis=0)
            if d.max() < REACH:
                break
        path[i] = mean_around(points, q, points[d.argmax()])
        order[i] = (path[i] - centre) @ axis
        by = np.argsort(order, kind='stable')
        path, order = path[by], order[by]
    d = to_segments(points, path)
    of = d.argmin(axis=0)
    n = np.bincount(of, minlength=CORNERS - 1)
    residual = np.bincount(of, d.min(axis=0), CORNERS - 1) / np.maximum(n, 1)
    return (np.arctan2(np.linalg.norm(axis[:2]), axis[2]), np.arctan2(axis[1], axis[0]), len(points), q.sum(), ts.min(), ts.max(),
            np.abs(points - centre - np.outer(s, axis)).mean(axis=0), np.linalg.norm(end - start), start, end,
            path, residual, np.diff(path, axis=0), np.bincount(of, q, CORNERS - 1), n)


flow = h5py.File(sys.argv[1], 'r')
hits, drift = flow['charge/hits/data'][:], flow['combined/hit_drift/data'][:]
stops = np.cumsum(flow['charge/events/data']['nhit']).tolist()[:int(sys.argv[2])]
rows = []
for start, stop in zip([0, *stops[:-1]], stops):
    event = hits[start:stop]
    points = np.c_[event['px'], event['py'], drift['z'][start:stop]]
    for mask in tracklets_of(points):
        rows.append(row_of(points[mask], event['q'][mask], event['ts'][mask]))
print(len(rows), 'tracklets,', 'numpy' if ransac is None else 'scikit-image')
