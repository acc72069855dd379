"""Free ends so long that the wet filament would droop."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..drying.sag import ASSUMPTIONS, FREE_END, LIMIT, drooping


class Overhang:
    code = "W207"
    severity = Severity.WARNING
    doc = "no free end of a wet filament droops by more than a tenth of its height"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for worst in drooping(context, FREE_END, lambda c: c.overhang_um):
            yield warning(
                self.code,
                f"{worst.length_um:.4g} um is the longest free end, on {worst.many} filaments that would droop by more "
                f"than {LIMIT:.0%} of their height (here {worst.sag:.0%}); {worst.holds_um:.4g} um holds",
                context.span(worst.job, worst.filament),
                label="nothing below carries its end",
                notes=(
                    "let a line of the layer below run under the end, or cut the part closer to it",
                    *ASSUMPTIONS,
                ),
            )


OVERHANG = Overhang()
