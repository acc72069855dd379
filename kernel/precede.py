"""What must be printed before what: the nozzle may not run through what is there, and rests on what is below.

Filament i comes before j where the nozzle, on its way along i, would hit j if j were there already. What j rests on is such an i, for
the nozzle stands where j lies; so one relation holds support and clearance.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .clearance import near_pairs, sample
from .filaments import FilamentSet, Floats, Ints
from .rig import Nozzle
from .tip import gap_um, reach_um

#: A tip may press into what is beside it by this part of its height: wet filaments of one layer that touch or cross.
PRESS = 0.25

#: Samples of all filaments together; they are further apart in parts that would take more.
_SAMPLES = 200_000
_SPACING_UM = 4.0

#: Longest filament in all (um) that is ordered filament by filament: samples are then at most 8 um apart.
MOST_UM = 2 * _SPACING_UM * _SAMPLES


def hits(filaments: FilamentSet, which: Ints, nozzle: Nozzle) -> Ints:
    """Edges (before, after), int64[E,2] of places in `which`: printing the first with the second there would hit it."""
    part = filaments.take(which)
    wet = part.state("wet")
    first, owner = part.segments()
    length = float(np.linalg.norm(wet.points_um[first + 1] - wet.points_um[first], axis=1).sum())
    spacing = max(_SPACING_UM, length / _SAMPLES)
    axis, owner, where = sample(wet.points_um, part.owner(), spacing)
    height = wet.height_um[where.astype(np.int64)]
    radius = 0.5 * np.maximum(wet.width_um[where.astype(np.int64)], height)
    tip_z = axis[:, 2] + 0.5 * height
    reach = reach_um(nozzle, float(np.ptp(tip_z))) + float(radius.max()) + spacing
    found = [np.zeros(0, np.int64)]
    count = len(part)
    for p, q in near_pairs(axis[:, :2], axis[:, :2], reach):
        higher = (owner[p] != owner[q]) & (tip_z[q] > tip_z[p] + PRESS * height[p])
        p, q = p[higher], q[higher]
        beside = np.hypot(axis[q, 0] - axis[p, 0], axis[q, 1] - axis[p, 1])
        gap = gap_um(nozzle, beside, axis[q, 2] - tip_z[p]) - radius[q]
        into = gap < -PRESS * height[p]
        found.append(np.unique(owner[p[into]] * count + owner[q[into]]))
    edges = np.unique(np.concatenate(found))
    return np.stack([edges // count, edges % count], axis=1)


def islands(points_um: Floats, offsets: Ints, apart_um: float) -> Ints:
    """Island of every filament, int64[F]: parts of a print that are further apart than `apart_um` in the plane, by a grid of such
    cells (islands that are nearer than twice that may count as one)."""
    from scipy.ndimage import label

    owner = np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))
    low = points_um[:, :2].min(axis=0)
    span = points_um[:, :2].max(axis=0) - low
    cell = max(apart_um, float(np.sqrt(np.prod(span + apart_um) / 4_000_000)))
    flat = points_um * [1.0, 1.0, 0.0]
    spots, whose, _ = sample(flat, owner, cell)
    number = ((spots[:, :2] - low) // cell).astype(np.int64)
    grid = np.zeros(tuple((span // cell).astype(np.int64) + 1), bool)
    grid[number[:, 0], number[:, 1]] = True
    names, _ = label(grid, structure=np.ones((3, 3), int))
    island = np.zeros(len(offsets) - 1, np.int64)
    island[whose] = names[number[:, 0], number[:, 1]] - 1
    return island


def climbing(filaments: FilamentSet) -> npt.NDArray[np.bool_]:
    """Filaments that rise by more than their own height, bool[F]."""
    wet = filaments.state("wet")
    starts = filaments.offsets[:-1]
    z = wet.points_um[:, 2]
    rise: Floats = np.maximum.reduceat(z, starts) - np.minimum.reduceat(z, starts)
    climbs: npt.NDArray[np.bool_] = rise > wet.height_um[starts]
    return climbs


def upwards(filaments: FilamentSet) -> npt.NDArray[np.bool_]:
    """Filaments that may only be printed upwards, bool[F]: steeper than a fifth, and higher than they are thick. Downwards the
    nozzle would run through what it has just laid."""
    wet = filaments.state("wet")
    way = wet.points_um[filaments.offsets[1:] - 1] - wet.points_um[filaments.offsets[:-1]]
    flat = np.hypot(way[:, 0], way[:, 1])
    steep: npt.NDArray[np.bool_] = (np.abs(way[:, 2]) > 0.2 * flat) & climbing(filaments)
    return steep
