"""A film that is exposed and never developed."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmUndeveloped:
    code = "W257"
    severity = Severity.WARNING
    doc = "every film is developed in the end"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for coat in context.films.coats:
            if coat.developed:
                continue
            _, last = coat.last
            yield warning(
                self.code,
                f"0 developments follow pattern `{last.name}` of film `{coat.film.name}`; one was expected",
                last.spans.get("develop", last.span),
                label="the last pass of this film leaves all of it where it was spread",
                notes=("name a `developer` in the last pattern of the film, in place of `develop: false;`",),
            )


FILM_UNDEVELOPED = FilmUndeveloped()
