"""Thiols on nanocrystals that they do not bind, or that they destroy."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, warning
from ..film import Film
from ..films.checked import Films
from ..films.rules import EachFilm
from ..scene import Pattern


class FilmThiol(EachFilm):
    code = "W246"
    doc = "thiols are used on nanocrystals that they bind"

    def of(self, films: Films, one: tuple[Film, Pattern]) -> Iterator[Diagnostic]:
        film, first = one
        shown = film.family in film.ligand.families
        if not film.ligand.thiol or film.family not in ("oxide", "perovskite") or shown:
            return
        harm = film.family == "perovskite"
        yield warning(
            self.code,
            f"{film.nanocrystal} ({film.family}) is in film `{film.name}` with {film.ligand.name}, a thiol; II-VI, III-V or gold was "
            "expected",
            film.spans.get("ligand") or film.span or first.span,
            label="thiols decompose lead halide perovskites" if harm else "thiols do not bind oxides",
            notes=(f"source: {REVIEWS}", "take a ligand that is no thiol"),
        )


FILM_THIOL = FilmThiol()
