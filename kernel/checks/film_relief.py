"""A relief that no dose can make."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error


class FilmRelief:
    code = "W255"
    severity = Severity.ERROR
    doc = "reliefs can be made by a dose"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..films.relief import ReliefError

        for pattern, why in context.films.impossible:
            if pattern.fields.get("relief") is None:
                yield error(
                    "E421",
                    f"pattern `{pattern.name}` cannot be drawn: {why}",
                    pattern.mask.span,
                    notes=(
                        "unite the shapes with one pixel and repeat that, or expose them as a pattern of their own",
                    ),
                )
                continue
            yield error(
                self.code,
                f"the relief of pattern `{pattern.name}` cannot be made: {why}",
                pattern.spans.get("relief") or pattern.span,
                notes=(why.mend,) if isinstance(why, ReliefError) else (),
            )


FILM_RELIEF = FilmRelief()
