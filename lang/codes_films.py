"""Codes of films and patterns (E330 to E339), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..kernel.diagnostics import Code

#: How examples of films begin.
F = (
    'wp 1;\nuse "ligands.wp" as lig;\nuse "nanocrystal.wp" as nc;\n'
    'film green = film { nanocrystal: "InP"; family: "III-V"; ligand: lig.tris_tad; thickness: 40nm; colour: "#3cb44b"; }\n'
    "mask dot = rectangle { size: [2um, 2um]; }\n"
)

CODES: tuple[Code, ...] = (
    Code(
        "E330",
        "a process of another kind",
        "`print` makes parts: `wet_writing` with ink, `two_photon` with light. `pattern` exposes masks into films: "
        "`photopattern`, `ebeam`, `thermal_writing`.",
        F + "solid ball = sphere { radius: 2um; }\n"
        "lattice body = woodpile { clip: ball; pitch: 1um; filament: 0.2um; material: nc.gold; }\n"
        "print body { process: photopattern; }\n",
    ),
    Code(
        "E331",
        "a developer of a film that is not developed",
        "`develop: false;` leaves a film as it is exposed, so that the next pattern of it adds its dose. The last of them "
        "names the developer.",
        F
        + "pattern dot { film: green; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; developer: "
        "lig.toluene; develop: false; }\n",
    ),
    Code(
        "E332",
        "a relief over more than x and y",
        "A relief says how thick a film is left at each place of it: `relief: 20nm * (1 + cos(x / 1um * 1rad));`. A film has "
        "no z and no depth.",
        F
        + "pattern dot { film: green; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; relief: z; }\n",
    ),
    Code(
        "E333",
        "a mask out of its plane",
        "Masks lie in the plane: they are moved along x and y, turned about z, mirrored across x or y, and repeated in rows and "
        "columns.",
        F + "mask tilted = rotate(dot, by: 30deg, about: x);\n",
    ),
)
