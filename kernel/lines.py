"""The moves that lay filaments: where the tip runs, how fast, how long, and where the valve closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .dosing import Dosing
from .filaments import Floats, Ints
from .plan import Plan
from .rig import Rig
from .timing import Profile

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

    highest = np.empty(len(filaments))
    for low, high, points, begin in filaments.runs():
        top = wet.points_um[points, 2] + 0.5 * wet.height_um[points]
        highest[low:high] = np.maximum.reduceat(top, begin)
    highest = highest[plan.order]
    if rig.heights.first_gap_um is not None:
        highest = np.maximum(highest, np.where(layer == 0, rig.heights.first_gap_um, 0.0))
    return Ends(tips(first), tips(last), highest)


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """Filaments one after the other as the tip passes them: `points_um[P,3]` with `counts[F]` points each, and the commanded
    speed `speed_um_s[P]` on the way to each point (of no meaning at first points)."""

    points_um: Floats
    counts: Ints
    speed_um_s: Floats


def strand(plan: Plan, rig: Rig, dosing: Dosing, low: int, high: int) -> Strand:
    """Filaments low..high-1 of the order, turned round where the plan says so."""
    filaments = plan.filaments
    wet = filaments.state("wet")
    index = plan.order[low:high]
    counts = np.diff(filaments.offsets)[index]
    begin = np.concatenate([[0], np.cumsum(counts)])
    reverse = plan.reverse[low:high]
    source = np.arange(begin[-1])
    source -= np.repeat(begin[:-1], counts)
    if reverse.any():
        source *= np.repeat(np.where(reverse, -1, 1), counts)
    from_ = np.where(reverse, filaments.offsets[1:][index] - 1, filaments.offsets[:-1][index])
    source += np.repeat(from_, counts)
    points = wet.points_um[source]
    points[:, 2] = tip_z(plan, rig, source, np.repeat(filaments.layer[index], counts))
    speed = np.repeat(dosing.speed_um_s[low:high], counts)
    if not dosing.even:
        section = wet.width_um[source] * wet.height_um[source]
        least = np.repeat(np.minimum.reduceat(section, begin[:-1]), counts)
        section[1:] = 0.5 * (section[1:] + section[:-1])
        speed *= np.minimum(least / section, 1.0)
    return Strand(points, counts, speed)


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Where the valve turns, in a row of nodes: new nodes at `points_um` before the nodes `before`, whose way there takes
    `time_s`; and for every node whether ink flows on the way to it (`valve`), the new ones excepted: the way to one is open
    where `open_before`."""

    before: Ints
    points_um: Floats
    time_s: Floats
    open_before: npt.NDArray[np.bool_]
    valve: npt.NDArray[np.bool_]


def split_valve(
    nodes_um: Floats,
    law: Profile,
    acceleration_um_s2: float,
    first: Ints,
    last: Ints,
    on_s: Floats,
    off_s: Floats,
) -> Splits:
    """Where to open and close: `on_s` before node `first` of each filament is reached, `off_s` before node `last` is.

    The way to `first` must take `on_s` or longer. A filament that takes no longer than `off_s` stays closed from its first
    node on.
    """
    clock = np.concatenate([[0.0], np.cumsum(law.time_s)])
    n = len(nodes_um)
    lag = on_s > 0.0
    # Opening: on the segment that ends at `first`.
    way = law.length_um[first - 1]
    left = np.where(lag, law.left_um(first - 1, on_s, acceleration_um_s2), 0.0)
    opens = lag & (way - left >= NOTHING_UM)
    # Closing: on the segment in which the time left is `off_s`.
    short = clock[last] - clock[first] <= off_s
    close = clock[last] - off_s
    at = np.clip(np.searchsorted(clock, close, "right") - 1, first, last - 1)
    rest = np.maximum(clock[at + 1] - close, 0.0)
    tail = law.left_um(at, rest, acceleration_um_s2)
    whole = law.length_um[at]
    closes = (off_s > 0.0) & ~short & (tail >= NOTHING_UM) & (whole - tail >= NOTHING_UM)
    node = np.where(off_s > 0.0, np.where(tail < NOTHING_UM, at + 1, at), last)
    node = np.where(short, first, node)
    # Runs of open nodes: from first (first + 1 where there is no lag) to node.
    change = np.zeros(n + 1, np.int64)
    np.add.at(change, first + ~lag, 1)
    np.add.at(change, np.maximum(node, first - lag) + 1, -1)
    valve = np.cumsum(change)[:n] > 0
    segment = np.concatenate([first[opens] - 1, at[closes]])
    remains = np.concatenate([left[opens], tail[closes]])
    late = np.concatenate([on_s[opens], rest[closes]])
    is_close = np.concatenate([np.zeros(int(opens.sum()), bool), np.ones(int(closes.sum()), bool)])
    sort = np.argsort(segment, kind="stable")
    segment, remains, late, is_close = segment[sort], remains[sort], late[sort], is_close[sort]
    share = (remains / law.length_um[segment])[:, None]
    points = nodes_um[segment + 1] - share * (nodes_um[segment + 1] - nodes_um[segment])
    return Splits(segment + 1, points, law.time_s[segment] - late, is_close, valve)
