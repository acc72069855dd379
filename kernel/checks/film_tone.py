"""A tone that the developer does not give."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.coats import tone_in


class FilmTone:
    code = "W236"
    severity = Severity.WARNING
    doc = "the developer gives the tone that is meant"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for _, pattern in context.films.patterns:
            said = str(pattern.fields.get("tone") or "")
            known = tone_in(pattern.film.ligand, pattern.developer)
            if not said or not known or said == known or not pattern.develop:
                continue
            liquid = "its ligand" if pattern.developer is None else pattern.developer.liquid
            source = pattern.film.ligand.source_of("keeps_exposed_in", "removes_exposed_in", "tone")
            yield warning(
                self.code,
                f"{said} is the tone meant for `{pattern.name}`; {known} is what {liquid} gives with {pattern.film.ligand.name}",
                pattern.spans.get("tone") or pattern.spans.get("developer") or pattern.span,
                label="the developer would take what shall stay",
                notes=(
                    *((f"source: {source}",) if source else ()),
                    "take the other developer, or invert the mask: `invert(mask, within: ...)`",
                ),
            )


FILM_TONE = FilmTone()
