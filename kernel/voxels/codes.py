"""Codes of what is written with two photons (W264 to W283), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..diagnostics import Code

#: How the examples begin, and a print that nothing is wrong with; what an example needs besides comes behind.
USE = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
LIGHT = (
    "print body {\n  process: two_photon; wavelength: 780nm; aperture: 1.4; index: 1.518; scan_speed: 100[um/s];\n"
    "  threshold_power: 5mW; threshold_time: 1ms;"
)


def _woodpile(*, pitch: str, filament: str, layer_height: str) -> str:
    return (
        f"{USE}lattice body = woodpile {{\n  size: [10um, 10um]; layers: 4; pitch: {pitch}; filament: {filament}; "
        f"layer_height: {layer_height};\n  material: nc.gold;\n}}\n"
    )


def _print(more: str = "") -> str:
    return f"{LIGHT}{' ' + more if more else ''}\n}}\n"


_THICK = _woodpile(pitch="5um", filament="1.2um", layer_height="1um")

CODES: tuple[Code, ...] = (
    Code(
        "W264",
        "struts that nothing holds to the substrate",
        "A strut stands if its voxels reach the substrate, or touch a strut that stands. What does not is carried away by the developer. "
        "Join it to the rest, lower the part, or sink it into the substrate (`interface`). Where something else is there that holds it, "
        'say so: `allow W264 because "..."`.',
        USE
        + "path body = polyline { points: [[0um, 0um, 2um], [5um, 0um, 2um]]; filament: 1.2um; material: nc.gold; }\n"
        + _print("power: 10mW;"),
    ),
    Code(
        "W265",
        "struts that float while they are written",
        "The order of writing goes from the substrate up, and in one block every strut that is held in the end is held when its turn "
        "comes. A block is finished before the next begins, though: what is held only by a part of a later block drifts in the "
        "resin before that is written. Choose larger blocks, or blocks whose seams lie elsewhere.",
        USE
        + "path post = polyline { points: [[6um, 0um, 0um], [6um, 0um, 4um]]; filament: 1.2um; material: nc.gold; }\n"
        "path beam = polyline { points: [[-6um, 0um, 4um], [6um, 0um, 4um]]; filament: 1.2um; material: nc.gold; }\n"
        "part body = union(post, beam);\n"
        + _print('power: 10mW; mode: "piezo"; block: 6um; overlap: 1.5um;'),
    ),
    Code(
        "W266",
        "written neighbours that run into each other",
        "Struts of one layer stand as wide as their voxels make them. Where the pitch is not more than that, they become a wall. Take a "
        "larger `pitch`, or less power.",
        _woodpile(pitch="1um", filament="1.2um", layer_height="1um") + _print("power: 10mW;"),
    ),
    Code(
        "W267",
        "a hatch too wide to be smooth",
        "Lines that fill a strut add up to a dose that swings between them by 4 exp(-(pi w/h)^2), w the 1/e radius of the squared focus "
        "and h the distance of the lines: 1 % at 1.28 w. More than `ripple` leaves the strut rough, or parts it. Leave `hatch` and "
        "`slice` out, and the widest that keeps to it is taken.",
        _THICK + _print("power: 10mW; hatch: 300nm;"),
    ),
    Code(
        "W268",
        "too little light for anything to stand",
        "The dose at the middle of a line, (power / threshold power)^2 times (time / threshold time), is below the threshold. The time is "
        "that which a focus at rest would need to leave as much: sqrt(pi) w / speed. More power or a slower scan.",
        _THICK + _print("power: 1mW;"),
    ),
    Code(
        "W269",
        "more power than there is, or than the resin bears",
        "A line of this width takes more power than `full_power` times `power_scaling`, which is 100 %, or more than `damage`, where that is "
        "known. Width grows slowly with power: a slower scan helps more, and struts wider than a voxel are better hatched with a "
        "`power` that the resin bears.",
        _THICK + _print("power: 10mW; damage: 8mW;"),
    ),
    Code(
        "W270",
        "struts that stand higher than they are drawn",
        "A voxel is two to four times as high as it is wide, so a single line stands higher than a filament of its width. Figures, contacts and "
        "gaps are those of what stands. A larger aperture makes flatter voxels; struts as thick as a voxel is high are hatched, and "
        "stand as they are drawn.",
        USE
        + "path body = polyline { points: [[0um, 0um, 100nm], [5um, 0um, 100nm]]; filament: 300nm; material: nc.gold; }\n"
        + _print(),
    ),
    Code(
        "W271",
        "layers whose voxels do not reach each other",
        "Layers hold together where the one above begins below the top of the one beneath: `layer_height` must be less than the height in "
        "which struts stand.",
        _woodpile(pitch="5um", filament="1.2um", layer_height="1.3um") + _print("power: 10mW;"),
    ),
    Code(
        "W272",
        "struts that break at a seam",
        "Blocks are written one after the other, and a stage is never quite where it should be. A strut that a seam cuts runs on across it by "
        "half of `overlap` from either side; less than a voxel in the direction of the strut leaves nothing that holds.",
        _THICK + _print("power: 10mW; block: 6um; overlap: 100nm;"),
    ),
    Code(
        "W273",
        "a block larger than the field",
        "What the writer reaches without moving its stage is `field` wide, and `z_range` high without moving the drive of its objective. The "
        "part, or a block of it with the overlap on either side, needs more. Give `block`, `block_height` and `overlap`, so that the part "
        "is cut into blocks beside and above each other.",
        _THICK + _print("power: 10mW; field: 8um;"),
    ),
    Code(
        "W274",
        "higher than the focus gets",
        "The highest line lies above the working distance (`reach`), or above the film that the part is written in. An objective that dips "
        "into the resin (`invert_z`) goes up with the part: there nothing that stands may reach `reach` above the focus, and lower "
        "blocks that are stacked (`block_height`) see to that.",
        _THICK + _print("power: 10mW; reach: 2um;"),
    ),
    Code(
        "W275",
        "a correction of tilt that is not done",
        "As far as is told of the format, tilt is corrected where a stage scans (`mode: piezo`) and not where mirrors do (`galvo`).",
        _THICK + _print('power: 10mW; mode: "galvo"; tilt_correction: true;'),
    ),
    Code(
        "W276",
        "lines of a strut that do not touch each other",
        "Lines farther apart than their voxels are wide, or high, leave gaps within the strut: it is a bundle of threads. A closer `hatch` or "
        "`slice`, or more power.",
        _THICK + _print("power: 5mW; hatch: 330nm; ripple: 100%;"),
    ),
    Code(
        "W277",
        "pores that high voxels close",
        "Struts stand so high that they reach those of the layer after the next, which lie right above them in a plain woodpile: "
        "no opening is left between. Shift every second pair of layers by half a pitch (`phase`), take a larger `layer_height` or "
        "aperture, or struts so thick that they are hatched.",
        _woodpile(pitch="2um", filament="600nm", layer_height="500nm") + _print(),
    ),
    Code(
        "W278",
        "a film in place of an ink",
        "A part that is printed wet is made of inks. A film is what light writes in: `print body { process: two_photon; ... }`.",
        USE + 'use "ligands.wp" as lig;\n'
        'film pin = film { nanocrystal: "CdSe/ZnS"; family: "II-VI"; ligand: lig.pin_3d; thickness: 100um; colour: "#3cb44b"; }\n'
        "lattice body = woodpile { size: [400um, 400um]; layers: 4; pitch: 40um; filament: 10um; material: pin; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W279",
        "a two-photon setting that cannot be",
        "An aperture at or above the refractive index, a mode of scanning that is not `galvo` or `piezo`, or an overlap as long as a block.",
        _THICK + _print("power: 10mW; block: 2um; overlap: 2um;"),
    ),
    Code(
        "W280",
        "climbing lines that mirrors do not scan",
        'As far as is told of the format, mirrors scan x and y (`mode: "galvo";`), while the height follows on its own, layer by layer. A '
        'stage (`mode: "piezo";`) scans all three, at less speed and within its own range.',
        USE
        + "path body = polyline { points: [[0um, 0um, 0um], [5um, 0um, 5um]]; filament: 1.2um; material: nc.gold; }\n"
        + _print('power: 10mW; mode: "galvo";'),
    ),
    Code(
        "W281",
        "a gap that the doses of neighbours close",
        "Between two struts of a layer each gets some of the other's dose. Where both add up to the threshold all the way across, the gap is "
        "written too, although no voxel reaches over it. Dose is taken to add to dose, however long ago it came (assumed): a film that "
        "is used up, or that recovers between two lines, keeps narrower gaps open. Of struts that climb or bend nothing is said.",
        _woodpile(pitch="1.25um", filament="1.2um", layer_height="1um") + _print("power: 10mW;"),
    ),
    Code(
        "W282",
        "lines that burn the resin together",
        "Lines of a hatched strut lie so close that each place gets the dose of several. Told is the power with which one line would leave as "
        "much, against `damage`. Dose is taken to add to dose, however long ago it came (assumed). Less `power`, a wider `hatch` or `slice`.",
        _THICK + _print("power: 10mW; damage: 12mW;"),
    ),
    Code(
        "W283",
        "a beam that passes what stands",
        "An objective that dips into the resin sends its light from above, half of it asin(aperture / index) wide. Beside a seam it passes what "
        "earlier blocks of the tier have left standing, and lines get less light than is told. Seams that lean by as much (`shear`) leave it "
        "free; lower blocks (`block_height`) make the strip narrower, larger ones the seams fewer.",
        _THICK + _print("power: 10mW; invert_z: true; block: 6um; overlap: 500nm;"),
    ),
)
