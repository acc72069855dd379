"""Shapes that lie across a border of write fields."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.steps import place
from ..scene import Pattern


class FilmField(EachPattern):
    code = "W251"
    doc = "no shape lies across a border of write fields"
    asks = "field"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        from ..films.fields import across

        row, pattern = one
        side = pattern.fields["field"]
        cut, total, at = across(films.exposed(row), side)
        if cut:
            yield warning(
                self.code,
                f"{cut} of {total} shapes of mask `{pattern.name}` lie across a border of write fields of {side:.6g} um, the first "
                f"{place(at)}; 0 was expected",
                pattern.spans.get("field") or pattern.span,
                label="fields meet with an error of their own",
                notes=(
                    "fields are counted from the lower left corner of the mask",
                    "a larger field, a field that is a multiple of the pitch, or shapes moved off the borders",
                ),
            )


FILM_FIELD = FilmField()
