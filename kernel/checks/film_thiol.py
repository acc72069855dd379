"""Thiols on nanocrystals that they do not bind, or that they destroy."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

SOURCE = "Pan et al., Acc. Chem. Res. 2023, 56, 2286; Qing and Zhang, Chem. Sci. 2026, 17, 8913"


class FilmThiol:
    code = "W246"
    severity = Severity.WARNING
    doc = "thiols are used on nanocrystals that they bind"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for film, pattern in context.films.films:
            if (
                not film.ligand.thiol
                or film.family not in ("oxide", "perovskite")
                or film.family in film.ligand.families
            ):
                continue
            harm = film.family == "perovskite"
            yield warning(
                self.code,
                f"{film.nanocrystal} ({film.family}) is in film `{film.name}` with {film.ligand.name}, a thiol; II-VI, III-V or gold was "
                "expected",
                film.spans.get("ligand") or film.span or pattern.span,
                label="thiols decompose lead halide perovskites" if harm else "thiols do not bind oxides",
                notes=(f"source: {SOURCE}", "take a ligand that is no thiol"),
            )


FILM_THIOL = FilmThiol()
