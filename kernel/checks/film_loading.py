"""More or less ligand in a film than is known to work."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

SOURCE = "Pan et al., Acc. Chem. Res. 2023, 56, 2286; Qing and Zhang, Chem. Sci. 2026, 17, 8913"

#: Shares of ligand by mass that are known to work, where the ligand itself says nothing.
LOW, HIGH = 0.01, 0.25


class FilmLoading:
    code = "W249"
    severity = Severity.WARNING
    doc = "films hold as much ligand as is known to work"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for film, pattern in context.films.films:
            ligand = film.ligand
            low = LOW if ligand.loading_low is None else ligand.loading_low
            high = HIGH if ligand.loading_high is None else ligand.loading_high
            place = film.spans.get("loading") or film.span or pattern.span
            if film.loading is not None and not low - 1e-12 <= film.loading <= high + 1e-12:
                source = ligand.source_of("loading_low", "loading_high") or SOURCE
                yield warning(
                    self.code,
                    f"{film.loading:.4g} by mass is the share of ligand in film `{film.name}`; {low:.4g} to {high:.4g} was expected",
                    place,
                    label="too little to hold the film"
                    if film.loading < low
                    else "too much between the nanocrystals",
                    notes=(f"source: {source}",),
                )
            most = ligand.mole_high
            if (
                most is not None
                and film.crosslinkable is not None
                and film.crosslinkable >= most * (1 + 1e-12)
            ):
                yield warning(
                    self.code,
                    f"{film.crosslinkable:.4g} by mole of the ligands of film `{film.name}` cross-link; less than {most:.4g} was expected",
                    film.spans.get("crosslinkable") or place,
                    label="of dual ligands few are to cross-link",
                    notes=(f"source: {ligand.source_of('mole_high') or SOURCE}",),
                )


FILM_LOADING = FilmLoading()
