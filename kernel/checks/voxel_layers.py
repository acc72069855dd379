"""Layers whose voxels do not reach each other."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

#: Struts that climb more than this (sine) belong to no layer.
LEVEL = 0.01


class VoxelLayers:
    code = "W271"
    severity = Severity.WARNING
    doc = "written layers lie closer than their voxels are high"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            f = job.filaments
            if len(f) < 2 or float(light.sections.climb2.max()) > LEVEL**2:
                continue
            state = f.state("wet")
            height = np.minimum.reduceat(state.height_um, f.offsets[:-1])
            z = state.points_um[f.offsets[:-1], 2]
            levels, of = np.unique(f.layer, return_inverse=True)
            least = np.full(len(levels), np.inf)
            np.minimum.at(least, of, height)
            mean = np.bincount(of, z) / np.bincount(of)
            order = np.argsort(mean, kind="stable")
            rise = np.diff(mean[order])
            hold = 0.5 * (least[order][1:] + least[order][:-1])
            bad = np.flatnonzero(rise >= hold * (1 - 1e-9))
            if not len(bad):
                continue
            k = int(bad[np.argmax((rise - hold)[bad])])
            i = int(np.flatnonzero(of == order[k + 1])[0])
            voxel = light.sections
            at = int(f.offsets[i])
            ratio = voxel.voxel_high_um[at] / voxel.voxel_wide_um[at]
            yield warning(
                self.code,
                f"{rise[k]:.4g} um lies between layers of {job.name} that stand {hold[k]:.4g} um high; less was expected",
                context.field(job, i, "layer_height"),
                label=f"{len(bad)} layers do not reach the one below",
                notes=(
                    f"voxels are {ratio:.3g} times as high as wide: `layer_height` below {hold[k]:.4g}um, or more power",
                ),
            )


VOXEL_LAYERS = VoxelLayers()
