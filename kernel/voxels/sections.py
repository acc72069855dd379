"""Sections: how wide and high every strut will stand at each of its points, with which power, and in how many rows of lines.

A strut as thin as the voxel is one line, whose power makes it as wide as the strut. A wider or higher one is filled with lines along
its axis: rows `slice` apart, each as long as the ellipse of the section is wide there, of lines `hatch` apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..filaments import FilamentSet, Floats, Ints, State
from . import optics
from .settings import Settings

#: Parts of a line's distance by which a section may be too wide before another line is needed.
_FIT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """Of P points of F struts, in the state that is written: `points_um[P,3]`, wanted width and height, voxel of one line (width,
    height) and its power, and the unit vectors `side[P,3]` (level) and `up[P,3]` in which a section is hatched, longer at bends so
    that lines stay parallel. `climb2[P]`: squared sine of the climb. `rows int64[F]`: rows of lines one above the other; `counts int64[F]`:
    points of every strut."""

    points_um: Floats
    wide_um: Floats
    high_um: Floats
    voxel_wide_um: Floats
    voxel_high_um: Floats
    power: Floats
    side: Floats
    up: Floats
    climb2: Floats
    rows: Ints
    counts: Ints

    def at(self, pick: Callable[[Floats], Floats], counts: Ints) -> Sections:
        """The sections at other points: `pick` takes a column there, `counts` are the points of each stretch."""
        return Sections(
            pick(self.points_um), pick(self.wide_um), pick(self.high_um), pick(self.voxel_wide_um),
            pick(self.voxel_high_um), pick(self.power), pick(self.side), pick(self.up), pick(self.climb2),
            self.rows, counts,
        )  # fmt: skip

    def lift_um(self) -> Floats:
        """Half of the way from the lowest to the highest row, [P]."""
        return np.maximum(0.5 * (self.high_um - self.voxel_high_um), 0.0)

    def reach_um(self, height_um: Floats, rows: Ints | slice = slice(None)) -> Floats:
        """Half of the way from the first to the last line of a row `height_um` above the axis, at the points `rows`."""
        wide, high = self.wide_um[rows], self.high_um[rows]
        chord = wide * np.sqrt(np.maximum(1.0 - (2.0 * height_um / high) ** 2, 0.0))
        return np.maximum(0.5 * (chord - self.voxel_wide_um[rows]), 0.0)

    def standing(self) -> State:
        """What stands: the outline of each strut's lines."""
        m = self.rows_at
        # With an even number of rows none lies at the axis; the two beside it are the longest.
        middle = np.where(m % 2 == 0, self.lift_um() / np.maximum(m - 1, 1), 0.0)
        width = 2.0 * self.reach_um(middle) + self.voxel_wide_um
        height = np.where(m > 1, np.maximum(self.high_um, self.voxel_high_um), self.voxel_high_um)
        return State(self.points_um, width, height)

    @property
    def rows_at(self) -> Ints:
        return np.repeat(self.rows, self.counts)


