"""Hatched struts whose lines together leave as much as one line of a power that burns the resin."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class DosePeak:
    code = "W282"
    severity = Severity.WARNING
    doc = "lines of a strut together leave no more dose than the resin survives"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        from ..quantity import MILLIWATT
        from ..voxels.doses import peak

        for job in context.written:
            light = job.light
            assert light is not None
            most = light.how.damage
            # One line that burns by itself is another rule's.
            if most is None or float(light.sections.power.max()) > most * (1 + 1e-9):
                continue
            found = peak(light)
            if found.alone <= most * (1 + 1e-9):
                continue
            i = int(np.searchsorted(light.struts.offsets, found.point, "right")) - 1
            yield warning(
                self.code,
                f"{found.alone / MILLIWATT:.4g} mW in one line would leave as much dose as the lines of a strut of {job.name} leave "
                f"together; at most {most / MILLIWATT:.4g} mW was expected",
                context.setting(job, "hatch")
                if light.how.hatch is not None
                else context.field(job, i, "filament"),
                label=f"{'seams and neighbours' if found.twice else 'neighbours'} add up to {found.times:.3g} times the dose of a line of {found.power / MILLIWATT:.4g} mW",
                notes=(
                    f"a `power` below {most / found.times**0.5 / MILLIWATT:.3g} mW, or a wider `hatch` and `slice`",
                    "dose is taken to add to dose, however long ago the other line was written (assumed)",
                ),
            )


DOSE_PEAK = DosePeak()
