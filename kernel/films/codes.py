"""Codes of films that are patterned (W230 to W259, and from W290), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..diagnostics import Code

#: How the examples begin.
USE = 'wp 1;\nuse "ligands.wp" as lig;\n'
BOX = "mask dot = rectangle { size: [10um, 10um]; };\n"


def _film(name: str = "green", ligand: str = "lig.tris_tad", more: str = "") -> str:
    kind = "" if "nanocrystal" in more else 'nanocrystal: "InP/ZnS"; family: "III-V"; '
    thick = "" if "thickness" in more else "thickness: 40nm; "
    return f'film {name} = film {{ {kind}ligand: {ligand}; {thick}colour: "#3cb44b";{" " + more if more else ""} }}\n'


def _light(
    mask: str = "dot",
    film: str = "green",
    dose: str = "100",
    nm: str = "365",
    more: str = "developer: lig.toluene;",
) -> str:
    return (
        f"pattern {mask} {{ film: {film}; process: photopattern; wavelength: {nm}nm; dose: {dose}[mJ/cm^2];"
        f"{' ' + more if more else ''} }}\n"
    )  # fmt: skip


_DEVELOPED = "developer: lig.toluene;"
_FILM, _PASS = _film(), _light()
_TWO = (
    _film("red") + _film("blue") + "mask one = rectangle { size: [10um, 10um]; };\n"
)  # fmt: skip
_PEROVSKITE = 'nanocrystal: "CsPbBr3"; family: "perovskite";'

CODES: tuple[Code, ...] = (
    Code(
        "W230",
        "a mask narrower than its writer resolves",
        "Width is measured as design rule checkers do: between two sides of a shape that run against each other, at the closest place "
        "(Euclidian metric), on the grid of 1 nm. A corner sharper than 90 degrees has no width. The limit is `min_width` of the pattern; "
        "without it, where `aperture` is given, wavelength / (2 NA), and of a laser that heats its `spot`.",
        USE
        + "mask dot = rectangle { size: [10um, 0.4um]; };\n"
        + _FILM
        + _light(more=f"{_DEVELOPED} min_width: 500nm;"),
    ),
    Code(
        "W231",
        "a gap narrower than its writer resolves",
        "Between shapes, and between two arms of one shape, the gap is measured as W230 measures widths. Shapes whose corners touch have "
        "none. The limit is `min_gap` of the pattern.",
        USE
        + "mask dot = array(of: rectangle { size: [10um, 10um]; }, n: [2, 1], pitch: [10.4um, 10um]);\n"
        + _FILM
        + _light(more=f"{_DEVELOPED} min_gap: 500nm;"),
    ),
    Code(
        "W232",
        "a piece too small to hold",
        "Small pieces of film come off in the developer. `min_area` of the pattern is the smallest that holds; holes of a piece are taken "
        "off its area.",
        USE
        + "mask dot = rectangle { size: [1um, 1um]; };\n"
        + _FILM
        + _light(more=f"{_DEVELOPED} min_area: 2[um^2];"),
    ),
    Code(
        "W233",
        "a film that lies on another one",
        "A film stays wherever its pass keeps it, on the substrate or on an earlier film. Where the masks of two materials overlap, the later "
        "one lies on top. Take one mask off the other, or allow the rule where that is meant.",
        USE
        + _TWO
        + "mask two = rectangle { size: [10um, 10um]; at: [9um, 0um]; };\n"
        + _light("one", "red")
        + _light("two", "blue"),
    ),
    Code(
        "W234",
        "a pass that is aligned to no marks",
        "A pass that claims an `overlay` is aligned to something: `marks` names the mask of it. All of it must have been left by one earlier "
        "pass, and no film in between may lie on it. The pass that is made first writes the marks.",
        USE
        + _TWO
        + "mask two = rectangle { size: [10um, 10um]; at: [20um, 0um]; };\n"
        + _light("one", "red")
        + _light("two", "blue", more=f"{_DEVELOPED} overlay: 200nm;"),
    ),
    Code(
        "W235",
        "a barrier or an overlap smaller than the overlay budget",
        "Two passes miss each other by the overlay of the later one, and by size error and edge roughness of both; where both are aligned to "
        "marks of a third pass, by both overlays. These are added, not their squares: an overlay error shifts a whole field, so a barrier "
        "that fails, fails everywhere. A gap in the design that is smaller may close, an overlap that is smaller may open. What no "
        "pass says counts as nothing, and the message names it. Between a film and a print, `overlay` of the print counts.",
        USE
        + _TWO
        + "mask two = rectangle { size: [10um, 10um]; at: [10.1um, 0um]; };\n"
        + _light("one", "red")
        + _light("two", "blue", more=f"{_DEVELOPED} overlay: 200nm; marks: one;"),
    ),
    Code(
        "W236",
        "a tone that the developer does not give",
        "One exposure can keep what was exposed (negative) or take it away (positive), depending on what it is developed in: with a photoacid "
        "generator a nonpolar developer keeps the exposed part, N-methylformamide removes it. `tone` says what is meant and is held against "
        "what the ligand is known to do in this developer.",
        USE
        + BOX
        + _film(ligand="lig.photoacid_generator")
        + _light(more='developer: lig.n_methylformamide; tone: "negative";'),
    ),
    Code(
        "W237",
        "a stimulus that the ligand does not answer to",
        "A ligand answers to some wavelengths, to electrons or to heat; the library has what was published. Light counts as the same up to "
        "1 % of its wavelength (assumed: lamps are named by their lines). Where you know better, allow the rule or give your ligand "
        "the wavelength.",
        USE + BOX + _FILM + _light(nm="405"),
    ),
    Code(
        "W238",
        "a film without the additive that it needs",
        "Light alone does nothing to some ligands: an additive, such as a photoacid generator, takes it up. `additive` of the film names what "
        "is mixed in.",
        USE + BOX + _film(ligand="lig.boc_amine") + _light(nm="254"),
    ),
    Code(
        "W239",
        "an atmosphere in which the chemistry does not work",
        "Carbene linkers (diazirines) need nitrogen, unless electron donors modify them: Tris-TAD works in air. Where a pattern says nothing, it "
        "is exposed in air.",
        USE + BOX + _film(ligand="lig.carbene_perovskite") + _light(),
    ),
    Code(
        "W240",
        "a dose that keeps less than the film",
        "What stays of a film follows its contrast curve, R(D) = clip(gamma log10(D / D0), 0, 1): nothing below D0, all of it above D100 = "
        "D0 10^(1 / gamma). Doses of all passes of one coat add up, place by place. A relief is exposed to less on purpose and is not meant. "
        "Light is held against `d0` and `gamma` of the film, electrons against `d0_electrons` and `gamma_electrons`.",
        USE + BOX + _film(more="d0: 60[mJ/cm^2]; gamma: 2;") + _PASS,
    ),
    Code(
        "W241",
        "a dose that harms the film",
        "`damage` of a film is the dose of light that its top does not survive, `damage_electrons` that of electrons. Doses of all passes of "
        "one coat add up, place by place.",
        USE + BOX + _film(more="damage: 80[mJ/cm^2];") + _PASS,
    ),
    Code(
        "W242",
        "light of later passes on a finished film",
        "A later pass goes through its own film to what lies below: where its mask lies over an earlier film that answers to the same "
        "light, or to electrons, doses add up. The later film is taken as clear, which is the worst case.",
        USE
        + _film("red", more="damage: 150[mJ/cm^2];")
        + _film("blue")
        + "mask one = rectangle { size: [10um, 10um]; };\nmask two = rectangle { size: [10um, 10um]; at: [5um, 0um]; };\n"
        + 'allow W233 because "they shall overlap";\n'
        + _light("one", "red")
        + _light("two", "blue"),
    ),
    Code(
        "W243",
        "a dose far from that of the literature",
        "Where nobody measured the contrast of this film (`d0`, of electrons `d0_electrons`), its dose is held against that of the literature for its ligand; more than a "
        "factor of two off (assumed) is told. Doses of the literature are those of other lamps and films: one resin, measured in 24 "
        "laboratories, had critical exposures that lay 70 times apart. Expose a dose matrix and fit it: `wp calibrate --dose`.",
        USE + BOX + _FILM + _light(dose="30"),
    ),
    Code(
        "W244",
        "a film too thick for its light",
        "Light gels a film to the depth t(E) = Dp ln(E / Ec). A film that is thicker washes off at its foot. More light helps until its top "
        "is harmed: the thickest film that gels through and survives has Dp ln(Edamage / Ec).",
        USE + BOX + _film(more="thickness: 300nm; penetration: 200nm; critical: 50[mJ/cm^2];") + _PASS,
    ),
    Code(
        "W245",
        "a film thicker than its route makes it",
        "Spin-coated films reach a few hundred nm (500 nm is taken for it), routes of heat go above 10 um; `crack` of a film is the thickness above "
        'which it cracks. `route: "thick";` says that the film is not spin-coated.',
        USE + BOX + _film(more="thickness: 1um;") + _PASS,
    ),
    Code(
        "W246",
        "thiols on nanocrystals that they do not bind",
        "Thiols bind II-VI and III-V nanocrystals and gold. They do not bind oxides, and they decompose lead halide perovskites.",
        USE
        + BOX
        + _film(ligand="lig.thiadiazole_dithiol", more='nanocrystal: "TiO2"; family: "oxide";')
        + _PASS,
    ),
    Code(
        "W247",
        "a perovskite in what harms it",
        "Lead halide perovskites fear polar solvents, water and heat: the liquid that the film is cast from, its developer, and a laser that "
        "heats it are looked at, and treatments (`bake_celsius`) of films for which nobody says what they bear (`below_celsius`). Later films bring "
        "their ink, their developer and their treatments to all that is on the substrate by then, and prints their bath, whose solvent counts as polar "
        "from a relative permittivity of 5 (assumed).",
        USE
        + BOX
        + _film(ligand="lig.dopplcer", more=_PEROVSKITE)
        + _light(dose="60", nm="254", more="developer: lig.n_methylformamide;"),
    ),
    Code(
        "W248",
        "deep ultraviolet light on an emitter",
        "Light of 254 nm harms films that shall shine (`emitter: true;`). Later passes count where their masks lie over the emitter.",
        USE
        + BOX
        + _film(ligand="lig.ebt_bisazide", more='nanocrystal: "CdSe/ZnS"; family: "II-VI"; emitter: true;')
        + _light(dose="2", nm="254"),
    ),
    Code(
        "W249",
        "more or less ligand than is known to work",
        "Films with 1 to 25 % of ligand by mass (`loading`) are known to work; of dual ligands less than 10 % by mole cross-link "
        "(`crosslinkable`).",
        USE + BOX + _film(more="loading: 40%;") + _PASS,
    ),
    Code(
        "W250",
        "a dose factor that cannot be written",
        "Files for electron beams hold the dose of a shape as 1000 times its factor over the dose of the pattern, in a number of two bytes: "
        "0.001 to 32.767 can be written. Give the pattern the dose that most of it gets.",
        USE
        + "mask dot = dose_matrix { factors: [1, 40]; sizes: [2um]; pitch: 20um; };\n"
        + _film(ligand="lig.alkane")
        + "pattern dot { film: green; process: ebeam; dose: 100[uC/cm^2]; developer: lig.toluene; }\n",
    ),
    Code(
        "W251",
        "a shape across a border of write fields",
        "An electron beam reaches one field (`field`) and then the stage moves; where fields meet, shapes are stitched with an error of "
        "their own. Fields are counted from the lower left corner of the mask. Choose a field that is a multiple of the pitch, or move "
        "shapes off the borders.",
        USE
        + "mask dot = array(of: rectangle { size: [10um, 10um]; }, n: [8, 1], pitch: [14um, 10um]);\n"
        + _film(ligand="lig.alkane")
        + "pattern dot { film: green; process: ebeam; dose: 100[uC/cm^2]; field: 100um; developer: lig.toluene; }\n",
    ),
    Code(
        "W252",
        "a feature finer than anybody has shown",
        "`feature` of a ligand (`feature_electrons` for electron beams) is the smallest that was published. Finer may work: try it with a "
        "resolution target.",
        USE
        + "mask dot = rectangle { size: [10um, 1um]; };\n"
        + _film(ligand="lig.iridium_azide")
        + _light(nm="405"),
    ),
    Code(
        "W253",
        "a film that is spread and developed twice",
        "Film, exposure, development: once for every material. A second coat of the same film lies on the first, and what was developed is "
        "developed again. Two masks of one material are united, or exposed one after the other with `develop: false;` in the first.",
        USE
        + _FILM
        + "mask one = rectangle { size: [10um, 10um]; };\nmask two = rectangle { size: [10um, 10um]; at: [20um, 0um]; };\n"
        + _light("one")
        + _light("two"),
    ),
    Code(
        "W254",
        "a developer that nobody names",
        "The developer decides what stays. Most are not in the reviews that the library rests on, so the library has few; name yours: "
        '`developer mine = developer { liquid: "toluene"; polarity: "nonpolar"; }`. This is a note.',
        USE + BOX + _FILM + _light(more=""),
    ),
    Code(
        "W255",
        "a relief that no dose can make",
        "A relief needs the dose for every thickness: the film's contrast curve (`d0` and `gamma`), and a process that has a dose. This is an "
        "error and cannot be allowed.",
        USE + BOX + _FILM + _light(more=f"{_DEVELOPED} relief: 20nm;"),
    ),
    Code(
        "W256",
        "a pattern that exposes or leaves nothing",
        "An intersection of masks that do not meet, a difference that leaves nothing, a blank image, a relief that is 0 all over: nothing of the "
        "film is exposed. With a negative tone nothing stays; with a positive one all does, and nothing where all of the film is exposed. Look where the "
        "masks lie: `wp preview --view top`.",
        USE
        + "mask dot = intersection(circle { radius: 2um; }, circle { radius: 2um; at: [9um, 0um]; });\n"
        + _FILM
        + _light(),
    ),
    Code(
        "W257",
        "a film that is never developed",
        "`develop: false;` leaves a film for the next pass of it, and none follows: all of the film stays where it was spread. The last "
        "pattern of a film names the developer.",
        USE + BOX + _FILM + _light(more="develop: false;"),
    ),
    Code(
        "W258",
        "a relief beyond its film",
        "A dose takes away from a film and adds nothing: heights are cut off at the film's thickness and at 0. Spread a thicker film, or "
        "scale the relief.",
        USE + BOX + _film(more="d0: 10[mJ/cm^2]; gamma: 2;") + _light(more=f"{_DEVELOPED} relief: 100nm;"),
    ),
    Code(
        "W259",
        "a temperature that a film does not bear",
        "A film must stay below `below_celsius`: its own, otherwise its ligand's (HIPIN: pulses that stay below 200 C). Held against it are "
        "`celsius` of thermal writing, where the laser writes, and `bake_celsius` of every pattern from its own on: a treatment heats all that "
        "lies on the substrate by then. Films for which nobody says a limit are not looked at.",
        USE
        + BOX
        + _film(ligand="lig.hipin", more='thickness: 1um; route: "thick";')
        + "pattern dot { film: green; process: thermal_writing; wavelength: 532nm; spot: 1um; hatch: 500nm; celsius: 230; "
        "developer: lig.toluene; }\n",
    ),
    Code(
        "W290",
        "a raster with gaps",
        "A laser writes lines as wide as its `spot`, `hatch` apart. Where the hatch is the larger of the two, stripes of the mask stay as they "
        "were. Lines that overlap by half even out what the edge of the spot leaves.",
        USE
        + BOX
        + _film(ligand="lig.hipin", more='thickness: 1um; route: "thick";')
        + "pattern dot { film: green; process: thermal_writing; wavelength: 532nm; spot: 1um; hatch: 2um; developer: lig.toluene; }\n",
    ),
)
