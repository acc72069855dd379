"""How high the tip goes between two filaments: over what stands on its way, not over all that has been printed.

What has been printed is kept as a map of heights by cells of the plane, each with its history: how high it stood when the n-th filament
was begun. The map is widened by the shape of the nozzle: what stands so far to the side that the cone passes over it does not count.
"""

from __future__ import annotations

import numpy as np

from ..filaments import Floats, Ints
from ..plan import Plan
from ..rig import Nozzle, Rig
from ..toolpath.dosing import lengths_um
from ..toolpath.lines import Ends
from .beads import sample
from .tip import profile_um, reach_um

#: The nozzle passes beside what is higher at no less than this (um), or the rig's `clear_um` if that is less.
SIDE_UM = 20.0

#: Less than this part of `clear_um` is not worth looking for.
WORTH = 0.1

#: Most beads of filaments and most looks at the map; cells are larger in parts that would take more.
_BEADS, _LOOKS = 4_000_000, 20_000_000


def hops_um(plan: Plan, rig: Rig, ends: Ends, printed_um: Floats) -> Floats:
    """Height [F+1] of what the tip passes over on its straight way to each filament of the order, from the end of the one before.

    `printed_um[F+1]` is how high the whole print stands by then: the answer where the way is long, or where nothing lower would do.
    """
    over = printed_um.copy()
    f = len(plan.order)
    if f < 2:
        return over
    came, goes = ends.last_um[:-1], ends.first_um[1:]
    floor = np.maximum(came[:, 2], goes[:, 2])
    least = max(1e-6, WORTH * rig.heights.clear_um)
    ways = np.flatnonzero((over[1:f] - floor > least) & (plan.nozzle[1:] == plan.nozzle[:-1]))
    if not len(ways):
        return over
    beads = _Map(plan, rig, float(floor[ways].min()), came[ways], goes[ways])
    over[1 + ways] = np.minimum(over[1 + ways], np.maximum(floor[ways], beads.highest(1 + ways)))
    return over


def height_at_um(nozzle: Nozzle, beside_um: Floats) -> Floats:
    """How high over the end of its tip the nozzle is as wide as `beside_um` (radius); infinite where it is nowhere."""
    outline = profile_um(nozzle)[1:-1]
    # Where the outside goes straight up, what stands beside it is passed at any height.
    radius = outline[:, 0] + 1e-9 * np.arange(len(outline))
    height: Floats = np.interp(beside_um, radius, outline[:, 1], left=0.0, right=np.inf)
    return height


class _Map:
    def __init__(self, plan: Plan, rig: Rig, lowest_um: float, came: Floats, goes: Floats) -> None:
        wet = plan.filaments.state("wet")
        self.came, self.goes = came, goes
        self.nozzles = [rig.nozzles[n] for n in np.unique(plan.nozzle).tolist()]
        half = 0.5 * float(max(wet.width_um.max(), wet.height_um.max()))
        highest = float(
            (wet.points_um[:, 2].max() if len(wet.points_um) else 0.0) + 0.5 * wet.height_um.max()
        )
        self.side = half + min(SIDE_UM, rig.heights.clear_um)
        self.reach = self.side + max(reach_um(n, highest - lowest_um) for n in self.nozzles)
        way = float(np.linalg.norm((goes - came)[:, :2], axis=1).sum())
        finest = min(0.5 * nozzle.outer_um for nozzle in self.nozzles)
        length = float(lengths_um(plan).sum())
        self.cell = max(finest, length / _BEADS, float(np.cbrt(4.0 * way * self.reach**2 / _LOOKS)))
        place = np.empty(len(plan.order), np.int64)
        place[plan.order] = np.arange(len(plan.order))
        ends = np.concatenate([came, goes])[:, :2]
        low = np.minimum(wet.points_um.min(axis=0)[:2], ends.min(axis=0))
        high = np.maximum(wet.points_um.max(axis=0)[:2], ends.max(axis=0)) + self.reach
        self.low = low - self.reach - 2 * self.cell
        self.wide = int((high[1] - self.low[1]) / self.cell) + 3
        self.turns = len(plan.order) + 1
        keys, heights = [np.zeros(0, np.int64)], [np.zeros(0)]
        for one, last, points, begin in plan.filaments.runs():
            some = wet.points_um[points]
            top = some[:, 2] + 0.5 * wet.height_um[points]
            owner = np.repeat(np.arange(one, last), np.diff(begin, append=len(some)))
            at, owner, where = sample(some, owner, self.cell)
            point = where.astype(np.int64)
            after = np.minimum(point + 1, len(top) - 1)
            height = top[point] + (where - point) * (top[after] - top[point])
            key = self.cells(at) * self.turns + place[owner]
            higher = height > lowest_um
            key, height = key[higher], height[higher]
            if len(key):
                # Samples that follow each other in one cell are one.
                first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
                keys.append(key[first])
                heights.append(np.maximum.reduceat(height, first))
        key, height = np.concatenate(keys), np.concatenate(heights)
        sort = np.lexsort((height, key))
        self.key, height = key[sort], height[sort]
        # Highest so far within each cell: cells are lifted apart so that one running maximum serves all.
        cell = self.key // self.turns
        rank = np.cumsum(np.diff(cell, prepend=-1) != 0) * (
            2.0 * float(np.abs(height).max(initial=1.0)) + 1.0
        )
        self.height = np.maximum.accumulate(height + rank) - rank if len(height) else height

    def cells(self, at_um: Floats) -> Ints:
        number = ((at_um[:, :2] - self.low) / self.cell).astype(np.int64)
        keys: Ints = number[:, 0] * self.wide + number[:, 1]
        return keys

    def highest(self, turn: Ints) -> Floats:
        """How high the tip has to be on every way, when as many filaments as `turn` stand there."""
        found = np.full(len(turn), -np.inf)
        if not len(self.key):
            return found
        both = np.stack([self.came, self.goes], axis=1).reshape(-1, 3) * [1.0, 1.0, 0.0]
        at, way, _ = sample(both, np.repeat(np.arange(len(turn)), 2), self.cell)
        here = self.cells(at)
        most = int(np.ceil(self.reach / self.cell)) + 1
        for dx in range(-most, most + 1):
            for dy in range(-most, most + 1):
                # Tips and beads stand anywhere in their cells, and half a cell from the samples beside them.
                apart = self.cell * np.hypot(max(abs(dx) - 1, 0), max(abs(dy) - 1, 0)) - self.cell
                under = min(float(height_at_um(n, np.array(apart - self.side))) for n in self.nozzles)
                if under == np.inf:
                    continue
                cell = here + dx * self.wide + dy
                row = np.searchsorted(self.key, cell * self.turns + turn[way]) - 1
                known = (row >= 0) & (self.key[row] // self.turns == cell)
                np.maximum.at(found, way[known], self.height[row[known]] - under)
        return found
