"""Neighbours of one layer that run into each other while they are wet."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class Fused:
    code = "W206"
    severity = Severity.WARNING
    doc = "neighbouring filaments of a layer do not fuse when wet"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            found = context.contacts(job, "wet")
            count = int((found.fused_of > 0).sum())
            if not count or found.layer_nearest is None:
                continue
            i, _ = found.layer_nearest
            f = job.filaments
            width = float(f.state("wet").width_um[f.offsets[i]])
            yield warning(
                self.code,
                f"{found.layer_gap_um:.3g} um is the least wet gap within a layer; {count} filaments run into a neighbour",
                context.field(job, i, "pitch"),
                label=f"wet filaments are {width:.4g} um wide",
                notes=(
                    f"type a `pitch` above {width:.3g}um, or a narrower `filament`; "
                    'a wall of fused lines is meant? then `allow W206 because "..."`',
                ),
            )


FUSED = Fused()
