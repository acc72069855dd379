"""A relief that is higher than its film, or lower than nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.steps import length
from ..scene import Pattern

#: Of what a height must go beyond the film to be told: its levels are coarser by far.
SLACK = 1e-6


class FilmHeight(EachPattern):
    code = "W258"
    doc = "reliefs lie between nothing and the film's thickness"
    asks = "relief"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        from ..films.relief import field_of, heights
        from ..mask import drawn

        _, pattern = one
        field = field_of(pattern.fields["relief"], pattern.span)
        found, most = heights(field, drawn(pattern.mask)), pattern.film.thickness_um
        if found is None:
            return
        low, high = found
        if not (high > most * (1 + SLACK) or low < -most * SLACK):
            return
        beyond = high if high > most * (1 + SLACK) else low
        yield warning(
            self.code,
            f"{length(beyond) if beyond > 0 else f'{1e3 * beyond:.4g} nm'} is a height of the relief of pattern "
            f"`{pattern.name}`; 0 nm to {length(most)}, the thickness of film `{pattern.film.name}`, was expected",
            pattern.spans.get("relief") or pattern.span,
            label="what is beyond is cut off: no dose makes a film thicker than it was spread",
            notes=("a thicker film, or `min(max(height, 0um), thickness)` where it is meant",),
        )


FILM_HEIGHT = FilmHeight()
