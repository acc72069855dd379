"""Films thicker than their route makes them, or than they hold."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.coats import Coat
from ..films.rules import EachCoat
from ..films.steps import length

#: Spin-coated films reach "a few hundred nm", routes of heat go "above 10 um".
SPIN_UM, THICK_UM = 0.5, 10.0


class FilmRoute(EachCoat):
    code = "W245"
    doc = "films are as thin as their route and their cracking ask"

    def of(self, films: Films, one: Coat) -> Iterator[Diagnostic]:
        film, (_, pattern) = one.film, one.last
        heat = all(p.process == "thermal_writing" for _, p in one.passes)
        limits = []
        if film.route == "spin":
            why = "spin-coated films reach a few hundred nm"
            mend = 'a thinner film; `route: "thick";` says that it is not spin-coated'
            limits.append((SPIN_UM, why, f"source: {REVIEWS}; 500 nm taken for it", mend))
        elif not heat:
            why, mend = (
                "above that only routes of heat are known",
                "a thinner film, or `process: thermal_writing;`",
            )
            limits.append((THICK_UM, why, f"source: {REVIEWS}", mend))
        if film.crack_um is not None:
            limits.append(
                (film.crack_um, "it cracks above that", "as the film says: `crack`", "a thinner film")
            )
        for limit, why, source, mend in limits:
            if film.thickness_um > limit * (1 + 1e-9):
                yield warning(
                    self.code,
                    f"{length(film.thickness_um)} is the thickness of film `{film.name}`; {length(limit)} or less was expected",
                    film.spans.get("thickness") or film.span or pattern.span,
                    label=why,
                    notes=(source, mend),
                )


FILM_ROUTE = FilmRoute()
