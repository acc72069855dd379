"""Written neighbours of one layer that run into each other: the pitch is smaller than the voxel."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class VoxelPitch:
    code = "W266"
    severity = Severity.WARNING
    doc = "neighbouring written struts of a layer do not fuse"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for job in context.written:
            assert job.light is not None
            graph = job.light.graph
            count = int(graph.fused.sum())
            if not count or graph.pair is None:
                continue
            i, _ = graph.pair
            f = job.filaments
            width = float(f.state("wet").width_um[f.offsets[i]])
            yield warning(
                self.code,
                f"{graph.gap_um:.3g} um is the least gap within a layer; {count} struts of {job.name} run into a neighbour",
                context.field(job, i, "pitch"),
                label=f"struts stand {width:.4g} um wide",
                notes=(
                    f"a `pitch` above {width:.3g}um, or less `power`; "
                    'a wall of fused lines is meant? then `allow W266 because "..."`',
                ),
            )


VOXEL_PITCH = VoxelPitch()
