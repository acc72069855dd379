"""Figures in use that nobody measured for this job."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity

#: So many are named; the rest is counted.
NAMED = 6


class Assumed:
    code = "W209"
    severity = Severity.NOTE
    doc = "assumed figures are told"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        found = context.scene.assumptions
        if not found:
            return
        names = list(dict.fromkeys(a.what for a in found))
        shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
        yield Diagnostic(
            self.code,
            self.severity,
            f"{len(names)} figures in use are assumed: {shown}",
            next((a.span for a in found if a.span is not None), None),
            notes=("`wp explain W209` tells where each is marked",),
        )


ASSUMED = Assumed()
