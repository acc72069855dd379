"""Lines higher than the objective can put its focus, or above the resin."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error


class FocusReach:
    code = "W274"
    severity = Severity.ERROR
    doc = "every written line lies within the working distance and the resin"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..voxels.resin import resins_of

        for job in context.written:
            light = job.light
            assert light is not None
            s = light.sections
            top = float((s.points_um[:, 2] + s.lift_um()).max()) - light.how.interface
            reach = light.how.reach
            if reach is not None and top > reach * (1 + 1e-9):
                yield error(
                    self.code,
                    f"{top:.4g} um above the substrate is the highest line of {job.name}; at most {reach:.4g} um was expected",
                    context.setting(job, "reach"),
                    label="the objective would touch before its focus gets there",
                )
            for resin in resins_of(job.print):
                if top <= resin.thickness_um * (1 + 1e-9):
                    continue
                yield error(
                    self.code,
                    f"{top:.4g} um above the substrate is the highest line of {job.name}; resin {resin.name} is "
                    f"{resin.thickness_um:.4g} um thick",
                    context.setting(job, "resin"),
                    label="nothing is there that could be written",
                )


FOCUS_REACH = FocusReach()
