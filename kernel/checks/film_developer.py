"""A pattern that is developed in nobody says what."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity


class FilmDeveloper:
    code = "W254"
    severity = Severity.NOTE
    doc = "every development names its developer"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for _, pattern in context.films.patterns:
            if pattern.developer is not None or not pattern.develop:
                continue
            known = pattern.film.ligand.developers
            yield Diagnostic(
                self.code,
                self.severity,
                f"0 developers are named for pattern `{pattern.name}`; one was expected",
                pattern.span,
                "what takes away the rest decides the tone",
                (),
                (
                    f"{pattern.film.ligand.name} was developed in {', '.join(known)}"
                    if known
                    else "`ligands.wp` has some; `develop: false;` leaves the film for a later pass",
                ),
            )


FILM_DEVELOPER = FilmDeveloper()
