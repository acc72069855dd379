"""Spans so long that the wet filament would sag."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..sag import ASSUMPTIONS, LIMIT, SUPPORTED, limit_um, sag_ratio


class Span:
    code = "W204"
    severity = Severity.WARNING
    doc = "no wet filament sags by more than a tenth of its height between two supports"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            f, found = job.filaments, context.contacts(job, "wet")
            height = f.state("wet").height_um[f.offsets[:-1]]
            sag = sag_ratio(found.span_um, height, SUPPORTED)
            bad = np.flatnonzero(found.carried & (sag > LIMIT))
            if not len(bad):
                continue
            i = int(bad[np.argmax(sag[bad])])
            holds = limit_um(float(height[i]), SUPPORTED)
            yield warning(
                self.code,
                f"{found.span_um[i]:.4g} um is the longest wet span, on {len(bad)} filaments that would sag by more than "
                f"{LIMIT:.0%} of their height (here {sag[i]:.0%}); {holds:.4g} um holds",
                context.field(job, i, "pitch"),
                label="the supports below stand this far apart",
                notes=(
                    f"type a `pitch` of at most {holds:.3g}um for the layer below, or a wider `filament`",
                    *ASSUMPTIONS,
                ),
            )


SPAN = Span()
