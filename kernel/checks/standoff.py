"""A first layer printed from too high, where the thread coils, or from too low, where it is squashed."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..flow import SQUASHED


class Standoff:
    code = "W215"
    severity = Severity.WARNING
    doc = "the nozzle stands right above the substrate for the first layer"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        rig = context.rig
        if rig is None or rig.heights.first_gap_um is None:
            return
        gap = rig.heights.first_gap_um
        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            f = job.filaments
            width = f.state("wet").width_um[f.offsets[:-1]]
            for m, ink in enumerate(f.inks):
                nozzle = next((n for n in rig.nozzles if n.load(ink.name) is not None), None)
                first = np.flatnonzero((f.material == m) & (f.layer == 0))
                if nozzle is None or not len(first):
                    continue
                i = int(first[np.argmax(width[first])])
                high, low = ink.swell * nozzle.inner_um, SQUASHED * float(width[i])
                if low <= gap <= high:
                    continue
                yield warning(
                    self.code,
                    f"{gap:.4g} um is the gap of rig {rig.name} for the first layer; {low:.4g} to {high:.4g} um was expected "
                    f"for wet filaments of {width[i]:.4g} um from nozzle {nozzle.name}",
                    context.field(job, i, "filament"),
                    label="the thread coils" if gap > high else "the thread is squashed",
                    notes=("set `first_gap_um` of the rig within that range, or take another nozzle",),
                )


STANDOFF = Standoff()
