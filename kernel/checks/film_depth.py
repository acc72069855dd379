"""Films too thick for their light to gel them through."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.coats import by_light
from ..films.dose import dose_through, gelled_um, thickest_um
from ..films.steps import dose, length


class FilmDepth:
    code = "W244"
    severity = Severity.WARNING
    doc = "films gel through before their top is harmed"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for coat, low, _ in context.films.doses:
            film = coat.film
            if film.penetration_um is None or film.critical is None or not by_light(coat):
                continue
            _, pattern = coat.last
            depth = gelled_um(low, film.penetration_um, film.critical)
            if depth < film.thickness_um * (1 - 1e-9):
                need = dose_through(film.thickness_um, film.penetration_um, film.critical)
                yield warning(
                    self.code,
                    f"{length(depth)} of film `{film.name}` gel at {dose(low)}; {length(film.thickness_um)} was expected, its thickness",
                    pattern.spans.get("dose") or pattern.span,
                    label="the foot of the film would wash away",
                    notes=(f"t = Dp ln(E / Ec): it takes {dose(need)} to gel it through",),
                )
            if film.damage is None:
                continue
            most = thickest_um(film.penetration_um, film.critical, film.damage)
            if film.thickness_um > most * (1 + 1e-9):
                yield warning(
                    self.code,
                    f"{length(film.thickness_um)} is the thickness of film `{film.name}`; {length(most)} or less was expected",
                    film.spans.get("thickness") or film.span or pattern.span,
                    label="no dose gels it through and leaves its top whole",
                    notes=(f"Dp ln(Edamage / Ec), with {dose(film.damage)} that its top does not survive",),
                )


FILM_DEPTH = FilmDepth()
