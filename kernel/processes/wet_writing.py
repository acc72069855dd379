"""Wet writing: a nozzle extrudes ink into a bath that gels it; the wet part is dried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..process import Step
from ..quantity import Bool, Construct, FieldSpec, Length, Speed, Text, ref
from ..scene import Print, Scene

if TYPE_CHECKING:
    from ..build import Job


class WetWriting:
    makes: Literal["part", "mask"] = "part"
    construct = Construct(
        "print",
        "wet_writing",
        "ink through a nozzle into a gelation bath, then dried",
        (
            FieldSpec(
                "base", Text, "`pinned` to the substrate as it dries, or `free` of it", default="pinned"
            ),
            FieldSpec(
                "anchors",
                ref("solid"),
                "filament inside this solid keeps its place as it dries",
                default=None,
            ),
            FieldSpec(
                "speed",
                Speed,
                "nozzle speed while it prints",
                default=None,
                default_doc="the rig's",
                low=0.0,
                above=True,
            ),
            FieldSpec(
                "turns",
                Length,
                "longest way between neighbouring filaments that is printed too, so that the ink runs on",
                default=None,
                default_doc="no turns",
                low=0.0,
            ),
            FieldSpec(
                "lead",
                Length,
                "straight run of ink before and behind every filament that ends at the outside of the part",
                default=None,
                default_doc="no leads",
                low=0.0,
            ),
            FieldSpec(
                "seam",
                Text,
                "where closed filaments begin: `nearest` to the end of the one before, `aligned` above each other, `spread` round about",
                default=None,
                default_doc="as drawn",
            ),
            FieldSpec(
                "overlay",
                Length,
                "how far the print may lie from its place on films that were patterned before",
                default=None,
                low=0.0,
            ),
            FieldSpec(
                "size_error",
                Length,
                "how far the side of a filament may lie from its place, against films",
                default=None,
                low=0.0,
            ),
            FieldSpec(
                "loose", Bool, "true prints filaments that nothing carries when they are laid", default=False
            ),
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        """Extrude, then dry: times are those of the plan (`wp plan`), which knows the rig."""
        made = scene.job[item]
        assert isinstance(made, Print)
        says = (("bath", made.bath.name),) if made.bath is not None else ()
        return (Step("extrude", item, made.part.name, made.span, None, says),)


WET_WRITING = WetWriting()
