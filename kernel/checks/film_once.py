"""A film that is spread and developed twice."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, Related, warning
from ..films.checked import Films
from ..films.coats import Coat
from ..films.rules import EachCoat


class FilmOnce(EachCoat):
    code = "W253"
    doc = "every material is spread, exposed and developed once"

    def of(self, films: Films, one: Coat) -> Iterator[Diagnostic]:
        first = next(c for c in films.coats if c.film.name == one.film.name)
        if first is one:
            return
        yield warning(
            self.code,
            f"2 coats of film `{one.film.name}` are spread; one was expected",
            one.passes[0][1].span,
            label="spread once more over what was developed",
            related=(Related(first.last[1].span, "developed here the first time"),),
            notes=(
                "`develop: false;` in the earlier pattern exposes one film in two passes; or unite both masks",
                f"film, exposure and development once for every material: {REVIEWS}",
            ),
        )


FILM_ONCE = FilmOnce()
