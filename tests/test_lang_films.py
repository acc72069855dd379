"""Films, masks and patterns in the language: what a design says reaches the scene; every misuse has a place, words and a mend."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from wetprint.kernel.diagnostics import Severity, Source
from wetprint.kernel.fields import evaluate
from wetprint.kernel.mask import MASKS, drawn
from wetprint.kernel.process import PROCESSES
from wetprint.kernel.quantity import MILLIWATT, MJ_CM2, UC_CM2
from wetprint.kernel.scene import Expr, Pattern, Print
from wetprint.lang.complete import complete
from wetprint.lang.fix import apply_fixes
from wetprint.lang.format import format_source
from wetprint.lang.heads import registers
from wetprint.lang.hover import View
from wetprint.lang.load import Loaded, load
from wetprint.lang.units import parse_unit, show

H = 'wp 1;\nuse "ligands.wp" as lig;\nuse "nanocrystal.wp" as nc;\n'
FILM = (
    'film green = film { nanocrystal: "InP"; family: "III-V"; ligand: lig.tris_tad; thickness: 40nm; '
    'colour: "#3cb44b"; }\n'
)
DOT = "mask dot = rectangle { size: [2um, 3um]; }\n"
EXPOSE = "film: green; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; developer: lig.toluene;"
LATTICE = "lattice body = woodpile { size: [400um, 400um]; layers: 4; pitch: 40um; filament: 10um; material: nc.gold; }\n"


def said(text: str) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in load("x.wp", text=H + text).diagnostics if d.code != "E315"]


def scene(text: str) -> Loaded:
    loaded = load("x.wp", text=H + text)
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    return loaded


def test_a_pattern_reaches_the_scene() -> None:
    made = scene(
        FILM
        + DOT
        + f"pattern dot {{ {EXPOSE} overlay: 200nm; min_width: 500nm; }}\npattern dot {{ {EXPOSE} }}\n"
    ).scene
    assert made is not None
    first, second = made.patterns
    assert (first.name, second.name) == ("dot", "dot_2")
    assert first.film is made.films["green"] and first.film.ligand is made.ligands["tris_tad"]
    assert first.developer is not None and first.developer.liquid == "toluene" and first.develop
    assert first.fields["dose"] == pytest.approx(100 * MJ_CM2)
    assert first.fields["wavelength"] == pytest.approx(0.365)
    assert first.fields["overlay"] == pytest.approx(0.2)
    # What is not said has the default of its process.
    assert first.fields["levels"] == 8 and first.fields["marks"] is None
    assert first.spans["dose"].text == "100[mJ/cm^2]"
    assert made.masks["dot"].spans["size"].text == "[2um, 3um]"


def test_prints_and_patterns_keep_the_order_of_the_text() -> None:
    ink = "print body { bath: nc.gold_bath; }\n"
    made = scene(
        FILM + DOT + LATTICE + f"pattern dot {{ {EXPOSE} }}\n{ink}pattern dot {{ {EXPOSE} }}\n"
    ).scene
    assert made is not None
    assert [type(m) for m in made.job] == [Pattern, Print, Pattern]
    assert made.sequence == made.job
    alone = scene(LATTICE + ink).scene
    assert alone is not None and alone.sequence == () and alone.job == alone.prints


def test_a_relief_is_an_expression_over_the_film() -> None:
    made = scene(FILM + DOT + f"pattern dot {{ {EXPOSE} relief: 20nm * (1 + cos(x / 1um * 1rad)); }}\n").scene
    assert made is not None
    relief = made.patterns[0].fields["relief"]
    assert isinstance(relief, Expr)
    import numpy as np

    at = np.array([[0.0, 0.0, 0.0], [math.pi, 5.0, 0.0]])
    assert evaluate(relief, at) == pytest.approx([0.04, 0.0], abs=1e-12)
    flat = scene(FILM + DOT + f"pattern dot {{ {EXPOSE} relief: 20nm; }}\n").scene
    assert flat is not None and flat.patterns[0].fields["relief"] == pytest.approx(0.02)


def test_units_of_light_and_electrons() -> None:
    for text, wanted in (
        ("mJ/cm^2", MJ_CM2), ("uC/cm^2", UC_CM2), ("mW", MILLIWATT), ("nJ", 1e12), ("mW/cm^2", MJ_CM2), ("kV", 1e24),
    ):  # fmt: skip
        assert parse_unit(text)[0] == pytest.approx(wanted, rel=1e-12)
    assert show(*_figure("100[mJ/cm^2]")) == "100[mJ/cm^2]"
    assert show(*_figure("2.5[uC/cm^2]")) == "2.5[uC/cm^2]"
    assert show(*_figure("5mW")) == "5mW"


def _figure(text: str):  # type: ignore[no-untyped-def]
    from wetprint.lang.values import Num

    loaded = load("x.wp", text=f"wp 1;\nlet a = {text};\n")
    value = loaded.env.bindings["a"].value
    assert isinstance(value, Num)
    return value.value, value.dim


def test_two_photon_prints_need_no_bath() -> None:
    text = (
        FILM
        + LATTICE.replace("nc.gold", "green")
        + "print body { process: two_photon; wavelength: 780nm; aperture: 1.4; index: 1.518; scan_speed: 10[mm/s]; "
        "threshold_power: 5mW; threshold_time: 1ms; }\n"
    )
    made = scene(text).scene
    assert made is not None and made.prints[0].bath is None and made.prints[0].process == "two_photon"
    assert said(text.replace("index:", "bath: nc.gold_bath; index:"))[0][0] == "E102"


def test_names_that_are_words_of_films() -> None:
    """Every new word may still name something."""
    for word in ("mask", "ligand", "developer", "pattern", "film"):
        text = f"wp 1;\nlet {word} = 3um;\nlet other = {word} * 2;\nassert other == 6um;\n"
        assert [d.code for d in load("x.wp", text=text).diagnostics] == ["E315"]
        assert format_source(Source("x.wp", text)) == text


def test_one_name_for_a_path_and_a_mask() -> None:
    made = scene(
        "path round = circle { radius: 20um; filament: 10um; material: nc.gold; }\n"
        "mask disc = circle { radius: 20um; }\n"
        'mask word = union(text { text: "A"; capital: 9um; }, move(circle { radius: 2um; }, by: [9um, 0um]));\n'
        "fn dot(r: Length) -> Mask = circle { radius: r; }\nmask small = dot(3um);\n"
    ).scene
    assert made is not None
    assert made.masks["disc"].kind == "circle" and made.parts["round"].kind == "circle"  # type: ignore[union-attr]
    assert made.masks["small"].fields["radius"] == 3.0


def test_extents_without_numpy() -> None:
    code = (
        "import sys\nfrom wetprint.lang.load import load\n"
        "text = 'wp 1;\\nmask dots = pixels { ppi: 15875; count: [1000, 500]; subpixel: [400nm, 1200nm]; }\\n"
        "mask both = rotate(array(of: grow(dots, by: 50nm), n: [2, 1], pitch: [2mm, 1mm]), by: 90deg);\\n"
        "assert both.y[1] - both.y[0] == 2mm + 1598.9um;\\nassert dots.count[0] == 1000;\\n'\n"
        "found = load('x.wp', text=text)\nassert found.scene is not None, found.diagnostics\n"
        "assert not {'numpy', 'shapely'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


# -- what goes wrong ----------------------------------------------------------------------------------------------------

#: What is written after the film and the mask: code, words of the message, and what `wp fix` makes of it ("" for no mend).
WRONG: tuple[tuple[str, str, str, str], ...] = (
    (f"pattern dot {{ {EXPOSE.replace('photopattern', 'photopatern')} }}", "E309", "no process", "process: photopattern"),
    (f"pattern dot {{ {EXPOSE.replace('photopattern', 'two_photon')} }}", "E330", "process of parts", ""),
    (f"pattern dot {{ {EXPOSE.replace('film: green;', '')} }}", "E105", "`film: Film`", ""),
    (f"pattern dot {{ {EXPOSE.replace('process: photopattern;', '')} }}", "E105", "`process: Text`", ""),
    (f"pattern dot {{ {EXPOSE.replace('365nm', '365')} }}", "E201", "has no unit", "wavelength: 365nm"),
    (f"pattern dot {{ {EXPOSE.replace('365nm', '365nanometer')} }}", "E210", "not a unit", "365nm"),
    (f"pattern dot {{ {EXPOSE.replace('100[mJ/cm^2]', '100[uC/cm^2]')} }}", "E202", "takes a Dose", ""),
    (f"pattern dot {{ {EXPOSE.replace('365nm', '0nm')} }}", "E310", "more than", ""),
    (f"pattern dot {{ {EXPOSE.replace('film: green', 'film: dot')} }}", "E206", "is a Mask", ""),
    (f"pattern green {{ {EXPOSE} }}", "E206", "is a Film", ""),
    (f"pattern dto {{ {EXPOSE} }}", "E101", "`dot`", "pattern dot"),
    (f"pattern dot {{ {EXPOSE} wavelenght: 3nm; }}", "E102", "no field", ""),
    (f'pattern dot {{ {EXPOSE} tone: "positiv"; }}', "E309", "no tone", 'tone: "positive"'),
    (f"pattern dot {{ {EXPOSE} develop: false; }}", "E331", "undeveloped", "develop: false"),
    (f"pattern dot {{ {EXPOSE} relief: z; }}", "E332", "`z` has no value", ""),
    (f"pattern dot {{ {EXPOSE} relief: x * y; }}", "E202", "takes a Length", ""),
    (f"pattern dot {{ {EXPOSE} relief: 3; }}", "E201", "no unit", "relief: 3nm"),
    (f"let x = 3um;\npattern dot {{ {EXPOSE} relief: x / 100; }}", "", "", ""),
    ("print dot { bath: nc.gold_bath; }", "E206", "is a Mask", ""),
    ("mask m = rotate(dot, by: 20deg, about: x);", "E333", "out of its plane", ""),
    ("mask m = move(dot, by: [1um, 1um, 1um]);", "E333", "out of its plane", ""),
    ("mask m = mirror(dot, across: z);", "E333", "out of its plane", ""),
    ("mask m = array(of: dot, n: [2, 2, 2], pitch: [5um, 5um, 5um]);", "E333", "stacks", ""),
    ("mask m = union(dot, green);", "E206", "not a Film", ""),
    ("solid s = box { size: [1um, 1um, 1um]; }\nmask m = difference(dot, s);", "E206", "is a Solid", ""),
    ("solid s = box { size: [1um, 1um, 1um]; }\nmask m = s;", "E206", "takes a mask", "solid m"),
    ("solid s = box { size: [1um, 1um, 1um]; }\nmask m = slice(s, at: 5um);", "E420", "outside the solid", ""),
    ("mask m = grow(dot, by: -1um);", "E420", "leave nothing", ""),
    ("mask m = grow(dot, by: 1);", "E201", "no unit", "by: 1um"),
    ("mask m = pixels { count: [3, 3]; subpixel: [1um, 1um]; }", "E420", "nothing says how far", ""),
    ("mask m = pixels { ppi: 500; pitch: [5um, 5um]; count: [3, 3]; subpixel: [1um, 1um]; }", "E420", "both say", ""),
    ("mask m = pixels { pitch: [5um, 5um]; count: [3, 3]; subpixel: [6um, 1um]; }", "E420", "overlap", ""),
    ("mask m = pixels { pitch: 5um; count: [3, 3]; subpixel: [1um, 1um]; }", "E202", "takes a list", "[5um, 5um]"),
    ("mask m = barriers { pitch: [5um, 5um]; count: [3, 3]; width: 5um; }", "E420", "leave nothing", ""),
    ("mask m = grating { pitch: 5um; size: [3um, 9um]; }", "E420", "no period", ""),
    ('mask m = grating { pitch: 5um; size: [30um, 9um]; shape: "dots"; }', "E420", "is no grating", ""),
    ("mask m = ring { inner: 5um; outer: 4um; }", "E420", "leaves nothing", ""),
    ("mask m = polygon { points: [[0um, 0um], [1um, 1um]]; }", "E423", "at least 3", ""),
    ("mask m = polygon { points: [[0um, 0um], [1um, 1um], [2um, 2um]]; }", "E423", "without area", ""),
    ("mask m = polygon { points: [[0um, 0um], [3um, 2um], [3um, 0um], [0um, 1um]]; }", "E423", "cross", ""),
    ('mask m = text { text: "\u4e2d"; capital: 5um; }', "E420", "no letter", ""),
    ("mask m = siemens { radius: 5um; finest: 2um; }", "E420", "more than", ""),
    ("mask m = dose_matrix { factors: [1]; sizes: [20um]; pitch: 20um; }", "E420", "no room", ""),
    ("mask m = dose_matrix { factors: [1, 0]; sizes: [2um]; pitch: 20um; }", "E310", "more than", ""),
    ('mask m = image { file: "none.png"; pixel: 1um; }', "E424", "no file", ""),
    ('film f = green { family: "III-VI"; }', "E309", "no family", '"III-V"'),
    ('film f = green { colour: "green"; }', "E310", "no colour", ""),
    ("film f = green { loading: 120%; }", "E310", "at most 1", ""),
    ("film f = green { ligand: lig.toluene; }", "E206", "is a Developer", ""),
    ('ligand l = ligand { mechanism: "crosslinking"; }', "E309", "no mechanism", '"cross-linking"'),
    ("ligand l = lig.tris_tad { dose_low: 500[mJ/cm^2]; dose_high: 100[mJ/cm^2]; }", "E307", "above", ""),
    ('developer d = developer { liquid: "water"; polarity: "wet"; }', "E309", "no polarity", ""),
    ("mask m = { size: [1um, 1um]; }", "E202", "name of a construct", ""),
    ("film f = { thickness: 3nm; }", "E202", "film {", ""),
)  # fmt: skip


@pytest.mark.parametrize(("text", "code", "words", "mended"), WRONG, ids=[w[0][:60] for w in WRONG])
def test_what_is_wrong_is_said_once_with_its_place(text: str, code: str, words: str, mended: str) -> None:
    whole = H + FILM + DOT + text + "\n"
    loaded = load("x.wp", text=whole)
    found = [d for d in loaded.diagnostics if d.code != "E315"]
    if not code:
        assert found == []
        return
    assert {d.code for d in found} >= {code}, [(d.code, d.message) for d in found]
    assert len(found) <= (2 if mended or code in ("E102", "E105", "E202") else 1), [d.message for d in found]
    first = next(d for d in found if d.code == code)
    assert words in first.message
    assert first.primary is not None and first.primary.start >= len(H)
    if mended:
        text_after, count = apply_fixes(loaded.source, loaded.diagnostics)
        assert count and mended in text_after, text_after


def test_a_pitch_that_the_grid_cannot_hold_is_a_warning() -> None:
    text = "mask m = pixels { pitch: [1.23456789um, 2um]; count: [1000, 10]; subpixel: [400nm, 400nm]; }\n"
    found = load("x.wp", text=H + text).diagnostics
    (warned,) = [d for d in found if d.code == "E422"]
    assert warned.severity is Severity.WARNING and "216 nm" in warned.message
    assert warned.primary is not None and warned.primary.text == "[1.23456789um, 2um]"
    assert said(text.replace("1.23456789um, 2um", "84.6666666666667um, 2um")) == []
    assert [c for c, _ in said("mask m = array(of: rectangle { size: [1um, 1um]; }, n: [999, 1], pitch: [1.23456789um, 0um]);\n")] == ["E422"]  # fmt: skip


def test_far_too_many_polygons_are_refused_with_a_mend() -> None:
    text = (
        "mask dots = pixels { ppi: 500; count: [10000, 10000]; subpixel: [10um, 10um]; }\n"
        "mask m = difference(rectangle { size: [600mm, 600mm]; }, dots);\n"
    )
    ((code, message),) = said(text)
    assert code == "E421" and "array(of:" in message


def test_assumptions_of_films_are_counted() -> None:
    text = FILM.replace("40nm", '40nm assumed "a guess"') + DOT
    made = scene(text + f"pattern dot {{ {EXPOSE.replace('365nm', '365nm assumed')} }}\n").scene
    assert made is not None
    assert {"green.thickness", "dot.wavelength"} <= {a.what for a in made.assumptions}
    assert all(not a.what.startswith("green") for a in scene(text + LATTICE).scene.assumptions)  # type: ignore[union-attr]


# -- layout, editors ----------------------------------------------------------------------------------------------------


def test_layout_is_a_fixed_point() -> None:
    text = (
        H
        + FILM
        + DOT
        + f"pattern   dot {{ {EXPOSE}   relief: 20nm*(1+cos( x/1um*1rad)) ; }}\npattern union( dot,dot ) ;\n"
    )
    once = format_source(Source("x.wp", text))
    assert once == format_source(Source("x.wp", once))
    assert "pattern dot { " in once or "pattern dot {\n" in once
    assert "pattern union(dot, dot);" in once


def view(text: str) -> View:
    return View(load("x.wp", text=text))


def offered(text: str) -> list[str]:
    at = text.index("|")
    return [i.label for i in complete(view(text.replace("|", "")), at)]


def test_completion_knows_the_block_of_each_process() -> None:
    before = H + FILM + DOT
    assert {"pattern", "mask", "film", "ligand", "developer"} <= set(offered(before + "|"))
    assert "dot" in offered(before + "pattern |") and "green" not in offered(before + "pattern |")
    assert offered(before + "pattern dot { process: | }")[:3] == ["ebeam", "photopattern", "thermal_writing"]
    light = offered(before + "pattern dot { film: green; process: photopattern; | }")
    assert {"wavelength", "dose", "developer", "relief"} <= set(light) and "film" not in light
    assert "voltage" in offered(before + "pattern dot { process: ebeam; | }")
    assert offered(before + "pattern dot { process: ebeam; tone: | }") == ['"negative"', '"positive"']
    assert "green" in offered(before + "pattern dot { film: | }")[:3]
    assert "lig.toluene" in offered(before + "pattern dot { developer: | }")
    assert "pixels" in offered(before + "mask m = |")
    assert {"radius", "at"} <= set(offered(before + "mask m = circle { | }"))
    assert "filament" not in offered(before + "mask m = circle { | }")
    assert "filament" in offered(before + "path m = circle { | }")
    assert {"wavelength", "scan_speed"} <= set(
        offered(before + LATTICE + "print body { process: two_photon; | }")
    )


def test_hover_and_outline() -> None:
    text = H + FILM + DOT + f"pattern dot {{ {EXPOSE} }}\nmask r = circle {{ radius: 2um; }}\n"
    seen = view(text)

    def about(word: str) -> str:
        found = seen.hover(text.index(word) + 1)
        assert found is not None, word
        return found[0]

    assert "ligand" in about("tris_tad") and "cross-linking" in about("tris_tad")
    assert "energy per area" in about("dose: 100")
    assert "the film that is exposed" in about("film: green")
    assert "mask circle" in about("circle {")
    assert "rectangle" in about("dot = rect")
    kinds = {o.name: o.kind for o in seen.outline()}
    assert kinds["pattern dot"] == "pattern" and kinds["green"] == "film" and kinds["dot"] == "mask"
    assert [s.text for s in seen.references(text.index("dot = ") + 1)] == ["dot", "dot"]


@pytest.mark.parametrize("kind", sorted(MASKS.names()))
def test_every_mask_tells_its_fields(kind: str) -> None:
    construct = registers()["mask"][kind].construct
    assert construct.kind == "mask" and construct.doc
    assert all(f.doc for f in construct.fields)


def test_every_process_may_be_named() -> None:
    from wetprint.lang.heads import processes

    assert {*processes("mask"), *processes("part")} == set(PROCESSES.names())


# -- every verb that a design with patterns alone meets -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["rgb_pixels", "dual_colour_pixels", "dose_matrix", "delfin_grating"])
def test_examples_draw_what_they_say(root: Path, name: str) -> None:
    loaded = load(root / "examples" / f"{name}.wp")
    assert loaded.scene is not None and loaded.diagnostics == ()
    for pattern in loaded.scene.patterns:
        flat = drawn(pattern.mask)
        assert flat.count and len(flat.cells) < 100
    if name == "rgb_pixels":
        assert [p.film.colour for p in loaded.scene.patterns[1:]] == ["#d62728", "#2ca02c", "#1f77b4"]
        (cell,) = drawn(loaded.scene.masks["reds"]).cells
        assert cell.repeat.count == 1_000_000 and cell.repeat.a_nm == (1600, 0)
    if name == "dual_colour_pixels":
        (cell,) = drawn(loaded.scene.masks["greens"]).cells
        assert (cell.points_nm.max(axis=0) - cell.points_nm.min(axis=0)).tolist() == [10_000, 38_000]


@pytest.mark.parametrize(
    ("mask", "name"),
    [
        ("dot", "dot"),
        ("union(dot, pad)", "dot_pad"),
        ("move(dot, by: [1um, 0um])", "dot"),
        ("array(of: dot, n: [2, 2], pitch: [9um, 9um])", "dot"),
        ("union(dot, pad, circle { radius: 2um; })", "dot_pad"),
        ("grow(circle { radius: 2um; }, by: 1um)", "grow"),
    ],
)
def test_a_pattern_without_a_name_is_called_by_what_it_is_made_of(mask: str, name: str) -> None:
    text = (
        H
        + FILM
        + "mask dot = rectangle { size: [2um, 2um]; };\nmask pad = rectangle { size: [3um, 2um]; at: [9um, 0um]; };\n"
    )
    text += (
        f"pattern {mask} {{ film: green; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; }}\n"
    )
    scene = load("x.wp", text=text).scene
    assert scene is not None and [p.name for p in scene.patterns] == [name]
