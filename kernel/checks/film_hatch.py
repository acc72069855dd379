"""Lines of a raster that leave film between them."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.steps import length
from ..scene import Pattern


class FilmHatch(EachPattern):
    code = "W290"
    doc = "lines of a raster leave nothing between them"
    asks = "hatch"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        _, pattern = one
        hatch, spot = pattern.fields["hatch"], pattern.fields["spot"]
        if hatch > spot * (1 + 1e-9):
            yield warning(
                self.code,
                f"{length(hatch)} lie from line to line of pattern `{pattern.name}`; {length(spot)} or less was expected, the `spot`",
                pattern.spans.get("hatch") or pattern.span,
                label=f"stripes of {length(hatch - spot)} are not written",
                notes=(
                    "a `hatch` of half the spot lets lines overlap by half; stripes that are meant are a `grating`",
                ),
            )


FILM_HATCH = FilmHatch()
