"""A film that is spread and developed twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Related, Severity, warning

if TYPE_CHECKING:
    from ..films.coats import Coat

SOURCE = "Pan et al., Acc. Chem. Res. 2023, 56, 2286; Qing and Zhang, Chem. Sci. 2026, 17, 8913"


class FilmOnce:
    code = "W253"
    severity = Severity.WARNING
    doc = "every material is spread, exposed and developed once"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        seen: dict[str, Coat] = {}
        for coat in context.films.coats:
            first = seen.setdefault(coat.film.name, coat)
            if first is coat:
                continue
            yield warning(
                self.code,
                f"2 coats of film `{coat.film.name}` are spread; one was expected",
                coat.passes[0][1].span,
                label="spread once more over what was developed",
                related=(Related(first.last[1].span, "developed here the first time"),),
                notes=(
                    "`develop: false;` in the earlier pattern exposes one film in two passes; or unite both masks",
                    f"film, exposure and development once for every material: {SOURCE}",
                ),
            )


FILM_ONCE = FilmOnce()
