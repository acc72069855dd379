"""What of a plan would hit or hang: nozzles that run into what is printed, filaments in each other's way, and filaments on nothing."""

from __future__ import annotations

import numpy as np

from ..diagnostics import Diagnostic, Related, Span, error, warning
from ..motion import Toolpath
from ..plan import Plan
from ..rig import Nozzle, Rig
from .beads import sample
from .clearance import beside_of, clearance
from .precede import MOST_PRESS

#: A nozzle that is not at work stays so far from what is printed.
IDLE_UM = 1.0


def span_of(plan: Plan, filament: int) -> Span:
    return plan.filaments.spans[int(plan.filaments.origin[filament])]


def _widest_um(nozzle: Nozzle) -> float:
    return 2.0 * max(radius for _, radius in nozzle.cone_um)


def idle_nozzles(plan: Plan, rig: Rig, toolpath: Toolpath | None) -> list[Diagnostic]:
    """Nozzles that hang beside the one that prints must not stand over the part."""
    used = np.unique(plan.nozzle).tolist()
    if len(rig.nozzles) < 2 or not used:
        return []
    points = plan.filaments.state("wet").points_um
    size = np.ptp(points[:, :2], axis=0)
    found = []
    for n in used:
        for m, idle in enumerate(rig.nozzles):
            # A nozzle that is fitted by hand is not there while another prints.
            if m == n or idle.manual:
                continue
            apart = np.array(idle.offset_um) - np.array(rig.nozzles[n].offset_um)
            if apart[2] >= rig.heights.clear_um or (np.abs(apart[:2]) > size + _widest_um(idle)).any():
                continue
            # By the box alone it may hang over the part; with a toolpath it is seen what stands there by then.
            least = beside_of(toolpath, rig, n, m) if toolpath is not None else None
            if least is not None and least.least_um >= IDLE_UM:
                continue
            deep = "" if least is None else f", with {least.least_um:.4g} um between it and what is printed"
            first = int(plan.order[0])
            met = first if least is None or least.filament < 0 else least.filament
            ahead = (
                np.zeros(0, np.int64) if least is None or toolpath is None else toolpath.filament[least.row :]
            )
            moving = int(ahead[ahead >= 0][0]) if (ahead >= 0).any() else first
            found.append(
                error(
                    "R522",
                    f"{np.abs(apart[0]):g} and {np.abs(apart[1]):g} um in x and y from nozzle `{rig.nozzles[n].name}`, nozzle "
                    f"`{idle.name}` hangs over the part while that one prints{deep}; the part is {size[0]:.4g} by {size[1]:.4g} um",
                    span_of(plan, moving),
                    related=(Related(span_of(plan, met), "stands under it"),) if least is not None else (),
                    notes=("a smaller part, nozzles that stand further apart, or another order of inks",),
                )
            )
    return found


def in_the_way(plan: Plan, rig: Rig) -> list[Diagnostic]:
    """What no order avoids: filaments in each other's way, and filaments on nothing."""
    found: list[Diagnostic] = []
    if plan.circles:
        one, two = plan.circles[0]
        more = len(plan.circles) - 1
        itself = one == two
        what = (
            "stretch of a filament stands in its own way"
            if itself
            else "pair of filaments stands in each other's way"
        )
        found.append(
            error(
                "R525",
                f"1 {what}: {_steep(plan, one)}{'' if itself else f' and {_steep(plan, two)}'}"
                + (f", and {more} more" if more else ""),
                span_of(plan, one),
                label="the nozzle on its way along this"
                if not itself
                else "the nozzle runs through what it has just laid",
                related=()
                if itself
                else (Related(span_of(plan, two), "would hit this, and the other way round"),),
                notes=(
                    "leave more room (a larger cell), let a third filament cross between them, or take a slimmer nozzle",
                    _shape(rig.nozzles[int(plan.nozzle[plan.order.tolist().index(one)])]),
                ),
            )
        )
    return [*found, *_hanging(plan)]


