"""Electron-beam writing: electrons change the ligands of a film, shape by shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..process import Step
from ..quantity import ChargeDose, Construct, Current, FieldSpec, Length, Voltage
from ..scene import Scene
from .photopattern import EXPOSED

if TYPE_CHECKING:
    from ..build import Job


class Ebeam:
    makes: Literal["part", "mask"] = "mask"
    construct = Construct(
        "pattern",
        "ebeam",
        "electrons pattern a film",
        (
            FieldSpec("dose", ChargeDose, "charge per area", low=0.0, above=True),
            FieldSpec("current", Current, "beam current, for the time", default=None, low=0.0, above=True),
            FieldSpec("voltage", Voltage, "acceleration", default=None, low=0.0, above=True),
            FieldSpec("field", Length, "side of a write field", default=None, low=0.0, above=True),
            *EXPOSED,
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        raise NotImplementedError


EBEAM = Ebeam()
