"""The solid that lines of voxels make: their union, where sections alone (ellipses around the lines) tell too little volume.

Figures take a strut for the ellipse around its lines. Rows of upright voxels fill corners that it leaves out, so a hatched strut
holds more, and shares more with those that it crosses. Both are found from the lines themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..filaments import FilamentSet, Floats, Ints

if TYPE_CHECKING:
    from ..build import Job
    from .writing import Light

#: Heights at which a section is measured, and sections of different shape that are measured one by one.
_HEIGHTS, _CLASSES = 400, 256

#: Contacts that are looked at, and points in each.
_PLACES, _POINTS = 48, 1 << 12

#: Struts to a layer, and layers, from which contacts are taken where a part has too many of them to list.
_FEW, _LAYERS = 20, 6


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One section of a strut: its lines at `across_um[L]` and `above_um[L]` of its axis, their voxel, the power of each in thresholds,
    and the ellipse around them."""

    across_um: Floats
    above_um: Floats
    voxel_um: tuple[float, float]
    share: float
    around_um: tuple[float, float]

    def holds(self, across_um: Floats, above_um: Floats) -> np.ndarray:
        """Points that lie in a voxel, [N]."""
        y = (across_um[:, None] - self.across_um) / (0.5 * self.voxel_um[0])
        z = (above_um[:, None] - self.above_um) / (0.5 * self.voxel_um[1])
        return np.asarray((y * y + z * z <= 1.0).any(axis=1))

    def area_um2(self) -> float:
        """Area of the union of its voxels: the widths of what they cover, height by height."""
        a, b = 0.5 * self.voxel_um[0], 0.5 * self.voxel_um[1]
        low, high = float(self.above_um.min()) - b, float(self.above_um.max()) + b
        z = low + (np.arange(_HEIGHTS) + 0.5) * (high - low) / _HEIGHTS
        half = a * np.sqrt(np.maximum(1.0 - ((z[:, None] - self.above_um) / b) ** 2, 0.0))
        order = np.argsort(self.across_um - half, axis=1)
        begin = np.take_along_axis(self.across_um - half, order, axis=1)
        end = np.maximum.accumulate(np.take_along_axis(self.across_um + half, order, axis=1), axis=1)
        before = np.concatenate([begin[:, :1], end[:, :-1]], axis=1)
        return float(np.maximum(end - np.maximum(begin, before), 0.0).sum() * (high - low) / _HEIGHTS)


def section_of(light: Light, strut: int, point: int) -> Section:
    """The section of a strut at one of its points (a row of the points of all)."""
    s, rows = light.sections, light.rows
    mine = slice(*np.searchsorted(rows.strut, [strut, strut + 1]).tolist())
    lines = rows.lines[mine]
    row = np.repeat(np.arange(len(lines)), lines)
    k = np.arange(len(row)) - np.repeat(np.cumsum(lines) - lines, lines)
    place = np.where(lines[row] > 1, 2.0 * k / np.maximum(lines[row] - 1, 1) - 1.0, 0.0)
    above = rows.level[mine][row] * s.lift_um()[point]
    across = place * s.reach_um(above, np.full(len(row), point))
    state = light.struts.state("wet")
    wide, high = float(s.voxel_wide_um[point]), float(s.voxel_high_um[point])
    share = float(np.exp((0.5 * wide / light.how.w_xy) ** 2))
    return Section(
        across, above, (wide, high), share, (float(state.width_um[point]), float(state.height_um[point]))
    )


