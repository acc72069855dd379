"""Neighbours of one layer that run into each other while they are wet."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..figures.fusing import fusings


class Fused:
    code = "W206"
    severity = Severity.WARNING
    doc = "neighbouring filaments of a layer do not fuse when wet"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for f in fusings(context, light=False):
            yield warning(
                self.code,
                f"{f.gap_um:.3g} um is the least wet gap within a layer; {f.count} filaments run into a neighbour",
                f.pitch(context),
                label=f"wet filaments are {f.width_um:.4g} um wide",
                notes=f.notes(self.code, "a narrower `filament`"),
            )


FUSED = Fused()
