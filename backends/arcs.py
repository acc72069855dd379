"""Arcs: runs of straight moves that lie on one circle, found in whole arrays, to be written as one move each.

A run qualifies while all that a program says of it stays the same: filament, feed, valve, pressures, nozzle, and no line of its own in
between. The arc that stands for it ends where the run ends, and nowhere are the two farther apart than TOLERANCE_UM, chords and all: a
square's corners lie on a circle, its sides do not. Where the circle would leave what the straight moves keep (the limits of an axis, the
speed of the slower axis, the centripetal acceleration), the moves stay straight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import Floats, Ints
from ..kernel.motion import PRINT, Toolpath
from ..kernel.rig import Rig
from ..kernel.toolpath.frames import to_stage
from .dialect import Decoded

Bools = npt.NDArray[np.bool_]

#: How far an arc and the straight moves that it stands for lie apart, at most; what rounding moves the ends by comes on top.
TOLERANCE_UM = 0.1
#: Radii outside these stay straight. LinuxCNC takes an arc of less than 1.27 um (CENTER_ARC_RADIUS_TOLERANCE_MM) for a fault; firmware that
#: computes in single precision places a centre 100 mm away to some nanometres.
LEAST_UM, MOST_UM = 5.0, 1e5
#: Fewer moves than this are not worth an arc.
LEAST_ROWS = 3
#: An arc turns by no more than this, so that no rounding makes a whole circle of none, or none of a whole one.
MOST_RAD = 0.999 * np.pi
#: A polyline that turns by more than this at a corner is none that samples a circle (six chords and more).
CORNER_RAD = 1.01 * np.pi / 3.0
#: Paths are rounded to 1 nm: by so much a corner's place is not known.
NOISE_UM = 2e-3
#: Neighbouring corners of one circle have curvatures that agree within this, and what the noise makes of them.
AGREE = 0.3


@dataclass(frozen=True)
class Round:
    """How a dialect writes an arc in the plane of x and y. `flat` are pairs of a label and what follows it (x, y, z, i, j: the centre from
    the arc's start), for both turns: {0} is `cw` or `ccw`; `helix` is for arcs that climb, () where the dialect has none. `usual`: written
    unless a rig says otherwise; `end` follows the last number. `live`: also in prints that the dialect's driver runs."""

    cw: str
    ccw: str
    flat: tuple[tuple[str, str], ...]
    helix: tuple[tuple[str, str], ...]
    usual: bool
    live: bool = True
    end: str = ""

    def labels(self, climbs: bool, left: bool) -> list[tuple[str, str]]:
        form = self.helix if climbs else self.flat
        return [(label.format(self.ccw if left else self.cw), column) for label, column in form]


#: An arc in words: the same with and without a climb.
WORDS = (("{0} X", "x"), (" Y", "y"), (" Z", "z"), (" I", "i"), (" J", "j"))


class Arcs(NamedTuple):
    """A arcs of a toolpath: rows first..last of each, its centre from where it starts [A,2] (um), whether it turns left
    (counter-clockwise), and whether it climbs. All in stage coordinates, whose turns a mirrored axis turns round."""

    first: Ints
    last: Ints
    centre_um: Floats
    left: Bools
    climbs: Bools


_NO_ROWS = np.zeros(0, np.int64)
NONE = Arcs(_NO_ROWS, _NO_ROWS, np.zeros((0, 2)), np.zeros(0, bool), np.zeros(0, bool))


def wanted(rig: Rig, form: Round | None) -> Round | None:
    """The form of arcs in programs for a rig; None where they stay straight."""
    asked = rig.controller.arcs
    return form if form is not None and (form.usual if asked is None else asked) else None


def driven(rig: Rig, form: Round | None) -> Rig:
    """The rig as its live driver takes it. A board that is fed line by line cuts an arc into moves of its own, which nobody outside can count:
    where it is would not be known."""
    if form is None or form.live:
        return rig
    return replace(rig, controller=replace(rig.controller, arcs=False))


def edges(toolpath: Toolpath, low: int, high: int, chunk: int) -> Iterator[tuple[int, int]]:
    """Rows low..high-1 in pieces of `chunk` rows or a little more, so that no filament is cut."""
    begin = low
    while begin < high:
        end = min(begin + chunk, high)
        while end < high:
            look = slice(end, min(end + chunk, high))
            before = slice(look.start - 1, look.stop - 1)
            inside = (toolpath.kind[look] == PRINT) & (toolpath.filament[look] == toolpath.filament[before])
            end = look.start + (len(inside) if inside.all() else int(np.argmin(inside)))
            if end < look.stop:
                break
        yield begin, end
        begin = end


def find(
    toolpath: Toolpath,
    rig: Rig,
    low: int,
    high: int,
    feed: Ints,
    apart: Collection[int],
    climbing: bool,
    decimals: int,
) -> Arcs:
    """The arcs among rows low..high-1, of which `feed[high - low]` are the feeds as written; rows in `apart` follow a line of their own.
    `climbing`: whether an arc may climb; `decimals` of a coordinate in mm."""
    rows = slice(max(low, 1), high)
    n = rows.stop - rows.start
    if n < LEAST_ROWS:
        return NONE
    eligible = (toolpath.kind[rows] == PRINT) & (toolpath.filament[rows] >= 0)
    joined = eligible.copy()
    joined[:1] = False
    joined[1:] &= eligible[:-1]
    if np.count_nonzero(joined) < LEAST_ROWS - 1:
        return NONE
    said = (feed[rows.start - low :], toolpath.filament[rows], toolpath.valve[rows], toolpath.nozzle[rows])
    for column in (*said, *toolpath.pressure_kpa[rows].T):
        joined[1:] &= column[1:] == column[:-1]
    joined[[row - rows.start for row in apart if rows.start <= row < rows.stop]] = False
    starts = np.flatnonzero(~joined)
    length = np.diff(np.append(starts, n))
    long = (length >= LEAST_ROWS) & eligible[starts]
    if not long.any():
        return NONE
    starts, length = starts[long] + rows.start, length[long]
    path = _Path(toolpath, rig, ranges(starts - 1, length + 1), np.cumsum(length + 1), climbing, decimals)
    return path.arcs()


def swept(start: Sequence[float], end: Sequence[float], centre: tuple[float, float], left: bool) -> float:
    """By how much an arc turns about its centre, counter-clockwise above zero; a whole turn where it ends where it begins. ValueError for one
    whose ends lie on circles that differ as LinuxCNC and GRBL let none (more than 5 um and a thousandth)."""
    a, b = (complex(p[0] - centre[0], p[1] - centre[1]) for p in (start, end))
    if abs(abs(a) - abs(b)) > max(5.0, 1e-3 * abs(b)):
        raise ValueError(
            f"an arc about ({centre[0]:g}, {centre[1]:g}) um has ends {abs(a):g} and {abs(b):g} um away"
        )
    turn = float(np.angle(b / a)) if a and b else 0.0
    turn = turn if left else -turn
    turn += 2.0 * np.pi if turn <= 0.0 else 0.0
    return turn if left else -turn


def points_of(decoded: Decoded, within_um: float = 0.01) -> tuple[Floats, Ints]:
    """Stage positions [P,3] along a program, arcs in chords within `within_um` of them, and the row of the program that each belongs to."""
    if not len(decoded.sweep_rad) or not decoded.sweep_rad.any():
        return decoded.stage_um, np.arange(len(decoded.stage_um))
    sweep = decoded.sweep_rad
    before = np.concatenate([decoded.stage_um[:1], decoded.stage_um[:-1]])
    ray = np.where(sweep[:, None] != 0.0, before[:, :2] - decoded.centre_um, 1.0)
    radius = np.hypot(ray[:, 0], ray[:, 1])
    step = 2.0 * np.arccos(1.0 - np.minimum(within_um / radius, 1.0))
    count = np.maximum(np.ceil(np.abs(sweep) / step), 1.0).astype(np.int64)
    row = np.repeat(np.arange(len(sweep)), count)
    part = (ranges(np.zeros_like(count), count) + 1) / count[row]
    turn = sweep[row] * part
    points = before[row] + (decoded.stage_um - before)[row] * part[:, None]
    bent = (sweep[row] != 0.0) & (part < 1.0)
    c, s = np.cos(turn[bent]), np.sin(turn[bent])
    x, y = ray[row[bent]].T
    points[bent, :2] = decoded.centre_um[row[bent]] + np.stack([c * x - s * y, s * x + c * y], axis=1)
    return points, row


def ranges(begin: Ints, count: Ints) -> Ints:
    """begin[0], begin[0] + 1 ... `count[0]` of them, then those of begin[1] ..."""
    out = np.repeat(begin - np.cumsum(count) + count, count)
    out += np.arange(len(out))
    return out


class _Path:
    """Runs of vertices, one behind the other, in stage coordinates: as planned and as written. `rows` are the rows that end at them, the
    first of a run where it begins; `ends` the vertex behind the last of each run."""

    def __init__(
        self, toolpath: Toolpath, rig: Rig, rows: Ints, ends: Ints, climbing: bool, decimals: int
    ) -> None:
        self.rows, self.ends, self.climbing = rows, ends, climbing
        # A run begins where the nozzle of its first row is, whichever the row before had.
        begins = np.append(0, ends[:-1])
        nozzle = toolpath.nozzle[rows]
        nozzle[begins] = toolpath.nozzle[rows[begins] + 1]
        self.at = to_stage(rig, toolpath.position_um[rows], nozzle if nozzle.any() else 0)
        self.x, self.y = (np.ascontiguousarray(self.at[:, k]) for k in (0, 1))
        scale = 10.0 ** (decimals - 3)
        self.written = np.rint(self.at * scale) / scale
        #: Half of the last decimal in x and y at once.
        self.rounding_um = np.sqrt(0.5) / scale
        self.speed = toolpath.speed_um_s[rows]
        x, y = rig.axes["x"], rig.axes["y"]
        self.fastest = min(x.max_speed_um_s, y.max_speed_um_s)
        self.gain = min(axis.acceleration_um_s2 for axis in rig.axes.values())
        self.inside = np.ones(len(rows), bool)
        for k, axis in enumerate((x, y)):
            self.inside &= self.at[:, k] >= axis.min_um + TOLERANCE_UM
            self.inside &= self.at[:, k] <= axis.max_um - TOLERANCE_UM

    def arcs(self) -> Arcs:
        first, last = self._candidates()
        first, last = self._merged(*self._fitting(first, last))
        if not len(first):
            return NONE
        fit = self._fit(first, last)
        centre = fit.centre_um - self.written[first, :2]
        return Arcs(self.rows[first] + 1, self.rows[last], centre, self.curve[first + 1] > 0, fit.climbs)

    def _candidates(self) -> tuple[Ints, Ints]:
        """First and last vertex of stretches whose corners bend alike, none by more than half a turn."""
        step = np.diff(self.at[:, :2], axis=0)
        within = np.ones(len(step), bool)
        within[self.ends[:-1] - 1] = False
        self.length = np.hypot(step[:, 0], step[:, 1])
        a, b = step[:-1], step[1:]
        turn = np.zeros(len(self.at))
        turn[1:-1] = np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], np.einsum("ij,ij->i", a, b))
        self.bent = np.append(0.0, np.cumsum(np.abs(turn)))
        whole = np.zeros(len(self.at))
        whole[1:-1] = np.hypot(*(self.at[2:, :2] - self.at[:-2, :2]).T)
        around = np.full(len(self.at), np.inf)
        around[1:-1] = self.length[:-1] * self.length[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            self.curve = curve = 2.0 * np.sin(turn) / whole
            noise = 2.0 * NOISE_UM / around
            bends = (np.abs(turn) <= CORNER_RAD) & (np.abs(curve) <= (1.0 + AGREE) / LEAST_UM + noise)
            bends &= np.abs(curve) >= 1.0 / MOST_UM
            bends[1:-1] &= within[:-1] & within[1:]
            bends[[0, -1]] = False
            off = np.abs(curve[1:] - curve[:-1])
            most = np.maximum(np.abs(curve[1:]), np.abs(curve[:-1]))
            alike = (off <= AGREE * most + noise[1:] + noise[:-1]) & (curve[1:] * curve[:-1] > 0)
        alike &= bends[1:] & bends[:-1]
        begin = np.flatnonzero(bends & ~np.append(False, alike))
        end = np.flatnonzero(bends & ~np.append(alike, False))
        # Stretches that follow each other share a move: it is the first one's.
        shared = np.append(False, begin[1:] == end[:-1] + 1)
        first, last = begin - 1 + shared, end + 1
        corners = end - begin + 1
        turned = (self.bent[end + 1] - self.bent[begin]) * (corners + 1) / corners
        parts = np.ceil(turned / MOST_RAD).astype(np.int64)
        which, number = np.repeat(np.arange(len(first)), parts), ranges(np.zeros_like(parts), parts)
        size = (last - first)[which]
        return (
            first[which] + number * size // parts[which],
            first[which] + (number + 1) * size // parts[which],
        )

    def _fitting(self, first: Ints, last: Ints) -> tuple[Ints, Ints]:
        """Stretches that are arcs: what is none is halved until it is."""
        found = [(first[:0], last[:0])]
        while len(first):
            worth = last - first >= LEAST_ROWS
            first, last = first[worth], last[worth]
            good = self._fit(first, last).good
            found.append((first[good], last[good]))
            first, last = first[~good], last[~good]
            half = (first + last) // 2
            first, last = np.concatenate([first, half]), np.concatenate([half, last])
        first, last = (np.concatenate(ends) for ends in zip(*found, strict=True))
        order = np.argsort(first)
        return first[order], last[order]

    def _merged(self, first: Ints, last: Ints) -> tuple[Ints, Ints]:
        """Neighbours that are one arc together made one, in pairs, until none is left."""
        idle = 0
        while idle < 2 and len(first) > 1:
            follows = np.append(False, first[1:] == last[:-1])
            # Its place in the chain of neighbours: even ones take the next, then odd ones do.
            place = np.arange(len(first))
            place -= np.maximum.accumulate(np.where(follows, 0, place))
            left = np.flatnonzero(follows[1:] & (place[:-1] % 2 == idle))
            good = left[self._fit(first[left], last[left + 1]).good]
            idle = 0 if len(good) else idle + 1
            keep = np.ones(len(first), bool)
            keep[good + 1] = False
            last = last.copy()
            last[good] = last[good + 1]
            first, last = first[keep], last[keep]
        return first, last

    def _fit(self, first: Ints, last: Ints) -> _Fit:
        """The arc from each first vertex, as written, to the last whose centre is nearest to all vertices between."""
        if not len(first):
            return _Fit(np.zeros(0, bool), np.zeros((0, 2)), np.zeros(0, bool))
        count = last - first + 1
        own, begins = ranges(first, count), np.cumsum(count) - count
        start, end = self.written[first], self.written[last]
        chord = (end - start)[:, :2]
        half = 0.5 * np.hypot(chord[:, 0], chord[:, 1])
        x, y = self.x[own], self.y[own]
        with np.errstate(divide="ignore", invalid="ignore"):
            normal = np.stack([-chord[:, 1], chord[:, 0]], axis=1) / (2.0 * half)[:, None]
            middle = 0.5 * (start + end)[:, :2]
            qx, qy = x - np.repeat(middle[:, 0], count), y - np.repeat(middle[:, 1], count)
            beside = qx * np.repeat(normal[:, 0], count) + qy * np.repeat(normal[:, 1], count)
            # |q|^2 - 2 t beside = half^2 on the circle about middle + t normal: the t of least squares.
            power = qx * qx + qy * qy - np.repeat(half * half, count)
            t = 0.5 * np.add.reduceat(beside * power, begins) / np.add.reduceat(beside * beside, begins)
            centre = middle + t[:, None] * normal
            radius = np.hypot(half, t)
            sign = np.sign(self.curve[first + 1])
            sweep = 2.0 * np.arctan2(half, t * sign)
            x -= np.repeat(centre[:, 0], count)
            y -= np.repeat(centre[:, 1], count)
            off = np.abs(np.hypot(x, y) - np.repeat(radius, count))
            away = np.maximum.reduceat(off, begins)
            # Chords of a piece: those that end at its vertices, without its first.
            sizes = self.length[np.maximum(own - 1, 0)]
            sizes[begins] = 0.0
            longest = np.maximum.reduceat(sizes, begins)
            # Bend of the plan itself: the fit of a few moves may find a wider circle than theirs.
            way = np.add.reduceat(sizes, begins) - 0.5 * (self.length[first] + self.length[last - 1])
            bend = (self.bent[last] - self.bent[first + 1]) / way
            away += longest * longest / (8.0 * radius)
            speed = self.speed[last]
            near = TOLERANCE_UM + self.rounding_um
            good = (away <= near) & (radius >= LEAST_UM) & (radius <= MOST_UM)
            good &= (sweep <= MOST_RAD) & (radius * (1.0 - np.cos(0.5 * sweep)) >= TOLERANCE_UM)
            good &= (speed <= self.fastest) & (speed * speed * bend <= self.gain)
            good &= np.logical_and.reduceat(self.inside[own], begins)
        rise = end[:, 2] - start[:, 2]
        climbs = rise != 0.0
        # Heights cost most, and most of what is tried is no arc in the plane.
        flat = np.flatnonzero(good)
        if len(flat):
            count, at = count[flat], np.repeat(good, count)
            x, y, z = x[at], y[at], self.at[own[at], 2]
            ray = np.repeat((start[:, :2] - centre)[flat], count, axis=0)
            across = (ray[:, 0] * y - ray[:, 1] * x) * np.repeat(sign[flat], count)
            angle = np.arctan2(across, ray[:, 0] * x + ray[:, 1] * y)
            high = np.repeat(start[flat, 2], count) + np.repeat(rise[flat] / sweep[flat], count) * angle
            uneven = np.maximum.reduceat(np.abs(z - high), np.cumsum(count) - count)
            good[flat] = uneven <= near
            if not self.climbing:
                good[flat] &= ~climbs[flat] & (uneven <= self.rounding_um)
        return _Fit(good, centre, climbs)


class _Fit(NamedTuple):
    """Of pieces: whether each is an arc, its centre [A,2], and whether it climbs."""

    good: Bools
    centre_um: Floats
    climbs: Bools
