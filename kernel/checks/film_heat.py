"""A temperature that a film does not bear."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, Related, warning
from ..films.checked import Films
from ..films.coats import Coat
from ..films.rules import EachCoat


class FilmHeat(EachCoat):
    code = "W259"
    doc = "no film gets as hot as harms it"

    def of(self, films: Films, one: Coat) -> Iterator[Diagnostic]:
        limit = one.film.bears_celsius
        if limit is None:
            return
        own = {row for row, _ in one.passes}
        hot = []
        for row, pattern in films.patterns:
            if row < one.passes[0][0]:
                continue
            # A treatment heats all that is on the substrate by then, a laser what lies where it writes.
            hot.append((pattern, pattern.fields.get("bake_celsius"), "bake_celsius"))
            if row in own or (pattern.fields.get("celsius") is not None and films.meets(one, row)):
                hot.append((pattern, pattern.fields.get("celsius"), "celsius"))
        for pattern, celsius, name in hot:
            if celsius is None or celsius < limit:
                continue
            mine = pattern.film.name == one.film.name
            place = pattern.spans.get(name) or pattern.span
            yield warning(
                self.code,
                f"{celsius:g} C is what film `{one.film.name}` gets to in pattern `{pattern.name}`; less than {limit:g} C was expected",
                place,
                label="too hot for it" if mine else f"`{one.film.name}` lies on the substrate by then",
                related=() if mine or one.film.span is None else (Related(one.film.span, "this film"),),
                notes=(*_said(one), "less heat, or spread the film that bears least last"),
            )


def _said(one: Coat) -> tuple[str, ...]:
    """Who says what the film bears."""
    film = one.film
    if film.below_celsius is not None:
        known = film.provenance.get("below_celsius")
        return (
            f"source: {known.text}" if known is not None and known.text else "`below_celsius` of the film",
        )
    return film.ligand.sourced("below_celsius") or (f"`below_celsius` of {film.ligand.name}",)


FILM_HEAT = FilmHeat()
