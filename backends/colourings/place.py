"""Colours by what lies near a filament: the gap to its neighbour, the span between what carries it."""

from __future__ import annotations

import numpy as np

from ...kernel.figures.contacts import contacts_of
from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..colouring import Figure

#: Points along filaments between which gaps are looked for, a filament width apart, and at most so many.
_MOST = 400_000


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
    """Clear distance from each point to the nearest point of another filament, inf where none was met."""
    out = np.full(len(points), np.inf)
    todo, k = np.arange(len(points)), min(8, len(points))
    index = tree(points)
    while len(todo):
        distance, near = index.query(points[todo], k=k)
        other = whose[near] != whose[todo][:, None]
        clear = np.where(other, distance - half[near] - half[todo][:, None], np.inf)
        out[todo] = clear.min(axis=1)
        todo = todo[~other.any(axis=1)]
        if k == len(points):
            break
        k = min(4 * k, len(points))
    return out


def _spans(part: FilamentSet, state: StateName) -> Floats:
    return contacts_of(part, state).span_um


GAP = Figure(
    "gap", "the clear distance to the nearest filament of the layer", "gap in the layer, µm", gaps_um
)
SPAN = Figure("span", "the longest stretch that nothing carries", "span, µm", _spans)
