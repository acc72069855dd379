"""Perovskites in what harms them: polar solvents, water, heat."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

SOURCE = "Pan et al., Acc. Chem. Res. 2023, 56, 2286; Qing and Zhang, Chem. Sci. 2026, 17, 8913"


class FilmPerovskite:
    code = "W247"
    severity = Severity.WARNING
    doc = "perovskites meet no polar solvent, water or heat"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for _, pattern in context.films.patterns:
            film, developer = pattern.film, pattern.developer
            if film.family != "perovskite":
                continue
            harms = []
            if film.ligand.ink in ("polar", "aqueous"):
                harms.append((f"{film.ligand.ink} is the solvent of the ink of", film.span or pattern.span))
            if developer is not None and pattern.develop and developer.polarity in ("polar", "aqueous"):
                word = f"{developer.liquid} ({developer.polarity})"
                harms.append((f"{word} develops", pattern.spans.get("developer") or pattern.span))
            if pattern.process == "thermal_writing":
                harms.append(("heat writes", pattern.spans.get("process") or pattern.span))
            for what, place in harms:
                yield warning(
                    self.code,
                    f"{what} the perovskite film `{film.name}`; nonpolar liquids and no heat were expected",
                    place,
                    label="perovskites fear polar solvents, water and heat",
                    notes=(f"source: {SOURCE}",),
                )


FILM_PEROVSKITE = FilmPerovskite()
