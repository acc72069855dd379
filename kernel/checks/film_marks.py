"""Alignment marks that are missing where a pass is aligned to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

if TYPE_CHECKING:
    from ..scene import Mask, Pattern


class FilmMarks:
    code = "W234"
    severity = Severity.WARNING
    doc = "every pass after the first is aligned to marks that stand there"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        films = context.films
        for k, coat in enumerate(films.coats):
            for row, pattern in coat.passes:
                marks = pattern.fields.get("marks")
                if marks is None:
                    if k and pattern.fields.get("overlay") is not None:
                        yield warning(
                            self.code,
                            f"0 marks are named for pass `{pattern.name}`, which claims an overlay of "
                            f"{1e3 * pattern.fields['overlay']:.4g} nm; some that an earlier pass wrote were expected",
                            pattern.spans.get("overlay") or pattern.span,
                            label="aligned to nothing",
                            notes=(
                                "draw marks, write them with the first pass, and name them: `marks: crosses;`",
                            ),
                        )
                    continue
                yield from self._marks(context, k, row, pattern, marks)

    def _marks(
        self, context: CheckContext, k: int, row: int, pattern: Pattern, marks: Mask
    ) -> Iterator[Diagnostic]:
        from ..films.prism import area_um2, overlap_um2
        from ..mask import drawn

        films, where = context.films, pattern.spans.get("marks") or pattern.span
        wanted = drawn(marks)
        whole = area_um2(wanted)
        first = not k or not any(before < row for c in films.coats for before, _ in c.passes)
        candidates = films.coats[:1] if first else films.coats[:k]
        best = max(candidates, key=lambda c: overlap_um2(films.kept(c), wanted), default=None)
        stands = 0.0 if best is None else overlap_um2(films.kept(best), wanted)
        if best is None or stands < whole * (1 - 1e-9):
            yield warning(
                self.code,
                f"{100 * stands / whole if whole else 0:.3g} % of the marks of pass `{pattern.name}` stand when it is aligned to them; "
                "100 % was expected",
                where,
                label="no earlier pass leaves them"
                if not stands
                else "not all of them are left by one earlier pass",
                notes=("the pass that is made first writes the marks: unite them with its mask",),
            )
            return
        for coat in films.coats[films.coats.index(best) + 1 : k]:
            hidden = overlap_um2(films.kept(coat), wanted)
            if hidden > 0:
                yield warning(
                    self.code,
                    f"{100 * hidden / whole:.3g} % of the marks of pass `{pattern.name}` lie under film `{coat.film.name}` when it is "
                    "aligned to them; 0 was expected",
                    where,
                    label="covered by a pass in between",
                    notes=("keep the later films off the marks: `difference(mask, marks)`",),
                )


FILM_MARKS = FilmMarks()
