"""Codes of what patterns are written to: layout files and rasters (X75x), with what shows each of them."""

from __future__ import annotations

from collections.abc import Mapping

from ..kernel.diagnostics import Code
from ..kernel.shown import Shown

LAYOUT: tuple[Code, ...] = (
    Code(
        "X750",
        "no pattern for a layout file",
        "GDSII, OASIS and DXF hold the masks of patterns, and the design has none: what is printed with ink is written as geometry "
        "(stl, vtp ...) or as a motion program.",
    ),
    Code(
        "X751",
        "a dose factor that no datatype holds",
        "Dose classes stand in the datatype as 1000 x the factor on the pattern's dose, a signed number of two bytes: factors run from 0.001 "
        "to 32.767. Choose the pattern's `dose` nearer to the doses of its classes.",
    ),
    Code(
        "X752",
        "a writer that is not known",
        "`--writer` names a profile: how many corners a polygon may have, whether holes are bridged or cut, whether dose classes go into "
        "datatypes. A writer of your own is a .toml file with one table; docs/films.md lists its keys.",
    ),
    Code(
        "X753",
        "a rule of the writer is broken",
        "The writer's software does not take what the design holds: several doses in one pass, a name that it keeps for itself, too many "
        "layers or arrays, or a place that is too far out.",
    ),
    Code(
        "X754",
        "ezdxf is not installed",
        "DXF files are written by ezdxf, which comes with the extra `dxf`: `pip install 'wetprint[dxf]'`. GDSII and OASIS need nothing.",
    ),
    Code(
        "X755",
        "a relief that no dose can make",
        "Heights become doses through the film's contrast curve, R(D) = clip(gamma log10(D / D0), 0, 1). The film needs `gamma` and, unless "
        "electrons write it, `d0`; the process needs a dose.",
    ),
    Code(
        "X756",
        "no pattern, or more than one, for a laser's program",
        "A motion program that switches a laser holds one pass: `--pattern NAME` says which, of those with `process: thermal_writing;`. "
        "Passes have films to be spread and developed between them, so each has its own program.",
    ),
    Code(
        "X757",
        "more than a layout file holds",
        "Coordinates are signed numbers of four bytes, in nm: 2147 mm each way. Shapes that overlap are merged, which takes them out of their "
        "arrays; 20 million polygons can be held so.",
    ),
    Code(
        "X758",
        "shapes that the laser does not write",
        "The spot stays within the mask, so nothing narrower than it is written, and a shape that lies between two scan lines is passed by. "
        "The program holds the rest.",
    ),
    Code(
        "X759",
        "an option that does not go with the format or the design",
        "`--writer` is for masks (gds, oas, dxf), `--pattern` and `--scan` for motion programs that switch a laser, `--settled` for "
        "geometry; a design of patterns alone has no geometry of filaments to write, and where nothing is printed with ink, nothing settles, "
        "sinters or conducts.",
    ),
)

_FILM = (
    'wp 1;\nuse "ligands.wp" as lig;\n'
    'film green = film { nanocrystal: "InP/ZnS"; family: "III-V"; ligand: lig.%s; thickness: 40nm; colour: "#3cb44b"; %s }\n'
)
_BOX = "mask dots = rectangle { size: [%s, 20um]; };\n"
_LIGHT = "pattern dots { film: green; process: photopattern; wavelength: 365nm; dose: %s[mJ/cm^2]; developer: lig.toluene; %s }\n"
_HEAT = (
    "pattern dots {\n  film: green; process: thermal_writing; wavelength: 532nm; spot: 1um; hatch: 0.5um; speed: 2[mm/s]; "
    "developer: lig.toluene;\n}\n"
)
_RELIEF = "relief: 20nm; levels: 4;"
_CURVE = "d0: 20[mJ/cm^2]; gamma: 2;"
_DOTS = _FILM % ("tris_tad", "") + _BOX % "10um" + _LIGHT % ("100", "")

LAYOUT_SHOWN: Mapping[str, Shown] = {
    "X750": Shown("$ wp export body.wp -o body.gds"),
    "X751": Shown(
        "$ wp export body.wp -o body.gds",
        design=_FILM % ("tris_tad", _CURVE) + _BOX % "10um" + _LIGHT % ("0.1", _RELIEF),
    ),
    "X752": Shown("$ wp export body.wp -o body.gds --writer clama", design=_DOTS),
    "X753": Shown(
        "$ wp export body.wp -o body.gds --writer calma",
        design=_FILM % ("tris_tad", _CURVE)
        + _BOX % "10um"
        + _LIGHT % ("100", "relief: 4nm * (x / 1um + 5); levels: 4;"),
    ),
    "X754": Shown("`wp export body.wp -o body.dxf` where `pip install wetprint` was said without `[dxf]`."),
    "X755": Shown(
        "$ wp export body.wp -o body.gds",
        design=_FILM % ("tris_tad", "") + _BOX % "10um" + _LIGHT % ("100", _RELIEF),
    ),
    "X756": Shown("$ wp export body.wp -o body.ngc --pattern dots", design=_DOTS),
    "X757": Shown(
        "$ wp export body.wp -o body.gds",
        design=_FILM % ("tris_tad", "") + _BOX % "9000mm" + _LIGHT % ("100", ""),
    ),
    "X758": Shown(
        "$ wp export body.wp -o body.ngc --rig sim-linuxcnc",
        design=_FILM % ("hipin", "")
        + "mask dots = union(rectangle { size: [10um, 20um]; }, rectangle { size: [0.5um, 20um]; at: [20um, 0um]; });\n"
        + _HEAT,
    ),
    "X759": Shown("$ wp export body.wp -o body.stl --writer calma", design=_DOTS),
}
