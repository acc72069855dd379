"""Where filaments are bonded: points at which two filaments overlap, found by a grid of short pieces. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State

#: Filaments are bonded while their axes are nearer than this times the sum of their half sizes; assumed (they gel on touch).
REACH = 1.001

#: What a difference in height counts for, against one in plan, where the place of a crossing is sought.
PLAN = 0.1

#: Ends of filaments nearer than this part of a width meet.
END = 0.3

#: A filament is not bonded to itself nearer than this many widths along it: its own bends always touch.
OWN = 3.0

#: Candidates of two filaments farther apart along them than this many widths belong to different crossings.
RUN = 1.2

#: Filaments along each other are bonded every so many widths.
STRIDE = 2.0

#: Pairs of pieces that are looked at in one go.
CHUNK = 1 << 20

#: A crossing is at most this many widths long; what is longer runs along.
LONG = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Bonds:
    """B bonds, each between two places on filaments: `segment[B,2]` (first point of the segment) and `t[B,2]` in 0..1
    along it. The lower place comes first. `along[B]` marks bonds of filaments that run along each other."""

    segment: Ints
    t: Floats
    along: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.t)

    def take(self, which: npt.NDArray[np.bool_]) -> Bonds:
        return Bonds(self.segment[which], self.t[which], self.along[which])


def find_bonds(filaments: FilamentSet, state: State, *, every: bool = False) -> Bonds:
    """Every place where two filaments (or two turns of one) overlap in `state`, once.

    Crossings are bonded where the axes come nearest; filaments that run along each other are bonded every few widths,
    or with `every` at every piece of filament that touches.
    """
    first, owner = filaments.segments()
    p, size = state.points_um, np.maximum(state.width_um, state.height_um)
    if len(first) == 0:
        return Bonds(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2)), np.zeros(0, dtype=bool))
    reach = REACH * float(size.max())
    arm = p[first + 1] - p[first]
    length = np.sqrt(np.einsum("ij,ij->i", arm, arm))
    # Pieces no longer than the reach, so that cells are small.
    parts = np.maximum(np.ceil(length / reach), 1).astype(np.int64)
    piece = np.repeat(np.arange(len(first)), parts)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(parts) - parts, parts)
    t0 = step / parts[piece]
    t1 = (step + 1) / parts[piece]
    middle = p[first[piece]] + arm[piece] * (0.5 * (t0 + t1))[:, None]
    half = 0.5 * length[piece] / parts[piece]
    found = []
    # Two that touch have middles no farther apart than that.
    for i, j in _chunks(_neighbours(middle, reach + 2.0 * float(half.max()))):
        gap = middle[i] - middle[j]
        near = np.einsum("ij,ij->i", gap, gap) <= (reach + half[i] + half[j]) ** 2
        found.append(_touching(filaments, state, first, owner, arm, piece, t0, t1, i[near], j[near]))
    found.append(_ends(filaments, state))
    return _once(
        filaments,
        state,
        np.concatenate([f[0] for f in found]),
        np.concatenate([f[1] for f in found]),
        np.concatenate([f[2] for f in found]),
        every,
    )


def _chunks(pairs: list[tuple[Ints, Ints]]) -> list[tuple[Ints, Ints]]:
    """The same pairs in few arrays, none of them so long that it would fill the memory."""
    out: list[tuple[Ints, Ints]] = []
    gathered: list[tuple[Ints, Ints]] = []
    for pair in pairs:
        if gathered and sum(len(i) for i, _ in gathered) + len(pair[0]) > CHUNK:
            out.append((np.concatenate([i for i, _ in gathered]), np.concatenate([j for _, j in gathered])))
            gathered = []
        gathered.append(pair)
    out.append((np.concatenate([i for i, _ in gathered]), np.concatenate([j for _, j in gathered])))
    return out


def _neighbours(middle: Floats, cell_um: float) -> list[tuple[Ints, Ints]]:
    """Pairs of pieces in the same or in adjacent cells of a grid, each pair once."""
    at = np.floor((middle - middle.min(axis=0)) / cell_um).astype(np.int64) + 1
    shape = at.max(axis=0) + 2
    key = (at[:, 0] * shape[1] + at[:, 1]) * shape[2] + at[:, 2]
    order = np.argsort(key, kind="stable")
    cells, start, count = np.unique(key[order], return_index=True, return_counts=True)
    out: list[tuple[Ints, Ints]] = []
    steps = [(dx, dy, dz) for dx in (-1, 0, 1) for dy in (-1, 0, 1) for dz in (-1, 0, 1)]
    for step in steps[13:]:  # the cell itself and one of every two opposite neighbours
        other = cells + (step[0] * shape[1] + step[1]) * shape[2] + step[2]
        to = np.minimum(np.searchsorted(cells, other), len(cells) - 1)
        here = np.flatnonzero(cells[to] == other)
        to = to[here]
        n = count[here] * count[to]
        which = np.repeat(np.arange(len(here)), n)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(n) - n, n)
        a, b = nth // count[to][which], nth % count[to][which]
        if step == (0, 0, 0):
            once = a < b
            which, a, b = which[once], a[once], b[once]
        out.append((order[start[here][which] + a], order[start[to][which] + b]))
    return out


def _touching(
    filaments: FilamentSet,
    state: State,
    first: Ints,
    owner: Ints,
    arm: Floats,
    piece: Ints,
    t0: Floats,
    t1: Floats,
    i: Ints,
    j: Ints,
) -> tuple[Ints, Floats, Floats]:
    """Of the pairs of pieces (i, j) those that touch: segments [K,2], places t [K,2] and how far apart [K]."""
    p = state.points_um
    si, sj = piece[i], piece[j]
    near = (owner[si] == owner[sj]) & (np.abs(i - j) <= 1)
    i, j, si, sj = i[~near], j[~near], si[~near], sj[~near]
    # Where they come nearest is judged nearly in plan: a filament that sags over another would else have two such places.
    flat = np.array([1.0, 1.0, PLAN])
    gap0 = p[first[si]] - p[first[sj]]
    u, v, w = arm[si] * flat, arm[sj] * flat, gap0 * flat
    uu, uv, vv = (np.einsum("ij,ij->i", x, y) for x, y in ((u, u), (u, v), (v, v)))
    uw, vw = np.einsum("ij,ij->i", u, w), np.einsum("ij,ij->i", v, w)
    det = uu * vv - uv * uv
    along = det <= 0.07 * uu * vv  # within 15 degrees of parallel
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(along, 0.5 * (t0[i] + t1[i]), (uv * vw - vv * uw) / det)
    # Parallel runs: the middle of piece i lies beside piece j, give or take a bend between pieces.
    across = (vw + s * uv) / np.maximum(vv, 1e-300)
    slack = 0.05 * (t1[j] - t0[j])
    beside = (across >= t0[j] - slack) & (across <= t1[j] + slack)
    s = np.clip(s, t0[i], t1[i])
    t = np.clip((vw + s * uv) / np.maximum(vv, 1e-300), t0[j], t1[j])
    s = np.where(along, s, np.clip((t * uv - uw) / np.maximum(uu, 1e-300), t0[i], t1[i]))
    gap = gap0 + s[:, None] * arm[si] - t[:, None] * arm[sj]
    dist = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    reach = 0.5 * (_size(state, first[si], gap, dist) + _size(state, first[sj], gap, dist))
    keep = (dist <= REACH * reach) & (beside | ~along)
    k = np.flatnonzero(keep)
    near = np.linalg.norm(gap[k] * flat, axis=1) / reach[k]
    return np.stack([first[si[k]], first[sj[k]]], axis=1), np.stack([s[k], t[k]], axis=1), near


def _ends(filaments: FilamentSet, state: State) -> tuple[Ints, Floats, Floats]:
    """Ends of filaments that meet (a path that closes, pieces cut at a region's edge), in the form of `_touching`."""
    begin, end = filaments.offsets[:-1], filaments.offsets[1:] - 1
    at = np.concatenate([begin, end])
    segment = np.concatenate([begin, end - 1])
    t = np.concatenate([np.zeros(len(begin)), np.ones(len(end))])
    reach = END * float(state.width_um[at].max())
    out = [(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2)), np.zeros(0))]
    for i, j in _neighbours(state.points_um[at], reach):
        gap = state.points_um[at[i]] - state.points_um[at[j]]
        dist = np.sqrt(np.einsum("ij,ij->i", gap, gap))
        size = 0.5 * (state.width_um[at[i]] + state.width_um[at[j]])
        k = np.flatnonzero((dist <= END * size) & (at[i] != at[j]))
        out.append(
            (
                np.stack([segment[i[k]], segment[j[k]]], axis=1),
                np.stack([t[i[k]], t[j[k]]], axis=1),
                dist[k] / size[k],
            )
        )
    return (
        np.concatenate([o[0] for o in out]),
        np.concatenate([o[1] for o in out]),
        np.concatenate([o[2] for o in out]),
    )


