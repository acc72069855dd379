"""Layers whose voxels are so high that they reach the layer after the next: the pores between are closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..quantity import MILLIWATT
from ..voxels.optics import line_time_s, power_for
from .voxel_layers import LEVEL

if TYPE_CHECKING:
    from ..build import Job


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
                    "pores between them are closed; what opens them:",
                    *_mends(job, int(graph.one[bad[worst]]), int(graph.two[bad[worst]])),
                ),
            )


def _mends(job: Job, one: int, two: int) -> Iterator[str]:
    """What parts two struts of layers that are no neighbours, with its figures."""
    light = job.light
    assert light is not None
    how, s, state, f = light.how, light.sections, job.filaments.state("wet"), job.filaments
    p, q = int(f.offsets[one]), int(f.offsets[two])
    apart = abs(int(f.layer[one]) - int(f.layer[two]))
    rise = abs(float(state.points_um[p, 2] - state.points_um[q, 2]))
    high, wide = float(state.height_um[p]), float(state.width_um[p])
    least = 0.5 * (high + float(state.height_um[q])) / apart
    yield f"`layer_height` above {least:.4g}um, and below {high:.4g}um, from where layers part"
    if float(s.high_um[p]) < rise:
        # A voxel as high as the strut is drawn leaves it as it is drawn.
        voxel = float(s.high_um[p]) * how.w_xy / how.w_z
        time = line_time_s(how.w_xy, how.scan_speed)
        power = power_for(voxel, how.w_xy, time, how.threshold_power, how.threshold_time)
        yield (
            f"`power: {float(power) / MILLIWATT:.3g}mW;` or less hatches struts with voxels {voxel:.3g} um wide and "
            f"{s.high_um[p]:.4g} um high: they stand as high as they are drawn"
        )
    pitch = _pitch_um(job, one)
    if pitch is not None and 0.5 * pitch > wide and apart == 2 and 2.0 * rise > high:
        yield (
            f"`phase: if k mod 4 < 2 then 0um else {0.5 * pitch:.4g}um;` in the layers: struts {wide:.4g} um wide over the gaps of "
            f"a pitch of {pitch:.4g} um"
        )


def _pitch_um(job: Job, strut: int) -> float | None:
    """How far the nearest strut of the same layer and direction lies from a level strut, axis to axis."""
    import numpy as np

    f, p = job.filaments, job.filaments.state("wet").points_um
    begin, end = p[f.offsets[:-1]], p[f.offsets[1:] - 1]
    unit = (end[strut] - begin[strut]) / np.linalg.norm(end[strut] - begin[strut])
    others = np.flatnonzero(f.layer == f.layer[strut])
    away = 0.5 * (begin[others] + end[others] - begin[strut] - end[strut])
    beside = np.abs(away[:, 1] * unit[0] - away[:, 0] * unit[1])
    beside = beside[beside > 1e-3]
    return float(beside.min()) if len(beside) else None


VOXEL_PORES = VoxelPores()
