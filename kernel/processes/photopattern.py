"""Direct optical patterning: light through a mask or from a laser writer changes the ligands of a film, a developer takes the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..process import Step
from ..quantity import Construct, Count, Dose, FieldSpec, Intensity, Length, Ratio, Text, ref
from ..scene import Scene

if TYPE_CHECKING:
    from ..build import Job

#: Fields of every process that exposes a film: what the writer is good for, and relief.
EXPOSED = (
    FieldSpec("atmosphere", Text, "`air` or `nitrogen`, during the exposure", default=""),
    FieldSpec("tone", Text, "`negative` or `positive`, to be held against the developer", default=""),
    FieldSpec("overlay", Length, "overlay error of this writer to earlier passes", default=None, low=0.0),
    FieldSpec("size_error", Length, "how far an edge may lie from its place", default=None, low=0.0),
    FieldSpec("edge_roughness", Length, "roughness of an edge", default=None, low=0.0),
    FieldSpec(
        "min_width", Length, "narrowest line that the writer resolves", default=None, low=0.0, above=True
    ),
    FieldSpec("min_gap", Length, "narrowest gap that the writer resolves", default=None, low=0.0, above=True),
    FieldSpec("marks", ref("mask"), "alignment marks that this pass is aligned to", default=None),
    FieldSpec("bake", Text, "treatment after development", default=""),
    FieldSpec("relief", Length, "thickness to be left, over x and y (2.5D)", default=None),
    FieldSpec("levels", Count, "dose classes or passes of a relief", default=8, low=2.0, high=256.0),
    FieldSpec("split", Text, "a relief as dose `classes` or as `passes`", default="classes"),
)


class Photopattern:
    makes: Literal["part", "mask"] = "mask"
    construct = Construct(
        "pattern",
        "photopattern",
        "light patterns a film",
        (
            FieldSpec("wavelength", Length, "of the light", low=0.0, above=True),
            FieldSpec("dose", Dose, "energy per area", low=0.0, above=True),
            FieldSpec(
                "intensity", Intensity, "power per area, for the time", default=None, low=0.0, above=True
            ),
            FieldSpec(
                "aperture", Ratio, "numerical aperture of the optics", default=None, low=0.0, above=True
            ),
            *EXPOSED,
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        raise NotImplementedError


PHOTOPATTERN = Photopattern()
