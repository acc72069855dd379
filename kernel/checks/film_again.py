"""Light or electrons of later passes on films that are finished."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, Related, warning
from ..films.checked import CoatDose, Films
from ..films.coats import stimulus_of
from ..films.dose import together
from ..films.rules import EachDose


class FilmAgain(EachDose):
    code = "W242"
    doc = "later passes leave finished films as they are"

    def of(self, films: Films, one: CoatDose) -> Iterator[Diagnostic]:
        film, curve, before = one.coat.film, one.curve, one.high
        if curve.damage is None or before >= curve.damage:
            return
        hit = [
            p
            for row, p in films.after(one.coat)
            if (s := stimulus_of(p)) is not None
            and s.kind == curve.kind
            and film.ligand.accepts(s)
            and films.meets(one.coat, row)
        ]
        total = together([before, *(p.fields["dose"] for p in hit)])
        if not hit or total < curve.damage * (1 - 1e-9):
            return
        light = "this light goes" if curve.kind == "light" else "these electrons go"
        yield warning(
            self.code,
            f"{curve.told(total)} reach film `{film.name}` in the end, {curve.told(total - before)} of it by later passes; less than "
            f"{curve.told(curve.damage)} was expected",
            hit[-1].spans.get("dose") or hit[-1].span,
            label=f"{light} through to the film below",
            related=(Related(one.last.span, "finished here"),),
            notes=(
                "doses add up; the later film is taken as clear, which is the worst case",
                "spread the film that bears least last, or keep later masks off it",
            ),
        )


FILM_AGAIN = FilmAgain()
