"""Places of a mask that are narrower than the writer resolves."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.steps import place
from ..scene import Pattern


class FilmWidth(EachPattern):
    code = "W230"
    doc = "masks are as wide as their writer resolves"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        row, pattern = one
        limit, why = films.finest(pattern)
        found = films.close(row, limit, "width")
        if limit is not None and found is not None:
            yield warning(
                self.code,
                f"{1e3 * found.value_um:.4g} nm is the narrowest of {found.places} places of mask `{pattern.name}`, {place(found.at_um)}; "
                f"{1e3 * limit:.4g} nm or more was expected ({why})",
                pattern.spans.get("min_width") or pattern.span,
                label="a corner sharper than 90 degrees has no width"
                if found.value_um == 0
                else "the writer makes nothing as narrow",
                notes=("widen the mask, `grow(mask, by: ...)`, or take a writer that resolves it",),
            )


FILM_WIDTH = FilmWidth()
