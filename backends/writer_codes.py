"""Codes of files for writers of light (X760 to X765), and what shows them."""

from __future__ import annotations

from collections.abc import Mapping

from ..kernel.diagnostics import Code
from ..kernel.shown import Shown
from ..kernel.voxels.codes import LIGHT, USE

WRITER: tuple[Code, ...] = (
    Code(
        "X760",
        "nothing that is written with light",
        "The file holds lines of a focus, and the design prints with ink or exposes masks alone. Name the process in the print: "
        "`print body { process: two_photon; ... }`.",
    ),
    Code(
        "X761",
        "power in per cent of nobody knows what",
        "The file speaks of per cent of the laser power. `full_power` says what 100 % at a power scaling of 1 is in the resin, as it was "
        "measured at the objective; it is never guessed.",
    ),
    Code(
        "X762",
        "more than 100 % of the laser power",
        "A line of this design takes more power than the writer gives. `wp check` says which, and what helps (W269).",
    ),
    Code(
        "X763",
        "a coordinate with too many digits",
        "Coordinates count from the block that they lie in and are less than 10 mm. No field is that large: cut the part into blocks.",
    ),
    Code(
        "X764",
        "no machine is driven for what is written with light",
        "Two-photon writers are closed: a file goes to their own program. `wp export design.wp -o part.gwl` writes it; of patterns of films "
        "`wp export design.wp -o masks.gds` does. Designs that print with ink too are printed, and what else they make is left to the file.",
    ),
    Code(
        "X765",
        "an objective that would hit what stands",
        "One file writes the prints of a design one after the other. An objective that dips into the resin (`invert_z`) begins `reach` above "
        "its focus: it cannot go down to the substrate again beside a part that is higher than that. Write that part last, or into a file "
        "of its own.",
    ),
)

_WIRE = "path body = polyline { points: [[0um, 0um, 100nm], [%s, 0um, 100nm]]; filament: 300nm; material: nc.gold; }\n"
_EXPORT = "$ wp export body.wp -o body.gwl"

WRITER_SHOWN: Mapping[str, Shown] = {
    "X760": Shown(_EXPORT),
    "X761": Shown(_EXPORT, USE + _WIRE % "5um" + LIGHT + "\n}\n"),
    "X762": Shown(_EXPORT, USE + _WIRE % "5um" + LIGHT + " full_power: 5mW;\n}\n"),
    "X763": Shown(_EXPORT, USE + _WIRE % "20mm" + LIGHT + " full_power: 50mW;\n}\n"),
    "X765": Shown(
        _EXPORT,
        USE
        + "path body = polyline { points: [[0um, 0um, 0um], [0um, 0um, 30um]]; filament: 300nm; material: nc.gold; }\n"
        + "part beside = move(body, by: [9um, 0um, 0um]);\n"
        + "".join(
            LIGHT.replace("body", name)
            + ' mode: "piezo"; full_power: 50mW; invert_z: true; reach: 20um;\n}\n'
            for name in ("body", "beside")
        ),
    ),
    "X764": Shown("$ wp print body.wp --rig sim", USE + _WIRE % "5um" + LIGHT + "\n}\n"),
}
