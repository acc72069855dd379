"""A film that is exposed and never developed."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.coats import Coat
from ..films.rules import EachCoat


class FilmUndeveloped(EachCoat):
    code = "W257"
    doc = "every film is developed in the end"

    def of(self, films: Films, one: Coat) -> Iterator[Diagnostic]:
        if one.developed:
            return
        _, last = one.last
        yield warning(
            self.code,
            f"0 developments follow pattern `{last.name}` of film `{one.film.name}`; one was expected",
            last.spans.get("develop", last.span),
            label="the last pass of this film leaves all of it where it was spread",
            notes=("name a `developer` in the last pattern of the film, in place of `develop: false;`",),
        )


FILM_UNDEVELOPED = FilmUndeveloped()
