"""Codes of the language (E0xx-E3xx), each with the explanation that `wp explain` tells and a design that shows it."""

from __future__ import annotations

from ..kernel.diagnostics import Code
from .codes_films import CODES as OF_FILMS

#: How the examples begin, and the lattice that most of them spoil.
H = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
LATTICE = "lattice body = woodpile { size: [400um, 400um]; layers: 4; pitch: 40um; filament: 10um; material: nc.gold; }\n"
PRINT = "print body { bath: nc.gold_bath; }\n"

CODES: tuple[Code, ...] = (
    Code(
        "E001",
        "a character that the language does not have",
        "Text outside of quotes is made of letters a-z and A-Z, digits, `_` and the signs of the "
        "language. Text in quotes and comments may hold any character. Signs of other languages (`&&`, "
        "`||`, `!`, `%` for a remainder) are named here with what stands for them: `and`, `or`, `not`, "
        "`mod`.",
        H + "let both = true && false;\n",
    ),
    Code(
        "E002",
        "text without its closing quote",
        'Text stands between two `"` on one line. A `"` within it is written `\\"`.',
        H + 'assert 2um > 1um, "two is more;\n',
    ),
    Code(
        "E003",
        "not a text file",
        "A design is UTF-8 text without NUL characters. Save the file as UTF-8 (most editors call it "
        "that), and see whether the right file was named.",
    ),
    Code(
        "E004",
        "a file too large to be a design",
        "A design of millions of characters is slow to read for people and tools alike. Put point data "
        "into a mesh or compute it by a comprehension: `[for i in 0..999: ...]`.",
    ),
    Code(
        "E005",
        "no version of the language",
        "A design begins with `wp 1;`. A later version of the tool then knows how to read it.",
        "let side = 400um;\n",
    ),
    Code(
        "E006",
        "a version of the language that this tool does not speak",
        "`wp 1;` is the only version there is today. A design that names a later one was written for a "
        "later tool.",
        "wp 7;\n",
    ),
    Code(
        "E007",
        "the language server is not installed",
        "`wp lsp` needs pygls, which an ordinary installation leaves out: `pip install 'wetprint[lsp]'` brings it.",
    ),
    Code(
        "E010",
        "something that does not fit here",
        "The message names what stands there and what could stand there. A statement ends with `;`, a "
        "block stands between `{` and `}`, the fields in it are `name: value;`.",
        H + "let 3 = side;\n",
    ),
    Code(
        "E011",
        "something is missing",
        "A sign or a value is missing between two others: a `;` at the end of a field or statement, a "
        "`,` between the items of a list, an operator or a value.",
        H + "let sizes = [1um 2um];\n",
    ),
    Code(
        "E012",
        "one sign in the place of another",
        "Fields are `name: value;` and end with `;`. Items of a list and arguments are parted by `,`. "
        "`=` binds a name, `==` compares.",
        H
        + "lattice body = woodpile { size: [1mm, 1mm], layers: 4; pitch: 40um; filament: 10um; material: nc.gold; }\n",
    ),
    Code(
        "E013",
        "a unit apart from its number",
        "A unit is part of its number, without a space: `40um`, `25[mg/mL]`.",
        H + "let gap = 40 um;\n",
    ),
    Code(
        "E014",
        "nested too deep",
        "Brackets and operators can be nested a hundred levels deep. Bind parts of the expression to "
        "names with `let`.",
        H + "let deep = " + "(" * 120 + "1" + ")" * 120 + ";\n",
    ),
    Code(
        "E015",
        "brackets that do not pair",
        "Each `(`, `[` and `{` has its own `)`, `]` or `}`.",
        H + "let half = (1um + 2um) / (3;\n",
    ),
    Code(
        "E016",
        "not the beginning of a statement",
        "A statement begins with a word that says what it is: `param`, `let`, `fn`, `material`, `bath`,"
        " `lattice`, `path`, `solid`, `part`, `region`, `print`, `assert`, `check`, `test` and a few "
        "more.",
        H + "side = 400um;\n",
    ),
    Code(
        "E017",
        "too many errors of syntax",
        "After forty errors of syntax the rest of the file is not read: most of what would follow is "
        "their consequence, or the file is no design.",
        H + "let = ;\n" * 60,
    ),
    Code(
        "E020",
        "a file that is not there",
        "`use` names a file beside the design, or one of the library that comes with the tool "
        "(`nanocrystal.wp`). The message proposes the nearest name.",
        'wp 1;\nuse "nanocrystals.wp" as nc;\n',
    ),
    Code(
        "E021",
        "files that use each other in a circle",
        "A file cannot use itself, not even by way of others. Put what both need into a third file.",
        'wp 1;\nuse "example.wp" as again;\n',
    ),
    Code(
        "E022",
        "an imported file without a name",
        '`use "part one.wp" as one;` gives the file a name here; without `as` the name of the file is '
        "taken, if it is one.",
        'wp 1;\nuse "1.wp";\n',
    ),
    Code(
        "E023",
        "an imported file that is not the pinned one",
        "`wp lock design.wp` writes `design.wp.lock`, which pins every file that the design uses by its hash. An import "
        "that has changed since then is refused, so that a part printed a year ago can be printed again. Look at what "
        "changed, then pin it anew; or delete the lock file, if nothing needs to be pinned.",
    ),
    Code(
        "E101",
        "an unknown name",
        "Nothing of that name is bound in this file. Names are bound by `param`, `let`, `fn` and the "
        "declarations, in any order; those of an imported file stand behind its name: `nc.gold`.",
        H + "param pitch: Length = 40um;\nlet side = 10 * pich;\n",
    ),
    Code(
        "E102",
        "an unknown field",
        "Each construct has fields of its own; an editor lists them, and the message proposes the nearest.",
        H + LATTICE.replace("pitch", "pich") + PRINT,
    ),
    Code(
        "E103",
        "a name bound twice",
        "Each name is bound once. There are no variables that change.",
        H + "let side = 1mm;\nlet side = 2mm;\n",
    ),
    Code(
        "E104",
        "names that need each other in a circle",
        "A value cannot depend on itself, and a `fn` cannot call itself. The message gives the whole circle.",
        H + "let a = b + 1um;\nlet b = 2 * a;\n",
    ),
    Code(
        "E105",
        "fields are missing",
        "Fields without a default must be given. The message names them all, with their types.",
        H + "solid core = cylinder { radius: 80um; }\n",
    ),
    Code(
        "E106",
        "an unknown construct",
        "Before a block stands the name of a construct (`woodpile`, `cylinder`, `ink`) or of something "
        "made by one.",
        H + LATTICE.replace("woodpile", "woodpil") + PRINT,
    ),
    Code(
        "E107",
        "a name that is also a coordinate",
        "In `where`, x, y, z, r, theta and depth are coordinates. A name of yours that is the same "
        "would be taken for the other, so one of them must change.",
        H + LATTICE + PRINT + "let r = 50um;\nregion core in body where r < 80um { omit: true; }\n",
    ),
    Code(
        "E108",
        "given twice",
        "A field stands once in a block, and a lattice has one `layer` rule.",
        H + "solid core = cylinder { radius: 80um; radius: 90um; height: 10um; }\n",
    ),
    Code(
        "E109",
        "no such member",
        "What stands behind a dot is a name of an imported file, a field of a record, or a field of "
        "something declared.",
        H + "material au = nc.golt;\n",
    ),
    Code(
        "E110",
        "no such param or preset",
        "`--set`, presets and tests can set params only: names bound by `param`.",
        H + 'param width: Length = 10um;\npreset "fine" { widht: 7um; }\n',
    ),
    Code(
        "E111",
        "an unknown type",
        "Types are Length, Area, Volume, Time, Mass, Angle, Speed, Pressure, Viscosity, Density, "
        "Molarity, SpecificArea, Hansen, Conductivity, Ratio, Count, Text, Bool, Material, Bath, "
        "Solvent, Linker, Solid and Part; `[Length]` is a list, `[Length, Length]` a pair.",
        H + "param width: length = 10um;\n",
    ),
    Code(
        "E112",
        "not a matter of a layer",
        "Only some fields may change from layer to layer; the message lists them. `layer` stands in "
        "lattices only.",
        H + LATTICE.replace("layers: 4;", "layer k { layers: 4; }") + PRINT,
    ),
    Code(
        "E113",
        "a region in a part without a name",
        "A region lies in a part that is declared under a name: `part pair = array(...);`, then `region"
        " ... in pair`.",
        H
        + LATTICE
        + PRINT
        + "let moved = move(woodpile { size: [1mm, 1mm]; layers: 2; pitch: 40um; filament: 10um; material: nc.gold; }, by: [1mm, 0um]);\nlet parts = [woodpile { size: [1mm, 1mm]; layers: 2; pitch: 40um; filament: 10um; material: nc.gold; }];\nlet inner = { a: woodpile { size: [1mm, 1mm]; layers: 2; pitch: 40um; filament: 10um; material: nc.gold; } };\nregion core in inner.a where z > 20um { omit: true; }\n",
    ),
    Code(
        "E201",
        "a number without unit",
        "There is no default unit. Write the unit behind the number, without a space: `40um`. A plain "
        "number is a Count or a Ratio.",
        H + LATTICE.replace("40um", "40") + PRINT,
    ),
    Code(
        "E202",
        "a value of another type",
        "The message names the type of the value and the type that was expected.",
        H + LATTICE.replace("40um", "40s") + PRINT,
    ),
    Code(
        "E203",
        "a Count that is no whole number",
        "A Count never comes from a division or from rounding, because 3.9999999 would become 3. "
        "`floor_fit(height, step)` counts the whole steps that fit, `exactly(a / b)` demands that the "
        "division comes out even, `even_pitch(span: a, near: b)` finds a step that does.",
        H + "let high = 100um;\n" + LATTICE.replace("layers: 4", "layers: high / 8um") + PRINT,
    ),
    Code(
        "E204",
        "types that do not go together",
        "Lengths are added to lengths, not to times. Units are tracked through `* / ^` and `sqrt`.",
        H + "let odd = 3um + 2s;\n",
    ),
    Code(
        "E205",
        "wet and dried lengths mixed",
        "A length converted by `wet(x, ink)` belongs to the wet part, one by `dried(x, ink)` to the "
        "dried part. They are not added or compared, and a field takes a length of the state that the "
        "design is drawn in.",
        H + "let gap = wet(10um, nc.gold) - dried(5um, nc.gold);\n",
    ),
    Code(
        "E206",
        "a thing of another kind",
        "A field takes a material, a bath, a solid or a part, and something else was given.",
        H + LATTICE.replace("nc.gold;", "nc.gold_bath;") + PRINT,
    ),
    Code(
        "E207",
        "a list of another length",
        "`size` takes two lengths, a place takes three.",
        H + LATTICE.replace("[400um, 400um]", "[400um]") + PRINT,
    ),
    Code(
        "E208",
        "arguments that do not fit",
        "The message shows what the function takes. Arguments are given in order or by name: "
        "`even_pitch(span: a, near: b)`.",
        H + "let step = floor_fit(100um);\n",
    ),
    Code(
        "E209",
        "not something for this",
        "Only a function can be called, only a list indexed, only something with fields asked for one, "
        "and a block stands behind a construct only.",
        H + "let core = cylinder(radius: 80um, height: 100um);\n",
    ),
    Code(
        "E210",
        "an unknown unit",
        "Units: nm um mm cm m, us ms s min h, deg rad, Pa kPa MPa psi, ng ug mg g, fL pL nL uL mL L, uM"
        " mM M, %, and compound ones in brackets: `25[mg/mL]`, `1.2[mm/s]`, `17.4[MPa^0.5]`. `µ` may "
        "stand for u.",
        H + "let gap = 40mic;\n",
    ),
    Code(
        "E211",
        "a value that varies over space",
        "Coordinates have a value at each place. They belong in a region's `where` and in the shares of"
        " a graded mix; a field such as `pitch` takes one value.",
        H + LATTICE.replace("40um", "x + 40um") + PRINT,
    ),
    Code(
        "E212",
        "values that cannot be compared",
        "Lengths compare with lengths, texts with texts (`==` and `!=` only).",
        H + "assert 3um < 2s;\n",
    ),
    Code(
        "E213",
        "not a condition",
        "`if`, `assert`, `where`, `and`, `or` and `not` take conditions: comparisons, `inside(solid)`, "
        "true or false.",
        H + "let n = if 1 then 2 else 3;\n",
    ),
    Code(
        "E214",
        "an `if` with values of different types",
        "Both values of an `if` are of one type, so that what depends on it has one too.",
        H + "let n = if true then 2um else 3s;\n",
    ),
    Code(
        "E301",
        "outside the range of a param",
        "The range behind `in` holds for the default, for `--set` and for presets.",
        H + "param width: Length = 5um in 7um..44um;\n",
    ),
    Code(
        "E302",
        "a division by nothing",
        "The divisor, step or extent is zero.",
        H + "let n = 1 / (2 - 2);\n",
    ),
    Code(
        "E303",
        "a number that does not exist",
        "The result is larger than any number here, or it is the root of something below zero.",
        H + "let n = sqrt(2um - 5um);\n",
    ),
    Code(
        "E304",
        "outside a list",
        "The items of a list of three are 0, 1 and 2. `list[k mod 3]` begins again at its end.",
        H + "let n = [10um, 20um][2];\n",
    ),
    Code(
        "E305",
        "an assert does not hold",
        "The message gives the condition with its values, and the words that the design has for it.",
        H + 'assert 2um > 3um, "too narrow";\n',
    ),
    Code(
        "E306",
        "not a whole number",
        "`exactly` demands that a division comes out even, within a millionth.",
        H + "let n = exactly(100um / 30um);\n",
    ),
    Code(
        "E307",
        "a range with its ends swapped",
        "The lower end of a range stands first.",
        H + "param width: Length = 10um in 44um..7um;\n",
    ),
    Code(
        "E308",
        "between the steps of a param",
        "With `step`, values count from the lower end of the range in whole steps.",
        H + "param width: Length = 10.3um in 7um..44um step 0.5um;\n",
    ),
    Code(
        "E309",
        "not among the choices",
        "The value is not one of those that are on offer; the message lists them.",
        H + 'param ink: Text = "Ag" choices ["Au", "CdSe"];\n',
    ),
    Code(
        "E310",
        "a value that a field cannot have",
        "The field has limits, because nothing real lies outside them: a radius is above zero, a colour"
        " is `#rrggbb`.",
        H + "solid core = cylinder { radius: 0um - 5um; height: 10um; }\n",
    ),
    Code(
        "E311",
        "shares that do not make a mix",
        "The shares of a mix make 100 %. One ink can take what the others leave: `mix(au: 30%, cdse: "
        "rest)`. Shares that vary over space stay between 0 and 1 (`ramp` does) and leave a `rest`.",
        H + "material blend = mix(nc.gold: 50%, nc.silver: 40%);\n",
    ),
    Code(
        "E313",
        "a bath that does not set an ink",
        "An ink sets in the bath because the bath's ions link its nanocrystals. An ink whose linkers "
        "are not in the bath would dissolve. Take a bath that carries one of them, or make one: "
        "`nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }`.",
        H + LATTICE + PRINT.replace("gold_bath", "iron_bath"),
    ),
    Code(
        "E315",
        "nothing is made",
        "A design says what is made: `print body { bath: nc.gold_bath; }` of parts, `pattern dots { film: green; ... }` of masks and films.",
        H + LATTICE,
    ),
    Code(
        "E316",
        "too much to compute",
        "Evaluation always ends, but a design with lists of hundreds of thousands of items is slow "
        "everywhere. Look at the ends of the ranges.",
        H + "let many = [for i in 0..999999999: i];\n",
    ),
    Code(
        "E319",
        "a lattice without ink",
        "Each layer is made of an ink: `material: nc.gold;` for the lattice or in its `layer` rule.",
        H + LATTICE.replace("material: nc.gold;", "") + PRINT,
    ),
    Code(
        "E320",
        "an unknown word",
        "`state` is wet or dried; `compensate` is off, uniform or full; `expect` takes error, warning or ok.",
        H + "state moist;\n",
    ),
    Code(
        "E321",
        "no design rule that can be allowed",
        '`allow W203 because "...";` keeps a design rule quiet, with the reason. Errors cannot be allowed.',
        H + 'allow E201 because "it looks fine";\n',
    ),
    Code(
        "E322",
        "a check does not hold",
        "The asserts of a `check` run once the part is built, with its figures wet and dried.",
        H + LATTICE + PRINT + "check light { assert body.dried.volume < 1[pL]; }\n",
    ),
    Code(
        "E323",
        "an unknown figure",
        "Figures of the built part are asked for in a `check`: `body.dried.volume`, `body.wet.min_gap`,"
        " `body.dried.volume(au)`. They are those of `wp measure`, without units in their names.",
        H + LATTICE + PRINT + "assert body.wet.min_gap > 0um;\n",
    ),
    Code(
        "E324",
        "a test fails",
        'A test sets params and says what it expects: `expect error "words of the message";`, `expect '
        "warning W203;`, `expect ok;`, or asserts.",
        H + LATTICE + PRINT + 'test "flat" { assert body.height < 10um; }\n',
    ),
    Code(
        "E325",
        "no words for it",
        "A scene that a program put together holds something that a design cannot say: an infinite length, a part that "
        "is printed without a bath, a construct that nobody registered. `d.to_wp()` writes everything else.",
    ),
    *OF_FILMS,
)
