"""Films too thick for their light to gel them through."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import CoatDose, Films
from ..films.dose import dose_through, gelled_um, thickest_um
from ..films.rules import EachDose
from ..films.steps import dose, length


class FilmDepth(EachDose):
    code = "W244"
    doc = "films gel through before their top is harmed"

    def of(self, films: Films, one: CoatDose) -> Iterator[Diagnostic]:
        film = one.coat.film
        if film.penetration_um is None or film.critical is None or one.curve.kind != "light":
            return
        depth = gelled_um(one.low, film.penetration_um, film.critical)
        if depth < film.thickness_um * (1 - 1e-9):
            need = dose_through(film.thickness_um, film.penetration_um, film.critical)
            yield warning(
                self.code,
                f"{length(depth)} of film `{film.name}` gel at {dose(one.low)}; {length(film.thickness_um)} was expected, its thickness",
                one.least,
                label="the foot of the film would wash away",
                notes=(f"t = Dp ln(E / Ec): it takes {dose(need)} to gel it through",),
            )
        if film.damage is None:
            return
        most = thickest_um(film.penetration_um, film.critical, film.damage)
        if film.thickness_um > most * (1 + 1e-9):
            yield warning(
                self.code,
                f"{length(film.thickness_um)} is the thickness of film `{film.name}`; {length(most)} or less was expected",
                film.spans.get("thickness") or film.span or one.last.span,
                label="no dose gels it through and leaves its top whole",
                notes=(
                    f"Dp ln(Edamage / Ec), with {dose(film.damage)} that its top does not survive",
                    "a thinner film, or light that goes deeper into it (`penetration`)",
                ),
            )


FILM_DEPTH = FilmDepth()
