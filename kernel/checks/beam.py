"""Seams beside which a beam from above passes what earlier blocks have left standing."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity


class Beam:
    code = "W283"
    severity = Severity.NOTE
    doc = "light from above passes nothing that stands"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import math

        import numpy as np

        from ..voxels.optics import half_angle

        for job in context.written:
            light = job.light
            assert light is not None
            how, pieces = light.how, light.pieces
            beside = np.bincount(pieces.tier)
            if not how.invert_z or how.block is None or beside.max() < 2:
                continue
            half = half_angle(how.aperture, how.index)
            z = pieces.at(light.sections.points_um[:, 2])
            tier = pieces.tier[np.repeat(pieces.block, np.diff(pieces.offsets))]
            deep = max(float(np.ptp(z[tier == k])) for k in np.flatnonzero(beside > 1))
            wide = deep * (math.tan(half) - math.tan(abs(how.shear)))
            # Less than a focus is no way at all.
            if wide <= how.w_xy:
                continue
            lean = f"`shear: {math.ceil(math.degrees(half))}deg;`, or " if half < 1.0 else ""
            yield Diagnostic(
                self.code,
                self.severity,
                f"{wide:.4g} um beside a seam of {job.name} the beam passes what stands in earlier blocks; 0 um was expected",
                context.setting(job, "shear"),
                f"half of the beam is {math.degrees(half):.3g} deg wide, seams lean {math.degrees(abs(how.shear)):.3g} deg",
                (),
                (
                    f"lines there get less light than is told: {lean}lower blocks (`block_height`), or larger ones",
                ),
            )


BEAM = Beam()
