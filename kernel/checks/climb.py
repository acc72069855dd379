"""Lines that climb, in a mode in which mirrors scan level lines alone."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Edit, Fix, Severity, warning


class Climb:
    code = "W280"
    severity = Severity.WARNING
    doc = "lines that climb are scanned by a stage"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            if light.how.mode != "galvo":
                continue
            f = light.struts
            z = light.sections.points_um[:, 2]
            rise = np.maximum.reduceat(z, f.offsets[:-1]) - np.minimum.reduceat(z, f.offsets[:-1])
            bad = np.flatnonzero(rise > light.how.slice_um)
            if not len(bad):
                continue
            span = job.print.spans.get("mode")
            yield warning(
                self.code,
                f"{len(bad)} of {len(f)} struts of {job.name} climb, and mirrors scan level lines alone; 0 were expected",
                context.setting(job, "mode"),
                label="`galvo`: the height follows on its own, layer by layer",
                notes=(
                    '`mode: "piezo";` scans in all three directions, at less speed and within its own range',
                ),
                fixes=(Fix("write `piezo`", (Edit(span, '"piezo"'),)),) if span is not None else (),
            )


CLIMB = Climb()