def _size(state: State, point: Ints, gap: Floats, dist: Floats) -> Floats:
    """Size of a section towards `gap`: its height straight up, its width sideways, an ellipse between."""
    up = np.divide(gap[:, 2], dist, out=np.ones_like(dist), where=dist > 0) ** 2
    w, h = state.width_um[point], state.height_um[point]
    return np.sqrt(up * h**2 + (1.0 - up) * w**2)


def _once(
    filaments: FilamentSet, state: State, segment: Ints, t: Floats, ratio: Floats, every: bool
) -> Bonds:
    """Bonds without repeats: candidates are gathered into runs without a gap, and each run keeps its closest.

    A run that is longer than a crossing can be (filaments along each other) keeps one every few widths.
    """
    owner = filaments.owner()
    arc = arc_lengths(filaments, state)
    place = arc[segment] + t * (arc[segment + 1] - arc[segment])
    f = owner[segment]
    swap = (f[:, 0] > f[:, 1]) | ((f[:, 0] == f[:, 1]) & (place[:, 0] > place[:, 1]))
    for a in (segment, t, place, f):
        a[swap] = a[swap][:, ::-1]
    apart = ~((f[:, 0] == f[:, 1]) & (place[:, 1] - place[:, 0] < OWN * state.width_um[segment[:, 0]]))
    segment, t, place, f, ratio = segment[apart], t[apart], place[apart], f[apart], ratio[apart]
    if len(t) == 0:
        return Bonds(segment, t, np.zeros(0, dtype=bool))
    wide = state.width_um[segment[:, 0]]
    run = f[:, 0] * len(filaments) + f[:, 1]
    count, unchanged, by = -1, 0, 0
    while unchanged < 2:
        order = np.lexsort((place[:, by], run))
        gap = np.diff(place[order, by])
        cut = (np.diff(run[order]) != 0) | (gap > RUN * wide[order[1:]])
        label = np.concatenate([[0], np.cumsum(cut)])
        run = np.empty_like(run)
        run[order] = label
        unchanged = unchanged + 1 if label[-1] == count else 0
        count, by = int(label[-1]), 1 - by
    begin = np.full(count + 1, np.inf)
    np.minimum.at(begin, run, place[:, 0])
    end = np.full(count + 1, -np.inf)
    np.maximum.at(end, run, place[:, 0])
    long = end[run] - begin[run] > LONG * wide
    if every:
        bin_ = np.where(long, np.arange(1, len(run) + 1), 0)
    else:
        bin_ = np.where(long, np.floor((place[:, 0] - begin[run]) / (STRIDE * wide) + 0.5), 0.0).astype(
            np.int64
        )
    order = np.lexsort((place[:, 1], place[:, 0], ratio, bin_, run))
    head = np.ones(len(order), dtype=bool)
    head[1:] = (np.diff(run[order]) != 0) | (np.diff(bin_[order]) != 0)
    at = order[head]
    at = at[np.lexsort((place[at, 1], place[at, 0], f[at, 1], f[at, 0]))]
    segment, t, along = segment[at], t[at], long[at]
    z = state.points_um[:, 2]
    height = z[segment] + t * (z[segment + 1] - z[segment])
    down = height[:, 0] > height[:, 1]
    segment[down], t[down] = segment[down][:, ::-1], t[down][:, ::-1]
    return Bonds(segment, t, along)


def arc_lengths(filaments: FilamentSet, state: State) -> Floats:
    """Length along the filament from its first point to every point, float64[P]."""
    step = np.zeros(filaments.point_count)
    first, _ = filaments.segments()
    delta = state.points_um[first + 1] - state.points_um[first]
    step[first + 1] = np.sqrt(np.einsum("ij,ij->i", delta, delta))
    total = np.cumsum(step)
    out: npt.NDArray[np.float64] = total - np.repeat(
        total[filaments.offsets[:-1]], np.diff(filaments.offsets)
    )
    return out
