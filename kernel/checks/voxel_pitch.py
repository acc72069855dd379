"""Written neighbours of one layer that run into each other: the pitch is smaller than the voxel."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..figures.fusing import fusings


class VoxelPitch:
    code = "W266"
    severity = Severity.WARNING
    doc = "neighbouring written struts of a layer do not fuse"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for f in fusings(context, light=True):
            yield warning(
                self.code,
                f"{f.gap_um:.3g} um is the least gap within a layer; {f.count} struts of {f.job.name} run into a neighbour",
                f.pitch(context),
                label=f"struts stand {f.width_um:.4g} um wide",
                notes=f.notes(self.code, "less `power`"),
            )


VOXEL_PITCH = VoxelPitch()
