"""Crowds: filaments too many or too thin to be drawn one by one, as fewer that are thicker and stand for their neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats, Ints, State
from ...kernel.scene import StateName
from .camera import Frame
from .large import shares_in_view

#: Of parts of more segments only what is in view is drawn. Those of more than a tenth are drawn by some that stand for all, where a
#: filament is thinner than so many pixels; these are at most so many pixels thick, and about so many.
_CROWD, _THIN_PX, _THICK_PX, _MOST = 100_000, 0.8, 1.25, 60_000

#: Every so many layers one may stand for its neighbours: by turns of two, three or four directions each still has its share.
_STRIDES = (
    1,
    5,
    7,
    11,
    13,
    17,
    19,
    23,
    25,
    29,
    31,
    35,
    37,
    41,
    43,
    47,
    49,
    53,
    55,
    59,
    61,
    65,
    71,
    77,
    85,
    97,
)


def bundles(
    part: FilamentSet,
    state: StateName,
    *,
    most: int,
    step_um: float = 0.0,
    thickest_um: float = np.inf,
    there: npt.NDArray[np.bool_] | None = None,
    apart: npt.NDArray[np.bool_] | None = None,
) -> tuple[FilamentSet, Ints]:
    """About `most` segments that stand for the filaments `there` (bool[F], all unless given), and the filament of `part` that each of
    the returned ones is, int64[N].

    Paths are thinned first: points nearer than `step_um` to the last one go. Where that leaves too many segments, one filament in n of
    every layer and ink is kept, n times as wide, and one layer in m, as high as m of them: what light would pass between, it still
    passes. None becomes thicker than `thickest_um` that way. `apart` (bool[F]): filaments that stand only for their like.
    """
    rows = np.arange(len(part)) if there is None else np.flatnonzero(there)
    s = part.state(state)
    kept = _thinned(part, s, rows, step_um)
    segments = int(kept.sum()) - len(rows)
    lone = (rows, np.ones(len(rows)), np.ones(len(rows)))
    if segments > most and len(rows):
        lone = _chosen(part, s, rows, segments / most, thickest_um, apart)
        kept = _thinned(part, s, lone[0], step_um)
        segments = int(kept.sum()) - len(lone[0])
        if segments > 1.5 * most and thickest_um == np.inf:
            kept = _every(part, lone[0], kept, -(-segments // most))
    chosen, wider, higher = lone
    points = np.flatnonzero(kept)
    counts = np.add.reduceat(kept, part.offsets[:-1], dtype=np.int64)[chosen] if len(chosen) else chosen
    rise = _rise(part, s, rows)
    wider, taller = np.repeat(wider, counts), np.repeat((higher - 1.0) * rise, counts)

    def made(known: State | None) -> State | None:
        if known is None:
            return None
        return State(
            known.points_um[points], known.width_um[points] * wider, known.height_um[points] + taller
        )

    return (
        FilamentSet(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            part.material[chosen], part.layer[chosen], part.origin[chosen], part.inks, part.spans,
            made(part.wet), made(part.dried),
        ),
        chosen,
    )  # fmt: skip


def standing_in(
    part: FilamentSet, state: StateName, index: npt.NDArray[np.uint8], frame: Frame, axes: Floats
) -> tuple[FilamentSet, npt.NDArray[np.uint8]]:
    """The part and the colour of each filament as `frame` needs them: of a large part only what is in view or near it, and where
    filaments are much thinner than a pixel, some that stand for all."""
    segments = part.point_count - len(part)
    thin = float(np.median(part.state(state).width_um)) < _THIN_PX * frame.um_per_px
    if segments <= (_CROWD / 10 if thin else _CROWD):
        return part, index
    seen = in_view(part, state, frame, axes, margin=0.1)
    if not seen.any():
        seen[0] = True
    if not thin:
        which = np.flatnonzero(seen)
        return (part, index) if seen.all() else (part.take(which), index[which])
    px = frame.um_per_px
    most = min(_MOST, segments // 4)
    fewer, of = bundles(part, state, most=most, step_um=px, thickest_um=_THICK_PX * px, there=seen)
    return fewer, index[of]


def in_view(
    part: FilamentSet, state: StateName, frame: Frame, axes: Floats, margin: float = 0.0
) -> npt.NDArray[np.bool_]:
    """Filaments of which something may lie in `frame`, widened by a share `margin` of its size on every side, bool[F]."""
    s, (first, owner) = part.state(state), part.segments()
    at = s.points_um @ axes.T
    reach = float(s.width_um.max()) * frame.largest(at[:, 2])
    reach += margin * frame.um_per_px * max(frame.width, frame.height)
    at = frame.flattened(at)
    low, high = shares_in_view(at[first], at[first + 1], frame, reach)
    seen = np.zeros(len(part), dtype=bool)
    seen[owner[low < high]] = True
    return seen


def _thinned(part: FilamentSet, s: State, rows: Ints, step_um: float) -> npt.NDArray[np.bool_]:
    """Points of the filaments `rows` that count, bool[P]: both ends, and in between one in every `step_um`."""
    mine = np.zeros(len(part), dtype=bool)
    mine[rows] = True
    keep = np.repeat(mine, np.diff(part.offsets))
    if step_um <= 0 or part.point_count < 4 * len(part):
        return keep
    delta = np.diff(s.points_um, axis=0)
    along = np.concatenate([[0.0], np.cumsum(np.sqrt(np.einsum("ij,ij->i", delta, delta)))])
    cell = np.floor(along / step_um).astype(np.int64)
    far = np.ones(len(keep), dtype=bool)
    far[1:] = cell[1:] != cell[:-1]
    far[part.offsets[:-1]] = far[part.offsets[1:] - 1] = True
    return np.asarray(keep & far)


def _every(part: FilamentSet, rows: Ints, kept: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.bool_]:
    """One in `n` of the kept points of each filament, and its ends."""
    at = np.cumsum(kept) - 1
    some = np.asarray(kept & (at % n == 0))
    for ends in (part.offsets[rows], part.offsets[rows + 1] - 1):
        some[ends] = True
    return some


def _rise(part: FilamentSet, s: State, rows: Ints) -> float:
    """Height of a layer over the one below, um."""
    if not len(rows):
        return 0.0
    z, layer = s.points_um[part.offsets[rows], 2], part.layer[rows]
    low, high = int(layer.min()), int(layer.max())
    return (
        0.0
        if low == high
        else max(0.0, float(z[layer == high].mean() - z[layer == low].mean())) / (high - low)
    )


def _chosen(
    part: FilamentSet,
    s: State,
    rows: Ints,
    fewer: float,
    thickest_um: float,
    apart: npt.NDArray[np.bool_] | None,
) -> tuple[Ints, Floats, Floats]:
    """Filaments that stand for all, and how many times wider and higher each is."""
    layers, level = np.unique(part.layer[rows], return_inverse=True)
    width = float(np.median(s.width_um[part.offsets[rows]]))
    rise = max(_rise(part, s, rows), 1e-9)
    # As many sideways as upwards, as far as layers reach: a bundle of fine filaments is about as high as wide.
    upwards = [
        m for m in _STRIDES if m <= max(1.0, min(len(layers) / 8, 1.5 * fewer**0.5, thickest_um / rise))
    ]
    m = upwards[-1]
    sideways = max(1.0, min(fewer / m, thickest_um / width))
    blocks = max(1, round(len(layers) / m))
    middle = np.floor((np.arange(blocks) + 0.5) * len(layers) / blocks).astype(np.int64)
    standing = np.zeros(len(layers), dtype=bool)
    standing[middle] = True
    lone = np.zeros(len(rows), dtype=bool) if apart is None else apart[rows]
    some = np.flatnonzero(standing[level] | lone)
    f = rows[some]
    key = (level[some] * len(part.inks) + part.material[f]) * 2 + lone[some]
    order = np.argsort(key, kind="stable")
    _, first, count = np.unique(key[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(first, count)
    bins = np.maximum(1, np.round(count / sideways)).astype(np.int64)
    c, b = np.repeat(count, count), np.repeat(bins, count)
    b = np.where(lone[some][order], np.minimum(c, 4 * b), b)
    bin_ = rank * b // c
    stands = rank == ((2 * bin_ + 1) * c) // (2 * b)
    higher = np.where(lone[some][order], 1.0, len(layers) / blocks)
    kept = np.flatnonzero(stands)
    kept = kept[np.argsort(f[order][kept])]
    return f[order][kept], (c / b)[kept], higher[kept]
