"""Dose factors that a writer of electrons has no number for."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.writing import FACTOR_UNIT, MOST_DATATYPE, datatype_of


class FilmFactor:
    code = "W250"
    severity = Severity.WARNING
    doc = "dose factors of electron beams can be written"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for row, pattern in context.films.patterns:
            if pattern.process != "ebeam":
                continue
            factors = context.films.factors(row)
            bad = [f for f in factors if datatype_of(f) is None]
            if not bad:
                continue
            worst = max(bad)
            yield warning(
                self.code,
                f"{worst:.6g} is the dose factor of {len(bad)} of {len(factors)} classes of pass `{pattern.name}`; "
                f"{0.5 / FACTOR_UNIT:g} to {MOST_DATATYPE / FACTOR_UNIT:g} was expected",
                pattern.spans.get("dose") or pattern.span,
                label="files hold 1000 times the factor as a number of two bytes",
                notes=("give the pattern the dose that most of it gets, so that factors lie near 1",),
            )


FILM_FACTOR = FilmFactor()
