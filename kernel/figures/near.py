"""Pairs of segments that lie near each other, and the exact distance between two segments: whole arrays, numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..filaments import Floats, Ints

#: Half of the 26 neighbours of a cell, and the cell itself: each pair of cells once.
_FORWARD = [
    (dx, dy, dz) for dx in (0, 1) for dy in (-1, 0, 1) for dz in (-1, 0, 1) if (dx, dy, dz) >= (0, 0, 0)
]

#: Pairs given out at a time.
CHUNK = 1 << 20

#: From so many pairs in cubes on a tree saves more than loading it takes; beyond so many its list would fill the memory.
TREE, MOST_TREE = 4_000_000, 60_000_000


def near_pairs(points_um: Floats, reach_um: float) -> Iterator[tuple[Ints, Ints]]:
    """Pairs (i, j) of `points_um[N,3]` that lie in the same or in neighbouring cubes of side `reach_um`: all that are
    nearer than it, and some that are not. Each pair once, in blocks.
    """
    n = len(points_um)
    if n < 2:
        return
    cell = np.floor((points_um - points_um.min(axis=0)) / reach_um).astype(np.int64) + 1
    size = cell.max(axis=0) + 2
    if float(np.prod(size.astype(np.float64))) > 2.0**62:
        raise OverflowError("the part is too large for its finest filament")
    key = (cell[:, 0] * size[1] + cell[:, 1]) * size[2] + cell[:, 2]
    order = np.argsort(key, kind="stable")
    key = key[order]
    steps = [int((dx * size[1] + dy) * size[2] + dz) for dx, dy, dz in _FORWARD]
    if TREE < _among(key, steps) < MOST_TREE:
        yield from _by_tree(points_um, reach_um)
        return
    for step in steps:
        first = np.searchsorted(key, key + step, "left")
        if step == 0:
            first = np.arange(1, n + 1)
        count = np.searchsorted(key, key + step, "right") - first
        total = np.cumsum(count)
        at = 0
        while at < n:
            done = int(total[at - 1]) if at else 0
            stop = max(at + 1, int(np.searchsorted(total, done + CHUNK, "right")))
            c = count[at:stop]
            m = int(c.sum())
            if m:
                i = np.repeat(np.arange(at, stop), c)
                j = np.arange(m) - np.repeat(np.cumsum(c) - c, c) + np.repeat(first[at:stop], c)
                yield order[i], order[j]
            at = stop


def _among(key: Ints, steps: list[int]) -> int:
    """How many pairs the cubes with sorted numbers `key` hold."""
    cube, count = np.unique(key, return_counts=True)
    total = int((count * (count - 1) // 2).sum())
    for step in steps:
        if step:
            at = np.minimum(np.searchsorted(cube, cube + step), len(cube) - 1)
            total += int((count * count[at])[cube[at] == cube + step].sum())
    return total


def _by_tree(points: Floats, reach: float) -> Iterator[tuple[Ints, Ints]]:
    """Exactly the pairs that are nearer than `reach`: a ball fills a sixth of its 27 cubes."""
    from scipy.spatial import cKDTree

    pairs: Ints = cKDTree(points).query_pairs(reach, output_type="ndarray")
    for at in range(0, len(pairs), CHUNK):
        some = pairs[at : at + CHUNK]
        yield some[:, 0].astype(np.int64), some[:, 1].astype(np.int64)


class Closest(NamedTuple):
    """Nearest points of two segments: fractions s and t along them, and the vector from the one to the other."""

    s: Floats
    t: Floats
    away: Floats


def closest(p: Floats, d: Floats, q: Floats, e: Floats) -> Closest:
    """Nearest points of segments p + s d and q + t e, [N,3] each, s and t in [0, 1].

    The unconstrained minimum, then the clamp of one parameter and the best of the other (Ericson, Real-Time Collision
    Detection, 5.1.9); parallel segments take the middle of what they have in common.
    """
    r = p - q
    a, b, c = (np.einsum("ij,ij->i", v, w) for v, w in ((d, d), (d, e), (d, r)))
    g, f = np.einsum("ij,ij->i", e, e), np.einsum("ij,ij->i", e, r)
    det = a * g - b * b
    parallel = det <= 1e-12 * a * g
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(parallel, 0.0, (b * f - c * g) / np.where(parallel, 1.0, det))
    if parallel.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            one = np.where(a > 0, -c / a, 0.0)
            two = np.where(a > 0, (b - c) / a, 0.0)
        low = np.clip(np.minimum(one, two), 0.0, 1.0)
        high = np.clip(np.maximum(one, two), 0.0, 1.0)
        s = np.where(parallel, 0.5 * (low + high), s)
    s = np.clip(s, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(g > 0, (b * s + f) / np.where(g > 0, g, 1.0), 0.0)
        back = np.clip(t, 0.0, 1.0)
        s = np.where((back != t) & (a > 0), np.clip((b * back - c) / np.where(a > 0, a, 1.0), 0.0, 1.0), s)
    away = (q + back[:, None] * e) - (p + s[:, None] * d)
    return Closest(s, back, away)
