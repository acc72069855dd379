"""A dose that leaves less of a film than was spread."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.coats import by_light
from ..films.dose import d100_of, retention
from ..films.steps import dose


class FilmDose:
    code = "W240"
    severity = Severity.WARNING
    doc = "the dose of all passes together keeps the film"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for coat, low, _ in context.films.doses:
            film = coat.film
            if film.d0 is None or film.gamma is None or not by_light(coat):
                continue
            d100 = d100_of(film.d0, film.gamma)
            if low >= d100 * (1 - 1e-9):
                continue
            share = retention(low, film.d0, film.gamma)
            _, pattern = coat.last
            yield warning(
                self.code,
                f"{dose(low)} is the least dose that film `{film.name}` gets where it is exposed, which keeps {share:.0%} of it; "
                f"{dose(d100)} or more was expected",
                pattern.spans.get("dose") or pattern.span,
                label="nothing would stay" if share == 0 else "a thinner film would stay",
                notes=(
                    f"its window: {dose(film.d0)} (D0) to {dose(d100)} (D100, from gamma {film.gamma:.3g})",
                ),
            )


FILM_DOSE = FilmDose()
