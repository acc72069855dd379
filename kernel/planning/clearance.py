"""Clearance: how far the nozzle stays from everything deposited before, on every move of a toolpath.

A nozzle is nowhere below the end of its tip. Where nothing printed so far stands above that plane, the clearance is the height over
the highest of it, exactly. The other moves are held against samples of what stands higher, by the distance to the piecewise
cone (tip.gap_um), and then between the samples where it may be least.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..filaments import Floats, Ints
from ..motion import PRINT, Toolpath
from ..plan import Plan
from ..rig import Nozzle, Rig
from .beads import SAMPLE_UM, near_pairs, sample
from .tip import gap_um, reach_um

#: Tops that stand above the end of the tip by less count as flush with it.
FLUSH_UM = 0.5

#: How far to the side of the nozzle is looked: clearances beyond are not told from one another.
LOOK_UM = 20.0


@dataclass(frozen=True, slots=True)
class Clearance:
    """The least clearance (um, negative where the nozzle would hit), the row of the toolpath, and the filament that stands
    beside it; -1 for the height of a travel over everything, and for no row at all."""

    least_um: float
    row: int = -1
    filament: int = -1


#: The last answer: a plan's figures and its check ask for the same one.
_last: list[tuple[Toolpath, Rig, float, Clearance]] = []


def clearance(toolpath: Toolpath, rig: Rig, tolerance_um: float = FLUSH_UM) -> Clearance:
    """The least clearance of all moves of a toolpath from filaments printed before.

    Filaments that stand higher than the tip's end by no more than `tolerance_um` count as flush: the tip of a filament runs in
    the plane of the tops of its layer, and drying compensation may lift some of them.
    """
    for path, known, tolerance, found in _last:
        if path is toolpath and known is rig and tolerance == tolerance_um:
            return found
    _last[:] = [(toolpath, rig, tolerance_um, _find(toolpath, rig, tolerance_um))]
    return _last[0][3]


def _find(toolpath: Toolpath, rig: Rig, tolerance_um: float) -> Clearance:
    n = len(toolpath)
    plan = toolpath.plan
    f = len(plan.order)
    if n < 2 or f == 0:
        return Clearance(np.inf)
    wet = plan.filaments.state("wet")
    top = np.maximum.reduceat(wet.points_um[:, 2] + 0.5 * wet.height_um, plan.filaments.offsets[:-1])
    place, done = _done(toolpath)
    printing = toolpath.kind == PRINT
    highest = np.concatenate([[-np.inf], np.maximum.accumulate(top[plan.order])])[done + 1]
    low = np.minimum(toolpath.position_um[:, 2], np.append(np.inf, toolpath.position_um[:-1, 2]))
    jump = np.diff(toolpath.nozzle, prepend=toolpath.nozzle[0]) != 0
    low = np.where(jump, toolpath.position_um[:, 2], low)
    over = low - highest
    over[0] = np.inf
    # Ways up and down begin and end on the filament that they serve, and printing runs in the plane of the tops: flush is contact by
    # design. A travel's height over what it passes is what counts.
    across = np.abs(np.diff(toolpath.position_um[:, :2], axis=0, prepend=toolpath.position_um[:1, :2]))
    flat = ~printing & (across.max(axis=1) >= 1e-9)
    lower = flat & (over < min(rig.heights.clear_um, LOOK_UM) - 1e-6)
    beside = (over < -tolerance_um) | lower
    tolerance = np.where(lower, -LOOK_UM, tolerance_um)
    found = Clearance(np.inf)
    if (~beside).any():
        height = np.where(beside | ~flat, np.inf, over)
        row = int(np.argmin(height))
        if np.isfinite(height[row]):
            found = Clearance(float(height[row]), row, -1)
    rows = np.flatnonzero(beside)
    if len(rows):
        near = _beside(toolpath, rig, rows, done, place, tolerance[rows])
        if near.least_um < found.least_um:
            found = near
    return found


def _done(toolpath: Toolpath) -> tuple[Ints, Ints]:
    """Place in the order of every filament, and for every row the place of the last one that is printed to its end by then."""
    plan = toolpath.plan
    place = np.empty(len(plan.order), np.int64)
    place[plan.order] = np.arange(len(plan.order))
    begun = np.maximum.accumulate(np.where(toolpath.filament >= 0, place[toolpath.filament], -1))
    return place, np.where(toolpath.kind == PRINT, begun - 1, begun)


def clearance_of(toolpath: Toolpath, rig: Rig, rows: Ints) -> Clearance:
    """The least clearance of the moves `rows` alone from what stands higher than LOOK_UM below the tip; infinite where nothing does."""
    place, done = _done(toolpath)
    return _beside(toolpath, rig, rows, done, place, np.full(len(rows), -LOOK_UM))


def beside_of(toolpath: Toolpath, rig: Rig, working: int, idle: int) -> Clearance:
    """The least clearance of nozzle `idle`, which hangs beside nozzle `working`, from what stands while that one is at work, from LOOK_UM below
    its tip on; infinite where nothing does. The filament that is being laid counts as a whole."""
    apart = np.array(rig.nozzles[idle].offset_um) - np.array(rig.nozzles[working].offset_um)
    rows = np.flatnonzero(toolpath.nozzle == working)
    rows = rows[rows > 0]
    if not len(rows):
        return Clearance(np.inf)
    there = replace(
        toolpath,
        position_um=toolpath.position_um + apart,
        nozzle=np.where(toolpath.nozzle == working, idle, working).astype(np.int16),
    )
    place, done = _done(there)
    laying = done + (there.kind == PRINT)
    return _beside(there, rig, rows, laying, place, np.full(len(rows), -LOOK_UM))


def _beside(
    toolpath: Toolpath, rig: Rig, rows: Ints, done: Ints, place: Ints, tolerance_um: Floats
) -> Clearance:
    """Least clearance of the moves `rows` from what stands higher than the tip and the tolerance [rows]."""
    plan = toolpath.plan
    # Moves as samples: row, position of the tip, how far the print had come.
    begin = toolpath.position_um[rows - 1].copy()
    jump = toolpath.nozzle[rows] != toolpath.nozzle[rows - 1]
    begin[jump] = toolpath.position_um[rows[jump]]
    ends = np.stack([begin, toolpath.position_um[rows]], axis=1).reshape(-1, 3)
    tip, move, tip_at = sample(ends, np.repeat(np.arange(len(rows)), 2))
    near = _filaments_near(plan, tip, reach_of_all(rig, plan, float(tip[:, 2].min())))
    if not len(near):
        return Clearance(np.inf)
    part = plan.filaments.take(near)
    wet = part.state("wet")
    axis, owner, where = sample(wet.points_um, part.owner())
    low = where.astype(np.int64)
    radius = 0.5 * np.maximum(wet.width_um, wet.height_um)[low]
    tops = axis[:, 2] + 0.5 * wet.height_um[low]
    owner = near[owner]
    turn = place[owner]
    best = Clearance(np.inf)
    offsets = part.offsets[np.searchsorted(near, owner)], part.offsets[np.searchsorted(near, owner) + 1] - 1
    for n in np.unique(toolpath.nozzle[rows]).tolist():
        nozzle = rig.nozzles[n]
        mine = np.flatnonzero(toolpath.nozzle[rows[move]] == n)
        if not len(mine):
            continue
        rise = float(tops.max() - tip[mine, 2].min())
        reach = reach_um(nozzle, rise) + float(radius.max()) + LOOK_UM
        suspect = _suspects(
            axis, tops, turn, tip[mine], done[rows[move[mine]]], reach, tolerance_um[move[mine]]
        )
        mine = mine[suspect]
        if not len(mine):
            continue
        for p, q in near_pairs(axis[:, :2], tip[mine, :2], reach):
            p = mine[p]
            row = rows[move[p]]
            keep = (turn[q] <= done[row]) & (tops[q] > tip[p, 2] + tolerance_um[move[p]])
            p, q, row = p[keep], q[keep], row[keep]
            if not len(p):
                continue
            beside = np.hypot(axis[q, 0] - tip[p, 0], axis[q, 1] - tip[p, 1])
            gap = gap_um(nozzle, beside, axis[q, 2] - tip[p, 2]) - radius[q]
            # Between samples it may be less by as much as they are apart.
            close = np.flatnonzero(gap < min(best.least_um, float(gap.min())) + SAMPLE_UM)
            close = close[np.argsort(gap[close], kind="stable")[:_CLOSE]]
            i, j = p[close], q[close]
            on_move = _Way(ends, tip_at[i], 2 * move[i], 2 * move[i] + 1)
            on_filament = _Way(wet.points_um, where[j], offsets[0][j], offsets[1][j])
            low_um = tolerance_um[move[i]] - 0.5 * wet.height_um[low[j]]
            least = _between(nozzle, on_move, on_filament, radius[j], low_um)
            k = int(np.argmin(least)) if len(least) else -1
            if k >= 0 and least[k] < best.least_um:
                best = Clearance(float(least[k]), int(row[close[k]]), int(owner[j[k]]))
    return best


class _Way(NamedTuple):
    """Places on polylines `points_um`: point and the part of the way to the next, between the points `low` and `high`. [K] each."""

    points_um: Floats
    place: Floats
    low: Ints
    high: Ints

    def at(self, along_um: Floats) -> Floats:
        """Positions [K,n,3] so far (um) along from the places, for along_um [K,n]."""
        point = np.clip(self.place.astype(np.int64), self.low, self.high - 1)
        length = np.linalg.norm(self.points_um[point + 1] - self.points_um[point], axis=1)
        place = self.place[:, None] + along_um / np.maximum(length, 1e-9)[:, None]
        place = np.clip(place, self.low[:, None], self.high[:, None])
        first = np.minimum(place.astype(np.int64), self.high[:, None] - 1)
        share = (place - first)[..., None]
        found: Floats = self.points_um[first] * (1.0 - share) + self.points_um[first + 1] * share
        return found


def _between(nozzle: Nozzle, move: _Way, filament: _Way, radius: Floats, low_um: Floats) -> Floats:
    """Least distance of tips and filaments within a sample's spacing of their places, [K], good to some hundredths of a micrometre: both are
    looked at in steps, and in finer steps about the best. Axes no higher than `low_um[K]` over the tip do not count."""
    k = len(radius)
    at = np.zeros((2, k))
    least = np.full(k, np.inf)
    spread = SAMPLE_UM
    while spread > 0.01:
        steps = np.linspace(-spread, spread, 9)
        tips = move.at(at[0][:, None] + steps)[:, :, None, :]
        axis = filament.at(at[1][:, None] + steps)[:, None, :, :]
        apart = axis - tips
        gap = gap_um(nozzle, np.hypot(apart[..., 0], apart[..., 1]), apart[..., 2])
        gap = np.where(apart[..., 2] > low_um[:, None, None], gap, np.inf).reshape(k, 81)
        best = np.argmin(gap, axis=1)
        least = np.minimum(least, gap[np.arange(k), best] - radius)
        at += np.stack([steps[best // 9], steps[best % 9]])
        spread /= 4.0
    return least


def reach_of_all(rig: Rig, plan: Plan, lowest_um: float) -> float:
    """How far to the side anything of the part can matter to a tip at `lowest_um`."""
    wet = plan.filaments.state("wet")
    size = float(max(wet.width_um.max(), wet.height_um.max()))
    rise = float(wet.points_um[:, 2].max()) + size - lowest_um
    return max(reach_um(nozzle, rise) for nozzle in rig.nozzles) + size + LOOK_UM


def _filaments_near(plan: Plan, tip: Floats, reach_um: float) -> Ints:
    """Filaments whose box comes within `reach_um` of the box of the tips, in the plane."""
    points, starts = plan.filaments.state("wet").points_um[:, :2], plan.filaments.offsets[:-1]
    low, high = tip[:, :2].min(axis=0) - reach_um, tip[:, :2].max(axis=0) + reach_um
    inside = (np.minimum.reduceat(points, starts) <= high) & (np.maximum.reduceat(points, starts) >= low)
    near: Ints = np.flatnonzero(inside.all(axis=1))
    return near


#: Most pairs of samples about which the least distance is sought between them.
_CLOSE = 2000

#: Stretches of a print for which the grid of heights is brought up to date.
_STAGES = 2000

#: Most cells of that grid.
_CELLS = 4_000_000


def _suspects(
    axis: Floats, tops: Floats, turn: Ints, tip: Floats, done: Ints, reach_um: float, tolerance_um: Floats
) -> Ints:
    """Tips that may have something beside them that was printed before (its `turn` no later than their `done`): in their cell of
    a grid, or the eight around it, stands something higher. Cells are at least as wide as the reach."""
    low = np.minimum(axis[:, :2].min(axis=0), tip[:, :2].min(axis=0))
    span = np.maximum(axis[:, :2].max(axis=0), tip[:, :2].max(axis=0)) - low
    cell = max(reach_um, float(np.sqrt(np.prod(span + reach_um) / _CELLS)))
    wide = int(span[1] // cell) + 3
    height = np.full((int(span[0] // cell) + 3) * wide, -np.inf)

    def cells(points: Floats) -> Ints:
        number = ((points[:, :2] - low) // cell).astype(np.int64) + 1
        keys: Ints = number[:, 0] * wide + number[:, 1]
        return keys

    laid = np.argsort(turn, kind="stable")
    when, where, high = turn[laid], cells(axis)[laid], tops[laid]
    mine = np.argsort(done, kind="stable")
    here, late, floor = cells(tip)[mine], done[mine], (tip[:, 2] + tolerance_um)[mine]
    news = np.flatnonzero(np.diff(late, prepend=-2))
    edges = [*news[:: -(-len(news) // _STAGES)].tolist(), len(mine)]
    around = [dx * wide + dy for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    found = np.zeros(len(mine), bool)
    begun = 0
    for a, b in pairwise(edges):
        upto = int(np.searchsorted(when, late[b - 1], "right"))
        np.maximum.at(height, where[begun:upto], high[begun:upto])
        begun = upto
        for step in around:
            found[a:b] |= height[here[a:b] + step] > floor[a:b]
    return np.sort(mine[found])
