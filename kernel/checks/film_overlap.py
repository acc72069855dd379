"""Films of different materials that lie on each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ..check import CheckContext
from ..diagnostics import Diagnostic, Related, Severity, warning


class FilmOverlap:
    code = "W233"
    severity = Severity.WARNING
    doc = "films of different materials lie apart"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        films = context.films
        for one, two in combinations(films.coats, 2):
            if one.film.name == two.film.name:
                continue
            from ..films.prism import overlap_um2

            shared = overlap_um2(films.kept(one), films.kept(two))
            if shared <= 0:
                continue
            (_, earlier), (_, later) = one.last, two.last
            yield warning(
                self.code,
                f"{shared:.4g} um2 of film `{two.film.name}` lie on film `{one.film.name}`; 0 was expected",
                later.span,
                label="this film stays on top",
                related=(Related(earlier.span, "on what this pass left"),),
                notes=(
                    "take one mask off the other, `difference(one, two)`, or allow it where one shall lie on the other",
                ),
            )


FILM_OVERLAP = FilmOverlap()
