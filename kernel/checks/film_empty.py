"""A pattern that exposes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmEmpty:
    code = "W256"
    severity = Severity.WARNING
    doc = "every pattern exposes something"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for row, pattern in context.films.patterns:
            if context.films.exposed(row).bounds_nm() is not None:
                continue
            relief = pattern.spans.get("relief")
            yield warning(
                self.code,
                f"0 um2 are exposed by pattern `{pattern.name}`; a region was expected",
                relief or pattern.mask.span,
                label="its relief is flat at 0 here" if relief else "nothing is left of this mask",
                notes=("with a negative tone nothing of the film stays, with a positive one all of it does",),
            )


FILM_EMPTY = FilmEmpty()
