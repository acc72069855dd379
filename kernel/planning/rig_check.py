"""What stands between a plan and its print on a rig: everything missing or out of range, all at once, with source lines."""

from __future__ import annotations

import numpy as np

from ..diagnostics import Diagnostic, Severity, error, warning
from ..filaments import Ints
from ..motion import DWELL, PRINT, Toolpath
from ..plan import Plan
from ..rig import ANY, Rig
from ..toolpath.dosing import dose, lengths_um
from ..toolpath.frames import purge_place_um, to_stage, wipe_way_um
from .mixing_check import check_heads
from .order_check import hit, idle_nozzles, in_the_way, span_of
from .refill import uses
from .unmeasured import unmeasured

#: Ink that is purged spreads: it stays this far (um) from the part. Assumed.
PURGE_MARGIN_UM = 200.0

UM3_PER_NL = 1e6


def problems(plan: Plan, rig: Rig, toolpath: Toolpath | None = None) -> list[Diagnostic]:
    """Why this rig cannot print this plan (errors), and what to know before it does (warnings). Codes R510 to R522.

    Without a toolpath, reach, speeds of moves and short filaments are not looked at.
    """
    found = [
        *_inks(plan, rig),
        *_baths(plan, rig),
        *_purge(plan, rig),
        *_speeds(rig),
        *idle_nozzles(plan, rig, toolpath),
        *in_the_way(plan, rig),
        *_live(plan, rig),
        *check_heads(plan, rig, toolpath),
    ]
    if toolpath is not None:
        found += [*_reach(toolpath, rig), *_short(toolpath, rig), *hit(toolpath, rig)]
    return [*found, *_assumed(rig)]


