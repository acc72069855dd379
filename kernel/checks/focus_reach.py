"""Lines higher than the objective can put its focus, where it would hit what stands, or above the resin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error

if TYPE_CHECKING:
    from ..build import Job


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
                yield from (
                    _dipped(context, job, reach)
                    if light.how.invert_z
                    else [
                        error(
                            self.code,
                            f"{top:.4g} um above the substrate is the highest line of {job.name}; at most {reach:.4g} um was expected",
                            context.setting(job, "reach"),
                            label="the objective would touch before its focus gets there",
                            notes=(
                                "an objective that dips into the resin goes up with the part: `invert_z: true; block_height: ...;`",
                            ),
                        )
                    ]
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


def _dipped(context: CheckContext, job: Job, reach: float) -> Iterator[Diagnostic]:
    """An objective in the resin begins `reach` above its focus: nothing that stands may reach higher."""
    import numpy as np

    assert job.light is not None
    writing = job.light.writing
    z, heads = writing.lines.state("wet").points_um[:, 2], writing.lines.offsets[:-1]
    low = np.minimum.reduceat(z, heads)
    top = np.maximum.accumulate(np.maximum.reduceat(z, heads))
    over = np.append(0.0, top[:-1] - low[1:])
    worst = int(np.argmax(over))
    if over[worst] <= reach * (1 + 1e-9):
        return
    yield error(
        FocusReach.code,
        f"{over[worst]:.4g} um above the focus stands what is written of {job.name} already; at most {reach:.4g} um was expected",
        context.setting(job, "reach"),
        label=f"the objective would touch it in block {int(writing.block[worst]) + 1} of {len(writing.origin_um)}",
        notes=(f"stack blocks that are lower than that: `block_height: {0.5 * reach:.3g}um; overlap: ...;`",),
    )


FOCUS_REACH = FocusReach()
