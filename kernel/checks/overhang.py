"""Free ends so long that the wet filament would droop."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..sag import ASSUMPTIONS, FREE_END, LIMIT, limit_um, sag_ratio


class Overhang:
    code = "W207"
    severity = Severity.WARNING
    doc = "no free end of a wet filament droops by more than a tenth of its height"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            f, found = job.filaments, context.contacts(job, "wet")
            height = f.state("wet").height_um[f.offsets[:-1]]
            sag = sag_ratio(found.overhang_um, height, FREE_END)
            bad = np.flatnonzero(found.carried & (sag > LIMIT))
            if not len(bad):
                continue
            i = int(bad[np.argmax(sag[bad])])
            holds = limit_um(float(height[i]), FREE_END)
            yield warning(
                self.code,
                f"{found.overhang_um[i]:.4g} um is the longest free end, on {len(bad)} filaments that would droop by more "
                f"than {LIMIT:.0%} of their height (here {sag[i]:.0%}); {holds:.4g} um holds",
                context.span(job, i),
                label="nothing below carries its end",
                notes=(
                    "let a line of the layer below run under the end, or cut the part closer to it",
                    *ASSUMPTIONS,
                ),
            )


OVERHANG = Overhang()
