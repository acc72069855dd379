"""Deep ultraviolet light on films that shall shine."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.coats import Coat
from ..films.rules import EachCoat
from ..scene import Pattern

#: Light that counts as 254 nm or deeper: up to the 275 nm at which an emitter was patterned without being harmed (Qing and Zhang 2026),
#: that not included; extreme ultraviolet is told too.
DEEP_UM = 0.26


class FilmEmitter(EachCoat):
    code = "W248"
    doc = "no emitter is exposed to 254 nm"

    def of(self, films: Films, one: Coat) -> Iterator[Diagnostic]:
        if not one.film.emitter:
            return
        own = [p for _, p in one.passes if _deep(p)]
        later = [p for row, p in films.after(one) if _deep(p) and films.meets(one, row)]
        for pattern in [*own, *later]:
            yield warning(
                self.code,
                f"{1e3 * pattern.fields['wavelength']:.4g} nm is the light of pass `{pattern.name}`, which reaches the emitter "
                f"`{one.film.name}`; more than {1e3 * DEEP_UM:.4g} nm was expected",
                pattern.spans.get("wavelength") or pattern.span,
                label="254 nm harms emitters",
                notes=(
                    f"source: {REVIEWS}",
                    "a ligand for 365 or 405 nm, or a mask that keeps off the emitter",
                ),
            )


def _deep(pattern: Pattern) -> bool:
    return pattern.process == "photopattern" and float(pattern.fields["wavelength"]) <= DEEP_UM


FILM_EMITTER = FilmEmitter()
