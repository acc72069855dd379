"""The moves that lay filaments: where the tip runs, how fast, how long, and where the valve closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints
from ..plan import Plan
from ..rig import Rig
from .dosing import Dosing
from .live import swelling
from .timing import Profile, profile

#: Moves shorter than this (um) are left out: paths are rounded to 1 nm.
NOTHING_UM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Tip positions at the first and last point of every filament as printed, and the highest tip on its way."""

    first_um: Floats
    last_um: Floats
    top_um: Floats


def tip_z(rig: Rig, z_um: Floats, height_um: Floats, layer: npt.NDArray[np.int32]) -> Floats:
    """Height of the tip's end over points at `z_um` where the filament is `height_um` high; `layer` is that of each point."""
    tip: Floats = z_um + 0.5 * height_um
    gap = rig.heights.first_gap_um
    if gap is not None:
        # What lies on the substrate is drawn at the gap that the rig sets; a path that climbs off it is not.
        tip[(layer == 0) & (z_um - 0.5 * height_um < 0.25 * height_um)] = gap
    return tip


def tip_ends(plan: Plan, rig: Rig) -> Ends:
    filaments = plan.filaments
    wet = filaments.state("wet")
    first, last = filaments.offsets[:-1][plan.order], filaments.offsets[1:][plan.order] - 1
    first, last = np.where(plan.reverse, last, first), np.where(plan.reverse, first, last)
    layer = filaments.layer[plan.order]

    def tips(points: Ints) -> Floats:
        tip = wet.points_um[points].copy()
        tip[:, 2] = tip_z(rig, tip[:, 2], wet.height_um[points], layer)
        return tip

    highest = np.empty(len(filaments))
    for low, high, points, begin in filaments.runs():
        top = wet.points_um[points, 2] + 0.5 * wet.height_um[points]
        highest[low:high] = np.maximum.reduceat(top, begin)
    highest = highest[plan.order]
    if rig.heights.first_gap_um is not None:
        highest = np.maximum(highest, np.where(layer == 0, rig.heights.first_gap_um, 0.0))
    return Ends(tips(first), tips(last), highest)


class Laid(NamedTuple):
    """Filaments printed one after the other, row by row; row 0 is where the tip comes from. `position_um[3,N]` (columns: most work is
    on one of them); `speed_um_s[N]`, `clock_s[N]` from row 0 on, `valve[N]`; `rows int64[F,4]`: how many rows of each filament go
    across to it, down, along it, and up."""

    position_um: Floats
    speed_um_s: Floats
    clock_s: Floats
    valve: npt.NDArray[np.bool_]
    rows: Ints


class Pace(NamedTuple):
    """How fast the tip moves where it does not print."""

    across_um_s: float
    down_um_s: float
    up_um_s: float
    acceleration_um_s2: float


