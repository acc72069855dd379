"""What each word of the language says, in a line: for hover, completion and the reference pages."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """`form` is how it is written, `doc` what it does."""

    form: str
    doc: str


FUNCTIONS: dict[str, Word] = {
    "exactly": Word("exactly(ratio) -> Count", "the Count that a ratio is; an error where it is not a whole number"),
    "floor_fit": Word("floor_fit(span, step) -> Count", "how many whole steps fit in a span"),
    "even_pitch": Word("even_pitch(span: Length, near: Length) -> Length", "the pitch nearest to `near` that divides the span"),
    "sqrt": Word("sqrt(value)", "the square root; its unit is halved too"),
    "sin": Word("sin(angle) -> Ratio", "the sine of an angle"),
    "cos": Word("cos(angle) -> Ratio", "the cosine of an angle"),
    "tan": Word("tan(angle) -> Ratio", "the tangent of an angle"),
    "asin": Word("asin(ratio) -> Angle", "the angle whose sine is given"),
    "acos": Word("acos(ratio) -> Angle", "the angle whose cosine is given"),
    "atan": Word("atan(ratio) -> Angle", "the angle whose tangent is given"),
    "abs": Word("abs(value)", "the value without its sign"),
    "min": Word("min(a, b, ...) or min(list)", "the smallest of values of one type"),
    "max": Word("max(a, b, ...) or max(list)", "the largest of values of one type"),
    "round": Word("round(value, to: step)", "the multiple of `to` that is nearest; a plain number stays a Ratio"),
    "ceil": Word("ceil(value, to: step)", "the next multiple of `to` above; a plain number stays a Ratio"),
    "floor": Word("floor(value, to: step)", "the next multiple of `to` below; a plain number stays a Ratio"),
    "len": Word("len(list) -> Count", "how many items a list has"),
    "sum": Word("sum(list)", "the sum of values of one type"),
    "noise": Word("noise(k, seed: 7) -> Ratio", "a number from 0 to 1 that looks random and is the same for the same figures"),
    "ramp": Word("ramp(x, over: body.x) -> Ratio", "rises from 0 to 1 as a coordinate runs over a range"),
    "inside": Word("inside(solid)", "true at the places within a solid"),
    "distance": Word("distance(solid) -> Length", "how far a place is from the surface of a solid, below zero within it"),
    "mix": Word("mix(au: 50%, cdse: rest)", "a premixed ink; shares that vary over space make a graded one"),
    "wet": Word("wet(length, ink) -> Length", "the wet length that dries to the given one"),
    "dried": Word("dried(length, ink) -> Length", "what a wet length dries to"),
    "move": Word("move(of, by: [x, y, z])", "a part, a solid or a mask, moved; or under a matrix of three rows [m, m, m, length]"),
    "rotate": Word("rotate(of, by: angle, about: z, at: [x, y, z])", "a part, a solid or a mask, turned about an axis"),
    "mirror": Word("mirror(of, across: x, at: [x, y, z])", "a part, a solid or a mask, mirrored across a plane"),
    "scale": Word("scale(of, by: ratio)", "a part, a solid or a mask, scaled"),
    "array": Word("array(of: part, n: [3, 2], pitch: [p, q])", "copies of a part or a mask in rows; around with `turn: 60deg`; at any places with `to: [...]`"),
    "union": Word("union(a, b, ...)", "parts, solids or masks joined"),
    "difference": Word("difference(a, b, ...)", "the first solid or mask without the others"),
    "intersection": Word("intersection(a, b, ...)", "what solids or masks have in common"),
    "grow": Word("grow(mask, by: 50nm)", "a mask with its edges moved outwards; inwards below zero"),
    "invert": Word("invert(mask, within: mask)", "what a mask leaves of another"),
    "slice": Word("slice(solid, at: z)", "the mask that a solid covers at one height"),
    "outline": Word("outline(part)", "the box around a part or a solid, as a mask"),
}  # fmt: skip

CONSTANTS: dict[str, Word] = {
    "x": Word("x: Length", "a place's coordinate; the part is centred on 0"),
    "y": Word("y: Length", "a place's coordinate; the part is centred on 0"),
    "z": Word("z: Length", "a place's height above the substrate"),
    "r": Word("r: Length", "a place's distance from the z axis"),
    "theta": Word("theta: Angle", "a place's angle about the z axis"),
    "depth": Word("depth: Length", "how far a place lies below the surface of the part"),
    "pi": Word("pi: Ratio", "3.14159..."),
    "rest": Word("rest", "in a mix: what the other shares leave"),
}

TYPES: dict[str, str] = {
    "Length": "40um", "Area": "2[mm^2]", "Volume": "2nL", "Time": "30s", "Mass": "5mg", "Angle": "90deg",
    "Speed": "1.2[mm/s]", "Pressure": "300kPa", "Viscosity": "5[Pa*s]", "Density": "25[mg/mL]", "Molarity": "0.5[mM]",
    "SpecificArea": "54[m^2/g]", "Dose": "100[mJ/cm^2]", "ChargeDose": "200[uC/cm^2]", "Power": "5mW",
    "Intensity": "10[mW/cm^2]", "Current": "2nA", "Voltage": "30kV", "Hansen": "17[MPa^0.5]", "Conductivity": "40[S/m]", "Ratio": "80% or 0.8",
    "Count": "a whole number, 16", "Text": '"gold"', "Bool": "true or false",
}  # fmt: skip

#: Statements by their first word: how one is written, as an editor's snippet.
STATEMENTS: dict[str, Word] = {
    "wp": Word("wp ${1:1};", "the version of the language"),
    "use": Word('use "${1:nanocrystal.wp}" as ${2:nc};', "bring in a file under a name"),
    "param": Word(
        'param ${1:name}: ${2:Length} = ${3:10um} in ${4:1um}..${5:100um} "${6:doc}";', "a figure that can be set from outside"
    ),
    "let": Word("let ${1:name} = ${2:value};", "a name for a value"),
    "fn": Word("fn ${1:name}(${2:k: Count}) -> ${3:Length} = ${4:value};", "a function"),
    "preset": Word('preset "${1:fine}" { ${2:width}: ${3:7um}; }', "values for params under one name"),
    "material": Word("material ${1:au} = ${2:nc.gold};", "an ink"),
    "bath": Word("bath ${1:b} = ${2:nc.butanol_bath} { linkers: [${3:nc.gold_iii}]; }", "a gelation bath"),
    "solvent": Word("solvent ${1:name} = solvent {\n  $0\n}", "a solvent"),
    "linker": Word("linker ${1:name} = linker {\n  $0\n}", "an ion that links nanocrystals"),
    "nozzle": Word("nozzle ${1:tip} = nozzle {\n  $0\n}", "a glass tip"),
    "lattice": Word(
        "lattice ${1:body} = ${2:woodpile} {\n  size: [${3:400um}, ${4:400um}];\n  layers: ${5:16};\n  pitch: ${6:40um};\n"
        "  filament: ${7:10um};\n  material: ${8:nc.gold};\n}",
        "a part made of filaments in layers",
    ),
    "path": Word("path ${1:line} = ${2:polyline} {\n  $0\n}", "a part that is one freeform filament"),
    "solid": Word("solid ${1:core} = ${2:box} { $0 }", "a shape that clips a part or bounds a region"),
    "mask": Word("mask ${1:dots} = ${2:rectangle} { size: [${3:20um}, ${4:20um}]; }", "a region of the plane"),
    "film": Word(
        'film ${1:green} = film {\n  nanocrystal: "${2:InP/ZnS}";\n  family: "${3:III-V}";\n  ligand: ${4:lig.tris_tad};\n'
        '  thickness: ${5:40nm};\n  colour: "${6:#3cb44b}";\n}',
        "a film of nanocrystals that light, electrons or heat pattern",
    ),
    "ligand": Word("ligand ${1:name} = ligand {\n  $0\n}", "a ligand system: what it answers to"),
    "developer": Word(
        'developer ${1:dev} = developer { liquid: "${2:toluene}"; polarity: "${3:nonpolar}"; }',
        "what takes away the part of a film that is not to stay",
    ),
    "part": Word("part ${1:both} = ${2:union(a, b)};", "parts moved, copied or joined"),
    "region": Word("region ${1:name} in ${2:body} where ${3:z > 60um} { ${4:material}: $0; }", "where a part differs"),
    "print": Word("print ${1:body} { bath: ${2:nc.gold_bath}; }", "what is made, and in which bath"),
    "pattern": Word(
        "pattern ${1:dots} {\n  film: ${2:green};\n  process: ${3:photopattern};\n  wavelength: ${4:365nm};\n"
        "  dose: ${5:100[mJ/cm^2]};\n  developer: ${6:dev};\n}",
        "a mask exposed into a film, and how",
    ),
    "assert": Word('assert ${1:a} > ${2:b}, "${3:why}";', "what must hold before geometry is made"),
    "check": Word("check ${1:sound} { assert ${2:body}.dried.min_gap > ${3:0um}; }", "what must hold of the part, wet or dried"),
    "test": Word('test "${1:name}" with { ${2:pitch}: ${3:15um}; } { expect ${4:error} "${5:words}"; }', "a test of the design"),
    "allow": Word('allow ${1:W203} because "${2:why}";', "a design rule that may be broken here"),
    "state": Word("state ${1|wet,dried|};", "the state that the design draws; dried unless said"),
    "compensate": Word("compensate ${1|full,uniform,off|};", "how the wet part is found from the dried one"),
}  # fmt: skip
