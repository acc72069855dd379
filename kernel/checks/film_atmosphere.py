"""An atmosphere in which the chemistry does not work."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmAtmosphere:
    code = "W239"
    severity = Severity.WARNING
    doc = "films are exposed in the atmosphere that their ligand needs"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for _, pattern in context.films.patterns:
            ligand = pattern.film.ligand
            given = str(pattern.fields.get("atmosphere") or "air")
            if ligand.atmosphere != "nitrogen" or given.lower() in ("nitrogen", "argon", "vacuum"):
                continue
            source = ligand.source_of("atmosphere")
            yield warning(
                self.code,
                f"{given} is the atmosphere of pass `{pattern.name}`; nitrogen was expected for {ligand.name}",
                pattern.spans.get("atmosphere") or pattern.span,
                label="oxygen takes the carbenes"
                if pattern.fields.get("atmosphere")
                else "air, as long as nothing is said",
                notes=(
                    *((f"source: {source}",) if source else ()),
                    'write `atmosphere: "nitrogen";`, or take a linker with electron donors (Tris-TAD works in air)',
                ),
            )


FILM_ATMOSPHERE = FilmAtmosphere()
