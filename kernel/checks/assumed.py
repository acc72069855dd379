"""Figures in use that nobody measured for this job."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, Span

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
        told = {a.what: a for a in reversed(found)}
        first = [told[name] for name in dict.fromkeys(a.what for a in found)]
        more = (f"and {len(first) - NAMED} more",) if len(first) > NAMED else ()
        yield Diagnostic(
            self.code,
            self.severity,
            f"{len(first)} figure{'s' if len(first) > 1 else ''} in use that nobody measured for this job",
            _place(context, [a.span for a in found if a.span is not None]),
            notes=(*(f"{a.what}: {a.origin.text or 'assumed'}" for a in first[:NAMED]), *more),
        )


def _place(context: CheckContext, spans: list[Span]) -> Span | None:
    """The first figure that the design itself holds; where all are the library's, the print that rests on them."""
    prints = [p.span for p in context.scene.prints]
    own = next((s for s in spans if any(s.source is p.source for p in prints)), None)
    return own or next(iter(prints or spans), None)


ASSUMED = Assumed()
