"""A stimulus that the ligand is not known to answer to."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..film import Film
from ..films.coats import stimulus_of
from ..scene import Pattern, Print

#: Fields of a ligand that say what it answers to.
STIMULI = ("wavelengths", "two_photon", "electrons", "heat", "ultraviolet", "ultrafast")


class FilmStimulus:
    code = "W237"
    severity = Severity.WARNING
    doc = "films are exposed to what their ligand answers to"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..voxels.resin import resins_of

        exposed: list[tuple[str, Pattern | Print, Film]] = [
            (f"pass `{p.name}`", p, p.film) for _, p in context.films.patterns
        ]
        exposed += [
            (f"print `{job.name}`", job.print, film)
            for job in context.written
            for film in resins_of(job.print)
        ]
        for what, pattern, film in exposed:
            stimulus, ligand = stimulus_of(pattern), film.ligand
            if stimulus is None or ligand.accepts(stimulus):
                continue
            yield warning(
                self.code,
                f"{stimulus} is what {what} exposes {ligand.name} to; {' or '.join(ligand.answers_to) or 'what it answers to'} was expected",
                pattern.spans.get("wavelength") or pattern.spans.get("process") or pattern.span,
                label=f"nobody has shown that {ligand.name} answers to it"
                if ligand.answers_to
                else f"nothing is known that {ligand.name} answers to",
                notes=(
                    *ligand.sourced(*STIMULI),
                    "another wavelength or process, or a ligand that answers to it",
                ),
            )


FILM_STIMULUS = FilmStimulus()
