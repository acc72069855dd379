"""Parts that are larger than the stage can travel, or that reach beyond its limits where the rig puts them."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error


class Stage:
    code = "W214"
    severity = Severity.ERROR
    doc = "the stage of the rig reaches every filament"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        from ..toolpath.frames import to_stage

        rig = context.rig
        if rig is None or not rig.nozzles:
            return
        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            f = job.filaments
            points = f.state("wet").points_um
            left = set(range(len(f.inks)))
            for n, nozzle in enumerate(rig.nozzles):
                inks = [m for m in sorted(left) if nozzle.load(f.inks[m].name) is not None]
                left -= set(inks)
                mine = np.repeat(np.isin(f.material, inks), np.diff(f.offsets))
                if not mine.any():
                    continue
                stage = to_stage(rig, points[mine], n)
                for k, name in enumerate("xyz"):
                    axis = rig.axes.get(name)
                    if axis is None:
                        continue
                    low, high = float(stage[:, k].min()), float(stage[:, k].max())
                    if low >= axis.min_um - 1e-6 and high <= axis.max_um + 1e-6:
                        continue
                    over = stage[:, k] - axis.max_um > axis.min_um - stage[:, k]
                    beyond = np.where(over, stage[:, k] - axis.max_um, axis.min_um - stage[:, k])
                    owner = np.repeat(np.arange(len(f)), np.diff(f.offsets))[mine]
                    i = int(owner[int(np.argmax(beyond))])
                    size = high - low
                    room = axis.max_um - axis.min_um
                    yield error(
                        self.code,
                        f"{low / 1000:.4g} to {high / 1000:.4g} mm is what the stage would travel in {name} for {job.name}; "
                        f"rig {rig.name} allows {axis.min_um / 1000:.4g} to {axis.max_um / 1000:.4g} mm",
                        context.span(job, i),
                        label=f"out of reach of nozzle {nozzle.name}",
                        notes=(
                            f"the part is {size / 1000:.4g} mm long in {name}, the axis {room / 1000:.4g} mm: make it smaller"
                            if size > room
                            else "it would fit elsewhere: move `origin_um` of the rig",
                        ),
                    )


STAGE = Stage()
