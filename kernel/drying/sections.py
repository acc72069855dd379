"""Filament sections on drying: how width and height follow from free shrinkage and from what the axis is held to."""

from __future__ import annotations

import numpy as np

from ..filaments import FilamentSet, Floats, Ints


def ink_column(filaments: FilamentSet, name: str) -> Floats:
    """Field `name` of the ink of every filament, float64[F]."""
    table: Floats = np.array([getattr(ink, name) for ink in filaments.inks], dtype=np.float64)
    column: Floats = table[filaments.material]
    return column


def segment_lengths(points_um: Floats, first: Ints) -> Floats:
    """Length in um of the segments that begin at the points `first`, float64[len(first)]."""
    delta = points_um[first + 1]
    delta -= points_um[first]
    length: Floats = np.sqrt(np.einsum("ij,ij->i", delta, delta))
    return length


def thinning(s: Floats | float, nu: Floats | float, ways: int) -> Floats | float:
    """Strain across of what would shrink freely by s and is held in `ways` of the other two directions: 0 -s (a free part), 1
    -s (1 + nu) (a filament that sticks along its axis), 2 -s (1 + nu) / (1 - nu) (a film that sticks everywhere). Hooke's law."""
    if ways == 0:
        return -s
    return -s * (1.0 + nu) / (1.0 if ways == 1 else 1.0 - nu)


def stretch(filaments: FilamentSet, wet_um: Floats, dried_um: Floats) -> Floats:
    """Dried over wet length along the filament at every point, float64[P].

    A point between two segments takes both together, so a bend in the path does not count twice. A filament of no
    length has nothing that could hold it: it takes its free shrinkage.
    """
    first, _ = filaments.segments()
    free = 1.0 - ink_column(filaments, "shrink")
    wet_len, dried_len = segment_lengths(wet_um, first), segment_lengths(dried_um, first)
    dried_len = np.where(wet_len > 0.0, dried_len, 0.0)
    wet = np.zeros(filaments.point_count)
    dried = np.zeros(filaments.point_count)
    for column, length in ((wet, wet_len), (dried, dried_len)):
        column[first] = length
        column[first + 1] += length
    known = wet > 0.0
    out: Floats = np.divide(dried, wet, out=wet, where=known)
    if not known.all():
        out[~known] = free[filaments.owner()[~known]]
    return out


def transverse(filaments: FilamentSet, wet_um: Floats, dried_um: Floats) -> Floats:
    """Dried over wet size across the filament at every point, float64[P].

    Linear elasticity of a rod that would shrink freely by s and is held to an axial strain e: 1 - s - nu (e + s). A
    filament pinned along its axis (e = 0) thins by s (1 + nu), a free one by s. The section keeps its shape.
    """
    axial = stretch(filaments, wet_um, dried_um)
    s = ink_column(filaments, "shrink")
    nu = ink_column(filaments, "poisson")
    counts = np.diff(filaments.offsets)
    axial *= np.repeat(-nu, counts)
    axial += np.repeat(1.0 - s + nu * (1.0 - s), counts)
    return axial
