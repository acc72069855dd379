"""Course of a print, filament by filament: when, how fast, at which pressure, what is there at a time, and where the tip is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import FilamentSet, Floats, Ints, filaments, join
from ..kernel.material import Ink
from ..kernel.motion import PRINT, Toolpath
from ..kernel.planning.tip import radius_at_um
from ..kernel.rig import Nozzle, Rig
from ..kernel.scene import StateName

if TYPE_CHECKING:
    from ..kernel.toolpath.dosing import Dosing

#: The colour of a nozzle in pictures: glass.
GLASS = "#9fb6c3"


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """`part` as it is printed (the planner may cut filaments); `order int64[F]` filaments by place, `place` the place of each.
    By filament: `begin_s`, `end_s` from the start of the print, `speed_um_s` (mean), `pressure_kpa`, `reverse`, `nozzle`; of what is
    written with light `block`, counted from 1, and `power_mw` (mean), both None where nothing is."""

    part: FilamentSet
    order: Ints
    place: Ints
    begin_s: Floats
    end_s: Floats
    speed_um_s: Floats
    pressure_kpa: Floats
    reverse: npt.NDArray[np.bool_]
    nozzle: Ints
    nozzles: tuple[Nozzle, ...]
    block: Floats | None = None
    power_mw: Floats | None = None


def followed(toolpath: Toolpath, rig: Rig, dosing: Dosing) -> Course:
    """The course of a toolpath."""
    plan = toolpath.plan
    f = len(plan.filaments)
    begin, end = printed_s(toolpath)
    length = np.bincount(
        np.maximum(toolpath.filament, 0),
        np.where(toolpath.filament >= 0, toolpath.lengths_um(rig), 0.0),
        f,
    )
    place = np.empty(f, np.int64)
    place[plan.order] = np.arange(f)
    took = (end - begin)[place]
    speed = np.divide(length, took, out=np.zeros(f), where=took > 0)
    return Course(
        plan.filaments,
        plan.order,
        place,
        begin[place],
        end[place],
        speed,
        dosing.pressure_kpa[place],
        plan.reverse[place],
        plan.nozzle[place].astype(np.int64),
        tuple(rig.nozzles),
    )


def printed_s(toolpath: Toolpath) -> tuple[Floats, Floats]:
    """Begin and end of every filament, s from the start of the print, by place in the order."""
    order = toolpath.plan.order
    rows = np.flatnonzero(toolpath.kind == PRINT)
    which = toolpath.filament[rows]
    begin, end = np.full(len(order), np.inf), np.zeros(len(order))
    before = np.concatenate([[0.0], toolpath.time_s[:-1]])[rows] + toolpath.waits_s()[rows]
    np.minimum.at(begin, which, before)
    np.maximum.at(end, which, toolpath.time_s[rows])
    begin = np.where(np.isfinite(begin), begin, end)
    return begin[order], end[order]


def there_at(
    course: Course, time_s: float, state: StateName = "wet"
) -> tuple[FilamentSet | None, int, Floats]:
    """What is there at a time: filaments that are done and the one that is being printed as far as it is; the filament at
    which the tip is, and its place there [3]. None before the first one has begun."""
    ends = course.end_s[course.order]
    done = min(int(np.searchsorted(ends, time_s, side="right")), len(course.order))
    sets = [course.part.take(np.sort(course.order[:done]))] if done else []
    now = int(course.order[min(done, len(course.order) - 1)])
    share = 1.0
    if done < len(course.order):
        took = course.end_s[now] - course.begin_s[now]
        share = float(np.clip((time_s - course.begin_s[now]) / took, 0.0, 1.0)) if took > 0 else 0.0
    begun, tip = begun_filament(course.part, now, share, bool(course.reverse[now]), state)
    if begun is not None and done < len(course.order):
        sets.append(begun)
    there = None if not sets else join(sets) if len(sets) > 1 else sets[0]
    return there, now, tip


def begun_filament(
    part: FilamentSet, which: int, share: float, reverse: bool, state: StateName
) -> tuple[FilamentSet | None, Floats]:
    """The first part of a filament, `share` of its length from where it begins, and the place of the tip above its end: the top of
    its centreline's section [3]. None for a share of 0."""
    rows = np.arange(int(part.offsets[which]), int(part.offsets[which + 1]))
    if reverse:
        rows = rows[::-1]
    s = part.state(state)
    points, width, height = s.points_um[rows], s.width_um[rows], s.height_um[rows]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = share * along[-1]
    end = np.array([np.interp(at, along, points[:, k]) for k in range(3)])
    high = float(np.interp(at, along, height))
    tip = end + np.array([0.0, 0.0, 0.5 * high])
    kept = along < at
    if not kept.any():
        return None, tip
    points = np.vstack([points[kept], end])
    width = np.append(width[kept], np.interp(at, along, width))
    height = np.append(height[kept], high)
    return (
        filaments(
            points, np.array([len(points)]), width_um=width, height_um=height, material=part.material[which],
            layer=part.layer[which], origin=part.origin[which], inks=part.inks, spans=part.spans, state=state,
        ),
        tip,
    )  # fmt: skip


def nozzle_at(
    part: FilamentSet, nozzle: Nozzle, tip_um: Floats, high_um: float, state: StateName
) -> FilamentSet:
    """The lower end of a nozzle as a filament of glass, to scale: its outside from the tip up to `high_um` above it."""
    steps = [h for h, _ in nozzle.cone_um if 0.0 < h < high_um]
    at = np.array([0.0, *steps, high_um])
    width = 2.0 * radius_at_um(nozzle, at)
    # What is fed by no dispenser is a focus.
    glass = _glass(part.inks[0], "nozzle" if nozzle.boxes[0] else nozzle.name)
    return filaments(
        np.asarray(tip_um) + at[:, None] * np.array([0.0, 0.0, 1.0]), np.array([len(at)]), width_um=width,
        material=0, layer=int(part.layer.max(initial=0)), origin=0, inks=(glass,), spans=part.spans[:1], state=state,
    )  # fmt: skip


def _glass(like: Ink, name: str) -> Ink:
    return replace(like, name=name, nanocrystal=name, colour=GLASS, parts=())
