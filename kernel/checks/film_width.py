"""Places of a mask that are narrower than the writer resolves."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmWidth:
    code = "W230"
    severity = Severity.WARNING
    doc = "masks are as wide as their writer resolves"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..drc import too_close

        for row, pattern in context.films.patterns:
            limit, why = context.films.finest(pattern)
            found = None if limit is None else too_close(context.films.exposed(row), limit, "width")
            if limit is None or found is None:
                continue
            sharp = found.value_um == 0
            yield warning(
                self.code,
                f"{1e3 * found.value_um:.4g} nm is the narrowest of {found.places} places of mask `{pattern.name}`, at "
                f"({found.at_um[0]:.6g}, {found.at_um[1]:.6g}) um; {1e3 * limit:.4g} nm or more was expected ({why})",
                pattern.spans.get("min_width") or pattern.span,
                label="a corner sharper than 90 degrees has no width"
                if sharp
                else "the writer makes nothing as narrow",
                notes=("widen the mask, `grow(mask, by: ...)`, or take a writer that resolves it",),
            )


FILM_WIDTH = FilmWidth()