def fullness(light: Light) -> Floats:
    """Volume of every strut's lines over that of the ellipse around them, [F]; 1 for a single line."""
    offsets = light.struts.offsets
    total = np.bincount(light.rows.strut, light.rows.lines, minlength=len(light.struts))
    out = np.ones(len(light.struts))
    hatched = np.flatnonzero(total > 1)
    if not len(hatched):
        return out
    s = light.sections
    ends = np.stack(
        [offsets[hatched], (offsets[hatched] + offsets[hatched + 1] - 1) // 2, offsets[hatched + 1] - 1]
    )
    columns = [c[ends[k]] for k in range(3) for c in (s.wide_um, s.high_um, s.voxel_wide_um, s.voxel_high_um)]
    keys = np.round(np.column_stack([*columns, s.rows[hatched], total[hatched]]), 6)
    _, head, of = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    step = -(-len(head) // _CLASSES)
    looked = np.arange(0, len(head), step)
    found = np.array([_full(light, int(hatched[i]), ends[:, i].tolist()) for i in head[looked]])
    out[hatched] = found[np.minimum(of.ravel() // step, len(found) - 1)]
    return out


def _full(light: Light, strut: int, points: Sequence[int]) -> float:
    """Lines over ellipse of one strut, by Simpson's rule over its ends and its middle."""
    area = around = 0.0
    for point, weight in zip(points, (1.0, 4.0, 1.0), strict=True):
        section = section_of(light, strut, point)
        area += weight * section.area_um2()
        around += weight * 0.25 * np.pi * section.around_um[0] * section.around_um[1]
    return area / around


def shared_ratio(light: Light) -> float:
    """What lines of struts share where those touch, over what their ellipses share: points are counted at some of the contacts."""
    one, two, at1, at2 = _contacts(light)
    if not len(one):
        return 1.0
    some = np.linspace(0, len(one) - 1, min(_PLACES, len(one))).astype(np.int64)
    lines = ellipses = 0.0
    for k, i in enumerate(some.tolist()):
        found = _shared(light, (int(one[i]), float(at1[i])), (int(two[i]), float(at2[i])), k)
        lines, ellipses = lines + found[0], ellipses + found[1]
    return lines / ellipses if ellipses > 0.0 else 1.0


def _contacts(light: Light) -> tuple[Ints, Ints, Floats, Floats]:
    graph = light.graph
    if graph.carried is None:
        return graph.one, graph.two, graph.at1, graph.at2
    from ..figures.contacts import find_contacts

    layer = light.struts.layer
    low = np.unique(layer)[:_LAYERS]
    few = np.concatenate([np.flatnonzero(layer == k)[:_FEW] for k in low])
    places = find_contacts(light.struts.take(few), "wet", pairs=True).places
    one, two = (few[np.concatenate([getattr(p, n) for p in places])] for n in ("one", "two"))
    return one, two, *(np.concatenate([getattr(p, n) for p in places]) for n in ("part1", "part2"))


@dataclass(frozen=True, slots=True, eq=False)
class _Rod:
    """A strut near a contact: its section, its axis there with the axes of the section, and how far it goes on to either end."""

    section: Section
    at_um: Floats
    axes: Floats
    before_um: float
    after_um: float

    def within(self, points_um: Floats) -> tuple[np.ndarray, Floats]:
        """Points between its ends and in the box around its section [N], and all of them in its axes [N,3]."""
        own = (points_um - self.at_um) @ self.axes.T
        half = 0.5 * np.array(self.section.around_um)
        kept = (own[:, 0] >= -self.before_um) & (own[:, 0] <= self.after_um)
        return kept & (np.abs(own[:, 1:]) <= half).all(axis=1), own


def _rod(light: Light, strut: int, part: float) -> _Rod:
    s = light.sections
    first, stop = light.struts.offsets[strut : strut + 2].tolist()
    p = s.points_um[first:stop]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
    at = part * along[-1]
    k = int(np.clip(np.searchsorted(along, at, "right") - 1, 0, len(p) - 2))
    step = p[k + 1] - p[k]
    tangent = step / np.linalg.norm(step)
    side = s.side[first + k] / np.linalg.norm(s.side[first + k])
    axes = np.stack([tangent, side, np.cross(tangent, side)])
    return _Rod(
        section_of(light, strut, first + k), p[k] + (at - along[k]) * tangent, axes, at, float(along[-1]) - at
    )


def _shared(light: Light, one: tuple[int, float], two: tuple[int, float], turn: int) -> tuple[float, float]:
    """Volume that two struts share at a contact: their lines, and their ellipses, um^3."""
    a, b = _rod(light, *one), _rod(light, *two)
    sine = max(float(np.linalg.norm(np.cross(a.axes[0], b.axes[0]))), 0.2)
    far = (max(a.section.around_um) + max(b.section.around_um)) / sine
    low, high = max(-far, -a.before_um), min(far, a.after_um)
    wide, tall = a.section.around_um
    # A lattice of points in a box, shifted at every contact: the additive recurrence of the plastic number in three dimensions.
    root = 1.2207440846057596
    at = np.mod((np.arange(1, _POINTS + 1)[:, None] + 0.5 * turn) * root ** -np.arange(1.0, 4.0), 1.0)
    own = np.array([low, -0.5 * wide, -0.5 * tall]) + at * np.array([high - low, wide, tall])
    kept, other = b.within(a.at_um + own @ a.axes)
    own, other = own[kept], other[kept]
    cell = (high - low) * wide * tall / _POINTS
    lines = a.section.holds(own[:, 1], own[:, 2]) & b.section.holds(other[:, 1], other[:, 2])
    around = _ellipse(a, own) & _ellipse(b, other)
    return cell * float(lines.sum()), cell * float(around.sum())


def _ellipse(rod: _Rod, own: Floats) -> np.ndarray:
    wide, tall = rod.section.around_um
    return np.asarray((own[:, 1] / wide) ** 2 + (own[:, 2] / tall) ** 2 <= 0.25)


def fill_in(found: dict[str, Any], jobs: Sequence[Job]) -> None:
    """Put the volume of hatched struts right in figures of `jobs` as they lie together, in place: swept and whole volume, the share of
    space that they fill, and what each resin takes. Contacts, gaps and surfaces stay those of the ellipses."""
    from ..measure import measure_state, sweep

    for job in jobs:
        light = job.light
        if light is None or int(light.rows.lines.sum()) == len(light.struts):
            continue
        factor = fullness(light) - 1.0
        ratio = shared_ratio(light)
        wet = sweep(light.struts, "wet").volume_um3
        alone = measure_state(light.struts, "wet")
        swept = float((factor * wet).sum())
        more = swept - (ratio - 1.0) * (alone.swept_um3 - alone.volume_um3)
        by_ink: Floats = np.bincount(
            light.struts.material, factor * wet, minlength=len(light.struts.inks)
        ).astype(np.float64)
        for name, scale in (("wet", 1.0), ("dried", (1.0 - light.how.shrink) ** 3)):
            row = found.get(name)
            if row is None:
                continue
            share = 1.0 + scale * more / row["volume_um3"]
            row["volume_um3"] *= share
            row["envelope_fraction"] *= share
            row["solid_fraction"] *= share
            row["swept_um3"] += scale * swept
            row["exact"] = False
            row["materials"] = _fuller(row["materials"], light.struts, scale * by_ink)
        if "materials" in found:
            found["materials"] = _fuller(found["materials"], light.struts, by_ink)


def _fuller(
    rows: dict[str, dict[str, Any]], struts: FilamentSet, more_um3: Floats
) -> dict[str, dict[str, Any]]:
    out = {name: dict(row) for name, row in rows.items()}
    for k, ink in enumerate(struts.inks):
        row = out.get(ink.name)
        if row is None or not more_um3[k]:
            continue
        if "nanocrystal_um3" in row:
            row["nanocrystal_um3"] *= 1.0 + more_um3[k] / row["volume_um3"]
        row["volume_um3"] += float(more_um3[k])
    return out
