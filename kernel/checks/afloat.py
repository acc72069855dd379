"""Struts that nothing holds to the substrate: the developer takes them away."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class Afloat:
    code = "W264"
    severity = Severity.WARNING
    doc = "every written strut hangs together with the substrate"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            loose = np.flatnonzero(light.afloat)
            if not len(loose):
                continue
            z = light.sections.points_um[:, 2]
            low = np.minimum.reduceat(z, light.struts.offsets[:-1])[loose]
            lowest = int(loose[np.argmin(low)])
            s, at = job.filaments.state("wet"), int(light.struts.offsets[lowest])
            yield warning(
                self.code,
                f"{len(loose)} of {len(light.struts)} struts of {job.name} hang together with nothing that stands on the "
                "substrate; 0 were expected",
                context.span(job, lowest),
                label="the developer takes them away",
                notes=(
                    f"the lowest has its axis at {low.min():.4g} um, and its voxels reach {0.5 * s.height_um[at]:.4g} um down",
                    "join them to the rest, lower the part, or say `interface: ...` to sink it into the substrate",
                ),
            )


AFLOAT = Afloat()
