"""Dosing: the flow, pressure and delays of every filament of a plan, from what the rig knows of each ink in its nozzle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats
from ..plan import Plan
from ..rig import InkLoad, Rig
from .live import share_ends, swelling


@dataclass(frozen=True, slots=True, eq=False)
class Dosing:
    """By place in the plan's order, [F] each: `speed_um_s` of printing; `flow_um3_s` of ink; `pressure_kpa`, 0 where the
    rig has no calibration; `on_s`, `off_s` delays, 0 where it has none; `settle_s`: how long the tip takes to follow where the
    pressure is another than that of the filament before; `bent` where the flow lies outside the calibration
    (the pressure is then that of its nearer end). `even` is False where the section of any filament varies along it."""

    speed_um_s: Floats
    flow_um3_s: Floats
    pressure_kpa: Floats
    on_s: Floats
    off_s: Floats
    settle_s: Floats
    bent: npt.NDArray[np.bool_]
    even: bool


def load_of(plan: Plan, rig: Rig, place: int) -> InkLoad | None:
    """What the rig knows of the ink printed at a place of the order."""
    ink = plan.filaments.inks[int(plan.filaments.material[plan.order[place]])]
    return rig.nozzles[int(plan.nozzle[place])].load(ink.name)


def ink_area_um2(plan: Plan) -> tuple[Floats, Floats]:
    """Smallest and largest cross-section of the ink thread of every filament (by index, not order), um^2.

    The thread that leaves the nozzle is thinner than the wet filament by the ink's swell: d_wet = swell * d_ink.
    """
    filaments = plan.filaments
    wet = filaments.state("wet")
    more = swelling(filaments)
    least, most = np.empty(len(filaments)), np.empty(len(filaments))
    for low, high, points, begin in filaments.runs():
        section = wet.width_um[points] * wet.height_um[points]
        if more is not None:
            section = section / more[points]
        least[low:high] = np.minimum.reduceat(section, begin)
        most[low:high] = np.maximum.reduceat(section, begin)
    swell = np.array([ink.swell for ink in filaments.inks] or [1.0])[filaments.material]
    scale = 0.25 * np.pi / swell**2
    return least * scale, most * scale


def lengths_um(plan: Plan) -> Floats:
    """Length of every filament in the wet state (by index, not order), um, [F]."""
    return _lengths_um(plan.filaments)


@lru_cache(maxsize=2)
def _lengths_um(filaments: FilamentSet) -> Floats:
    points_um = filaments.state("wet").points_um
    length = np.empty(len(filaments))
    for low, high, points, begin in filaments.runs():
        some = points_um[points]
        step = np.zeros(len(some))
        way = some[1:] - some[:-1]
        np.sqrt(np.einsum("ij,ij->i", way, way), out=step[1:])
        step[begin] = 0.0
        length[low:high] = np.add.reduceat(step, begin)
    length.flags.writeable = False
    return length


def dose(plan: Plan, rig: Rig) -> Dosing:
    """Q = A v of ink (mass balance); the pressure for Q by linear interpolation in the calibration, rounded to the steps
    of the dispenser. Where a filament's section varies, Q is set by its thinnest place and the speed follows the section.
    A filament so short that its ink would still run when it ends is printed slower, as far as the calibration reaches down.
    """
    f = len(plan.order)
    speed = np.full(f, rig.speeds.print_um_s) if plan.speed_um_s is None else plan.speed_um_s.copy()
    if f == 0:
        none = np.zeros(0)
        return Dosing(none, none, none, none, none, none, np.zeros(0, bool), True)
    least, most = ink_area_um2(plan)
    area, length = least[plan.order], lengths_um(plan)[plan.order]
    flow = area * speed
    pressure, on, off, settle = np.zeros(f), np.zeros(f), np.zeros(f), np.zeros(f)
    bent = np.zeros(f, bool)
    pair = plan.nozzle.astype(np.int64) * len(plan.filaments.inks) + plan.filaments.material[plan.order]
    for key in np.unique(pair):
        here = pair == key
        load = load_of(plan, rig, int(np.argmax(here)))
        if load is None:
            continue
        if load.lags is not None:
            on[here], off[here], settle[here] = load.lags.on_s, load.lags.off_s, load.lags.ramp_s
            # Half as long again as the delay, so that there is way left to close the valve on.
            slow = length[here] / (1.5 * load.lags.off_s) if load.lags.off_s > 0 else speed[here]
            least_um_s = load.calibration[0].flow_um3_s / area[here] if load.calibration else 0.0
            speed[here] = np.minimum(speed[here], np.maximum(slow, least_um_s))
            flow[here] = area[here] * speed[here]
        nozzle = int(key) // len(plan.filaments.inks)
        if rig.nozzles[nozzle].mix:
            pressure[here], bent[here] = _of_head(plan, rig, nozzle, here, flow[here])
        elif load.calibration:
            flows = np.array([p.flow_um3_s for p in load.calibration])
            kpa = np.array([p.pressure_kpa for p in load.calibration])
            pressure[here] = np.interp(flow[here], flows, kpa)
            bent[here] = (flow[here] < flows[0] * (1 - 1e-9)) | (flow[here] > flows[-1] * (1 + 1e-9))
            box = rig.dispensers.get(rig.nozzles[nozzle].dispenser)
            if box is not None and box.resolution_kpa > 0:
                steps = np.round(pressure[here] / box.resolution_kpa)
                pressure[here] = np.round(steps * box.resolution_kpa, 9)
    # Where nothing was printed before, or by another nozzle, the place has its own purge at its own pressure.
    same = np.append(True, (np.diff(pressure) == 0.0) | (np.diff(plan.nozzle) != 0))
    settle[same] = 0.0
    return Dosing(speed, flow, pressure, on, off, settle, bent, bool((most <= 1.01 * least).all()))


def _of_head(
    plan: Plan, rig: Rig, nozzle: int, here: npt.NDArray[np.bool_], flow_um3_s: Floats
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Of places that a mixing head prints: the pressure of its first channel at the mean of their least and largest ratio (mixing.py sets
    both row by row), and whether a channel is asked for a flow outside its calibration anywhere along them."""
    index = plan.order[here]
    pair = plan.filaments.inks[int(plan.filaments.material[index[0]])].live
    least, most = share_ends(plan.filaments, index)
    kpa, bent = np.zeros(len(index)), np.zeros(len(index), bool)
    for k, load in enumerate(rig.nozzles[nozzle].mixes(pair) or ()):
        if not load.calibration:
            continue
        low, high = (least, most) if k == 0 else (1.0 - most, 1.0 - least)
        flows = np.array([p.flow_um3_s for p in load.calibration])
        bent |= (low * flow_um3_s < flows[0] - 1e-9 * flows[-1]) | (
            high * flow_um3_s > flows[-1] * (1 + 1e-9)
        )
        if k == 0:
            kpa = np.interp(
                0.5 * (low + high) * flow_um3_s, flows, [p.pressure_kpa for p in load.calibration]
            )
    return kpa, bent
