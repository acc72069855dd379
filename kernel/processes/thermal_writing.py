"""Thermal writing: a pulsed laser heats a film along a raster, and heat changes its ligands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..films import dose as doses
from ..films import steps as told
from ..process import Step
from ..quantity import MILLIWATT, Construct, FieldSpec, Length, Power, Ratio, Speed, positive
from ..scene import Pattern, Scene
from .photopattern import ABSOLUTE_ZERO, EXPOSED

if TYPE_CHECKING:
    from ..build import Job


class ThermalWriting:
    makes: Literal["part", "mask"] = "mask"
    construct = Construct(
        "pattern",
        "thermal_writing",
        "a laser's heat patterns a film",
        (
            FieldSpec("wavelength", Length, "of the laser", low=0.0, above=True),
            positive("power", Power, "of the laser, mean"),
            positive("speed", Speed, "of the spot"),
            FieldSpec(
                "celsius", Ratio, "temperature that the film reaches, in C", default=None, low=ABSOLUTE_ZERO
            ),
            FieldSpec("spot", Length, "width that one line writes", low=0.0, above=True),
            FieldSpec("hatch", Length, "from line to line", low=0.0, above=True),
            *EXPOSED,
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        """Spread, expose, develop, treat. The raster takes area / (hatch * speed); turns are not counted."""
        made = scene.job[item]
        assert isinstance(made, Pattern)
        f = made.fields
        says = [("wavelength", told.length(f["wavelength"]))]
        says += [("power", f"{f['power'] / MILLIWATT:.4g} mW")] if f.get("power") else []
        says += [("speed", f"{f['speed'] / 1e3:.4g} mm/s")] if f.get("speed") else []
        says += [("spot", told.length(f["spot"])), ("hatch", told.length(f["hatch"]))]
        says += [("temperature", f"{f['celsius']:g} C")] if f.get("celsius") is not None else []
        limit = made.film.bears_celsius
        says += [("below", f"{limit:g} C")] if limit is not None else []
        time_s = None
        if f.get("speed"):
            areas = told.exposed_um2(made)
            if areas is not None:
                time_s = doses.raster_s(sum(area for _, area in areas), f["hatch"], f["speed"])
        return told.film_steps(scene, item, tuple(says), time_s)


THERMAL_WRITING = ThermalWriting()
