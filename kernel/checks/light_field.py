"""Lines farther from the middle of their block than the writer gets without moving its stage."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error


class LightField:
    code = "W273"
    severity = Severity.ERROR
    doc = "every block fits in the field of the writer"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            field = light.how.field
            if field is None:
                continue
            pieces, s = light.pieces, light.sections
            centre = pieces.centre_um[np.repeat(pieces.block, np.diff(pieces.offsets))]
            beside = pieces.at(s.reach_um(np.zeros(len(s.wide_um))))
            away = np.abs(pieces.at(s.points_um)[:, :2] - centre).max(axis=1) + beside
            far = 2.0 * float(away.max(initial=0.0))
            if far <= field * (1 + 1e-9):
                continue
            if light.how.block is None:
                name, fix = "field", f"cut the part into blocks: `block: {0.9 * field:.4g}um; overlap: ...;`"
            else:
                name, fix = "block", "smaller blocks, less overlap, or less lean (`shear`)"
            yield error(
                self.code,
                f"{far:.4g} um is what {job.name} needs of the field of the writer; at most {field:.4g} um was expected",
                context.setting(job, name),
                label="lines beyond the field are not written",
                notes=(fix,),
            )


LIGHT_FIELD = LightField()
