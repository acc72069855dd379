"""A correction of tilt that the writer does not do as it scans with its mirrors."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Edit, Fix, Severity, warning


class Tilt:
    code = "W275"
    severity = Severity.WARNING
    doc = "tilt is corrected in a mode that can"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.written:
            how = job.light.how if job.light is not None else None
            if how is None or not how.tilt_correction or how.mode != "galvo":
                continue
            span = job.print.spans.get("mode")
            yield warning(
                self.code,
                f"`{how.mode}` is the mode of {job.name}, which corrects no tilt; `piezo` was expected",
                context.setting(job, "tilt_correction"),
                label="asked for here",
                notes=(
                    "level the substrate instead, or sink the part by what is left of the tilt (`interface`)",
                ),
                fixes=(Fix("write `piezo`", (Edit(span, '"piezo"'),)),) if span is not None else (),
            )


TILT = Tilt()
