"""A pattern that is developed in nobody says what."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, Severity
from ..films.checked import Films
from ..films.rules import EachPattern
from ..scene import Pattern


class FilmDeveloper(EachPattern):
    code = "W254"
    severity = Severity.NOTE
    doc = "every development names its developer"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        _, pattern = one
        if pattern.developer is not None or not pattern.develop:
            return
        ligand = pattern.film.ligand
        yield Diagnostic(
            self.code,
            self.severity,
            f"0 developers are named for pattern `{pattern.name}`; one was expected",
            pattern.span,
            "what takes away the rest decides the tone",
            (),
            (
                f"{ligand.name} was developed in {', '.join(ligand.developers)}"
                if ligand.developers
                else "`ligands.wp` has some; `develop: false;` leaves the film for a later pass",
            ),
        )


FILM_DEVELOPER = FilmDeveloper()