def limits(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    """Of all that, what holds of any tool on the rig: reach (R519), and figures that nobody measured (R518)."""
    return [*_reach(toolpath, rig), *_assumed(rig)]


def _assumed(rig: Rig) -> list[Diagnostic]:
    if not rig.assumed or rig.simulated:
        return []
    return [
        warning(
            "R518",
            f"{len(rig.assumed)} figures of rig `{rig.name}` are assumed",
            notes=(f"nobody measured {', '.join(rig.assumed)}",),
        )
    ]


def _live(plan: Plan, rig: Rig) -> list[Diagnostic]:
    """Mixes without steps: no nozzle mixes two inks as it prints, so that premixed inks stand for the ratio."""
    mixes: dict[tuple[str, ...], list[int]] = {}
    for i, ink in enumerate(plan.filaments.inks):
        if ink.live and rig.head_of(ink.live) is None:
            mixes.setdefault(ink.live, []).append(i)
    found = []
    for (first, second), rows in mixes.items():
        share = plan.filaments.share
        names = {first, second, *(plan.filaments.inks[i].name for i in rows)}
        steps = [ink.name for ink in plan.filaments.inks if ink.name in names]
        off = ""
        if share is not None:
            owner = plan.filaments.material[plan.filaments.owner()]
            meant = np.array(
                [dict(ink.parts).get(first, float(ink.name == first)) for ink in plan.filaments.inks]
            )
            known = ~np.isnan(share)
            if known.any():
                worst = float(np.abs(share[known] - meant[owner[known]]).max())
                off = f"; the ratio that is printed is off by up to {100 * worst:.3g}%"
        place = plan.filaments.inks[rows[0]].span
        found.append(
            Diagnostic(
                "R527",
                Severity.NOTE,
                f"{len(steps)} premixed inks stand for the mix of {first} and {second}, whose ratio varies without steps: rig "
                f"`{rig.name}` has no nozzle that mixes two inks as it prints{off}",
                place,
                notes=(f"`steps: {len(steps)}` in the mix says that it is meant so; more steps come nearer",),
            )
        )
    return found


def _inks(plan: Plan, rig: Rig) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    if len(plan.order) == 0:
        return found
    filaments = plan.filaments
    key = plan.nozzle.astype(np.int64) * len(filaments.inks) + filaments.material[plan.order]
    for k in np.unique(key).tolist():
        n, m = divmod(k, len(filaments.inks))
        here = np.flatnonzero(key == k)
        ink, nozzle = filaments.inks[m].name, rig.nozzles[n]
        if nozzle.mix and nozzle.load(ink) is not None:
            # Both of its channels are looked at together.
            continue
        span = span_of(plan, int(plan.order[here[0]]))
        load = nozzle.load(ink)
        if load is None:
            carried = sorted({e.ink for z in rig.nozzles for e in z.loads})
            found.append(
                error(
                    "R510",
                    f"ink `{ink}` is in no nozzle of rig `{rig.name}`; they hold {', '.join(carried) or 'none'}",
                    span,
                    notes=(f'add a [[nozzles.loads]] entry with ink = "{ink}"',),
                )
            )
            continue
        found += unmeasured(load, ink, nozzle.name, rig, span)
        if load.calibration:
            found += _pressures(plan, rig, here, n, ink)
    return [*found, *_volumes(plan, rig)]


def _volumes(plan: Plan, rig: Rig) -> list[Diagnostic]:
    """Reservoirs that do not hold what is printed between two fills: one filament with its purge is too much for them."""
    found: list[Diagnostic] = []
    for use in uses(plan, rig):
        if use.holds_um3 is None:
            continue
        place, need = max(use.fills(plan), key=lambda fill: fill[1])
        if need > use.holds_um3 * (1 + 1e-9):
            found.append(
                error(
                    "R516",
                    f"{need / UM3_PER_NL:.4g} nL of ink `{use.ink}` are needed without a break; nozzle "
                    f"`{rig.nozzles[use.nozzle].name}` gives {use.holds_um3 / UM3_PER_NL:.4g} nL",
                    span_of(plan, int(plan.order[place])),
                    notes=("a larger reservoir, a smaller reserve, less purging, or shorter filaments",),
                )
            )
    return found


def _pressures(plan: Plan, rig: Rig, here: Ints, n: int, ink: str) -> list[Diagnostic]:
    """Flows outside the calibration, pressures outside the dispenser: the worst one of each, with how many there are."""
    dosing = dose(plan, rig)
    nozzle = rig.nozzles[n]
    load, box = nozzle.load(ink), rig.dispensers.get(nozzle.dispenser)
    assert load is not None
    found: list[Diagnostic] = []
    flow = dosing.flow_um3_s[here]
    low, high = load.calibration[0], load.calibration[-1]
    bent = dosing.bent[here]
    if bent.any():
        beyond = np.where(
            flow > high.flow_um3_s, flow / high.flow_um3_s, low.flow_um3_s / np.maximum(flow, 1e-300)
        )
        worst = int(np.argmax(np.where(bent, beyond, 0.0)))
        found.append(
            error(
                "R514",
                f"{flow[worst] / 1000.0:.4g} pL/s of ink `{ink}` are needed; nozzle `{nozzle.name}` is calibrated from "
                f"{low.flow_um3_s / 1000.0:.4g} to {high.flow_um3_s / 1000.0:.4g} pL/s",
                span_of(plan, int(plan.order[here[worst]])),
                label=f"{int(bent.sum())} filaments",
                notes=("another nozzle, another speed of printing or a wider calibration",),
            )
        )
    if box is not None:
        kpa = dosing.pressure_kpa[here]
        out = (kpa < box.pressure_min_kpa - 1e-9) | (kpa > box.pressure_max_kpa + 1e-9)
        if out.any():
            off = np.maximum(box.pressure_min_kpa - kpa, kpa - box.pressure_max_kpa)
            worst = int(np.argmax(off))
            found.append(
                error(
                    "R514",
                    f"{kpa[worst]:.4g} kPa are needed for ink `{ink}`; dispenser `{nozzle.dispenser}` gives "
                    f"{box.pressure_min_kpa:g} to {box.pressure_max_kpa:g} kPa",
                    span_of(plan, int(plan.order[here[worst]])),
                    label=f"{int(out.sum())} filaments",
                    notes=("another nozzle, another speed of printing or another dispenser",),
                )
            )
    return found


def _baths(plan: Plan, rig: Rig) -> list[Diagnostic]:
    if ANY in rig.baths:
        return []
    return [
        error(
            "R517",
            f"bath `{bath}` is not at hand on rig `{rig.name}`; it has {', '.join(rig.baths) or 'none'}",
            plan.bath_span(bath) or (span_of(plan, int(plan.order[0])) if len(plan.order) else None),
            label="printed in it",
            notes=(f'add "{bath}" to `baths` once it stands there',),
        )
        for bath in plan.baths
        if bath not in rig.baths
    ]


def _purge(plan: Plan, rig: Rig) -> list[Diagnostic]:
    place = purge_place_um(rig)
    if place is None:
        return [
            error("R513", f"rig `{rig.name}` has no place to purge", notes=("add [purge]: at_um, time_s",))
        ]
    if len(plan.order) == 0:
        return []
    points = plan.filaments.state("wet").points_um[:, :2]
    low, high = points.min(axis=0) - PURGE_MARGIN_UM, points.max(axis=0) + PURGE_MARGIN_UM
    places = [("purge", "`purge.at_um`", place)]
    way = wipe_way_um(rig)
    if way is not None:
        # Of a way across the part, the point in its middle.
        nearest = np.clip(0.5 * (low + high), way[:, :2].min(axis=0), way[:, :2].max(axis=0))
        places.append(("wipe", "`wipe.from_um` and `wipe.to_um`", nearest))
    return [
        error(
            "R521",
            f"the place to {what}, x {at[0]:.4g} y {at[1]:.4g} um of the part, lies on it; "
            f"the part spans x {low[0]:.4g} to {high[0]:.4g}, y {low[1]:.4g} to {high[1]:.4g} um with a margin of "
            f"{PURGE_MARGIN_UM:g} um",
            span_of(plan, int(plan.order[0])),
            notes=(f"move {key} of the rig, or the part",),
        )
        for what, key, at in places
        if ((at[:2] > low) & (at[:2] < high)).all()
    ]


def _speeds(rig: Rig) -> list[Diagnostic]:
    found = []
    for name, axes in (("print_um_s", "xyz"), ("travel_um_s", "xy"), ("approach_um_s", "z")):
        speed = getattr(rig.speeds, name)
        for axis in axes:
            most = rig.axes[axis].max_speed_um_s
            if speed > most:
                found.append(
                    error(
                        "R520",
                        f"speeds.{name} is {speed:g} um/s; axis {axis} of rig `{rig.name}` does {most:g} um/s",
                        notes=(f"lower `speeds.{name}` of the rig to {most:g} um/s or less",),
                    )
                )
    return found


def _reach(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    found = []
    for k, name in enumerate("xyz"):
        axis = rig.axes[name]
        for beyond, limit, word in (
            (axis.min_um - stage[:, k], axis.min_um, "lowest"),
            (stage[:, k] - axis.max_um, axis.max_um, "highest"),
        ):
            row = int(np.argmax(beyond)) if len(beyond) else 0
            if len(beyond) and beyond[row] > 1e-6:
                after = toolpath.filament[row:]
                near = after[after >= 0]
                span = span_of(toolpath.plan, int(near[0])) if len(near) else None
                found.append(
                    error(
                        "R519",
                        f"axis {name} would go to {stage[row, k] / 1000.0:.4f} mm; the {word} of rig `{rig.name}` is "
                        f"{limit / 1000.0:.4f} mm",
                        span,
                        notes=("move `origin_um` of the rig, or make the part smaller",),
                    )
                )
    return found


def _short(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    """Filaments that are printed with the valve closed from their beginning, because the ink stops too late."""
    printing = toolpath.kind == PRINT
    f = len(toolpath.plan.order)
    opened = np.bincount(toolpath.filament[printing & toolpath.valve], minlength=f)
    short = np.flatnonzero(opened == 0)
    if not len(short) or not (toolpath.kind != DWELL).any():
        return []
    length = lengths_um(toolpath.plan)
    least = int(short[np.argmin(length[short])])
    return [
        warning(
            "R515",
            f"{length[least]:.4g} um is the shortest of {len(short)} filaments that end before the ink of rig `{rig.name}` stops",
            span_of(toolpath.plan, least),
            label="shorter than the delay of the ink",
            notes=("longer filaments, a slower print, or a nozzle with a shorter `off_s`",),
        )
    ]
