"""Sag of wet filaments under their own weight in the bath: how far, and how long a span holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..build import Job
    from ..check import CheckContext
    from ..figures.contacts import Contacts

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


class Drooping(NamedTuple):
    """The worst filament of a part, among `many` whose sag is over the limit; `holds_um` would be short enough."""

    job: Job
    filament: int
    length_um: float
    many: int
    sag: float
    holds_um: float


def drooping(
    context: CheckContext, kind: float, lengths_um: Callable[[Contacts], Floats]
) -> Iterator[Drooping]:
    """For each part with wet filaments that sag by more than LIMIT: the one that sags most. `kind` as in `sag_ratio`."""
    import numpy as np

    for job in context.jobs:
        if not context.has(job, "wet"):
            continue
        f, found = job.filaments, context.contacts(job, "wet")
        height = f.state("wet").height_um[f.offsets[:-1]]
        length = lengths_um(found)
        sag = sag_ratio(length, height, kind)
        bad = np.flatnonzero(found.carried & (sag > LIMIT))
        if len(bad):
            i = int(bad[np.argmax(sag[bad])])
            yield Drooping(
                job, i, float(length[i]), len(bad), float(sag[i]), limit_um(float(height[i]), kind)
            )
