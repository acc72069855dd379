"""A pattern that exposes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.coats import POSITIVE, tone_of
from ..films.rules import EachPattern
from ..scene import Pattern


class FilmEmpty(EachPattern):
    code = "W256"
    doc = "every pattern exposes something, and leaves something"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        row, pattern = one
        if _all_taken(films, row, pattern):
            yield warning(
                self.code,
                f"0 um2 of film `{pattern.film.name}` stay after pattern `{pattern.name}`; a region was expected",
                pattern.spans.get("within") or pattern.span,
                label="a positive tone takes what is exposed, and that is all of it",
                notes=(
                    "a mask of where the film lies that is larger than what is exposed, or `invert(mask, within: ...)`",
                ),
            )
        if films.exposed(row).bounds_nm() is not None:
            return
        relief = pattern.spans.get("relief")
        yield warning(
            self.code,
            f"0 um2 are exposed by pattern `{pattern.name}`; a region was expected",
            relief or pattern.mask.span,
            label="its relief is flat at 0 here" if relief else "nothing is left of this mask",
            notes=(
                "with a negative tone nothing of the film stays, with a positive one all of it does",
                "`threshold` and `exposed` of an image say how dark or bright its exposed pixels are"
                if pattern.mask.kind == "image"
                else "look at the masks: `wp preview --view top`",
            )[: 1 if relief else 2],
        )


def _all_taken(films: Films, row: int, pattern: Pattern) -> bool:
    """Whether a positive tone leaves nothing of where the film is said to lie."""
    if pattern.fields.get("within") is None or tone_of(pattern)[0] != POSITIVE:
        return False
    return any(c.last[0] == row and films.kept(c).bounds_nm() is None for c in films.coats)


FILM_EMPTY = FilmEmpty()
