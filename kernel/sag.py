"""Sag of wet filaments under their own weight in the bath: how far, and how long a span holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

#: Sag over height of a round beam of span s heights: c gamma s^4 d / G'. Simply supported c = .0694 (5/384 of the
#: load over the stiffness, E = 3 G'); a free end, 1/8 of it, droops 9.6 times as far.
SUPPORTED, FREE_END = 0.0694, 0.0694 * 9.6

#: Weight less buoyancy of a fresh filament, N/m^3: what stands in it is still NMF, which is denser than butanol by this.
GAMMA_N_M3 = 2.0e3

#: Shear modulus of the fresh gel, Pa. Assumed: nobody measured it; linked colloidal gels lie between 1e2 and 1e4 Pa.
MODULUS_PA = 1.0e3

#: Sag that is let pass, in parts of the filament's height. Assumed: half of what layers overlap.
LIMIT = 0.1

ASSUMPTIONS = (
    f"assumed: a modulus of {MODULUS_PA / 1e3:g} kPa of the fresh gel, {GAMMA_N_M3 / 1e3:g} kN/m3 of weight in the bath, "
    f"a limit of {LIMIT:g} of the height",
)


def sag_ratio(span_um: Floats, height_um: Floats, kind: float) -> Floats:
    """Sag over height of spans, [N]; `kind` is SUPPORTED or FREE_END."""
    out: Floats = kind * (GAMMA_N_M3 / MODULUS_PA) * (span_um / height_um) ** 4 * height_um * 1e-6
    return out


def limit_um(height_um: float, kind: float) -> float:
    """The longest span that sags by no more than LIMIT."""
    d_m = height_um * 1e-6
    return float(height_um * (LIMIT * MODULUS_PA / (kind * GAMMA_N_M3 * d_m)) ** 0.25)
