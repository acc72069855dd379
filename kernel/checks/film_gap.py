"""Gaps of a mask that are narrower than the writer resolves."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.steps import place
from ..scene import Pattern


class FilmGap(EachPattern):
    code = "W231"
    doc = "gaps of masks are as wide as their writer resolves"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        row, pattern = one
        limit, why = films.finest(pattern, "min_gap")
        found = films.close(row, limit, "gap")
        if limit is not None and found is not None:
            yield warning(
                self.code,
                f"{1e3 * found.value_um:.4g} nm is the closest of {found.places} gaps of mask `{pattern.name}`, {place(found.at_um)}; "
                f"{1e3 * limit:.4g} nm or more was expected ({why})",
                pattern.spans.get("min_gap") or pattern.span,
                label="corners that touch"
                if found.value_um == 0
                else "what lies on both sides may run together",
                notes=("move the shapes apart, or `grow(mask, by: ...)` with a length below zero",),
            )


FILM_GAP = FilmGap()
