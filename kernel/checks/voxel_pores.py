"""Layers whose voxels are so high that they reach the layer after the next: the pores between are closed."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from .voxel_layers import LEVEL


class VoxelPores:
    code = "W277"
    severity = Severity.WARNING
    doc = "written layers touch their neighbours alone"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            f = job.filaments
            if float(light.sections.climb2.max()) > LEVEL**2:
                continue
            graph = light.graph
            apart = np.abs(f.layer[graph.one] - f.layer[graph.two])
            bad = np.flatnonzero(apart > 1)
            if not len(bad):
                continue
            state = f.state("wet")
            one, two = f.offsets[graph.one[bad]], f.offsets[graph.two[bad]]
            rise = np.abs(state.points_um[one, 2] - state.points_um[two, 2])
            high = 0.5 * (state.height_um[one] + state.height_um[two])
            worst = int(np.argmax(high - rise))
            i = int(max(graph.one[bad[worst]], graph.two[bad[worst]]))
            yield warning(
                self.code,
                f"{rise[worst]:.4g} um lies between layers of {job.name} that are no neighbours; more than the "
                f"{high[worst]:.4g} um that their struts stand high was expected",
                context.field(job, i, "layer_height"),
                label=f"struts touch past the layer between them at {len(bad)} places",
                notes=(
                    "pores between them are closed: struts that lie over the gaps below (`phase`), a larger `layer_height` or "
                    "`aperture`, or thicker struts, which are hatched and stand as high as they are drawn",
                ),
            )


VOXEL_PORES = VoxelPores()
