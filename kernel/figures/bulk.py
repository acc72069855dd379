"""Solid fraction of a lattice's bulk: what fills space far from the surface, from its own unit cells."""

from __future__ import annotations

import math

import numpy as np

from .contacts import Contacts
from .rods import Family, Rods

#: Lines count as a lattice while their distances differ by less than this part of the mean pitch.
EVEN_PITCH = 0.01


def bulk_fraction(found: Contacts) -> float | None:
    """Volume over space between the mid-planes of the first and the last layer, of layers that go on without end.

    A layer holds section / pitch per area; two layers share, per area, the integral of a crossing over both pitches
    (its own area, 1 / sin t, and the density of crossings, sin t / (p1 p2), cancel). Layers at either end count half.
    None where the part has no interior that repeats: fewer than three layers or lines, uneven or broken lines, filaments
    that bend, three filaments in one place.
    """
    table = found.rods
    if table is None or found.crowded or len(table.families) < 3:
        return None
    fam = table.families
    layers = sorted({f.layer for f in fam})
    if len(layers) < 3 or len(layers) != layers[-1] - layers[0] + 1:
        return None
    height = {k: float(np.mean([table.z_um[f.rows].mean() for f in fam if f.layer == k])) for k in layers}
    rise = height[layers[-1]] - height[layers[0]]
    pitch: list[float] = []
    for f in fam:
        p = _pitch(table, f)
        if p is None:
            return None
        pitch.append(p)
    if rise <= 0:
        return None
    share = {layers[0]: 0.5, layers[-1]: 0.5}
    solid = sum(share.get(f.layer, 1.0) * _section(table, f) / p for f, p in zip(fam, pitch, strict=True))
    for i, j, mean in found.touching:
        if i == j or mean == 0.0:
            return None
        solid -= (
            mean
            / (pitch[i] * pitch[j])
            * (share.get(fam[i].layer, 1.0) if fam[i].layer == fam[j].layer else 1.0)
        )
    return solid / rise


def _section(table: Rods, f: Family) -> float:
    length = table.e_um[f.rows] - table.s_um[f.rows]
    area = math.pi * table.a_um[f.rows] * table.b_um[f.rows]
    return float((area * length).sum() / length.sum())


def _pitch(table: Rods, f: Family) -> float | None:
    """Pitch of a family of even, unbroken lines; pieces that abut are one line."""
    c, s, e = table.c_um[f.rows], table.s_um[f.rows], table.e_um[f.rows]
    width = float(table.a_um[f.start]) * 2
    line = np.concatenate([[0], np.cumsum(np.diff(c) > 1e-2 * width)])
    n = int(line[-1]) + 1
    if n < 3:
        return None
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, line, s)
    np.maximum.at(high, line, e)
    length = np.bincount(line, e - s)
    if (np.abs(length - (high - low)) > 1e-3 * width * np.bincount(line)).any():
        return None
    at = np.bincount(line, c) / np.bincount(line)
    mean = float(at[-1] - at[0]) / (n - 1)
    if float(np.abs(np.diff(at) - mean).max()) > EVEN_PITCH * mean:
        return None
    return mean
