"""The moves that lay filaments: where the tip runs, how fast, how long, and where the valve closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .dosing import Dosing
from .filaments import Floats, Ints
from .plan import Plan
from .rig import Rig
from .timing import profile

#: Moves shorter than this (um) are left out: paths are rounded to 1 nm.
NOTHING_UM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Tip positions at the first and last point of every filament as printed, and the highest tip on its way."""

    first_um: Floats
    last_um: Floats
    top_um: Floats


def tip_z(plan: Plan, rig: Rig, points: Ints, layer: npt.NDArray[np.int32]) -> Floats:
    """Height of the tip's end over points (indices) of the wet state; `layer` is that of each point."""
    wet = plan.filaments.state("wet")
    z = wet.points_um[points, 2]
    height = wet.height_um[points]
    tip: Floats = z + 0.5 * height
    gap = rig.heights.first_gap_um
    if gap is not None:
        # What lies on the substrate is drawn at the gap that the rig sets; a path that climbs off it is not.
        tip[(layer == 0) & (z - 0.5 * height < 0.25 * height)] = gap
    return tip


def tip_ends(plan: Plan, rig: Rig) -> Ends:
    filaments = plan.filaments
    wet = filaments.state("wet")
    first, last = filaments.offsets[:-1][plan.order], filaments.offsets[1:][plan.order] - 1
    first, last = np.where(plan.reverse, last, first), np.where(plan.reverse, first, last)
    layer = filaments.layer[plan.order]

    def tips(points: Ints) -> Floats:
        tip = wet.points_um[points].copy()
        tip[:, 2] = tip_z(plan, rig, points, layer)
        return tip

    top = wet.points_um[:, 2] + 0.5 * wet.height_um
    highest = np.maximum.reduceat(top, filaments.offsets[:-1])[plan.order] if len(filaments) else np.zeros(0)
    if rig.heights.first_gap_um is not None:
        highest = np.maximum(highest, np.where(layer == 0, rig.heights.first_gap_um, 0.0))
    return Ends(tips(first), tips(last), highest)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Rows of some filaments: `rows[F]` of each, then by row its end, commanded speed, time and valve."""

    points_um: Floats
    speed_um_s: Floats
    time_s: Floats
    valve: npt.NDArray[np.bool_]
    rows: Ints


def lay(plan: Plan, rig: Rig, dosing: Dosing, low: int, high: int, acceleration_um_s2: float) -> Line:
    """Rows of filaments low..high-1: their points from the second on, with the place where the valve closes."""
    filaments = plan.filaments
    index = plan.order[low:high]
    counts = np.diff(filaments.offsets)[index]
    bounds = np.concatenate([[0], np.cumsum(counts)])
    reverse = plan.reverse[low:high]
    step = np.where(reverse, -1, 1)
    from_ = np.where(reverse, filaments.offsets[1:][index] - 1, filaments.offsets[:-1][index])
    source = np.arange(bounds[-1])
    source -= np.repeat(bounds[:-1], counts)
    source *= np.repeat(step, counts)
    source += np.repeat(from_, counts)
    wet = filaments.state("wet")
    points = wet.points_um[source]
    points[:, 2] = tip_z(plan, rig, source, np.repeat(filaments.layer[index], counts))
    stops = np.zeros(len(points), bool)
    stops[bounds[:-1]] = stops[bounds[1:] - 1] = True
    speed = np.repeat(dosing.speed_um_s[low:high], counts)
    if not dosing.even:
        section = wet.width_um[source] * wet.height_um[source]
        section[1:] = 0.5 * (section[1:] + section[:-1])
        least = np.minimum.reduceat(wet.width_um[source] * wet.height_um[source], bounds[:-1])
        speed *= np.minimum(np.repeat(least, counts) / section, 1.0)
    law = profile(points, stops, speed[1:], acceleration_um_s2, rig.speeds.corner_um)
    spent = np.concatenate([[0.0], law.time_s])
    keep = np.ones(len(points), bool)
    keep[bounds[:-1]] = False
    off = dosing.off_s[low:high]
    if not off.any():
        return Line(points[keep], speed[keep], spent[keep], np.ones(int(keep.sum()), bool), counts - 1)
    # Where the valve closes: the segment in which the filament's remaining time is `off`.
    clock = np.cumsum(spent)
    final = bounds[1:] - 1
    short = clock[final] - clock[bounds[:-1]] <= off
    close = clock[final] - off
    segment = np.searchsorted(clock, close, "right") - 1
    segment = np.clip(segment, bounds[:-1], final - 1)
    tail_s = clock[segment + 1] - close
    left = law.left_um(segment, tail_s, acceleration_um_s2)
    length = law.length_um[segment]
    # A point of the path closer than 1 nm is taken itself.
    node = np.where(left < NOTHING_UM, segment + 1, segment)
    split = (left >= NOTHING_UM) & (length - left >= NOTHING_UM) & ~short & (off > 0)
    node = np.where(short, bounds[:-1], np.where(off > 0, node, final))
    number = np.arange(len(points))
    valve = number <= np.repeat(node, counts)
    if not split.any():
        return Line(points[keep], speed[keep], spent[keep], valve[keep], counts - 1)
    k = segment[split]
    share = (left[split] / length[split])[:, None]
    new = points[k + 1] - share * (points[k + 1] - points[k])
    into = k + 1
    spent[into] = tail_s[split]
    cut_s = law.time_s[k] - tail_s[split]
    return Line(
        np.insert(points, into, new, axis=0)[np.insert(keep, into, True)],
        np.insert(speed, into, speed[into])[np.insert(keep, into, True)],
        np.insert(spent, into, cut_s)[np.insert(keep, into, True)],
        np.insert(valve, into, True)[np.insert(keep, into, True)],
        counts - 1 + split,
    )
