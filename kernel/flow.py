"""Ink from nozzle to filament: flow through tubes and cones, mass balance, calibrated pressures, windows of the process.

TRAP: bare N-methylformamide needs 4 to 530 Pa in a pulled pipette at 1.2 mm/s, the paper used 2.1 to 100 kPa. So the
resistance of a nozzle is a calibrated number; the formulas here scale it to other speeds and tips and cross-check it. A
pressure that comes from a formula alone is assumed, and whoever shows it says so.

Units: um, s, kPa; viscosity kPa s (1 mPa s is 1e-6 kPa s), consistency kPa s^n; flow um^3/s (1 pL/s is 1000 um^3/s).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .figures.overlap import gauss_legendre

if TYPE_CHECKING:
    from .material import Ink
    from .rig import InkLoad, Nozzle

Floats = npt.NDArray[np.float64]

#: Diffusion of linker into the thread, um^2/s. Assumed: small ions in a solvent of low viscosity, about 1e-9 m^2/s.
DIFFUSION_UM2_S = 1000.0

#: Mean speed of ink in the tip over the speed of printing: outside it the thread is stretched or piles up. Assumed.
SPEED_RATIO = (0.5, 2.0)

#: Nozzle height over filament width below which the thread is squashed. Assumed.
SQUASHED = 0.5


# -- resistance of a nozzle ------------------------------------------------------------------------------------------


def tube_flow_um3_s(pressure_kpa: float, radius_um: float, length_um: float, viscosity_kpa_s: float) -> float:
    """Hagen-Poiseuille: Q = pi R^4 dP / (8 eta L)."""
    return math.pi * radius_um**4 * pressure_kpa / (8.0 * viscosity_kpa_s * length_um)


def tube_pressure_kpa(flow_um3_s: float, radius_um: float, length_um: float, viscosity_kpa_s: float) -> float:
    """Hagen-Poiseuille: dP = 8 eta L Q / (pi R^4)."""
    return 8.0 * viscosity_kpa_s * length_um * flow_um3_s / (math.pi * radius_um**4)


def cone_pressure_kpa(
    flow_um3_s: float, tip_um: float, top_um: float, length_um: float, viscosity_kpa_s: float
) -> float:
    """Newtonian liquid in a cone of radii `tip_um` < `top_um`, by the local tube law (slender cone):
    dP = 8 eta Q L / (3 pi (R2 - R1)) (R1^-3 - R2^-3).
    """
    return power_law_cone_kpa(flow_um3_s, tip_um, top_um, length_um, viscosity_kpa_s, 1.0)


def power_law_cone_kpa(
    flow_um3_s: float, tip_um: float, top_um: float, length_um: float, consistency_kpa_sn: float, index: float
) -> float:
    """Power-law liquid, tau = K g^n, in a cone:
    dP = 2 K L / (3 n (R2 - R1)) ((3 n + 1) Q / (n pi))^n (R1^-3n - R2^-3n); the tube where both radii are one.
    """
    n = index
    stress = consistency_kpa_sn * math.pow((3 * n + 1) * flow_um3_s / (n * math.pi), n)
    if abs(top_um - tip_um) <= 1e-9 * tip_um:
        return 2.0 * length_um * stress / math.pow(tip_um, 3 * n + 1)
    ends = math.pow(tip_um, -3 * n) - math.pow(top_um, -3 * n)
    return 2.0 * length_um * stress / (3 * n * (top_um - tip_um)) * ends


@dataclass(frozen=True, slots=True)
class Liquid:
    """Herschel-Bulkley: tau = yield + K g^n. Newtonian where yield is 0 and n is 1 (K is then the viscosity)."""

    consistency_kpa_sn: float
    index: float = 1.0
    yield_kpa: float = 0.0


def wall_stress_kpa(flow_um3_s: Floats, radius_um: Floats, liquid: Liquid) -> Floats:
    """Shear stress at the wall of a tube that carries `flow_um3_s`, elementwise.

    Q = pi R^3 (tw / K)^(1/n) (1 - f)^(1 + 1/n) [(1 - f)^2 / (1/n + 3) + 2 f (1 - f) / (1/n + 2) + f^2 / (1/n + 1)], f the
    yield stress over tw (from integrating the shear rate twice over the radius). Solved by bisection, down to rounding.
    """
    q, r = np.broadcast_arrays(
        np.asarray(flow_um3_s, dtype=np.float64), np.asarray(radius_um, dtype=np.float64)
    )
    m = 1.0 / liquid.index
    rate = q / (np.pi * r**3)
    plain = liquid.consistency_kpa_sn * (np.maximum(rate, 0.0) * (m + 3.0)) ** liquid.index
    if liquid.yield_kpa <= 0.0:
        return np.asarray(plain)
    # A yield stress only adds: the wall stress lies between the larger of both and 4/3 (the core of a plug) of their sum.
    low, high = np.maximum(plain, liquid.yield_kpa), 2.0 * (plain + liquid.yield_kpa)
    for _ in range(90):
        tw = 0.5 * (low + high)
        f = liquid.yield_kpa / tw
        g = 1.0 - f
        made = (tw / liquid.consistency_kpa_sn) ** m * g ** (1.0 + m)
        made = made * (g * g / (m + 3.0) + 2.0 * f * g / (m + 2.0) + f * f / (m + 1.0))
        low, high = np.where(made < rate, tw, low), np.where(made < rate, high, tw)
    out: Floats = np.where(q > 0.0, 0.5 * (low + high), 0.0)
    return out


def nozzle_pressure_kpa(
    flow_um3_s: float, profile_um: Sequence[tuple[float, float]], liquid: Liquid
) -> float:
    """Pressure that drives a flow through a piecewise conical nozzle, by integrating the local tube law 2 tw / R along it.

    `profile_um`: (distance from the tip, inner radius), rising from the tip; slender pieces, no entrance loss. A liquid with
    a yield stress needs pressure even for no flow at all; that limit is what a flow of zero gives.
    """
    x, w = gauss_legendre(48)
    total = 0.0
    for (z0, r0), (z1, r1) in pairwise(profile_um):
        # Even steps of log R resolve a tip that is a hundredth of the shaft.
        if abs(r1 - r0) <= 1e-9 * r0:
            radius, step = np.full(len(x), r0), 0.5 * w * (z1 - z0)
        else:
            log = 0.5 * (math.log(r0) + math.log(r1)) + 0.5 * x * (math.log(r1) - math.log(r0))
            radius = np.exp(log)
            step = 0.5 * w * (math.log(r1) - math.log(r0)) * radius * (z1 - z0) / (r1 - r0)
        if flow_um3_s > 0:
            stress = wall_stress_kpa(np.array(flow_um3_s), radius, liquid)
        else:
            stress = np.full(len(x), liquid.yield_kpa)
        total += float(np.sum(step * 2.0 * stress / radius))
    return total


# -- mass balance ----------------------------------------------------------------------------------------------------


def flow_um3_s(width_um: float, height_um: float, swell: float, speed_um_s: float) -> float:
    """Ink for a wet filament of this section: Q = v A / swell^2."""
    return speed_um_s * math.pi / 4.0 * width_um * height_um / swell**2


def ink_width_um(flow: float, speed_um_s: float) -> float:
    """Diameter of the ink thread: 2 sqrt(Q / (pi v))."""
    return 2.0 * math.sqrt(flow / (math.pi * speed_um_s))


def wet_width_um(flow: float, speed_um_s: float, swell: float) -> float:
    """Diameter of a free wet filament: swell * d_ink."""
    return swell * ink_width_um(flow, speed_um_s)


def dried_width_um(wet_um: float, shrink: float) -> float:
    """Diameter of a free dried filament: (1 - s) d_wet. One pinned along its axis: kernel/drying/sections.py."""
    return (1.0 - shrink) * wet_um


def mass_per_length_ug_um(flow: float, speed_um_s: float, concentration_ug_um3: float) -> float:
    """Nanocrystals per length of filament, concentration * Q / v: what swelling and drying conserve along the axis."""
    return concentration_ug_um3 * flow / speed_um_s


def solidification_um(width_um: float, speed_um_s: float, diffusion_um2_s: float = DIFFUSION_UM2_S) -> float:
    """Path on which the thread turns solid, v R^2 / D: what diffusion of linker to the axis takes, in length of print."""
    return speed_um_s * (0.5 * width_um) ** 2 / diffusion_um2_s


def solidification_s(width_um: float, diffusion_um2_s: float = DIFFUSION_UM2_S) -> float:
    """The same in time, R^2 / D: how long a filament is left alone before another crosses it."""
    return float((0.5 * width_um) ** 2 / diffusion_um2_s)


# -- calibrated pressures --------------------------------------------------------------------------------------------


class OutsideCalibrationError(ValueError):
    """A flow or a pressure that nobody measured: extrapolating is refused."""


def calibrated_pressure_kpa(load: InkLoad, flow: float) -> float:
    """Pressure for a flow, by linear interpolation in the calibration. LookupError where there is none,
    OutsideCalibrationError outside it (a relative 1e-9 is let pass)."""
    return _interpolate(load, flow, "flow_um3_s", "pressure_kpa", "um^3/s")


def calibrated_flow_um3_s(load: InkLoad, pressure: float) -> float:
    """Flow at a pressure; errors as above."""
    return _interpolate(load, pressure, "pressure_kpa", "flow_um3_s", "kPa")


def _interpolate(load: InkLoad, value: float, given: str, wanted: str, unit: str) -> float:
    if not load.calibration:
        raise LookupError(f"the calibration of ink {load.ink} is not known")
    x = [float(getattr(p, given)) for p in load.calibration]
    y = [float(getattr(p, wanted)) for p in load.calibration]
    if not x[0] * (1 - 1e-9) <= value <= x[-1] * (1 + 1e-9):
        raise OutsideCalibrationError(
            f"{value:g} {unit} lies outside the calibration of ink {load.ink}, {x[0]:g} to {x[-1]:g} {unit}"
        )
    return float(np.interp(value, x, y))


def scaled_pressure_kpa(
    pressure_kpa: float,
    flow_from: float,
    flow_to: float,
    index: float,
    tip_from_um: float | None = None,
    tip_to_um: float | None = None,
) -> float:
    """A measured pressure carried over to another flow and another tip of the same cone angle: a power-law liquid needs
    dP ~ Q^n R^-3n (the wide end adds little). An estimate: whoever shows it marks it assumed."""
    out = pressure_kpa * math.pow(flow_to / flow_from, index)
    if tip_from_um is not None and tip_to_um is not None:
        out *= math.pow(tip_from_um / tip_to_um, 3.0 * index)
    return out


# -- windows ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """A figure of the process and the range it should lie in; None where a side is open."""

    name: str
    value: float
    low: float | None
    high: float | None

    @property
    def inside(self) -> bool:
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)


def windows(
    nozzle: Nozzle, ink: Ink, wet_um: float, speed_um_s: float, gap_um: float | None
) -> tuple[Window, ...]:
    """Windows of a wet width from this nozzle: printing speed over ink speed in the tip, and the height of the tip
    over what it prints on (over swell * D the thread coils, under half its width it is squashed)."""
    flow = flow_um3_s(wet_um, wet_um, ink.swell, speed_um_s)
    mean = flow / (math.pi / 4.0 * nozzle.inner_um**2)
    out = [Window("speed", speed_um_s / mean, *SPEED_RATIO)]
    if gap_um is not None:
        out.append(Window("gap", gap_um, SQUASHED * wet_um, ink.swell * nozzle.inner_um))
    return tuple(out)
