"""Barriers and overlaps between passes that are smaller than what the passes miss each other by."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Related, Severity, Span, warning
from ..films.overlay import Budget, budget
from ..films.steps import place

if TYPE_CHECKING:
    from ..flat import Flat


class FilmOverlay:
    code = "W235"
    severity = Severity.WARNING
    doc = "barriers and overlaps between passes are as large as the overlay budget"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        films = context.films
        for one, two in combinations(films.coats, 2):
            (_, earlier), (_, later) = one.last, two.last
            third = films.written_by(later) not in (None, one) and films.written_by(earlier) not in (
                None,
                one,
            )
            allowed = budget((earlier.name, earlier.fields), (later.name, later.fields), third=third)
            if allowed is not None:
                where = later.spans.get("overlay") or later.span
                yield from self._between(
                    films.kept(one), films.kept(two), allowed, (earlier.name, later.name), where, earlier.span
                )
        for coat in films.coats:
            _, pattern = coat.last
            for job in context.jobs:
                allowed = budget((pattern.name, pattern.fields), (job.name, job.print.fields))
                if allowed is not None:
                    where = job.print.spans.get("overlay") or job.print.span
                    yield from self._between(
                        films.kept(coat),
                        films.footprint(coat, job),
                        allowed,
                        (pattern.name, job.name),
                        where,
                        pattern.span,
                    )

    def _between(
        self, one: Flat, two: Flat, allowed: Budget, names: tuple[str, str], where: Span, other: Span
    ) -> Iterator[Diagnostic]:
        from ..drc import between

        for kind, word, mend in (
            ("gap", "barrier", "draw them further apart, or let them overlap on purpose"),
            ("overlap", "overlap", "let them overlap more"),
        ):
            found = between(one, two, allowed.um, kind)  # type: ignore[arg-type]  # one of its two kinds
            if found is None or allowed.allows(found.value_um):
                continue
            unknown = (
                (f"counted as nothing, because nobody says: {', '.join(allowed.unknown)}",)
                if allowed.unknown
                else ()
            )
            yield warning(
                self.code,
                f"{1e3 * found.value_um:.4g} nm is the smallest {word} between `{names[0]}` and `{names[1]}`, {place(found.at_um)}; "
                f"{1e3 * allowed.um:.4g} nm or more was expected",
                where,
                label="one may reach the other" if kind == "gap" else "one may miss the other",
                related=(Related(other, "made before"),),
                notes=(f"the budget: {allowed}", *unknown, f"{mend}, or take a writer of better overlay"),
            )


FILM_OVERLAY = FilmOverlay()
