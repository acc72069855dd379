"""Pieces of a mask that are too small to hold."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.steps import place
from ..scene import Pattern


class FilmArea(EachPattern):
    code = "W232"
    doc = "pieces of masks are as large as holds"
    asks = "min_area"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        from ..drc import too_small

        row, pattern = one
        limit = pattern.fields["min_area"]
        found = too_small(films.exposed(row), limit)
        if found is not None:
            yield warning(
                self.code,
                f"{found.value_um:.4g} um2 is the smallest of {found.places} pieces of mask `{pattern.name}`, {place(found.at_um)}; "
                f"{limit:.4g} um2 or more was expected",
                pattern.spans.get("min_area") or pattern.span,
                label="so small a piece may come off in the developer",
                notes=("enlarge the piece, or leave it out of the mask",),
            )


FILM_AREA = FilmArea()
