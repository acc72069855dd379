"""An atmosphere in which the chemistry does not work."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..scene import Pattern


class FilmAtmosphere(EachPattern):
    code = "W239"
    doc = "films are exposed in the atmosphere that their ligand needs"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        _, pattern = one
        ligand, said = pattern.film.ligand, str(pattern.fields.get("atmosphere") or "")
        given = said or "air"
        if ligand.atmosphere != "nitrogen" or given.lower() in ("nitrogen", "argon", "vacuum"):
            return
        yield warning(
            self.code,
            f"{given} is the atmosphere of pass `{pattern.name}`; nitrogen was expected for {ligand.name}",
            pattern.spans.get("atmosphere") or pattern.span,
            label="oxygen takes the carbenes" if said else "air, as long as nothing is said",
            notes=(
                *ligand.sourced("atmosphere"),
                'write `atmosphere: "nitrogen";`, or take a linker with electron donors (Tris-TAD works in air)',
            ),
        )


FILM_ATMOSPHERE = FilmAtmosphere()
