"""More or less ligand in a film than is known to work."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry import REVIEWS
from ..diagnostics import Diagnostic, warning
from ..film import Film
from ..films.checked import Films
from ..films.rules import EachFilm
from ..scene import Pattern

#: Shares of ligand by mass that are known to work, where the ligand itself says nothing.
LOW, HIGH = 0.01, 0.25


class FilmLoading(EachFilm):
    code = "W249"
    doc = "films hold as much ligand as is known to work"

    def of(self, films: Films, one: tuple[Film, Pattern]) -> Iterator[Diagnostic]:
        film, first = one
        ligand, most = film.ligand, film.ligand.mole_high
        low = LOW if ligand.loading_low is None else ligand.loading_low
        high = HIGH if ligand.loading_high is None else ligand.loading_high
        place = film.spans.get("loading") or film.span or first.span
        if film.loading is not None and not low - 1e-12 <= film.loading <= high + 1e-12:
            yield warning(
                self.code,
                f"{film.loading:.4g} by mass is the share of ligand in film `{film.name}`; {low:.4g} to {high:.4g} was expected",
                place,
                label="too little to hold the film"
                if film.loading < low
                else "too much between the nanocrystals",
                notes=(
                    f"source: {ligand.source_of('loading_low', 'loading_high') or REVIEWS}",
                    "another share, or `loading_low` and `loading_high` of a ligand of your own, with their source",
                ),
            )
        if most is not None and film.crosslinkable is not None and film.crosslinkable >= most * (1 + 1e-12):
            yield warning(
                self.code,
                f"{film.crosslinkable:.4g} by mole of the ligands of film `{film.name}` cross-link; less than {most:.4g} was expected",
                film.spans.get("crosslinkable") or place,
                label="of dual ligands few are to cross-link",
                notes=(f"source: {ligand.source_of('mole_high') or REVIEWS}",),
            )


FILM_LOADING = FilmLoading()
