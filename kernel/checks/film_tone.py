"""A tone that the developer does not give."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.coats import tone_in
from ..films.rules import EachPattern
from ..scene import Pattern


class FilmTone(EachPattern):
    code = "W236"
    doc = "the developer gives the tone that is meant"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        _, pattern = one
        ligand, said = pattern.film.ligand, str(pattern.fields.get("tone") or "")
        known = tone_in(ligand, pattern.developer)
        if not said or not known or said == known or not pattern.develop:
            return
        liquid = "its ligand" if pattern.developer is None else pattern.developer.liquid
        yield warning(
            self.code,
            f"{said} is the tone meant for `{pattern.name}`; {known} is what {liquid} gives with {ligand.name}",
            pattern.spans.get("tone") or pattern.spans.get("developer") or pattern.span,
            label="the developer would take what shall stay",
            notes=(
                *ligand.sourced("keeps_exposed_in", "removes_exposed_in", "tone"),
                "take the other developer, or invert the mask: `invert(mask, within: ...)`",
            ),
        )


FILM_TONE = FilmTone()
