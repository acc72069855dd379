"""Perovskites in what harms them: polar solvents, water, heat, of their own passes and of later ones."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, Related, Span, warning
from ..films.checked import Films
from ..films.coats import Coat
from ..films.rules import EachCoat
from ..scene import Pattern

#: Liquids by polarity that perovskites do not bear.
POLAR = ("polar", "aqueous")


class FilmPerovskite(EachCoat):
    code = "W247"
    doc = "perovskites meet no polar solvent, water or heat"

    def of(self, films: Films, one: Coat) -> Iterator[Diagnostic]:
        film = one.film
        if film.family != "perovskite":
            return
        own = {row for row, _ in one.passes}
        for row, pattern in films.patterns:
            if row < one.passes[0][0]:
                continue
            mine = row in own
            spread = any(c.passes[0][0] == row for c in films.coats)
            writes = mine or (row > one.last[0] and films.meets(one, row))
            for what, place in _harms(
                pattern, spread=spread, writes=writes, limited=film.bears_celsius is not None
            ):
                yield warning(
                    self.code,
                    f"{what} {'the perovskite film' if mine else 'a later film beside or over the perovskite film'} `{film.name}`; nonpolar liquids and no "
                    "heat were expected",
                    place,
                    label="perovskites fear polar solvents, water and heat",
                    related=() if mine else (Related(one.last[1].span, "on the substrate from here on"),),
                    notes=(
                        f"source: {REVIEWS}",
                        "a ligand, a developer or a process without it, or the perovskite last; `below_celsius` of the film tells a heat that it "
                        "is known to bear",
                    ),
                )


def _harms(pattern: Pattern, *, spread: bool, writes: bool, limited: bool) -> Iterator[tuple[str, Span]]:
    """What of a pattern harms a perovskite on the substrate, and where the design says it. `spread`: its film is spread for it; `writes`:
    it is exposed where the perovskite lies; `limited`: the perovskite has a limit of its own, which W259 holds every heat against."""
    film, developer, spans = pattern.film, pattern.developer, pattern.spans
    if spread and film.ligand.ink in POLAR:
        yield f"{film.ligand.ink} is the solvent of the ink of", film.span or pattern.span
    if developer is not None and pattern.develop and developer.polarity in POLAR:
        yield f"{developer.liquid} ({developer.polarity}) develops", spans.get("developer") or pattern.span
    if pattern.process == "thermal_writing" and writes:
        yield "heat writes", spans.get("process") or pattern.span
    if pattern.fields.get("bake_celsius") is not None and not limited:
        where = spans.get("bake_celsius") or pattern.span
        yield f"a treatment at {pattern.fields['bake_celsius']:g} C heats", where


FILM_PEROVSKITE = FilmPerovskite()
