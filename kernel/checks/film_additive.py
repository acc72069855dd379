"""A film without the additive that light needs."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..film import Film
from ..films.checked import Films
from ..films.coats import stimulus_of
from ..films.rules import EachFilm
from ..scene import Pattern


class FilmAdditive(EachFilm):
    code = "W238"
    doc = "films hold the additive that their ligand needs"

    def of(self, films: Films, one: tuple[Film, Pattern]) -> Iterator[Diagnostic]:
        film, first = one
        needs = film.ligand.needs
        if not needs or (film.additive and _same(film.additive, needs)):
            return
        by = [stimulus_of(p) for _, p in films.patterns if p.film.name == film.name]
        if not any(s is not None and s.kind in ("light", "two-photon") for s in by):
            return
        yield warning(
            self.code,
            f"{film.additive or 'no additive'} is in film `{film.name}`; {needs} was expected",
            film.span or first.span,
            label=f"without it light does nothing to {film.ligand.name}",
            notes=(*film.ligand.sourced("needs"), f'write `additive: "{needs}";`, or expose by heat'),
        )


def _same(one: str, two: str) -> bool:
    """Whether an additive is the one that is needed: by its name, or by the first letters of its words (PAG)."""
    short = "".join(word[0] for word in two.replace("photoacid", "photo acid").split())
    return two.lower() in one.lower() or short.lower() in one.lower().split()


FILM_ADDITIVE = FilmAdditive()
