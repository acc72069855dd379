"""A dose far from that of the literature, where nobody measured the film."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import CoatDose, Films
from ..films.rules import EachDose

#: Doses of the literature are those of other films and lamps: so far from them nothing is told (assumed).
FACTOR = 2.0


class FilmLiterature(EachDose):
    code = "W243"
    doc = "doses lie near those of the literature, or the film was measured"

    def of(self, films: Films, one: CoatDose) -> Iterator[Diagnostic]:
        film, curve, least, most = one.coat.film, one.curve, one.curve.low, one.curve.high
        if curve.d0 is not None or least is None or most is None:
            return
        if least / FACTOR <= one.low * (1 + 1e-9) and one.high <= most * FACTOR * (1 + 1e-9):
            return
        value = one.low if one.low < least / FACTOR else one.high
        range_ = curve.told(least) if most == least else f"{curve.told(least)} to {curve.told(most)}"
        yield warning(
            self.code,
            f"{curve.told(value)} is what film `{film.name}` gets; {range_} is known for {film.ligand.name}",
            one.least if value == one.low else one.span,
            label=f"more than a factor of {FACTOR:g} off",
            notes=(
                f"source: {curve.source or 'the ligand'}",
                "expose a dose matrix, measure it, and let `wp calibrate --dose` give the film its own "
                f"{curve.field('d0')} and {curve.field('gamma')}",
            ),
        )


FILM_LITERATURE = FilmLiterature()
