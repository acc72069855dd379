"""Gaps of a mask that are narrower than the writer resolves."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmGap:
    code = "W231"
    severity = Severity.WARNING
    doc = "gaps of masks are as wide as their writer resolves"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..drc import too_close

        for row, pattern in context.films.patterns:
            limit, why = context.films.finest(pattern, "min_gap")
            found = None if limit is None else too_close(context.films.exposed(row), limit, "gap")
            if limit is None or found is None:
                continue
            yield warning(
                self.code,
                f"{1e3 * found.value_um:.4g} nm is the closest of {found.places} gaps of mask `{pattern.name}`, at "
                f"({found.at_um[0]:.6g}, {found.at_um[1]:.6g}) um; {1e3 * limit:.4g} nm or more was expected ({why})",
                pattern.spans.get("min_gap") or pattern.span,
                label="corners that touch"
                if found.value_um == 0
                else "what lies on both sides may run together",
                notes=("move the shapes apart, or `grow(mask, by: ...)` with a length below zero",),
            )


FILM_GAP = FilmGap()
