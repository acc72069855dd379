"""Colours by what lies near a filament: the gap to its neighbour, the span between what carries it."""

from __future__ import annotations

import numpy as np

from ...kernel.figures.contacts import contacts_of
from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..colouring import Figure

#: Points along filaments between which gaps are looked for, a filament width apart, and at most so many.
_MOST = 400_000

#: So many of the nearest points are asked whether they are another filament's.
_NEAREST = 32


def gaps_um(part: FilamentSet, state: StateName) -> Floats:
    """Clear distance of each filament to the nearest one of its layer, um, float64[F]; nan where it is alone. Filaments are looked at in
    points at most one width apart (further apart in very large parts), so a gap is met to w / 8 of a width w at worst."""
    from scipy.spatial import cKDTree

    s, (first, owner) = part.state(state), part.segments()
    delta = s.points_um[first + 1] - s.points_um[first]
    length = np.linalg.norm(delta, axis=1)
    step = float(np.median(s.width_um))
    step = max(step, float(length.sum()) / _MOST)
    n = np.maximum(1, np.ceil(length / step)).astype(np.int64)
    row = np.repeat(np.arange(len(first)), n)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)
    t = (nth + 0.5) / np.repeat(n, n)
    points = s.points_um[first[row]] + t[:, None] * delta[row]
    half, whose = 0.5 * s.width_um[first[row]], owner[row]
    layer = part.layer[whose]
    out = np.full(len(part), np.inf)
    for k in np.unique(layer):
        mine = np.flatnonzero(layer == k)
        if len(np.unique(whose[mine])) < 2:
            continue
        found = _nearest(cKDTree, points[mine], half[mine], whose[mine])
        np.minimum.at(out, whose[mine], found)
    return np.where(np.isfinite(out), out, np.nan)


def _nearest(tree: type, points: Floats, half: Floats, whose: np.ndarray) -> Floats:
    """Clear distance from points to the nearest point of another filament, inf where none was met. Points whose nearest ones are all
    of their own filament have their neighbours far off: of these one in four is looked at again, among one in four, and so on."""
    out = np.full(len(points), np.inf)
    rows, todo = np.arange(len(points)), np.arange(len(points))
    while len(todo) and len(rows):
        k = min(_NEAREST, len(rows))
        distance, near = tree(points[rows]).query(points[todo], k=k)
        near = rows[near.reshape(len(todo), k)]
        other = whose[near] != whose[todo][:, None]
        clear = np.where(other, distance.reshape(len(todo), k) - half[near] - half[todo][:, None], np.inf)
        out[todo] = clear.min(axis=1)
        if k == len(rows):
            break
        rows, todo = _one_in_four(rows, whose), _one_in_four(todo[~other.any(axis=1)], whose)
    return out


def _one_in_four(rows: np.ndarray, whose: np.ndarray) -> np.ndarray:
    """Every fourth of the rows of each filament, the first of each among them."""
    if not len(rows):
        return rows
    begins = np.flatnonzero(np.append(True, whose[rows][1:] != whose[rows][:-1]))
    nth = np.arange(len(rows)) - np.repeat(begins, np.diff(np.append(begins, len(rows))))
    thinned: np.ndarray = rows[nth % 4 == 0]
    return thinned if len(thinned) < len(rows) else rows[:0]


def _spans(part: FilamentSet, state: StateName) -> Floats:
    return contacts_of(part, state).span_um


GAP = Figure(
    "gap", "the clear distance to the nearest filament of the layer", "gap in the layer, µm", gaps_um
)
SPAN = Figure("span", "the longest stretch that nothing carries", "span, µm", _spans)
