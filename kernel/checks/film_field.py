"""Shapes that lie across a border of write fields."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmField:
    code = "W251"
    severity = Severity.WARNING
    doc = "no shape lies across a border of write fields"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for row, pattern in context.films.patterns:
            side = pattern.fields.get("field")
            if side is None:
                continue
            from ..films.fields import across

            cut, total, at = across(context.films.exposed(row), side)
            if not cut:
                continue
            yield warning(
                self.code,
                f"{cut} of {total} shapes of mask `{pattern.name}` lie across a border of write fields of {side:.6g} um, the first at "
                f"({at[0]:.6g}, {at[1]:.6g}) um; 0 was expected",
                pattern.spans.get("field") or pattern.span,
                label="fields meet with an error of their own",
                notes=(
                    "fields are counted from the lower left corner of the mask",
                    "a larger field, a field that is a multiple of the pitch, or shapes moved off the borders",
                ),
            )


FILM_FIELD = FilmField()
