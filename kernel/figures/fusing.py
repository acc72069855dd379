"""Neighbours of one layer that run into each other, of ink while it is wet and of light as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..records import dataclass

if TYPE_CHECKING:
    from ..build import Job
    from ..check import CheckContext
    from ..diagnostics import Span


@dataclass(frozen=True, slots=True)
class Fusing:
    """The worst place of a job: `count` filaments run into a neighbour, by `gap_um` (below 0) at filament `first`, `width_um` wide."""

    job: Job
    first: int
    count: int
    gap_um: float

    @property
    def width_um(self) -> float:
        f = self.job.filaments
        return float(f.state("wet").width_um[f.offsets[self.first]])

    def pitch(self, context: CheckContext) -> Span:
        """Where the design says how far apart they lie."""
        return context.field(self.job, self.first, "pitch")

    def notes(self, code: str, less: str) -> tuple[str]:
        """How to mend it: `less` is what makes them narrower."""
        return (
            f"type a `pitch` above {self.width_um:.3g}um, or {less}; "
            f'a wall of fused lines is meant? then `allow {code} because "..."`',
        )


def fusings(context: CheckContext, *, light: bool) -> Iterator[Fusing]:
    """Every job of ink, or of light, whose neighbours fuse."""
    for job in context.written if light else context.jobs:
        if job.light is not None:
            graph = job.light.graph
            count, pair, gap = int(graph.fused.sum()), graph.pair, graph.gap_um
        elif context.has(job, "wet"):
            found = context.contacts(job, "wet")
            count, pair, gap = int((found.fused_of > 0).sum()), found.layer_nearest, found.layer_gap_um
        else:
            continue
        if count and pair is not None and gap is not None:
            yield Fusing(job, pair[0], count, gap)