def sections_of(filaments: FilamentSet, state: State, how: Settings) -> Sections:
    """Sections of the struts whose wanted shape, as it is written, is `state`."""
    tangent, miter = tangents(filaments, state.points_um)
    climb2 = np.minimum(tangent[:, 2] ** 2, 1.0)
    upright = optics.upright_um(climb2, how.w_xy, how.w_z)
    along = optics.along_um(climb2, how.w_xy, how.w_z)
    time = optics.line_time_s(1.0, how.scan_speed) * along
    wide = state.width_um.copy()
    if how.power is not None:
        share = optics.dose_share(how.power, 1.0, how.threshold_power, how.threshold_time) * time
        voxel = 2.0 * how.w_xy * np.sqrt(np.log(np.maximum(share, 1.0)))
        wide = np.minimum(wide, voxel)
    power = optics.power_for(wide, how.w_xy, time, how.threshold_power, how.threshold_time)
    if how.power is not None:
        power = np.where(voxel <= state.width_um, how.power, power)
    high = wide * upright / how.w_xy
    # Rows lie `slice` apart in an upright section and `hatch` in that of a vertical line.
    apart = np.sqrt((1.0 - climb2) * how.slice_um**2 + climb2 * how.hatch_um**2)
    counts = np.diff(filaments.offsets)
    more = np.ceil((state.height_um - high) / apart - _FIT)
    rows = 1 + np.maximum(np.maximum.reduceat(more, filaments.offsets[:-1]), 0.0).astype(np.int64)
    flat = np.hypot(tangent[:, 0], tangent[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        side = np.stack([-tangent[:, 1] / flat, tangent[:, 0] / flat, np.zeros(len(flat))], axis=1)
    side[flat < 1e-9] = (1.0, 0.0, 0.0)
    up = np.cross(tangent, side)
    return Sections(
        state.points_um, state.width_um, state.height_um, wide, high, power,
        side * miter[:, None], up, climb2, rows, counts,
    )  # fmt: skip


def tangents(filaments: FilamentSet, points_um: Floats) -> tuple[Floats, Floats]:
    """Unit tangent at every point (the mean of both segments there) [P,3], and by how much a parallel line is farther away at that
    bend [P], at most twice."""
    first, _ = filaments.segments()
    step = points_um[first + 1] - points_um[first]
    length = np.linalg.norm(step, axis=1, keepdims=True)
    unit = np.divide(step, length, out=np.zeros_like(step), where=length > 0)
    before, after = np.zeros_like(points_um), np.zeros_like(points_um)
    after[first], before[first + 1] = unit, unit
    begin, end = filaments.offsets[:-1], filaments.offsets[1:] - 1
    closed = (points_um[begin] == points_um[end]).all(axis=1) & (end - begin > 1)
    before[begin] = np.where(closed[:, None], before[end], after[begin])
    after[end] = np.where(closed[:, None], after[begin], before[end])
    total = before + after
    size = np.linalg.norm(total, axis=1)
    sharp = size < 1.0  # turns back by more than 120 degrees: no mean that means anything
    total[sharp], size[sharp] = after[sharp], 1.0
    return total / size[:, None], np.where(sharp, 1.0, 2.0 / size)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of lines, by strut and from below: `strut int64[R]`, `row` counts those of a strut, `level` its place from -1 (lowest) to
    1, `lines int64[R]` that it has, `apart_um[R]` the largest distance of neighbouring ones, 0 for a single line."""

    strut: Ints
    row: Ints
    level: Floats
    lines: Ints
    apart_um: Floats


def rows_of(s: Sections, how: Settings) -> Rows:
    """The rows that fill the struts of `s`."""
    strut = np.repeat(np.arange(len(s.rows)), s.rows)
    row = np.arange(len(strut)) - np.repeat(np.cumsum(s.rows) - s.rows, s.rows)
    level = np.where(s.rows[strut] > 1, 2.0 * row / np.maximum(s.rows[strut] - 1, 1) - 1.0, 0.0)
    starts = np.cumsum(s.counts) - s.counts
    # Every row looks at all points of its strut; the widest decides how many lines it has.
    counts = s.counts[strut]
    point = ranges(starts[strut], counts)
    of_row = np.repeat(np.arange(len(strut)), counts)
    reach = s.reach_um(level[of_row] * s.lift_um()[point], point)
    widest = 2.0 * np.maximum.reduceat(reach, np.cumsum(counts) - counts)
    lines = 1 + np.maximum(np.ceil(widest / how.hatch_um - _FIT), 0.0).astype(np.int64)
    return Rows(strut, row, level, lines, np.where(lines > 1, widest / np.maximum(lines - 1, 1), 0.0))


def fill(rows: Rows) -> tuple[Ints, Ints, Floats, Floats]:
    """Lines that fill struts: (strut, row of the strut, place in that row from -1 to 1, place of the row from -1 to 1), all [L], by
    strut and by row from below."""
    which = np.repeat(np.arange(len(rows.strut)), rows.lines)
    k = np.arange(len(which)) - np.repeat(np.cumsum(rows.lines) - rows.lines, rows.lines)
    many = rows.lines[which]
    across = np.where(many > 1, 2.0 * k / np.maximum(many - 1, 1) - 1.0, 0.0)
    return rows.strut[which], rows.row[which], across, rows.level[which]


def ranges(starts: Ints, counts: Ints) -> Ints:
    """starts[0], starts[0] + 1 ... (counts[0] of them), then those of the next."""
    total = np.cumsum(counts)
    found: Ints = np.arange(int(total[-1]) if len(total) else 0) + np.repeat(
        starts - (total - counts), counts
    )
    return found
