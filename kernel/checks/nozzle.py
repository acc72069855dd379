"""A filament that a nozzle could only make by stretching its ink or by piling it up."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..flow import SPEED_RATIO


class NozzleWidth:
    code = "W216"
    severity = Severity.WARNING
    doc = "filaments fit the nozzle that prints them"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        rig = context.rig
        if rig is None:
            return
        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            f = job.filaments
            wet = f.state("wet")
            area = (wet.width_um * wet.height_um)[f.offsets[:-1]]
            for m, ink in enumerate(f.inks):
                nozzles = [n for n in rig.nozzles if n.load(ink.name) is not None]
                mine = np.flatnonzero(f.material == m)
                if not nozzles or not len(mine):
                    continue
                # v over the mean speed in the tip is the tip's section over that of the ink thread.
                thread = area[mine] / ink.swell**2
                tips = np.array([n.inner_um**2 for n in nozzles])
                ratio = tips[None, :] / thread[:, None]
                off = np.where(ratio > 1.0, ratio / SPEED_RATIO[1], SPEED_RATIO[0] / ratio)
                best = off.min(axis=1)
                bad = np.flatnonzero(best > 1.0 + 1e-9)
                if not len(bad):
                    continue
                k = int(bad[np.argmax(best[bad])])
                i, n = int(mine[k]), int(np.argmin(off[k]))
                d = float(np.sqrt(thread[k]))
                yield warning(
                    self.code,
                    f"{d:.4g} um is the ink thread of {len(bad)} filaments of {ink.name}; nozzle {nozzles[n].name} of "
                    f"{nozzles[n].inner_um:.4g} um makes {nozzles[n].inner_um / SPEED_RATIO[1] ** 0.5:.4g} to "
                    f"{nozzles[n].inner_um / SPEED_RATIO[0] ** 0.5:.4g} um",
                    context.field(job, i, "filament"),
                    label=f"printing runs {ratio[k, n]:.3g} times as fast as the ink in the tip",
                    notes=(
                        f"{SPEED_RATIO[0]:g} to {SPEED_RATIO[1]:g} times is taken to be safe (assumed); "
                        "take a nozzle nearer to the filament's width",
                    ),
                )


NOZZLE = NozzleWidth()
