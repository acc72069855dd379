"""Films thicker than their route makes them, or than they hold."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.steps import length

#: Spin-coated films reach "a few hundred nm", routes of heat go "above 10 um".
SPIN_UM, THICK_UM = 0.5, 10.0
SOURCE = "Pan et al., Acc. Chem. Res. 2023, 56, 2286; Qing and Zhang, Chem. Sci. 2026, 17, 8913"


class FilmRoute:
    code = "W245"
    severity = Severity.WARNING
    doc = "films are as thin as their route and their cracking ask"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for coat in context.films.coats:
            film, (_, pattern) = coat.film, coat.last
            place = film.spans.get("thickness") or film.span or pattern.span
            heat = all(p.process == "thermal_writing" for _, p in coat.passes)
            limits = []
            if film.route == "spin":
                limits.append(
                    (
                        SPIN_UM,
                        "spin-coated films reach a few hundred nm",
                        f"source: {SOURCE}; 500 nm taken for it",
                    )
                )
            elif not heat:
                limits.append((THICK_UM, "above that only routes of heat are known", f"source: {SOURCE}"))
            if film.crack_um is not None:
                limits.append((film.crack_um, "it cracks above that", "as the film says: `crack`"))
            for limit, why, source in limits:
                if film.thickness_um > limit * (1 + 1e-9):
                    yield warning(
                        self.code,
                        f"{length(film.thickness_um)} is the thickness of film `{film.name}`; {length(limit)} or less was expected",
                        place,
                        label=why,
                        notes=(source,),
                    )


FILM_ROUTE = FilmRoute()
