"""Lines of one strut that stand apart from each other."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class HatchGap:
    code = "W276"
    severity = Severity.WARNING
    doc = "lines of a hatched strut touch each other"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.written:
            light = job.light
            assert light is not None
            apart, s = light.apart_um, light.sections
            for name, far, size in (
                ("hatch", apart[0], float(s.voxel_wide_um.min())),
                ("slice", apart[1], float(s.voxel_high_um.min())),
            ):
                if far <= size * (1 + 1e-9):
                    continue
                yield warning(
                    self.code,
                    f"{far:.4g} um lies between lines of {job.name}; at most their voxel of {size:.4g} um was expected",
                    context.setting(job, name),
                    label=f"`{name}`: lines stand apart, and a strut falls to pieces",
                    notes=("figures of the part take its struts as filled",),
                )


HATCH_GAP = HatchGap()
