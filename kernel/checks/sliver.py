"""Pieces that a region cuts so short that they are not solid before the next ink comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..flow import DIFFUSION_UM2_S

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..filaments import FilamentSet


class Sliver:
    code = "W213"
    severity = Severity.WARNING
    doc = "pieces that regions cut are longer than the ink needs to turn solid"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        if not context.scene.regions:
            return
        speed = context.print_speed_um_s
        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            f = job.filaments
            length = context.sweep(job, "wet").length_um
            width = f.state("wet").width_um[f.offsets[:-1]]
            need = speed * (0.5 * width) ** 2 / DIFFUSION_UM2_S
            bad = np.flatnonzero(_cut(f) & (length < need))
            if not len(bad):
                continue
            i = int(bad[np.argmin(length[bad] / need[bad])])
            yield warning(
                self.code,
                f"{length[i]:.4g} um is the shortest of {len(bad)} pieces that a region cuts off; ink turns solid on "
                f"{need[i]:.4g} um of path",
                context.span(job, i),
                label="cut from a longer filament",
                notes=(
                    "move the boundary, or take filaments whole: `cut: whole`",
                    f"v R^2 / D at {speed / 1000:g} mm/s, diffusion of the linker assumed to be 1e-9 m2/s",
                ),
            )


def _cut(f: FilamentSet) -> npt.NDArray[np.bool_]:
    """Filaments that share an end with another one of their layer."""
    import numpy as np

    points = f.state("wet").points_um
    ends = np.concatenate([f.offsets[:-1], f.offsets[1:] - 1])
    key = np.column_stack([np.rint(points[ends] / 0.02), np.tile(f.layer, 2)])
    _, member, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    shared = (count > 1)[member.reshape(-1)]
    n = len(f)
    return np.asarray(shared[:n] | shared[n:])


SLIVER = Sliver()
