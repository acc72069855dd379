"""A dose far from that of the literature, where nobody measured the film."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.coats import by_light
from ..films.steps import dose

#: Doses of the literature are those of other films and lamps: so far from them nothing is told (assumed).
FACTOR = 2.0


class FilmLiterature:
    code = "W243"
    severity = Severity.WARNING
    doc = "doses lie near those of the literature, or the film was measured"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for coat, low, high in context.films.doses:
            film, ligand = coat.film, coat.film.ligand
            if film.d0 is not None or not by_light(coat) or ligand.dose_low is None:
                continue
            least, most = ligand.dose_low, ligand.dose_high or ligand.dose_low
            if least / FACTOR <= low * (1 + 1e-9) and high <= most * FACTOR * (1 + 1e-9):
                continue
            _, pattern = coat.last
            value = low if low < least / FACTOR else high
            range_ = dose(least) if most == least else f"{dose(least)} to {dose(most)}"
            yield warning(
                self.code,
                f"{dose(value)} is what film `{film.name}` gets; {range_} is known for {ligand.name}",
                pattern.spans.get("dose") or pattern.span,
                label=f"more than a factor of {FACTOR:g} off",
                notes=(
                    f"source: {ligand.source_of('dose_low', 'dose_high') or 'the ligand'}",
                    "expose a dose matrix, measure it, and let `wp calibrate --dose` give the film its own d0 and gamma",
                ),
            )


FILM_LITERATURE = FilmLiterature()
