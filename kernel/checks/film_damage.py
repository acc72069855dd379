"""A dose that harms the film that it shall keep."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import CoatDose, Films
from ..films.rules import EachDose


class FilmDamage(EachDose):
    code = "W241"
    doc = "no film gets a dose that harms it"

    def of(self, films: Films, one: CoatDose) -> Iterator[Diagnostic]:
        film, curve, passes = one.coat.film, one.curve, len(one.coat.passes)
        if curve.damage is None or one.high < curve.damage * (1 - 1e-9):
            return
        several = f", {passes} passes together" if passes > 1 else ""
        yield warning(
            self.code,
            f"{curve.told(one.high)} is the largest dose that film `{film.name}` gets{several}; less than {curve.told(curve.damage)} "
            "was expected",
            one.span,
            label="its top does not survive this",
            notes=("a smaller dose, or a mask that no two passes expose at the same place",),
        )


FILM_DAMAGE = FilmDamage()
