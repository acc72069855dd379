"""Power that the writer does not have, or that burns the resin."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error


class LightPower:
    code = "W269"
    severity = Severity.ERROR
    doc = "every written line takes a power that the writer has and the resin survives"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        from ..quantity import MILLIWATT

        for job in context.written:
            light = job.light
            assert light is not None
            how, power = light.how, light.sections.power
            full = None if how.full_power is None else how.full_power * how.power_scaling
            for name, most, label in (
                ("full_power", full, "this is 100 %"),
                ("damage", how.damage, "above this the resin burns"),
            ):
                if most is None:
                    continue
                bad = np.flatnonzero(power > most * (1 + 1e-9))
                if not len(bad):
                    continue
                point = int(bad[np.argmax(power[bad])])
                i = int(np.searchsorted(light.struts.offsets, point, "right")) - 1
                width = float(light.sections.voxel_wide_um[point])
                yield error(
                    self.code,
                    f"{power[point] / MILLIWATT:.4g} mW makes a line {width:.4g} um wide at {how.scan_speed:.4g} um/s; at most "
                    f"{most / MILLIWATT:.4g} mW was expected",
                    context.setting(job, "power")
                    if how.power is not None
                    else context.field(job, i, "filament"),
                    label=f"{power[point] / most:.1%} of what there is" if name == "full_power" else label,
                    notes=(
                        "a slower scan, thinner struts, or a `power` within the limit, with which wider struts are hatched",
                    ),
                )


LIGHT_POWER = LightPower()
