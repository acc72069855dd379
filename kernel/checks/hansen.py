"""Solvents of ink and bath that do not mix: the thread would separate into droplets instead of gelling."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..material import Solvent

#: Hansen distance, MPa^0.5, up to which a pair is known to print (methanol, ethanol ... with NMF), and from which one is
#: known to separate into phases. The threshold itself is not in the paper's main text; its facts leave it between the two.
PRINTS, SEPARATES = 13.8, 25.1

#: 1 MPa^0.5 in kernel units: (1e9 ug / (um s^2))^0.5.
ROOT_MPA = math.sqrt(1e9)


def distance(one: Solvent, two: Solvent) -> float:
    """Hansen distance in MPa^0.5: Ra^2 = 4 (dd1 - dd2)^2 + (dp1 - dp2)^2 + (dh1 - dh2)^2."""
    d, p, h = one.hansen_d - two.hansen_d, one.hansen_p - two.hansen_p, one.hansen_h - two.hansen_h
    return math.sqrt(4 * d * d + p * p + h * h) / ROOT_MPA


class HansenDistance:
    code = "W210"
    severity = Severity.WARNING
    doc = "the bath mixes with the solvent of the ink"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.jobs:
            bath = job.print.bath
            if bath is None:
                continue
            told: set[str] = set()
            for ink in context.inks(job):
                ra = distance(ink.solvent, bath.solvent)
                if ra <= PRINTS or ink.solvent.name in told:
                    continue
                told.add(ink.solvent.name)
                known = "separates into phases" if ra >= SEPARATES else "nobody is known to have printed with"
                yield warning(
                    self.code,
                    f"{ra:.4g} MPa^0.5 lie between {ink.solvent.name} of ink {ink.name} and {bath.solvent.name} of bath "
                    f"{bath.name}; up to {PRINTS:g} is known to print",
                    job.print.spans.get("bath") or job.print.span,
                    label=f"a pair that {known}" if ra >= SEPARATES else f"a distance that {known}",
                    notes=(
                        f"from {SEPARATES:g} on a pair separates; the threshold in between is not published",
                        "butanol, ethanol and 2-propanol lie within reach of N-methylformamide",
                    ),
                )


HANSEN_DISTANCE = HansenDistance()
