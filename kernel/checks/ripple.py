"""Lines of a strut so far apart that the dose swings between them: the strut comes out rough."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class Ripple:
    code = "W267"
    severity = Severity.WARNING
    doc = "the dose of hatched struts swings no more than is allowed"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..voxels.optics import ripple, widest_hatch_um

        for job in context.written:
            light = job.light
            assert light is not None
            how, apart = light.how, light.apart_um
            for name, given, radius in (("hatch", apart[0], how.w_xy), ("slice", apart[1], how.w_z)):
                if not given:
                    continue
                best, swing = widest_hatch_um(radius, how.ripple), ripple(radius, given)
                if given <= best * (1 + 1e-9):
                    continue
                yield warning(
                    self.code,
                    f"{given:.4g} um lies between lines of {job.name}: the dose swings by {min(swing, 1.0):.2%}{' or more' if swing > 1.0 else ''}; "
                    f"{how.ripple:.2%} was expected",
                    context.setting(job, name),
                    label=f"`{name}: {best:.3g}um;` holds",
                    notes=(f"the 1/e radius of the squared focus is {radius:.4g} um in this direction",),
                )


RIPPLE = Ripple()
