"""A dose that leaves less of a film than was spread."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import CoatDose, Films
from ..films.rules import EachDose


class FilmDose(EachDose):
    code = "W240"
    doc = "the dose of all passes together keeps the film"

    def of(self, films: Films, one: CoatDose) -> Iterator[Diagnostic]:
        curve, d100 = one.curve, one.curve.d100
        if curve.d0 is None or curve.gamma is None or d100 is None or one.low >= d100 * (1 - 1e-9):
            return
        share = curve.retention(one.low)
        yield warning(
            self.code,
            f"{curve.told(one.low)} is the least dose that film `{one.coat.film.name}` gets where it is exposed, which keeps {share:.0%} "
            f"of it; {curve.told(d100)} or more was expected",
            one.least,
            label="nothing would stay" if share == 0 else "a thinner film would stay",
            notes=(
                f"its window: {curve.told(curve.d0)} (D0) to {curve.told(d100)} (D100, from gamma {curve.gamma:.3g})",
                f"write `dose` of {curve.told(d100)} or more; a thinner film that is meant is a `relief`",
            ),
        )


FILM_DOSE = FilmDose()
