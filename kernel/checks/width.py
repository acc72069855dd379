"""Filaments narrower or wider than the ink can be printed."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


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
                    yield warning(
                        self.code,
                        f"{value[i]:.4g} um is the {word} of {len(bad)} dried filaments; ink {ink.name} was printed "
                        f"from {ink.width_min_um:.4g} to {ink.width_max_um:.4g} um",
                        context.field(job, i, "filament"),
                        label=f"{limit:.4g} um is the limit",
                        notes=(
                            f"type `filament: {limit:.4g}um`, or give the ink the widths that your nozzles make",
                        ),
                    )


WIDTH = Width()
