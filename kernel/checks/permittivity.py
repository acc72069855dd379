"""A bath so polar that it keeps the nanocrystals dispersed."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

#: Relative permittivity up to which baths are known to gel (ethanol), and above which they probably keep the nanocrystals
#: dispersed. The threshold itself is not in the paper's main text.
GELS, DISPERSES = 24.9, 37.0


class Permittivity:
    code = "W211"
    severity = Severity.WARNING
    doc = "the bath's permittivity lets nanocrystals gel"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.jobs:
            bath = job.print.bath
            if bath is None or bath.solvent.permittivity <= GELS * (1 + 1e-9):
                continue
            eps = bath.solvent.permittivity
            yield warning(
                self.code,
                f"{eps:g} is the permittivity of {bath.solvent.name} in bath {bath.name}; up to {GELS:g} is known to gel",
                job.print.spans.get("bath") or job.print.span,
                label="probably keeps nanocrystals dispersed"
                if eps >= DISPERSES
                else "it may keep nanocrystals dispersed",
                notes=(
                    f"the threshold lies above {GELS:g} and probably below {DISPERSES:g}; it is not published",
                    "1-butanol (17.3) is what the paper printed in",
                ),
            )


PERMITTIVITY = Permittivity()
