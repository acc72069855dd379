"""Struts that a seam of blocks cuts, and whose parts hardly overlap there."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class Seam:
    code = "W272"
    severity = Severity.WARNING
    doc = "struts that seams cut run on across them by a voxel"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        from ..voxels.optics import along_um

        for job in context.written:
            light = job.light
            assert light is not None
            pieces, sections = light.pieces, light.sections
            if not pieces.cuts:
                continue
            how = light.how
            cut = np.bincount(pieces.strut, minlength=len(light.struts)) > 1
            # As long as a voxel is in the direction of the strut: a climbing one needs more.
            long = sections.voxel_wide_um * along_um(sections.climb2, how.w_xy, how.w_z) / how.w_xy
            width = float(long[cut[light.struts.owner()]].max(initial=0.0))
            if how.overlap >= width * (1 - 1e-9):
                continue
            cuts = pieces.cuts
            yield warning(
                self.code,
                f"{how.overlap:.4g} um is the overlap at seams of {job.name}, which cut struts at {cuts} "
                f"place{'' if cuts == 1 else 's'}; a voxel of {width:.4g} um was expected",
                context.setting(job, "overlap"),
                label="struts break where their parts do not hold each other",
                notes=(
                    f"type `overlap: {width:.3g}um;` or more, or choose blocks whose seams meet no strut",
                ),
            )


SEAM = Seam()
