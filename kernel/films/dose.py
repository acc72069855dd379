"""Doses: what stays of a film, how deep it gels, how long it takes. Closed formulas, kernel units, no numpy."""

from __future__ import annotations

import math
from collections.abc import Iterable


def gamma_of(d0: float, d100: float) -> float:
    """Contrast gamma = 1 / log10(D100 / D0). Raises ValueError unless 0 < d0 < d100."""
    if not 0 < d0 < d100:
        raise ValueError("0 < d0 < d100")
    return 1.0 / math.log10(d100 / d0)


def d100_of(d0: float, gamma: float) -> float:
    """Dose from which all of the film stays: D0 10^(1 / gamma)."""
    return float(d0 * 10.0 ** (1.0 / gamma))


def retention(dose: float, d0: float, gamma: float) -> float:
    """Share of the thickness that stays: R(D) = clip(gamma log10(D / D0), 0, 1)."""
    if dose <= 0:
        return 0.0
    return min(max(gamma * math.log10(dose / d0), 0.0), 1.0)


def dose_for(share: float, d0: float, gamma: float) -> float:
    """Least dose at which `share` of the thickness stays: D0 10^(share / gamma)."""
    return float(d0 * 10.0 ** (share / gamma))


def gelled_um(dose: float, penetration_um: float, critical: float) -> float:
    """Depth that a dose gels: t(E) = Dp ln(E / Ec), 0 below Ec."""
    return max(0.0, penetration_um * math.log(dose / critical)) if dose > 0 else 0.0


def thickest_um(penetration_um: float, critical: float, damage: float) -> float:
    """Thickest film that gels through while its top, which gets all of the dose, survives: Dp ln(Edamage / Ec)."""
    return gelled_um(damage, penetration_um, critical)


def dose_through(thickness_um: float, penetration_um: float, critical: float) -> float:
    """Dose that gels a film through: Ec exp(t / Dp)."""
    return critical * math.exp(thickness_um / penetration_um)


def together(doses: Iterable[float]) -> float:
    """Dose after several passes: each adds to what earlier ones left."""
    return math.fsum(doses)


def exposure_s(dose: float, intensity: float) -> float:
    """Time of one exposure by light, s: dose / intensity."""
    return dose / intensity


def raster_s(area_um2: float, hatch_um: float, speed_um_s: float) -> float:
    """Time that a spot runs over an area in lines `hatch_um` apart, s; turns not counted."""
    return area_um2 / (hatch_um * speed_um_s)


def finest_um(wavelength_um: float, aperture: float) -> float:
    """Resolution of optics, d = lambda / (2 NA) (Abbe)."""
    return wavelength_um / (2.0 * aperture)
