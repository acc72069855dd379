"""Dose factors that a writer of electrons has no number for."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.writing import FACTOR_UNIT, MOST_DATATYPE, datatype_of
from ..scene import Pattern


class FilmFactor(EachPattern):
    code = "W250"
    doc = "dose factors of electron beams can be written"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        row, pattern = one
        factors = films.factors(row) if pattern.process == "ebeam" else ()
        bad = [f for f in factors if datatype_of(f) is None]
        if bad:
            yield warning(
                self.code,
                f"{max(bad):.6g} is the dose factor of {len(bad)} of {len(factors)} classes of pass `{pattern.name}`; "
                f"{0.5 / FACTOR_UNIT:g} to {MOST_DATATYPE / FACTOR_UNIT:g} was expected",
                pattern.spans.get("dose") or pattern.span,
                label="files hold 1000 times the factor as a number of two bytes",
                notes=("give the pattern the dose that most of it gets, so that factors lie near 1",),
            )


FILM_FACTOR = FilmFactor()
