"""Codes of geometry errors (E4xx) and design rules (W2xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from .diagnostics import Code

#: How the examples begin.
USE = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'

CODES: tuple[Code, ...] = (
    Code(
        "E400",
        "a lattice or path of an unknown kind",
        "The design was made with a lattice or a path that this installation does not have. It may come from a package "
        "that is not installed here.",
    ),
    Code(
        "E401",
        "a lattice without extent",
        "A lattice must know how far it reaches and how many layers it has. Give `size: [x, y]` and `layers`, or a solid "
        "as `clip`: then the solid's bounding box is filled, with as many layers as fit in its height.",
        USE + "lattice body = woodpile { pitch: 40um; filament: 10um; layers: 8; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E402",
        "a measure that no filament can have",
        "Pitch, filament width, layer height and size must be finite and above zero, angle and phase must be finite, in "
        "every layer. Where a layer rule computes them, look at what it gives for the layer that the message names.",
        USE
        + "lattice body = woodpile {\n  size: [400um, 400um]; layers: 8; filament: 10um; material: nc.silver;\n"
        "  pitch: 40um;\n  layer k { pitch: 40um - 10um * k; }\n}\nprint body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E403",
        "no layers, or no copies",
        "A lattice has at least one layer, a layer rule speaks of a layer that exists, and an array or a transform makes at "
        "least one copy that is not squeezed flat.",
    ),
    Code(
        "E404",
        "nothing is left to print",
        "No filament lies in the part: the solid that clips the lattice misses it or is thinner than the pitch, the size is "
        "shorter than one filament is wide, or regions leave everything out.",
        USE + "solid hull = box { size: [400um, 400um, 200um]; at: [0um, 0um, 1mm]; }\n"
        "lattice body = woodpile { clip: hull; layers: 8; pitch: 40um; filament: 10um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E405",
        "more points than are ever built",
        "The part would have more points than memory and any printer can take, most often because a pitch or a tolerance "
        "is given in a wrong unit. The estimate is made before anything is built.",
        USE
        + "lattice body = woodpile { size: [10mm, 10mm]; layers: 100; pitch: 10nm; filament: 10um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E406",
        "filament without a material",
        "Every layer needs an ink: `material: nc.silver;` for the whole lattice, or in its `layer k { }` rule.",
        USE + "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E407",
        "pieces too short to be filaments",
        "Where a lattice is cut by a solid or by the edge of its size, pieces shorter than the filament is wide are left "
        "out: the ink would gel as a dot, if at all. The message counts them. A `phase`, another pitch or a slightly "
        "different solid moves the lines away from the edge.",
    ),
    Code(
        "E408",
        "two regions of equal priority at one place",
        "A piece of filament lies in two regions of one priority, so it is not said which of them decides. Give one a higher "
        "`priority`, or make them not overlap. The message tells the length and the box of what they share.",
        USE
        + "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; material: nc.silver; }\n"
        "region left in body where x < 50um { material: nc.gold; }\n"
        "region right in body where x > -50um { material: nc.gold; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E409",
        "a region that holds nothing",
        "No filament of the part lies where the region is, so it changes nothing. Coordinates are those of the part: x and y "
        "from its middle, z from the substrate.",
        USE
        + "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; material: nc.silver; }\n"
        "region top in body where z > 1mm { material: nc.gold; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E410",
        "a field without a value",
        "The field that bounds a region is infinite or no number somewhere in the part, such as after a division by zero or "
        "the root of a negative number, so it cannot be said whether that place belongs to the region.",
    ),
    Code(
        "E411",
        "a solid that cannot be built",
        "A solid has a measure at or below zero, measures that contradict each other, or a transform that squeezes it flat.",
        USE + "solid hull = cylinder { radius: 0um; height: 100um; }\n"
        "lattice body = woodpile { clip: hull; layers: 8; pitch: 40um; filament: 10um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E412",
        "a path that cannot be drawn",
        "A path needs at least two distinct points, finite measures, and a filament width above zero all along.",
    ),
    Code(
        "E460",
        "an ink that shrinks to nothing",
        "A filament that is held along its axis (every filament of the first layer is) thins by shrink * (1 + poisson) "
        "when it dries. Where that reaches 1, nothing would be left of it, so no wet shape dries to the design. Lower "
        "`shrink` or `poisson` of the ink; both are meant as measured, `shrink` on a part that dries freely.",
    ),
)
