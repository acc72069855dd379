"""Perovskites in what harms them: polar solvents, water, heat, of their own passes and of later ones."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, Related, Span, warning
from ..films.checked import Films
from ..films.coats import Coat
from ..films.rules import EachCoat
from ..scene import Pattern, Print

#: Liquids by polarity that perovskites do not bear.
POLAR = ("polar", "aqueous")

#: Relative permittivity from which a liquid counts as polar (assumed; toluene has 2.4, butanol 17).
POLAR_FROM = 5.0


class FilmPerovskite(EachCoat):
    code = "W247"
    doc = "perovskites meet no polar solvent, water or heat"

    def of(self, films: Films, one: Coat) -> Iterator[Diagnostic]:
        film = one.film
        if film.family != "perovskite":
            return
        own = {row for row, _ in one.passes}
        for row, made in enumerate(films.scene.job):
            if row < one.passes[0][0]:
                continue
            if isinstance(made, Print):
                found = _bathed(made)
            else:
                spread = any(c.passes[0][0] == row for c in films.coats)
                writes = row in own or (row > one.last[0] and films.meets(one, row))
                found = _harms(made, spread=spread, writes=writes, limited=film.bears_celsius is not None)
            mine = row in own
            what_of = "the perovskite film" if mine else "what is made beside or over the perovskite film"
            for what, place in found:
                yield warning(
                    self.code,
                    f"{what} {what_of} `{film.name}`; nonpolar liquids and no heat were expected",
                    place,
                    label="perovskites fear polar solvents, water and heat",
                    related=() if mine else (Related(one.last[1].span, "on the substrate from here on"),),
                    notes=(
                        f"source: {REVIEWS}",
                        "a ligand, a developer or a process without it, or the perovskite last; `below_celsius` of the film tells a heat that it "
                        "is known to bear",
                    ),
                )


def _bathed(made: Print) -> Iterator[tuple[str, Span]]:
    """The bath of a print, which covers all that is on the substrate, where its liquid is polar."""
    bath = made.bath
    if bath is not None and bath.solvent.permittivity >= POLAR_FROM:
        liquid = f"{bath.solvent.name} (relative permittivity {bath.solvent.permittivity:.3g}) is the bath of"
        yield liquid, made.spans.get("bath") or made.span


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
