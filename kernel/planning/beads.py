"""Filaments and moves as strings of samples, and which of them lie near each other in the plane."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..filaments import Floats, Ints

#: Largest distance between samples on moves and filaments.
SAMPLE_UM = 4.0

#: Pairs of samples looked at together.
_PAIRS = 4_000_000


def sample(points: Floats, owner: Ints, spacing_um: float = SAMPLE_UM) -> tuple[Floats, Ints, Floats]:
    """Points along segments points[k] -> points[k+1] of one owner, at most `spacing_um` apart: positions, owners, and the segment
    number plus the place on it (for interpolation of anything else that the points carry)."""
    same = np.flatnonzero(owner[1:] == owner[:-1])
    step = points[same + 1] - points[same]
    pieces = np.maximum(1, np.ceil(np.linalg.norm(step, axis=1) / spacing_um)).astype(np.int64)
    segment = np.repeat(np.arange(len(same)), pieces)
    share = (np.arange(len(segment)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / np.repeat(
        pieces, pieces
    )
    where = same[segment] + share
    last = np.flatnonzero(np.append(owner[1:] != owner[:-1], True))
    where = np.concatenate([where, last.astype(np.float64)])
    low = np.minimum(where.astype(np.int64), len(points) - 1)
    high = np.minimum(low + 1, len(points) - 1)
    t = (where - low)[:, None]
    return points[low] * (1 - t) + points[high] * t, owner[low], where


def near_pairs(of_um: Floats, to_um: Floats, reach_um: float) -> Iterator[tuple[Ints, Ints]]:
    """Pairs (row of `to_um`, row of `of_um`) of points in the plane within `reach_um`, some millions at a time."""
    from scipy.spatial import cKDTree

    tree = cKDTree(of_um)
    counts: Ints = np.asarray(tree.query_ball_point(to_um, reach_um, return_length=True), dtype=np.int64)
    some = np.flatnonzero(counts)
    ends = np.cumsum(counts[some])
    done = 0
    while done < len(some):
        begun = int(ends[done - 1]) if done else 0
        upto = max(done + 1, int(np.searchsorted(ends, begun + _PAIRS, "right")))
        part = some[done:upto]
        balls = tree.query_ball_point(to_um[part], reach_um)
        yield np.repeat(part, counts[part]), np.concatenate([np.asarray(b, dtype=np.int64) for b in balls])
        done = upto
