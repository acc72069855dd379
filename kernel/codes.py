"""Codes of geometry errors (E4xx) and design rules (W2xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from .diagnostics import Code
from .films.codes import CODES as OF_FILMS
from .masks.codes import CODES as OF_MASKS
from .voxels.codes import CODES as OF_VOXELS

#: How the examples begin.
USE = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
BODY = "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; material: nc.silver; }\n"

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
        "as `clip`: then the solid's bounding box is filled, with as many layers as fit in its height. "
        "A design is told so by the language (E105); this is met in a scene that a program put together.",
    ),
    Code(
        "E402",
        "a measure that no filament can have",
        "Pitch, filament width, layer height and size must be finite and above zero, angle and phase must be finite, in "
        "every layer. Where a layer rule computes them, look at what it gives for the layer that the message names.",
        USE + BODY.replace("filament: 10um;", "density: 99%;") + "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E403",
        "no layers, or no copies",
        "A lattice has at least one layer, a layer rule speaks of a layer that exists, and an array or a transform makes at "
        "least one copy that is not squeezed flat. "
        "A design is told so by the language (E302, E310); this is met in a scene that a program put together.",
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
        "Every layer needs an ink: `material: nc.silver;` for the whole lattice, or in its `layer k { }` rule. "
        "A design is told so by the language (E319); this is met in a scene that a program put together.",
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
        USE + "path wire = helix { radius: 40um; rise: 20um; turns: 3; filament: 10um; material: nc.gold; }\n"
        "region inner in wire where depth > 5um { omit: true; }\nprint wire { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E411",
        "a solid that cannot be built",
        "A solid has a measure at or below zero, measures that contradict each other, or a transform that squeezes it flat. "
        "A design is told so by the language (E310); this is met in a scene that a program put together.",
    ),
    Code(
        "E413",
        "a lattice whose own fields do not fit together",
        "A field that only this kind of lattice has cannot be met: the nodes and edges of a cell do not join when it is "
        "repeated, a node has no partner on the opposite face, or a fill has no solid to fill.",
        USE
        + "lattice body = graph {\n  size: [400um, 400um]; layers: 2; pitch: 100um; filament: 10um; material: nc.silver;\n"
        "  nodes: [[0, 0, 0], [1, 0.5, 1]]; edges: [[0, 1]];\n}\nprint body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E414",
        "a mesh that was mended",
        "A mesh file did not close, and what was wrong was small: triangles that lay there twice, corners that were meant to be one, or "
        "holes no wider than a twentieth of the mesh, which were closed by flat fans. Look at a preview whether it is still what was "
        "meant. Larger holes are not guessed at: the file is refused (E411).",
    ),
    Code(
        "E412",
        "a path that cannot be drawn",
        "A path needs at least two distinct points, finite measures, and a filament width above zero all along. A curve by its "
        "coordinates must have a finite place everywhere on its range and must not jump; the message tells the value of the parameter "
        "where it does. A text needs letters that the font has; the message names the one that lacks.",
        USE
        + "path dot = polyline { points: [[0um, 0um, 5um], [0um, 0um, 5um]]; filament: 10um; material: nc.gold; }\n"
        "print dot { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E460",
        "an ink that shrinks to nothing",
        "A filament that is held along its axis (every filament of the first layer is) thins by shrink * (1 + poisson) "
        "when it dries. Where that reaches 1, nothing would be left of it, so no wet shape dries to the design. Lower "
        "`shrink` or `poisson` of the ink; both are meant as measured, `shrink` on a part that dries freely.",
        USE
        + "material frail = nc.silver { shrink: 80%; poisson: 0.4; }\n"
        + BODY.replace("nc.silver", "frail")
        + "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "E461",
        "a state that an ink knows nothing of",
        "A part can be shown as a xerogel or sintered where its inks say how far they shrink on the way: `xerogel_shrink` and "
        "`sintered_shrink` are free linear shrinkages from the wet filament to that state, as `shrink` is to the aerogel. "
        "Song et al. 2023 give none, so the inks of the library have none: measure one, or guess it and say `assumed`.",
    ),
    Code(
        "W201",
        "a bath without a linker of the ink",
        "An ink gels where linker ions of the bath bind its nanocrystals. The bath of this print carries none that binds this "
        "ink, so its filaments would stay liquid and wash away. Any one linker of the ink's `linkers` is enough: print in a "
        "bath that carries one, or add it to the bath's `linkers`. Silver and gold take Au3+, FePt takes Pt4+, CdSe and "
        "Fe3O4 take Fe2+ (Song et al. 2023). This is an error and cannot be allowed. "
        "A design is told so by the language (E313); this is met in a scene that a program put together.",
    ),
    Code(
        "W202",
        "a print without a bath",
        "Wet writing happens in a bath: it carries the linker that turns the ink solid. Name it: `print body { bath: "
        "nc.gold_bath; }`. This is an error and cannot be allowed. "
        "A design is told so by the language (E105); this is met in a scene that a program put together.",
    ),
    Code(
        "W203",
        "a width outside what the ink was printed in",
        "The ink says how narrow and how wide its dried filaments were made (`width_min`, `width_max`). Outside, nothing is "
        "known: narrower needs a finer nozzle that clogs sooner, wider may be liquid inside when the next layer comes.",
        USE
        + "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 5um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W204",
        "a span that sags",
        "Between two places where it rests on the layer below, a fresh filament hangs under its weight. Its sag over its "
        "height is .0694 gamma s^4 d / G' for a span of s heights, simply supported; the rule warns above a tenth. The modulus "
        "G' of a fresh gel (1 kPa) is assumed, nobody measured it; the sag goes with its inverse, the span that holds only with "
        "the fourth root of it.",
        USE
        + "lattice body = woodpile { size: [1mm, 1mm]; layers: 4; pitch: 250um; filament: 10um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\ncompensate off;\n",
    ),
    Code(
        "W205",
        "a contact that is missing",
        "Where filaments of neighbouring layers cross, the upper one should rest on the lower one: their axes must lie closer "
        "than the sum of their half-heights. Counted are crossings that do not touch, and filaments above the first layer that "
        "nothing carries at all. Check the layer height, and whether lines of the layer below run under them. Both states are "
        "looked at: a part may hold while wet and come apart as it dries.",
        USE
        + "lattice body = woodpile {\n  size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; material: nc.silver;\n"
        "  layer k { filament: if k == 3 then 7um else 10um; }\n  layer_height: 9um;\n}\nprint body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W206",
        "neighbours that fuse when wet",
        "Wet filaments are wider than dried ones, and lines of one layer whose wet widths reach each other run together. The "
        "gap told is that of the wet state, below zero where they overlap. Widen the pitch or narrow the filament. Where a "
        "closed wall is meant, allow the rule.",
        USE
        + "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 10.5um; filament: 10um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W207",
        "a free end that droops",
        "Beyond the last place that carries it, a filament is a cantilever: it droops 9.6 times as far as a span of the same "
        "length sags (W204), so shorter free ends are let pass. End lines on lines of the layer below.",
        USE + "lattice body = woodpile {\n  size: [430um, 430um]; layers: 4; pitch: 130um; filament: 10um;\n"
        "  material: nc.silver;\n  layer k { phase: if k == 0 then 25um else 0um; }\n}\nprint body { bath: nc.gold_bath; }\ncompensate off;\n",
    ),
    Code(
        "W208",
        "a layer height that leaves layers apart",
        "Layers bond because they overlap: the layer height must be below the filament's. A fifth of overlap "
        "(`layer_height: 0.8 * filament`, the default) is assumed to hold.",
        USE
        + "lattice body = woodpile {\n  size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; layer_height: 11um;\n"
        "  material: nc.silver;\n}\nprint body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W209",
        "assumed figures in use",
        "The result rests on figures that nobody measured for this job: of the library (marked `assumed` there, with a reason), of "
        "the design (`assumed` behind a param), or a default. This is a note, never a warning. Replace them as you measure: "
        "`material mine = nc.silver { shrink: 0.08; }`.",
        USE + BODY + "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W210",
        "solvents that may not mix",
        "The Hansen distance Ra between the ink's solvent and the bath's, Ra^2 = 4 (dd1 - dd2)^2 + (dp1 - dp2)^2 + (dh1 - dh2)^2, "
        "tells how well they mix. Up to 13.8 MPa^0.5 pairs are known to print, from 25.1 on they are known to separate into "
        "phases; the threshold in between is not published (Song et al. 2023).",
        USE
        + "bath oil = bath { solvent: nc.hexane; linkers: [nc.gold_iii]; molarity: 0.5[mM]; }\n"
        + BODY
        + "print body { bath: oil; }\n",
    ),
    Code(
        "W211",
        "a bath that may keep nanocrystals dispersed",
        "A bath of high permittivity keeps the charged nanocrystals apart, so that they do not gel. Up to 24.9 (ethanol) baths are "
        "known to work; the threshold lies above, probably below 37, and is not published (Song et al. 2023).",
        USE
        + "bath polar = bath { solvent: nc.acetonitrile; linkers: [nc.gold_iii]; molarity: 0.5[mM]; }\n"
        + BODY
        + "print body { bath: polar; }\n",
    ),
    Code(
        "W212",
        "linker outside the known window",
        "Baths of 0.5 to 1 mM of linker are known to print (Song et al. 2023). Too much clogs the nozzle, too little lets "
        "filaments dissolve.",
        USE + "bath weak = nc.gold_bath { molarity: 0.1[mM]; }\n" + BODY + "print body { bath: weak; }\n",
    ),
    Code(
        "W213",
        "pieces shorter than the ink needs to turn solid",
        "A region cuts filaments into pieces; a piece is printed in one go and left. Ink turns solid on a path of v R^2 / D (30 um "
        "for a filament of 10 um at 1.2 mm/s; the linker's diffusion D = 1e-9 m2/s is assumed): a shorter piece is still liquid "
        "when the nozzle leaves it. Move the boundary, or use `cut: whole`.",
        USE
        + BODY
        + "region edge in body where x > 185um { material: nc.gold; }\nprint body { bath: nc.gold_bath; }\ncompensate off;\n",
    ),
    Code(
        "W214",
        "out of the stage's reach",
        "Seen from where the rig puts the part (`origin_um`), some filament lies beyond a limit of the stage. Told only "
        "with `--rig`. This is an error and cannot be allowed.",
        USE + BODY + "part far = move(body, by: [60mm, 0um, 0um]);\nprint far { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W215",
        "a first layer from the wrong height",
        "From higher than swell times the tip's inner diameter the thread coils before it lands; from lower than half the wet "
        "filament it is squashed (both bounds are assumed). `first_gap_um` of the rig is the gap. Told only with `--rig`.",
    ),
    Code(
        "W216",
        "a filament that does not fit its nozzle",
        "The printing speed over the mean speed of ink in the tip is (tip diameter / thread diameter)^2. Outside 0.5 to 2 (assumed) "
        "the thread is stretched until it breaks, or piles up. Take a nozzle nearer to the width. Told only with `--rig`.",
        USE + BODY.replace("10um", "30um").replace("40um", "90um") + "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W217",
        "prints in the same place",
        "Parts stand where they are drawn, and a part is drawn around the middle unless it is moved. Here filaments of one print run "
        "through those of another (axes nearer than half a filament height): the nozzle would plough through what it has "
        "laid, and ink would be laid twice. Move one part aside, or set it upon the other.",
        USE + BODY + "print body { bath: nc.gold_bath; }\nprint body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W218",
        "a bath too shallow for the part",
        "Ink turns solid in the bath only, so the wet part must be covered by it to its top. `vessel.fill_um` of the rig is how deep "
        "the bath stands over the substrate. Told only with `--rig`, where the rig has a `[vessel]`. This is an error and cannot be "
        "allowed.",
    ),
    Code(
        "W219",
        "a place that the nozzle cannot reach",
        "With the tip on the substrate, the nozzle's outside (`cone_um`) must pass between the walls of the vessel at the height of its "
        "rim, wherever something is printed, purged or wiped; and the nozzle must be longer than the bath is deep, or what "
        "holds it dips in. Told only with `--rig`, where the rig has a `[vessel]`. This is an error and cannot be allowed.",
    ),
    Code(
        "W220",
        "an ink that may clog the nozzle, or dissolve",
        "Inks of 25 to 70 mg/mL of nanocrystals are known to print (Song et al. 2023, silver to iron oxide). More clogs the nozzle "
        "where the ink meets the bath, less lets filaments dissolve before they are solid. Linker does the same: W212.",
        USE + "material thick = nc.silver { concentration: 90[mg/mL]; }\n"
        "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; material: thick; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W221",
        "a bath poured over what another bath made",
        "Where prints of one design use several baths, what is printed first stands in the later baths too. A gel is known to hold in "
        "fresh 1-butanol without a linker (the washing before drying). A bath that is more polar than any known to gel may "
        "disperse it again, and one whose solvent does not mix with that of the ink separates from what is left of it. Print the "
        "ink of the gentler bath last, or take a bath that suits both.",
        USE
        + "bath polar = nc.iron_bath { solvent: nc.dimethyl_sulfoxide; }\n"
        + BODY
        + "lattice other = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; material: nc.magnetite; }\n"
        "print body { bath: nc.gold_bath; }\nprint move(other, by: [600um, 0um, 0um]) { bath: polar; }\n",
    ),
    Code(
        "W260",
        "filament that rests on nothing",
        "Some filament touches neither the substrate nor anything that stands on it, so where it dries to is not known. The "
        "drying model holds it by its lowest points. Usually a layer is too far above the one below: look at "
        "`layer_height` and at the widths of both.",
        USE + "path wire = polyline { points: [[-50um, 0um, 60um], [50um, 0um, 60um]]; filament: 10um; "
        "material: nc.silver; }\nprint wire { bath: nc.gold_bath; }\n",
    ),
    Code(
        "W261",
        "the drying model did not settle",
        "The beams of the part found no balance, most often because it hangs together by few bonds or because its inks "
        "shrink very differently. The closed-form model was used instead: it knows the hold of the substrate, but not how "
        "inks pull at each other.",
    ),
    Code(
        "W262",
        "the wet shape does not give quite the design",
        "Filaments are wider when they are wet, and upper layers flare, so that some touch in the bath which the design "
        "keeps apart, most often at the rim. They bond there and pull at each other as they dry. The message says by how "
        "much the dried part differs from the design; the dried state that is shown is the one that comes out. A clear "
        "gap between such filaments, or a clear overlap, settles it.",
    ),
    Code(
        "W263",
        "free ends that will curl",
        "The layers above the first shrink more than those below, which turns the ends of filaments upwards at the rim of a "
        "part. The wet path makes up for it by pointing downwards, but where a free end (beyond its last crossing) would "
        "so touch what is below, it is printed straight and its dried state is shown curled. End the filaments at a "
        "crossing, make `size` a multiple of the pitch, or use an ink that shrinks less.",
    ),
    *OF_FILMS,
    *OF_MASKS,
    *OF_VOXELS,
)
