"""Electron-beam writing: electrons change the ligands of a film, shape by shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..films import steps as told
from ..process import Step
from ..quantity import UC_CM2, ChargeDose, Construct, Current, FieldSpec, Length, Voltage, positive
from ..scene import Pattern, Scene
from .photopattern import EXPOSED

if TYPE_CHECKING:
    from ..build import Job

#: One kV and one nA in kernel units: 1 V = 1 J/C = 1e21 ug um^2/s^2 / C.
_KILOVOLT, _NANOAMPERE = 1e24, 1e-9


class Ebeam:
    makes: Literal["part", "mask"] = "mask"
    construct = Construct(
        "pattern",
        "ebeam",
        "electrons pattern a film",
        (
            FieldSpec("dose", ChargeDose, "charge per area", low=0.0, above=True),
            positive("current", Current, "beam current, for the time"),
            positive("voltage", Voltage, "acceleration"),
            positive("field", Length, "side of a write field"),
            *EXPOSED,
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        """Spread, expose, develop, treat. The beam takes dose * area / current; the stage and settling are not counted."""
        from ..films.writing import exposure_time_s

        made = scene.job[item]
        assert isinstance(made, Pattern)
        f = made.fields
        says = [("dose", told.charge_dose(f["dose"]))]
        says += [("voltage", f"{f['voltage'] / _KILOVOLT:.4g} kV")] if f.get("voltage") else []
        says += [("current", f"{f['current'] / _NANOAMPERE:.4g} nA")] if f.get("current") else []
        says += [("write field", told.length(f["field"]))] if f.get("field") else []
        time_s = None
        if f.get("current"):
            areas = told.exposed_um2(made)
            if areas is not None:
                weighed = sum(factor * area for factor, area in areas)
                time_s = exposure_time_s(f["dose"], weighed, f["current"])
        return told.film_steps(scene, item, tuple(says), time_s, dose_uc_cm2=f["dose"] / UC_CM2)


EBEAM = Ebeam()
