"""Perovskites in what harms them: polar solvents, water, heat."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..scene import Pattern


class FilmPerovskite(EachPattern):
    code = "W247"
    doc = "perovskites meet no polar solvent, water or heat"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        _, pattern = one
        film, developer, spans = pattern.film, pattern.developer, pattern.spans
        if film.family != "perovskite":
            return
        harms = []
        if film.ligand.ink in ("polar", "aqueous"):
            harms.append((f"{film.ligand.ink} is the solvent of the ink of", film.span or pattern.span))
        if developer is not None and pattern.develop and developer.polarity in ("polar", "aqueous"):
            word = f"{developer.liquid} ({developer.polarity})"
            harms.append((f"{word} develops", spans.get("developer") or pattern.span))
        if pattern.process == "thermal_writing":
            harms.append(("heat writes", spans.get("process") or pattern.span))
        # A limit of its own is held against every temperature by W259.
        if pattern.fields.get("bake_celsius") is not None and film.bears_celsius is None:
            harms.append(
                (
                    f"a treatment at {pattern.fields['bake_celsius']:g} C heats",
                    spans.get("bake_celsius") or pattern.span,
                )
            )
        for what, place in harms:
            yield warning(
                self.code,
                f"{what} the perovskite film `{film.name}`; nonpolar liquids and no heat were expected",
                place,
                label="perovskites fear polar solvents, water and heat",
                notes=(
                    f"source: {REVIEWS}",
                    "a ligand, a developer or a process without it; `below_celsius` of the film tells a heat that it is known to bear",
                ),
            )


FILM_PEROVSKITE = FilmPerovskite()
