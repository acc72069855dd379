"""Direct optical patterning: light through a mask or from a laser writer changes the ligands of a film, a developer takes the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..films import dose as doses
from ..films import steps as told
from ..process import Step
from ..quantity import (
    MJ_CM2,
    Area,
    Construct,
    Count,
    Dose,
    FieldSpec,
    Intensity,
    Length,
    Ratio,
    Text,
    Time,
    positive,
    ref,
    spread,
)
from ..scene import Pattern, Scene

if TYPE_CHECKING:
    from ..build import Job

#: 0 K in C: nothing is colder.
ABSOLUTE_ZERO = -273.15

#: Fields of every process that exposes a film: what the writer is good for, and relief.
EXPOSED = (
    FieldSpec("atmosphere", Text, "`air` or `nitrogen`, during the exposure", default=""),
    FieldSpec("tone", Text, "`negative` or `positive`, to be held against the developer", default=""),
    spread("overlay", Length, "overlay error of this writer to earlier passes"),
    spread("size_error", Length, "how far an edge may lie from its place"),
    spread("edge_roughness", Length, "roughness of an edge"),
    positive("min_width", Length, "narrowest line that the writer resolves"),
    positive("min_gap", Length, "narrowest gap that the writer resolves"),
    positive("min_area", Area, "smallest piece that holds"),
    FieldSpec("marks", ref("mask"), "alignment marks that this pass is aligned to", default=None),
    FieldSpec(
        "within",
        ref("mask"),
        "where the film lies, of which a positive tone leaves what is not exposed",
        default=None,
        default_doc="the box around all masks of the design",
    ),
    FieldSpec("bake", Text, "treatment after development, in words", default=""),
    FieldSpec("bake_celsius", Ratio, "temperature of that treatment, in C", default=None, low=ABSOLUTE_ZERO),
    positive("bake_time", Time, "how long it takes"),
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
            positive("intensity", Intensity, "power per area, for the time"),
            positive("aperture", Ratio, "numerical aperture of the optics"),
            *EXPOSED,
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        """Spread, expose, develop, treat. The exposure takes dose / intensity; of a relief, the dose of all its passes."""
        made = scene.job[item]
        assert isinstance(made, Pattern)
        f = made.fields
        says = [("wavelength", told.length(f["wavelength"])), ("dose", told.dose(f["dose"]))]
        if f.get("intensity") is not None:
            says.append(("intensity", f"{f['intensity'] / MJ_CM2:.4g} mW/cm2"))
        time_s = None
        if f.get("intensity") is not None:
            # Light that comes through a mask falls on all of a class at once; classes and passes one after another.
            share = [k for k, _ in told.exposed_um2(made) or ()] if f.get("relief") is not None else [1.0]
            time_s = doses.exposure_s(f["dose"] * sum(share), f["intensity"]) if share else None
        return told.film_steps(
            scene, item, tuple(says), time_s, wavelength_um=f["wavelength"], dose_mj_cm2=f["dose"] / MJ_CM2
        )


PHOTOPATTERN = Photopattern()