def _hanging(plan: Plan) -> list[Diagnostic]:
    """Filaments that touch nothing when they are printed: an error, but where they come to lie on what is below by themselves, or where
    the print takes them as they are."""
    found: list[Diagnostic] = []
    strict = [i for i in plan.hanging if i not in plan.loose]
    caught = _caught(plan, strict)
    for rows, tell, label, notes in (
        (
            [i for i in strict if i not in caught], error, "touches neither the substrate nor anything printed before",
            (
                "let it begin on the substrate or on another filament",
                "soft ink sinks by about its own thickness in a second; `loose: true;` in the print takes it as it is",
            ),
        ),
        (
            sorted(caught), warning, "nothing touches it; it sinks on what is below",
            ("it sinks by less than its height",),
        ),
        (list(plan.loose), warning, "nothing touches it", ("`loose: true;` in the print takes it as it is",)),
    ):  # fmt: skip
        if rows:
            found.append(
                tell(
                    "R526",
                    f"{len(rows)} {'filament is' if len(rows) == 1 else 'filaments are'} printed on nothing: "
                    f"{_place(plan, rows[0])}",
                    span_of(plan, rows[0]),
                    label=label,
                    notes=notes,
                )
            )
    return found


def _caught(plan: Plan, rows: list[int]) -> set[int]:
    """Those of filaments that touch nothing under which something printed before lies no deeper than their own height."""
    if not rows:
        return set()
    wet, offsets = plan.filaments.state("wet"), plan.filaments.offsets
    place = np.argsort(plan.order)
    axis, owner, where = sample(wet.points_um, plan.filaments.owner())
    size = np.maximum(wet.width_um, wet.height_um)[where.astype(np.int64)]
    found = set()
    for i in rows:
        mine, before = owner == i, place[owner] < place[i]
        height = float(wet.height_um[offsets[i]])
        for at, wide in zip(axis[mine], size[mine], strict=True):
            deep = at[2] - axis[before, 2]
            beside = np.hypot(axis[before, 0] - at[0], axis[before, 1] - at[1])
            room = 0.5 * (wide + size[before])
            if ((beside < room) & (deep > 0.0) & (deep < room + height)).any():
                found.add(i)
                break
    return found


def _steep(plan: Plan, filament: int) -> str:
    """Where a filament begins and, if it climbs, how steep it is."""
    points = plan.filaments.state("wet").points_um
    ends = points[plan.filaments.offsets[filament : filament + 2] - [0, 1]]
    way = ends[1] - ends[0]
    angle = float(np.degrees(np.arctan2(abs(way[2]), np.hypot(way[0], way[1]))))
    return _place(plan, filament) + (f" (rising at {angle:.0f} degrees)" if angle >= 1.0 else "")


def _shape(nozzle: Nozzle) -> str:
    """A nozzle's outside in words."""
    (low, at), (high, end) = nozzle.cone_um[0], nozzle.cone_um[-1]
    angle = float(np.degrees(np.arctan2(end - at, high - low)))
    return f"nozzle `{nozzle.name}` is {2 * at:.4g} um wide at its end and widens by {angle:.2g} degrees to either side"


def _place(plan: Plan, filament: int) -> str:
    first = int(plan.filaments.offsets[filament])
    x, y, z = plan.filaments.state("wet").points_um[first]
    return f"the one from x {x:.4g} y {y:.4g} z {z:.4g} um"


def hit(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    """A nozzle that runs through what it has printed. Wet filaments of one layer that touch or cross are pressed a little."""
    plan = toolpath.plan
    if len(plan.order) == 0 or not rig.nozzles:
        return []
    press = MOST_PRESS * float(plan.filaments.state("wet").height_um.min())
    least = clearance(toolpath, rig)
    if least.least_um >= -press:
        return []
    row, hit = least.row, least.filament
    ahead = toolpath.filament[row:]
    near = ahead[ahead >= 0]
    moving = int(near[0]) if len(near) else int(plan.order[-1])
    x, y, z = toolpath.position_um[row]
    return [
        error(
            "R524",
            f"{-least.least_um:.4g} um is how deep nozzle `{rig.nozzles[int(toolpath.nozzle[row])].name}` runs into a printed "
            f"filament, near x {x:.4g} y {y:.4g} z {z:.4g} um",
            span_of(plan, moving),
            label="on the way to or along this",
            related=(Related(span_of(plan, hit), "printed before"),) if hit >= 0 else (),
            notes=("no order of printing avoids it: leave more room, or take a slimmer nozzle",),
        )
    ]
