"""Doses of neighbouring lines, added up: how much the middle of a hatched strut gets, and which gaps close between struts.

What a line leaves is a Gaussian across it (optics.py), and dose adds to dose, however long ago the other line was written (assumed:
the film forgets nothing and is not used up).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..filaments import Floats
from . import optics
from .solid import Section, section_of

if TYPE_CHECKING:
    from .writing import Light

#: Sections of different shape that are looked at, lines of one at which the dose is added up, and places in a gap.
_CLASSES, _LINES, _PLACES = 64, 256, 101


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that any place of a strut gets: `times` the dose of one line, at a point (row of all points) whose line has `power`;
    `twice` where it is cut at a seam, and lines are written from either side."""

    times: float
    power: float
    point: int
    twice: bool = False

    @property
    def alone(self) -> float:
        """The power with which one line leaves as much by itself."""
        return self.power * math.sqrt(self.times)


def peak(light: Light) -> Peak:
    """The largest dose, as a power of one line, among the struts. Looks at the first point of one strut of each shape."""
    s, offsets = light.sections, light.struts.offsets[:-1]
    lines = np.bincount(light.rows.strut, light.rows.lines, minlength=len(offsets))
    cut = (np.bincount(light.pieces.strut, minlength=len(offsets)) > 1) & (light.how.overlap > 0.0)
    columns = (s.wide_um, s.high_um, s.voxel_wide_um, s.climb2)
    shape = [*(c[offsets] for c in columns), s.rows, lines, cut]
    _, heads = np.unique(np.round(np.column_stack(shape), 6), axis=0, return_index=True)
    heads = heads[:: -(-len(heads) // _CLASSES)]
    found = []
    for strut in heads.tolist():
        point = int(offsets[strut])
        times = _most(light, section_of(light, strut, point), point) * (2.0 if cut[strut] else 1.0)
        found.append(Peak(times, float(s.power[point]), point, bool(cut[strut])))
    return max(found, key=lambda p: p.alone)


def _most(light: Light, section: Section, point: int) -> float:
    """Dose at that line of a section which gets most, over that of a line by itself."""
    n = len(section.across_um)
    # The lines nearest to the axis have the most neighbours.
    near = np.argsort(np.hypot(section.across_um, section.above_um), kind="stable")[:_LINES]
    high = float(optics.upright_um(light.sections.climb2[point], light.how.w_xy, light.how.w_z))
    best = 1.0
    at_once = max(1, (1 << 20) // n)
    for k in range(0, len(near), at_once):
        some = near[k : k + at_once]
        across = (section.across_um[some, None] - section.across_um) / light.how.w_xy
        above = (section.above_um[some, None] - section.above_um) / high
        best = max(best, float(np.exp(-(across**2) - above**2).sum(axis=1).max()))
    return best


def closed(light: Light, one: int, two: int, gap_um: float) -> bool:
    """Whether the gap between two level struts beside each other takes more than the threshold all the way across, at the height of one
    of their rows. `one` and `two` are points of theirs."""
    strut = [int(np.searchsorted(light.struts.offsets, p, "right")) - 1 for p in (one, two)]
    a, b = (section_of(light, s, p) for s, p in zip(strut, (one, two), strict=True))
    x = np.linspace(0.0, gap_um, _PLACES)
    begin = float(a.across_um.max()) + 0.5 * a.voxel_um[0]
    end = float(b.across_um.min()) - 0.5 * b.voxel_um[0]
    for z in np.unique(np.round(a.above_um, 6)).tolist():
        own = _dose(light, a, begin + x, z)
        other = _dose(light, b, end - gap_um + x, z)
        if float((own + other).min()) >= 1.0:
            return True
    return False


def least_gap_um(light: Light, one: int, two: int) -> float:
    """The narrowest gap between two such struts that stays open, to a hundredth of the focus."""
    low, high = 0.0, 2.0 * light.how.w_xy
    while closed(light, one, two, high):
        low, high = high, 2.0 * high
    while high - low > 0.01 * light.how.w_xy:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if closed(light, one, two, middle) else (low, middle)
    return high


def _dose(light: Light, section: Section, across_um: Floats, above_um: float) -> Floats:
    """Dose of the lines of a level strut at places beside it, in thresholds, [N]."""
    y = (across_um[:, None] - section.across_um) / light.how.w_xy
    z = (above_um - section.above_um) / light.how.w_z
    found: Floats = section.share * np.exp(-(y**2) - z**2).sum(axis=1)
    return found
