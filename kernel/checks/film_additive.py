"""A film without the additive that light needs."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..films.coats import stimulus_of


class FilmAdditive:
    code = "W238"
    severity = Severity.WARNING
    doc = "films hold the additive that their ligand needs"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        told: set[str] = set()
        for _, pattern in context.films.patterns:
            film, stimulus = pattern.film, stimulus_of(pattern)
            needs = film.ligand.needs
            if (
                not needs
                or film.name in told
                or stimulus is None
                or stimulus.kind not in ("light", "two-photon")
            ):
                continue
            if film.additive and _same(film.additive, needs):
                continue
            told.add(film.name)
            source = film.ligand.source_of("needs")
            yield warning(
                self.code,
                f"{'no additive' if not film.additive else film.additive} is in film `{film.name}`; {needs} was expected",
                film.span or pattern.span,
                label=f"without it light does nothing to {film.ligand.name}",
                notes=(
                    *((f"source: {source}",) if source else ()),
                    f'write `additive: "{needs}";`, or expose by heat',
                ),
            )


def _same(one: str, two: str) -> bool:
    """Whether an additive is the one that is needed: by its name, or by the first letters of its words (PAG)."""
    short = "".join(word[0] for word in two.replace("photoacid", "photo acid").split())
    return two.lower() in one.lower() or short.lower() in one.lower().split()


FILM_ADDITIVE = FilmAdditive()
