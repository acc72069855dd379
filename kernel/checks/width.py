"""Filaments narrower or wider than the ink can be printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Edit, Fix, Severity, Span, warning


class Width:
    code = "W203"
    severity = Severity.WARNING
    doc = "dried filaments are as wide as their ink allows"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.jobs:
            f = job.filaments
            if f.dried is None or not len(f):
                continue
            narrow = np.minimum.reduceat(f.dried.width_um, f.offsets[:-1])
            wide = np.maximum.reduceat(f.dried.width_um, f.offsets[:-1])
            for m, ink in enumerate(f.inks):
                mine = f.material == m
                for out, value, limit, word, worst in (
                    (
                        narrow < ink.width_min_um * (1 - 1e-3),
                        narrow,
                        ink.width_min_um,
                        "narrowest",
                        np.argmin,
                    ),
                    (wide > ink.width_max_um * (1 + 1e-3), wide, ink.width_max_um, "widest", np.argmax),
                ):
                    bad = np.flatnonzero(mine & out)
                    if not len(bad):
                        continue
                    i = int(bad[worst(value[bad])])
                    place = context.field(job, i, "filament")
                    yield warning(
                        self.code,
                        f"{value[i]:.4g} um is the {word} of {len(bad)} dried filaments; ink {ink.name} was printed "
                        f"from {ink.width_min_um:.4g} to {ink.width_max_um:.4g} um",
                        place,
                        label=f"{limit:.4g} um is the limit",
                        notes=(
                            f"type `filament: {limit:.4g}um`, or give the ink the widths that your nozzles make",
                        ),
                        fixes=_mend(place, f"{limit:.4g}um"),
                    )


#: A width as a figure: alone, or as the only one in the block of a region.
_FIGURE = re.compile(r"(?:\bfilament:\s*)?(\d+(?:\.\d+)?[a-zµμ]+)(?=\s*[;}]|\Z)")


def _mend(place: Span, limit: str) -> tuple[Fix, ...]:
    """The limit in place of the width, where the design gives it as a figure that can be told."""
    whole = _FIGURE.fullmatch(place.text)
    found = [whole] if whole else [m for m in _FIGURE.finditer(place.text) if m[0] != m[1]]
    if len(found) != 1:
        return ()
    low, high = found[0].span(1)
    at = Span(place.source, place.start + low, place.start + high)
    return (Fix(f"write `{limit}`", (Edit(at, limit),)),)


WIDTH = Width()
