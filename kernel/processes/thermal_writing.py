"""Thermal writing: a pulsed laser heats a film along a raster, and heat changes its ligands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..process import Step
from ..quantity import Construct, FieldSpec, Length, Power, Speed
from ..scene import Scene
from .photopattern import EXPOSED

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
            FieldSpec("power", Power, "of the laser, mean", default=None, low=0.0, above=True),
            FieldSpec("speed", Speed, "of the spot", default=None, low=0.0, above=True),
            FieldSpec("spot", Length, "width that one line writes", low=0.0, above=True),
            FieldSpec("hatch", Length, "from line to line", low=0.0, above=True),
            *EXPOSED,
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        raise NotImplementedError


THERMAL_WRITING = ThermalWriting()
