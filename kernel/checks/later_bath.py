"""A bath that is poured over what was printed in another: filaments of the earlier print stand in it to the end."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Related, Severity, warning
from .hansen import PRINTS, distance
from .permittivity import GELS


class LaterBath:
    code = "W221"
    severity = Severity.WARNING
    doc = "a later bath leaves the inks printed before it as they are"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        told: set[tuple[str, str]] = set()
        for k, later in enumerate(context.jobs):
            bath = later.print.bath
            if bath is None:
                continue
            own = {ink.name for ink in context.inks(later)}
            for earlier in context.jobs[:k]:
                first = earlier.print.bath
                if first is None or first.name == bath.name:
                    continue
                for ink in context.inks(earlier):
                    # What the later print itself is made of is told by W210 and W211.
                    if ink.name in own or (bath.name, ink.name) in told:
                        continue
                    faults, eps = [], bath.solvent.permittivity
                    if eps > GELS * (1 + 1e-9):
                        faults.append(
                            f"{eps:.4g} is the permittivity of {bath.solvent.name}, up to {GELS:g} is known to gel"
                        )
                    ra = distance(ink.solvent, bath.solvent)
                    if ra > PRINTS:
                        faults.append(
                            f"{ra:.4g} MPa^0.5 lie between {bath.solvent.name} and {ink.solvent.name}, up to {PRINTS:g} is known to print"
                        )
                    if not faults:
                        continue
                    told.add((bath.name, ink.name))
                    carried = {linker.ion for linker in bath.linkers}
                    lacks = not carried & {linker.ion for linker in ink.linkers}
                    yield warning(
                        self.code,
                        f"{'; '.join(faults)}: bath {bath.name} is poured over ink {ink.name}, which bath {first.name} made",
                        later.print.spans.get("bath") or later.print.span,
                        label=f"{ink.name} stands in it from here on",
                        related=(
                            Related(
                                earlier.print.spans.get("bath") or earlier.print.span,
                                f"{ink.name} was printed in this one",
                            ),
                        ),
                        notes=(
                            *((f"and it carries no linker of {ink.name}",) if lacks else ()),
                            "a gel is known to stand fresh 1-butanol without a linker (the washing of Song et al. 2023)",
                        ),
                    )


LATER_BATH = LaterBath()
