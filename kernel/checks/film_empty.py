"""A pattern that exposes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..scene import Pattern


class FilmEmpty(EachPattern):
    code = "W256"
    doc = "every pattern exposes something"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        row, pattern = one
        if films.exposed(row).bounds_nm() is not None:
            return
        relief = pattern.spans.get("relief")
        yield warning(
            self.code,
            f"0 um2 are exposed by pattern `{pattern.name}`; a region was expected",
            relief or pattern.mask.span,
            label="its relief is flat at 0 here" if relief else "nothing is left of this mask",
            notes=("with a negative tone nothing of the film stays, with a positive one all of it does",),
        )


FILM_EMPTY = FilmEmpty()
