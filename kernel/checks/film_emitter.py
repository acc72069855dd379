"""Deep ultraviolet light on films that shall shine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

if TYPE_CHECKING:
    from ..scene import Pattern

SOURCE = "Pan et al., Acc. Chem. Res. 2023, 56, 2286; Qing and Zhang, Chem. Sci. 2026, 17, 8913"

#: Light that counts as 254 nm or deeper: up to the 275 nm at which an emitter was patterned without being harmed (Qing and Zhang 2026),
#: that not included; extreme ultraviolet is told too.
DEEP_UM = 0.26


class FilmEmitter:
    code = "W248"
    severity = Severity.WARNING
    doc = "no emitter is exposed to 254 nm"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        films = context.films
        for k, coat in enumerate(films.coats):
            if not coat.film.emitter:
                continue
            from ..films.prism import overlap

            own = [p for _, p in coat.passes]
            later = [
                p
                for other in films.coats[k + 1 :]
                for row, p in other.passes
                if _deep(p) and overlap(films.kept(coat), films.exposed(row))
            ]
            for pattern in [*filter(_deep, own), *later]:
                yield warning(
                    self.code,
                    f"{1e3 * pattern.fields['wavelength']:.4g} nm is the light of pass `{pattern.name}`, which reaches the emitter "
                    f"`{coat.film.name}`; more than {1e3 * DEEP_UM:.4g} nm was expected",
                    pattern.spans.get("wavelength") or pattern.span,
                    label="254 nm harms emitters",
                    notes=(
                        f"source: {SOURCE}",
                        "a ligand for 365 or 405 nm, or a mask that keeps off the emitter",
                    ),
                )


def _deep(pattern: Pattern) -> bool:
    return pattern.process == "photopattern" and float(pattern.fields["wavelength"]) <= DEEP_UM


FILM_EMITTER = FilmEmitter()
