"""A print without a bath: nothing would gel."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error


class NoBath:
    code = "W202"
    severity = Severity.ERROR
    doc = "every wet-written print names its bath"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.jobs:
            if job.print.bath is None and job.print.process == "wet_writing":
                yield error(
                    self.code,
                    f"0 baths are named for the print of {job.name}; one was expected",
                    job.print.span,
                    label="ink gels only in a bath with its linker",
                    notes=(f"write `print {job.name} {{ bath: NAME; }}`",),
                )


BATH = NoBath()
