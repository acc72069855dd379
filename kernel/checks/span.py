"""Spans so long that the wet filament would sag."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..drying.sag import ASSUMPTIONS, LIMIT, SUPPORTED, drooping


class Span:
    code = "W204"
    severity = Severity.WARNING
    doc = "no wet filament sags by more than a tenth of its height between two supports"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for worst in drooping(context, SUPPORTED, lambda c: c.span_um):
            yield warning(
                self.code,
                f"{worst.length_um:.4g} um is the longest wet span, on {worst.many} filaments that would sag by more than "
                f"{LIMIT:.0%} of their height (here {worst.sag:.0%}); {worst.holds_um:.4g} um holds",
                context.field(worst.job, worst.filament, "pitch"),
                label="the supports below stand this far apart",
                notes=(
                    f"type a `pitch` of at most {worst.holds_um:.3g}um for the layer below, or a wider `filament`",
                    *ASSUMPTIONS,
                ),
            )


SPAN = Span()
