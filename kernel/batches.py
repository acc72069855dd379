"""Batches: which filaments may be printed in any order, and in which order the batches come."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .filaments import FilamentSet, Ints
from .phases import phases
from .precede import MOST_UM, climbing, hits, islands
from .rig import Rig
from .tip import reach_um

#: Layers of different prints whose lowest points differ by less (um) are printed together.
SAME_LEVEL_UM = 0.01


def batches(filaments: FilamentSet, job_of: Ints, group: Ints, loaded: int | None, rig: Rig) -> Ints:
    """Number of every filament's batch, int64[F]: batches are printed in rising order and hold one ink each.

    `group int64[F]` rises with the baths. Flat layers rise one by one, in the sequence of inks with the fewest changes; where
    several inks are printed in parts that stand apart, what is free in one ink is printed in all of them before it is changed.
    Prints with filaments that climb are ordered filament by filament, by what the nozzle would hit.
    """
    found = np.zeros(len(filaments), np.int64)
    start = 0
    for g in np.unique(group).tolist():
        members = np.flatnonzero(group == g)
        part = filaments if len(members) == len(filaments) else filaments.take(members)
        batch = _of_group(part, job_of[members], loaded, rig)
        found[members] = start + batch
        start += int(batch.max()) + 1
        loaded = int(part.material[np.argmax(batch)])
    return found


def _of_group(part: FilamentSet, job_of: Ints, loaded: int | None, rig: Rig) -> Ints:
    ink = part.material.astype(np.int64)
    low = np.minimum.reduceat(part.state("wet").points_um[:, 2], part.offsets[:-1])
    if climbing(part).any() and _length_um(part) <= MOST_UM and rig.nozzles:
        shapes = {nozzle.cone_um: nozzle for nozzle in rig.nozzles}
        edges = np.concatenate([hits(part, np.arange(len(part)), nozzle) for nozzle in shapes.values()])
        order = phases(len(part), edges, ink, loaded, np.round(low * 1000).astype(np.int64))
        return _numbered(order.phase, order.wave)
    level = levels(part, job_of)
    sequence = ink_sequence(level, part.material, loaded)
    changes = int((np.diff(sequence[:, 1]) != 0).sum())
    if changes > 1 and rig.nozzles:
        apart = _by_islands(part, level, ink, loaded, rig)
        if apart is not None and apart[1] < changes:
            return apart[0]
    return _batch_numbers(level, part.material, sequence)


def _length_um(part: FilamentSet) -> float:
    points = part.state("wet").points_um
    first, _ = part.segments()
    return float(np.linalg.norm(points[first + 1] - points[first], axis=1).sum())


def _numbered(major: Ints, minor: Ints) -> Ints:
    """Pairs as one rising number without gaps."""
    number: Ints = np.unique(major * (int(minor.max()) + 1) + minor, return_inverse=True)[1].reshape(-1)
    return number


def _by_islands(
    part: FilamentSet, level: Ints, ink: Ints, loaded: int | None, rig: Rig
) -> tuple[Ints, int] | None:
    """Batches and changes of ink where parts that stand apart need not rise together; None where there is one part."""
    wet = part.state("wet")
    rise = float(np.ptp(wet.points_um[:, 2]) + wet.height_um.max())
    apart = max(reach_um(nozzle, rise) for nozzle in rig.nozzles) + float(wet.width_um.max())
    island = islands(wet.points_um, part.offsets, apart)
    if island.max() == 0:
        return None
    inks, most = int(ink.max()) + 1, int(level.max()) + 1
    names, node = np.unique((island * most + level) * inks + ink, return_inverse=True)
    node = node.reshape(-1)
    tower, floor = names // inks // most, names // inks % most
    # Every ink of a floor waits for every ink of the floor below in its tower.
    step = np.unique(np.stack([tower, floor], axis=1), axis=0)
    edges = []
    nodes_of = np.split(np.arange(len(names)), np.flatnonzero(np.diff(names // inks)) + 1)
    for k in range(1, len(step)):
        if step[k, 0] == step[k - 1, 0]:
            below, above = nodes_of[k - 1], nodes_of[k]
            edges.append(np.stack([np.repeat(below, len(above)), np.tile(above, len(below))], axis=1))
    joined = np.concatenate(edges) if edges else np.zeros((0, 2), np.int64)
    order = phases(len(names), joined, names % inks, loaded, floor)
    return _numbered(order.phase[node], level), order.changes


def levels(filaments: FilamentSet, job_of: Ints) -> Ints:
    """Level of every filament: levels are printed in rising order, filaments of one level in any order.

    A flat filament is as high as the lowest point of its layer; one that climbs by more than its own height as its own lowest
    point. Layers of a job never change places, even where drying has been compensated by lifting some of their points.
    """
    f = len(filaments)
    if f == 0:
        return np.zeros(0, np.int64)
    wet = filaments.state("wet")
    z = wet.points_um[:, 2]
    starts = filaments.offsets[:-1]
    low = np.minimum.reduceat(z, starts)
    climbs = np.maximum.reduceat(z, starts) - low > wet.height_um[starts]
    wide = int(filaments.layer.max()) + 1
    layers, member = np.unique(job_of * wide + filaments.layer, return_inverse=True)
    lowest = np.full(len(layers), np.inf)
    np.minimum.at(lowest, member[~climbs], low[~climbs])
    for j in np.unique(layers // wide):
        mine = layers // wide == j
        # Layers of one job stay apart even where their lowest points coincide.
        apart = 2 * SAME_LEVEL_UM * np.arange(int(mine.sum()))
        known = np.where(np.isinf(lowest[mine]), -np.inf, lowest[mine]) - apart
        lowest[mine] = np.maximum.accumulate(known) + apart
    height = np.where(climbs, low, lowest[member])
    rounded = np.round(height / SAME_LEVEL_UM)
    order = np.argsort(rounded, kind="stable")
    new = np.diff(rounded[order], prepend=rounded[order[0]]) != 0
    level = np.empty(f, np.int64)
    level[order] = np.cumsum(new)
    return level


def ink_sequence(level: Ints, material: npt.NDArray[np.int16], loaded: int | None = None) -> Ints:
    """(level, ink) pairs int64[K,2] in printing order with the fewest changes of ink that printing level by level allows.

    Exact: a shortest path over levels whose state is the ink that a level ends with. `loaded` is the ink before the first.
    """
    if len(level) == 0:
        return np.zeros((0, 2), np.int64)
    pairs = np.unique(np.stack([level, material.astype(np.int64)], axis=1), axis=0)
    inks_at: list[list[int]] = []
    for lvl, k in pairs.tolist():
        if lvl == len(inks_at) - 1 and inks_at:
            inks_at[-1].append(k)
        else:
            inks_at.append([k])
    # cost and way back for each ink that a level may end with: (changes so far, first ink of this level, last ink before)
    tables: list[dict[int, tuple[int, int, int | None]]] = []
    ends: dict[int | None, int] = {loaded: 0}
    for inks in inks_at:
        table: dict[int, tuple[int, int, int | None]] = {}
        for last in inks:
            for first in inks:
                if len(inks) > 1 and first == last:
                    continue
                for came, cost in ends.items():
                    # The first ink of a print costs nothing where none is loaded.
                    total = cost + (came is not None and came != first) + len(inks) - 1
                    if last not in table or total < table[last][0]:
                        table[last] = (total, first, came)
        tables.append(table)
        ends = {k: entry[0] for k, entry in table.items()}
    ink: int | None = min(tables[-1], key=lambda k: (tables[-1][k][0], k))
    rows: list[tuple[int, int]] = []
    for lvl in range(len(inks_at) - 1, -1, -1):
        assert ink is not None
        _, first, came = tables[lvl][ink]
        middle = [k for k in inks_at[lvl] if k not in (first, ink)]
        sequence = [first, *middle, ink] if first != ink else [ink]
        rows += [(lvl, k) for k in reversed(sequence)]
        ink = came
    return np.array(rows[::-1], dtype=np.int64)


def _batch_numbers(level: Ints, material: npt.NDArray[np.int16], sequence: Ints) -> Ints:
    """Place of every filament's (level, ink) in the sequence."""
    if len(level) == 0:
        return np.zeros(0, np.int64)
    most = int(material.max()) + 1
    table = np.zeros((int(level.max()) + 1, most), np.int64)
    table[sequence[:, 0], sequence[:, 1]] = np.arange(len(sequence))
    return table[level, material]
