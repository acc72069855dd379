"""A nozzle that cannot get where it must print: too short for the bath, or too wide between the walls of its vessel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, Span, error
from ..rig import Nozzle, Rig
from ..rig import Vessel as Bowl

if TYPE_CHECKING:
    from ..build import Job
    from ..filaments import Floats


class Reach:
    code = "W219"
    severity = Severity.ERROR
    doc = "the nozzle reaches every place in the bath's vessel"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        rig = context.rig
        if rig is None or rig.vessel is None:
            return
        for job in context.jobs:
            if not context.has(job, "wet"):
                continue
            for nozzle in rig.nozzles:
                if any(nozzle.load(ink.name) is not None for ink in context.inks(job)):
                    yield from self._nozzle(context, job, rig, rig.vessel, nozzle)

    def _nozzle(
        self, context: CheckContext, job: Job, rig: Rig, bowl: Bowl, nozzle: Nozzle
    ) -> Iterator[Diagnostic]:
        import numpy as np

        from ..planning.tip import reach_um

        long_um = nozzle.cone_um[-1][0]
        if long_um < bowl.fill_um * (1 - 1e-9):
            yield error(
                self.code,
                f"{long_um:.4g} um is how long nozzle {nozzle.name} is known to be (`cone_um`); the bath of rig {rig.name} is "
                f"{bowl.fill_um:.4g} um deep",
                job.print.span,
                label="what holds the nozzle would dip into the bath",
                notes=("take a longer nozzle, tell more of `cone_um`, or pour less of the bath",),
            )
        f = job.filaments
        points = f.state("wet").points_um
        # The tip may stand as low as the substrate anywhere, so the nozzle is as wide at the rim as its cone is there.
        wide = reach_um(nozzle, bowl.wall_um)
        out = _beyond(points[:, :2], bowl) + wide
        point = int(np.argmax(out))
        if out[point] > 1e-6:
            i = int(np.searchsorted(f.offsets, point, "right")) - 1
            yield self._wall(
                context.span(job, i), float(out[point]), wide, f"{job.name} is printed", rig, nozzle
            )
        places = _places(rig)
        if places is not None:
            out = _beyond(places, bowl) + wide
            worst = int(np.argmax(out))
            if out[worst] > 1e-6:
                what = "ink is purged" if worst == 0 else "the tip is wiped"
                yield self._wall(job.print.span, float(out[worst]), wide, what, rig, nozzle)

    def _wall(
        self, span: Span, over_um: float, wide_um: float, what: str, rig: Rig, nozzle: Nozzle
    ) -> Diagnostic:
        return error(
            self.code,
            f"{over_um:.4g} um is how far nozzle {nozzle.name} would stand in the wall of the vessel of rig {rig.name} where {what}; "
            "0 was expected",
            span,
            label=f"the nozzle reaches {wide_um:.4g} um to the side at the height of the rim",
            notes=("a wider vessel, less wall, a slimmer nozzle, or another place",),
        )


def _beyond(at_um: Floats, bowl: Bowl) -> Floats:
    """How far places [N,2] lie beyond the nearest wall, below zero inside, [N]."""
    import numpy as np

    away: Floats = (np.abs(at_um - np.array(bowl.centre_um)) - 0.5 * np.array(bowl.size_um)).max(axis=1)
    return away


def _places(rig: Rig) -> Floats | None:
    """Where ink is purged and where the tip is wiped, part coordinates [N,2]."""
    import numpy as np

    from ..toolpath.frames import purge_place_um, wipe_way_um

    purge, wipe = purge_place_um(rig), wipe_way_um(rig)
    if purge is None:
        return None
    return purge[None, :2] if wipe is None else np.vstack([purge[:2], wipe[:, :2]])


REACH = Reach()
