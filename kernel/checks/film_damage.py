"""A dose that harms the film that it shall keep."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.coats import by_light
from ..films.steps import dose


class FilmDamage:
    code = "W241"
    severity = Severity.WARNING
    doc = "no film gets a dose that harms it"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for coat, _, high in context.films.doses:
            film = coat.film
            if film.damage is None or not by_light(coat) or high < film.damage * (1 - 1e-9):
                continue
            _, pattern = coat.last
            several = f", {len(coat.passes)} passes together" if len(coat.passes) > 1 else ""
            yield warning(
                self.code,
                f"{dose(high)} is the largest dose that film `{film.name}` gets{several}; less than {dose(film.damage)} was expected",
                pattern.spans.get("dose") or pattern.span,
                label="its top does not survive this",
                notes=("a smaller dose, or a mask that no two passes expose at the same place",),
            )


FILM_DAMAGE = FilmDamage()