def lay(
    plan: Plan,
    rig: Rig,
    dosing: Dosing,
    pace: Pace,
    low: int,
    high: int,
    here_um: Floats,
    ends: Ends,
    up_um: Floats,
) -> Laid:
    """Filaments low..high-1 of the order, from `here_um` on: across and down to each, along it, and up to `up_um[F]`."""
    filaments, here = plan.filaments, slice(low, high)
    first, last = ends.first_um[here], ends.last_um[here]
    came = np.vstack([here_um, np.column_stack([last[:-1, :2], up_um[:-1]])])
    on, off = dosing.on_s[here], dosing.off_s[here]
    # A way down at this speed takes `on` at least, however it is entered and left, after a new pressure has been reached.
    fall = came[:, 2] - first[:, 2]
    with np.errstate(divide="ignore"):
        down = np.minimum(pace.down_um_s, fall / (on + dosing.settle_s[here]))
    across = np.hypot(first[:, 0] - came[:, 0], first[:, 1] - came[:, 1]) >= NOTHING_UM
    # Nodes: where the tip is, then by filament over its start, its points, over its end.
    index, back = plan.order[here], plan.reverse[here]
    from_, to = filaments.offsets[index], filaments.offsets[index + 1] - 1
    count = to - from_ + 1
    begin = 1 + np.concatenate([[0], np.cumsum(across + count + 1)])
    start = begin[:-1] + across
    end = start + count - 1
    over, up, total = start[across] - 1, end + 1, int(begin[-1])
    # The point behind each node; nodes that have none take that of their neighbour until they get their own place.
    source = np.arange(total)
    each = np.diff(begin, prepend=0)
    if back.any():
        from_ = np.where(back, to, from_)
        source *= np.repeat(np.append(1, np.where(back, -1, 1)), each)
        source += np.repeat(np.append(from_[0], np.where(back, from_ + start, from_ - start)), each)
    else:
        source += np.repeat(np.append(from_[0], from_ - start), each)
    source[0], source[over], source[up] = from_[0], source[over + 1], source[end]
    wet = filaments.state("wet")
    nodes = np.empty((3, total))
    points = wet.points_um.take(source, axis=0)
    nodes[0], nodes[1] = points[:, 0], points[:, 1]
    height = wet.height_um[source]
    layer = np.zeros(1, np.int32)
    if rig.heights.first_gap_um is not None:
        layer = np.repeat(np.append(0, filaments.layer[index]), each)
    nodes[2] = tip_z(rig, points[:, 2], height, layer)
    nodes[:, 0] = here_um
    nodes[2, over], nodes[2, up] = came[across, 2], up_um
    speed = np.empty(total)
    speed[0] = 0.0
    legs = np.stack([across, np.ones(len(count), np.int64), count - 1, np.ones(len(count), np.int64)], axis=1)
    paces = np.empty(legs.shape)
    paces[:, 0], paces[:, 1], paces[:, 2], paces[:, 3] = (
        pace.across_um_s,
        down,
        dosing.speed_um_s[here],
        pace.up_um_s,
    )
    speed[1:] = np.repeat(paces.ravel(), legs.ravel())
    if not dosing.even:
        section = wet.width_um[source] * height
        more = swelling(filaments)
        if more is not None:
            section /= more[source]
        least = np.repeat(np.minimum.reduceat(section, begin[:-1]), each[1:])
        section[1:] = 0.5 * (section[1:] + section[:-1])
        slower = np.minimum(least / section[1:], 1.0)
        slower[np.concatenate([over, start, up]) - 1] = 1.0
        speed[1:] *= slower
    stops = np.zeros(total, bool)
    stops[[0, -1]] = True
    law = profile(nodes.T, stops, speed[1:], pace.acceleration_um_s2, rig.speeds.corner_um)
    cut = split_valve(nodes, law, pace.acceleration_um_s2, start, end, on, off)
    legs[:, 1] += cut.opens
    legs[:, 2] += cut.closes
    clock, valve = cut.clock_s, cut.valve
    if len(cut.before):
        # Each new node stands before the old one and has its speed; its way is a part of the old way.
        new = cut.before + np.arange(len(cut.before))
        old = np.arange(total + len(new))
        old -= np.repeat(np.arange(len(new) + 1), np.diff(new, prepend=-1, append=len(old) - 1))
        nodes, speed, clock, valve = nodes.take(old, axis=1), speed[old], clock[old], valve[old]
        nodes[:, new], clock[new], valve[new] = cut.points_um, cut.at_s, cut.open_before
    return Laid(nodes, speed, clock, valve, legs)


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Where the valve turns, in a row of nodes: new nodes at `points_um[3,K]` before the nodes `before[K]`, reached at `at_s`; the way
    to one is open where `open_before`. For every old node when it is reached (`clock_s`) and whether ink flows on the way to it
    (`valve`); for every filament whether it has a new node to open at and one to close at."""

    before: Ints
    points_um: Floats
    at_s: Floats
    open_before: npt.NDArray[np.bool_]
    clock_s: Floats
    valve: npt.NDArray[np.bool_]
    opens: npt.NDArray[np.bool_]
    closes: npt.NDArray[np.bool_]


def split_valve(
    nodes_um: Floats,
    law: Profile,
    acceleration_um_s2: float,
    first: Ints,
    last: Ints,
    on_s: Floats,
    off_s: Floats,
) -> Splits:
    """Where to open and close: `on_s` before node `first` of each filament is reached, `off_s` before node `last` is; nodes_um[3,N].

    The way to `first` must take `on_s` or longer. A filament that takes no longer than `off_s` stays closed from its first
    node on.
    """
    n = nodes_um.shape[1]
    clock = np.empty(n)
    clock[0] = 0.0
    np.cumsum(law.time_s, out=clock[1:])
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
    change = np.zeros(n + 1, np.int8)
    change[first + ~lag] += 1
    change[np.maximum(node, first - lag) + 1] -= 1
    valve = np.cumsum(change, dtype=np.int8)[:n] > 0
    segment = np.concatenate([first[opens] - 1, at[closes]])
    remains = np.concatenate([left[opens], tail[closes]])
    late = np.concatenate([on_s[opens], rest[closes]])
    is_close = np.concatenate([np.zeros(int(opens.sum()), bool), np.ones(int(closes.sum()), bool)])
    sort = np.argsort(segment, kind="stable")
    segment, remains, late, is_close = segment[sort], remains[sort], late[sort], is_close[sort]
    goal = nodes_um[:, segment + 1]
    points = goal - remains / law.length_um[segment] * (goal - nodes_um[:, segment])
    return Splits(segment + 1, points, clock[segment + 1] - late, is_close, clock, valve, opens, closes)
