"""Light of later passes on films that are finished."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..chemistry import Stimulus
from ..diagnostics import Diagnostic, Related, Severity, warning
from ..films.coats import by_light
from ..films.dose import together
from ..films.steps import dose


class FilmAgain:
    code = "W242"
    severity = Severity.WARNING
    doc = "later passes leave finished films as they are"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        films = context.films
        for k, coat in enumerate(films.coats):
            film = coat.film
            if film.damage is None or not by_light(coat):
                continue
            before = films.most(coat)
            added = [
                (row, p)
                for later in films.coats[k + 1 :]
                for row, p in later.passes
                if p.process == "photopattern"
                and film.ligand.accepts(Stimulus("light", p.fields["wavelength"]))
            ]
            from ..films.prism import overlap

            hit = [(row, p) for row, p in added if overlap(films.kept(coat), films.exposed(row))]
            total = together([before, *(p.fields["dose"] for _, p in hit)])
            if not hit or before >= film.damage or total < film.damage * (1 - 1e-9):
                continue
            _, last = hit[-1]
            yield warning(
                self.code,
                f"{dose(total)} reach film `{film.name}` in the end, {dose(total - before)} of it by later passes; less than "
                f"{dose(film.damage)} was expected",
                last.spans.get("dose") or last.span,
                label="this light goes through to the film below",
                related=(Related(coat.last[1].span, "finished here"),),
                notes=(
                    "doses add up; the later film is taken as clear, which is the worst case",
                    "spread the film that bears least last, or keep later masks off it",
                ),
            )


FILM_AGAIN = FilmAgain()
