"""A bath too shallow for the part that is printed in it."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error


class Vessel:
    code = "W218"
    severity = Severity.ERROR
    doc = "the bath covers the wet part"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        rig = context.rig
        if rig is None or rig.vessel is None:
            return
        fill = rig.vessel.fill_um
        for job in context.jobs:
            if job.print.bath is None or not context.has(job, "wet") or not len(job.filaments):
                continue
            f, wet = job.filaments, job.filaments.state("wet")
            top = wet.points_um[:, 2] + 0.5 * wet.height_um
            point = int(np.argmax(top))
            if top[point] <= fill * (1 + 1e-9):
                continue
            i = int(np.searchsorted(f.offsets, point, "right")) - 1
            yield error(
                self.code,
                f"{top[point]:.4g} um is how high {job.name} stands while it is wet; the bath of rig {rig.name} is {fill:.4g} um deep",
                context.field(job, i, "layers"),
                label="ink above the bath stays liquid",
                notes=(
                    f"pour {_ml(rig.vessel.size_um, float(top[point]))} mL or more and set `vessel.fill_um` of the rig, or make the part lower",
                ),
            )


def _ml(size_um: tuple[float, float], depth_um: float) -> str:
    return f"{size_um[0] * size_um[1] * depth_um * 1e-12:.3g}"


VESSEL = Vessel()
