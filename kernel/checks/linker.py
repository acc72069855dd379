"""A bath that carries no linker of an ink printed in it: the filament would never turn solid."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Related, Severity, error


class Linker:
    code = "W201"
    severity = Severity.ERROR
    doc = "the bath carries a linker for every ink"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.jobs:
            bath = job.print.bath
            if bath is None:
                continue
            span = job.print.spans.get("bath") or job.print.span
            carried = {k.ion for k in bath.linkers}
            for ink in context.inks(job):
                wanted = list(dict.fromkeys(k.ion for k in ink.linkers))
                if carried & set(wanted):
                    continue
                names = " or ".join(dict.fromkeys(k.name for k in ink.linkers)) or "its linker"
                yield error(
                    self.code,
                    f"bath {bath.name} carries {', '.join(sorted(carried)) or 'no linker'}; "
                    f"ink {ink.name} gels with {' or '.join(wanted) or 'none that is known'}",
                    span,
                    label=f"{ink.name} stays liquid in it",
                    related=(Related(ink.span, "the ink"),) if ink.span is not None else (),
                    notes=(f"add {names} to `linkers` of the bath, or print in a bath that has it",),
                )


LINKER = Linker()
