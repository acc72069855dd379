"""Pieces of a mask that are too small to hold."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmArea:
    code = "W232"
    severity = Severity.WARNING
    doc = "pieces of masks are as large as holds"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..drc import too_small

        for row, pattern in context.films.patterns:
            limit = pattern.fields.get("min_area")
            found = None if limit is None else too_small(context.films.exposed(row), limit)
            if found is None:
                continue
            yield warning(
                self.code,
                f"{found.value_um:.4g} um2 is the smallest of {found.places} pieces of mask `{pattern.name}`, at "
                f"({found.at_um[0]:.6g}, {found.at_um[1]:.6g}) um; {limit:.4g} um2 or more was expected",
                pattern.spans.get("min_area") or pattern.span,
                label="so small a piece may come off in the developer",
            )


FILM_AREA = FilmArea()
