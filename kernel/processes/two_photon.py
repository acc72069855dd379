"""Two-photon writing: a focus of pulsed light solidifies a resin voxel by voxel, along the lines of a lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..process import Step
from ..quantity import (
    Angle,
    Bool,
    Construct,
    Count,
    FieldSpec,
    Length,
    Power,
    Ratio,
    Speed,
    Text,
    Time,
    ref,
)
from ..scene import Print, Scene

if TYPE_CHECKING:
    from ..build import Job

#: How a writer moves its focus.
MODES = ("galvo", "piezo")


def _length(name: str, doc: str, *, low: float = 0.0, above: bool = True, told: str = "") -> FieldSpec:
    return FieldSpec(name, Length, doc, default=None, default_doc=told, low=low, above=above)


class TwoPhoton:
    makes: Literal["part", "mask"] = "part"
    construct = Construct(
        "print",
        "two_photon",
        "a lattice written with two photons, as lines of voxels",
        (
            FieldSpec("wavelength", Length, "of the laser", low=0.0, above=True),
            FieldSpec("aperture", Ratio, "numerical aperture of the objective", low=0.0, above=True),
            FieldSpec("index", Ratio, "refractive index of immersion and resin", low=1.0),
            FieldSpec("scan_speed", Speed, "of the focus along a line", low=0.0, above=True),
            FieldSpec(
                "threshold_power",
                Power,
                "least mean power that leaves anything standing",
                low=0.0,
                above=True,
            ),
            FieldSpec(
                "threshold_time", Time, "how long a resting focus of that power needs", low=0.0, above=True
            ),
            FieldSpec(
                "power",
                Power,
                "mean power of a line in the resin; struts wider than its voxel are hatched, thinner ones get less",
                default=None,
                default_doc="for each strut what makes one line as wide as the strut",
                low=0.0,
                above=True,
            ),
            FieldSpec(
                "full_power",
                Power,
                "mean power in the resin at 100 % and a power scaling of 1, for the file",
                default=None,
                low=0.0,
                above=True,
            ),
            FieldSpec("power_scaling", Ratio, "PowerScaling of the file", default=1.0, low=0.0, above=True),
            FieldSpec(
                "damage",
                Power,
                "mean power that burns the resin at this speed",
                default=None,
                low=0.0,
                above=True,
            ),
            FieldSpec("mode", Text, "`galvo` (mirrors scan) or `piezo` (a stage scans)", default="galvo"),
            _length(
                "hatch",
                "distance of lines beside each other",
                told="the widest within the ripple and the voxel",
            ),
            _length(
                "slice",
                "distance of lines above each other",
                told="the widest within the ripple and the voxel",
            ),
            FieldSpec(
                "ripple",
                Ratio,
                "by how much the dose between lines may swing",
                default=0.01,
                low=0.0,
                high=1.0,
                above=True,
            ),
            FieldSpec(
                "contours", Count, "outermost lines of a slice that are written first", default=0, low=0.0
            ),
            _length("field", "side of what the writer reaches without moving its stage"),
            _length("block", "side of the blocks that the part is cut into", told="the part is one block"),
            _length(
                "block_height",
                "height of the blocks, which stand on each other",
                told="no block stands on another",
            ),
            _length("z_range", "how far the focus goes up without the drive of the objective"),
            FieldSpec(
                "overlap", Length, "how far lines run on across a seam, both together", default=0.0, low=0.0
            ),
            FieldSpec("shear", Angle, "lean of the seams from the vertical", default=0.0, low=-1.0, high=1.0),
            _length(
                "reach",
                "working distance: how high above the substrate the focus gets; with `invert_z` how far above it the objective begins",
            ),
            FieldSpec(
                "interface", Length, "how deep the part is sunk into the substrate", default=0.0, low=0.0
            ),
            FieldSpec("invert_z", Bool, "true where the objective dips into the resin", default=False),
            FieldSpec("tilt_correction", Bool, "true corrects for a tilted substrate", default=False),
            FieldSpec(
                "resin",
                ref("film"),
                "the film that is written in, with its ligand",
                default=None,
                default_doc="what the part is made of, where that is a film",
            ),
            FieldSpec("developer", ref("developer"), "what takes away what was not written", default=None),
            FieldSpec(
                "fill",
                Ratio,
                "share of what stands that is nanocrystal, by volume",
                default=None,
                low=0.0,
                high=1.0,
            ),
            FieldSpec(
                "shrink",
                Ratio,
                "linear shrinkage from the written to the dried part, the same in all directions",
                default=0.0,
                low=0.0,
                high=0.9,
            ),
            FieldSpec("line_time", Time, "what one line costs besides its length", default=None, low=0.0),
            FieldSpec("block_time", Time, "what the way to the next block costs", default=None, low=0.0),
        ),
    )

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        """Spread the resin, write, develop. Times need lines: only a built job has them."""
        from ..voxels.resin import resins_of
        from ..voxels.sheet import says

        made = scene.job[item]
        assert isinstance(made, Print)
        name, fields = made.part.name, made.fields
        steps: list[Step] = []
        developer = fields.get("developer")
        for resin in resins_of(made):
            told = (("film", resin.name), ("nanocrystal", resin.nanocrystal), ("ligand", resin.ligand.name))
            thick = (("thickness", f"{resin.thickness_um:.4g} um"),)
            steps.append(Step("deposit", item, resin.name, resin.span or made.span, None, (*told, *thick)))
        time_s, figures, data = says(made, job)
        steps.append(Step("write", item, name, made.span, time_s, figures, data))
        if developer is not None:
            liquid = (("developer", developer.name), ("liquid", developer.liquid))
            steps.append(Step("develop", item, name, made.span, None, liquid))
        return tuple(steps)


TWO_PHOTON = TwoPhoton()
