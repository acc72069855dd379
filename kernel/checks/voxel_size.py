"""Struts that stand wider or higher than they are drawn, because no voxel is as flat as that."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity

#: Struts may stand this much higher than they are drawn before it is told (assumed).
TOLD = 0.1


class VoxelSize:
    code = "W270"
    severity = Severity.NOTE
    doc = "written struts are as high as they are drawn"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            s, stands = light.sections, job.filaments.state("wet")
            over = stands.height_um / s.high_um
            bad = np.flatnonzero(over > (1 + TOLD) * (1 + 1e-9))
            if not len(bad):
                continue
            point = int(bad[np.argmax(over[bad])])
            struts = np.unique(np.searchsorted(light.struts.offsets, bad, "right"))
            i = int(np.searchsorted(light.struts.offsets, point, "right")) - 1
            yield Diagnostic(
                self.code,
                self.severity,
                f"{stands.height_um[point]:.4g} um is how high a strut stands that is drawn {s.high_um[point]:.4g} um high; "
                f"{len(struts)} struts of {job.name} stand more than {TOLD:.0%} higher",
                context.field(job, i, "filament"),
                f"its voxels are {s.voxel_wide_um[point]:.4g} um wide and {s.voxel_high_um[point]:.4g} um high",
                (),
                ("a larger `aperture` makes flatter voxels; figures and checks take struts as they stand",),
            )


VOXEL_SIZE = VoxelSize()
