"""What a design means: the Scene it makes, checked figure by figure."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from wetprint.kernel.quantity import HANSEN, KPA
from wetprint.kernel.scene import Expr, Lattice, Placed, Scene, Union
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import Loaded, load
from wetprint.lang.lock import lock_path, lock_text
from wetprint.lang.units import parse_unit

WHOLE = Path(__file__).parent / "data" / "lang" / "whole_language.wp"
SAMPLE = (
    "lattice body = woodpile {{ size: [400um, 400um]; layers: {n}; pitch: 40um; filament: 10um; {more} }}\n"
)


def good(text: str, **more: object) -> Loaded:
    loaded = load("design.wp", text, **more)  # type: ignore[arg-type]
    assert [d.message for d in loaded.diagnostics] == []
    return loaded


def scene(text: str, **more: object) -> Scene:
    made = good(text, **more).scene
    assert made is not None
    return made


def lattice(made: Scene, name: str = "body") -> Lattice:
    part = made.parts[name]
    assert isinstance(part, Lattice)
    return part


def value(expression: str, before: str = "") -> object:
    """An expression's value, through a record's way into a param."""
    loaded = good(H + before + f"let answer = {expression};\n" + LATTICE + PRINT)
    return loaded.env.bindings["answer"].value


def holds(condition: str, before: str = "") -> None:
    good(H + before + f"assert {condition};\n" + LATTICE + PRINT)


# --- the example of the contract --------------------------------------------------------------------------------------


def test_the_whole_example_means_what_it_says() -> None:
    loaded = load(WHOLE)
    assert [d.message for d in loaded.diagnostics] == []
    made = loaded.scene
    assert made is not None
    assert made.state == "dried" and made.compensate == "full"
    assert [(p.name, p.value, p.low, p.high, p.step) for p in made.params] == [
        ("width", 10.0, 7.0, 44.0, 0.5),
        ("pitch", 40.0, 15.0, 200.0, None),
        ("layers", 16, 1.0, 100.0, None),
    ]
    body = lattice(made)
    assert body.kind == "woodpile"
    assert body.fields["size"] == (400.0, 400.0)
    assert body.fields["layer_height"] == pytest.approx(8.0)
    assert body.fields["height"] == pytest.approx(10 + 15 * 8)
    assert [r.fields["phase"] for r in body.layers[:4]] == [0.0, 0.0, 20.0, 20.0]
    assert [r.fields["material"].name for r in body.layers[:3]] == ["au", "cdse", "au"]
    assert [r.fields["angle"] for r in body.layers[:2]] == [pytest.approx(math.pi / 2), 0.0]
    heart, skin = made.regions
    assert (heart.name, heart.part, heart.where.op, heart.priority) == ("heart", "body", "inside", 0)
    assert heart.material is not None and heart.material.parts == (("au", 0.5), ("cdse", 0.5))
    assert heart.where.args[0].fields["height"] == pytest.approx(130.0)
    assert (skin.filament_um, skin.priority) == (pytest.approx(8.0), 1)
    (job,) = made.prints
    assert job.bath is not None and {k.ion for k in job.bath.linkers} == {"Au3+", "Fe2+"}
    assert job.bath.molarity_mol_um3 == pytest.approx(0.5e-18)
    assert made.inks["cdse"].swell == 1.08
    assert "swell" not in made.inks["cdse"].assumed, (
        "a figure of the design's own is not the library's assumption"
    )
    assert len(made.post_checks) == 2


def test_every_field_names_its_place_in_the_source() -> None:
    made = load(WHOLE).scene
    assert made is not None
    body = lattice(made)
    assert body.spans["pitch"].text == "pitch"
    assert body.layers[3].spans["phase"].text == "shift(k)"
    assert made.prints[0].spans["bath"].text == "butanol"


def test_examples_are_clean(root: Path) -> None:
    for path in sorted((root / "examples").glob("*.wp")):
        assert [d.message for d in load(path).diagnostics] == [], path.name


# --- library ----------------------------------------------------------------------------------------------------------


def test_the_library_has_the_papers_inks() -> None:
    names = ("silver", "gold", "iron_platinum", "cadmium_selenide", "magnetite")
    text = H + "".join(f"material m{i} = nc.{n};\n" for i, n in enumerate(names)) + LATTICE + PRINT
    inks = [scene(text).inks[f"m{i}"] for i in range(5)]
    # mg/mL is ug per 1e9 um^3 times 1e3: 25 mg/mL = 25e-9 ug/um^3.
    assert [i.concentration_ug_um3 * 1e9 for i in inks] == pytest.approx([25, 50, 45, 50, 70])
    assert [i.linkers[0].ion for i in inks] == ["Au3+", "Au3+", "Pt4+", "Fe2+", "Fe2+"]
    assert [i.linkers[0].salt for i in inks] == ["HAuCl4", "HAuCl4", "H2PtCl6", "FeCl2.4H2O", "FeCl2.4H2O"]
    assert inks[1].density_ug_um3 * 1e6 == pytest.approx(19.3)
    # m^2/g is 1e12 um^2 per 1e6 ug.
    assert [i.bet_um2_ug for i in inks] == [None, pytest.approx(54.2e6), None, None, pytest.approx(279e6)]
    assert inks[1].conductivity == pytest.approx(40e-27)
    assert {i.solvent.name for i in inks} == {"n_methylformamide"}
    for ink in inks:
        assert ink.shrink == pytest.approx((1 / 8 + 5 / 49) / 2 / 1.2)
        assert (ink.width_min_um, ink.width_max_um) == (7.0, 44.0)
        assert {"swell", "shrink", "poisson"} <= set(ink.assumed)
        assert not ink.provenance["concentration"].assumed


def test_hansen_distance_of_ink_and_bath() -> None:
    made = scene(H + LATTICE + PRINT)
    nmf, butanol = made.inks["gold"].solvent, made.prints[0].bath.solvent  # type: ignore[union-attr]
    factor, dim = parse_unit("MPa^0.5")
    assert dim == HANSEN
    d, p, h = (
        (getattr(nmf, f"hansen_{k}") - getattr(butanol, f"hansen_{k}")) / factor for k in ("d", "p", "h")
    )
    assert math.sqrt(4 * d * d + p * p + h * h) == pytest.approx(13.396, abs=1e-3)


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        "0.1um + 0.2um == 0.3um",
        "2mm == 2000um",
        "1[mm/s] * 1s == 1mm",
        "sqrt(4[um^2]) == 2um",
        "(4um)^0.5 * (9um)^0.5 == 6um",
        "25[mg/mL] == 25[g/L]",
        "1[MPa^0.5] * 1[MPa^0.5] == 1MPa",
        "1psi > 6.89kPa and 1psi < 6.9kPa",
        "1µm == 1μm and 1um == 1µm",
        "180deg == pi * 1rad",
        "50% == 0.5",
        "10um / 4um == 2.5",
        "7 mod 4 == 3 and -1 mod 4 == 3",
        "7.5um mod 2um == 1.5um",
        "2 ^ 10 == 1024",
        "1um < 2um <= 2um",
        "not (1um > 2um)",
        "sin(30deg) == 0.5 and cos(60deg) == 0.5 and abs(tan(45deg) - 1) < 1e-9",
        "asin(1) == 90deg and acos(1) == 0deg and atan(1) == 45deg",
        "abs(-3um) == 3um",
        "min(3um, 1um, 2um) == 1um and max([3, 1, 2]) == 3",
        "round(3.6) == 4 and floor(3.6) == 3 and ceil(3.2) == 4 and round(-0.5) == 0",
        "round(3.4um, to: 0.5um) == 3.5um and floor(3.4um, to: 1um) == 3um",
        "exactly(400um / 40um) == 10",
        "floor_fit(100um, 8um) == 12 and floor_fit(0.3um, 0.1um) == 3",
        "even_pitch(span: 100um, near: 33um) == 100um / 3",
        "even_pitch(span: 100um, near: 300um) == 100um",
        "len([1, 2, 3]) == 3 and sum([1um, 2um]) == 3um",
        "[1, 2, 3][1] == 2",
        "len([for i in 0..9: i]) == 10",
        "[for i in 0..9 where i mod 2 == 0: i * 1um][4] == 8um",
        "[for i in 0..2 for j in 0..i: 10 * i + j] == [0, 10, 11, 20, 21, 22]",
        "[for v in [1um, 3um]: 2 * v] == [2um, 6um]",
        "(if 1 < 2 then 3um else 4um) == 3um",
        "noise(3, seed: 7) == noise(3, seed: 7) and noise(3, seed: 7) != noise(4, seed: 7)",
        "noise(1, 2) >= 0 and noise(1, 2) < 1",
        "ramp(5um, over: [0um, 10um]) == 50%",
        '"a" + "b" == "ab" and "a" != "b"',
        "wet(7um, nc.gold) > 7um",
        "dried(wet(7um, nc.gold), nc.gold) == 7um",
        "wet(7um, nc.gold) / dried(7um, nc.gold) > 1",
        "nc.gold.concentration == 50[mg/mL]",
        "body.pitch == 40um and body.height == 34um and body.x == [-200um, 200um]",
        "nc.gold == nc.gold and nc.gold != nc.silver",
    ],
)  # fmt: skip
def test_arithmetic(condition: str) -> None:
    holds(condition)


def test_pressure_in_kernel_units() -> None:
    assert parse_unit("kPa")[0] == KPA


def test_records_and_text_index() -> None:
    before = 'param ink: Text = "Au" choices ["Au", "CdSe"];\nlet inks = { Au: nc.gold; CdSe: nc.cadmium_selenide; };\n'
    holds("inks[ink] == nc.gold and inks.CdSe == nc.cadmium_selenide", before)
    made = good(H + before + LATTICE + PRINT, sets={"ink": "CdSe"})
    assert made.params[0].value == "CdSe"


def test_functions_take_types_and_names() -> None:
    before = "fn area(w: Length, h: Length) -> Area = w * h;\nfn twice(w: Length) -> Length = 2 * w;\n"
    holds("area(2um, h: 3um) == 6[um^2] and twice(twice(1um)) == 4um", before)


def test_order_does_not_matter() -> None:
    holds("a == 6um", "let a = 2 * b;\nlet b = c + 1um;\nlet c = 2um;\n")


def test_a_thousand_lets_in_a_chain() -> None:
    chain = "".join(f"let a{i} = a{i + 1} + 1um;\n" for i in range(1000)) + "let a1000 = 0um;\n"
    holds("a0 == 1mm", chain)


# --- params -----------------------------------------------------------------------------------------------------------

PARAMS = (
    H
    + 'param width: Length = 10um in 7um..44um step 0.5um "filament width";\n'
    + "param n: Count = 4 choices [2, 4, 6];\nparam ink: Material = nc.gold choices [nc.gold, nc.silver];\n"
    + 'preset "fine" { width: 7um; n: 2 }\n'
    + "lattice body = woodpile { size: [400um, 400um]; layers: n; pitch: 40um; filament: width; material: ink; }\n"
    + PRINT
)


def test_sets_and_presets_reach_the_design() -> None:
    assert lattice(scene(PARAMS)).fields["filament"] == 10.0
    assert lattice(scene(PARAMS, sets={"width": "12.5um"})).fields["filament"] == 12.5
    fine = lattice(scene(PARAMS, preset="fine"))
    assert (fine.fields["filament"], fine.fields["layers"]) == (7.0, 2)
    both = lattice(scene(PARAMS, preset="fine", sets={"n": "6"}))
    assert (both.fields["filament"], both.fields["layers"]) == (7.0, 6)
    assert lattice(scene(PARAMS, sets={"ink": "nc.silver"})).fields["material"].nanocrystal == "Ag"
    assert lattice(scene(PARAMS, sets={"width": "3um + 5um"})).fields["filament"] == 8.0


@pytest.mark.parametrize(
    ("sets", "code", "words"),
    [
        ({"width": "6um"}, "E301", "7um to 44um was expected"),
        ({"width": "10"}, "E201", "`10um` was expected"),
        ({"width": "10.2um"}, "E308", "steps of 500nm"),
        ({"n": "3"}, "E309", "choices of `n`: 2, 4, 6"),
        ({"n": "2um"}, "E203", "takes a Count"),
        ({"ink": "nc.magnetite"}, "E309", "choices of `ink`"),
        ({"wdth": "10um"}, "E110", "did you mean `width`?"),
        ({"width": "]"}, "E015", "closes nothing"),
        ({"width": ""}, "E011", "a value is missing"),
        ({"width": "1um; let z = 3"}, "E010", "one value was expected"),
        ({"body": "1um"}, "E110", "is a lattice, not a param"),
        ({"width": "body.pitch"}, "E104", "width -> body -> width"),
    ],
)
def test_a_wrong_set_is_refused(sets: dict[str, str], code: str, words: str) -> None:
    loaded = load("design.wp", PARAMS, sets=sets)
    assert loaded.scene is None
    assert any(d.code == code and words in d.message for d in loaded.diagnostics), [
        d.message for d in loaded.diagnostics
    ]


def test_an_unknown_preset_is_refused() -> None:
    found = load("design.wp", PARAMS, preset="fien").diagnostics
    assert [d.code for d in found] == ["E110"] and 'did you mean "fine"?' in found[0].message


# --- lattices and layers ----------------------------------------------------------------------------------------------


def test_a_list_of_inks_goes_by_layer_and_begins_again() -> None:
    body = lattice(scene(H + "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n"
        + SAMPLE.format(n=5, more="material: [nc.gold, nc.cadmium_selenide];") + "print body { bath: both; }\n"))  # fmt: skip
    assert [r.fields["material"].name for r in body.layers] == ["gold", "cadmium_selenide"] * 2 + ["gold"]


def test_a_width_of_each_layer() -> None:
    text = "lattice body = woodpile { size: [400um, 400um]; layers: 3; pitch: 40um; material: nc.gold;\n"
    text += "  layer k { filament: (10 + k) * 1um; } }\n"
    body = lattice(scene(H + text + PRINT))
    assert [r.fields["filament"] for r in body.layers] == [10.0, 11.0, 12.0]
    assert body.fields["layer_height"] == pytest.approx(8.0)


def test_a_lattice_with_other_fields_keeps_the_rest() -> None:
    made = scene(H + LATTICE + "lattice wide = body { pitch: 80um; layers: 2; }\n" + PRINT)
    assert lattice(made, "wide").fields["pitch"] == 80.0
    assert lattice(made, "wide").fields["height"] == pytest.approx(18.0)
    assert lattice(made, "wide").fields["filament"] == 10.0


def test_clip_sets_size_and_layers() -> None:
    text = "solid hull = box { size: [200um, 100um, 50um]; }\n"
    text += "lattice body = woodpile { clip: hull; pitch: 20um; filament: 10um; material: nc.gold; }\n"
    text += "assert body.layers == 6 and body.size == [200um, 100um] and hull.height == 50um;\n"
    assert lattice(scene(H + text + PRINT)).fields["clip"].kind == "box"


# --- states -----------------------------------------------------------------------------------------------------------


def test_a_design_may_be_drawn_wet() -> None:
    made = scene(
        H + "state wet;\n" + LATTICE.replace("filament: 10um", "filament: wet(9um, nc.gold)") + PRINT
    )
    assert made.state == "wet"
    shrink = made.inks["gold"].shrink
    assert lattice(made).fields["filament"] == pytest.approx(9 / (1 - shrink))


def test_what_is_read_back_from_a_part_is_in_its_state() -> None:
    found = load("d.wp", H + LATTICE + PRINT + "let odd = body.pitch + wet(1um, nc.gold);\n").diagnostics
    assert [d.code for d in found] == ["E205"]


# --- regions and mixes ------------------------------------------------------------------------------------------------

GRADED = (
    H
    + "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n"
    + "material fade = mix(nc.gold: ramp(x, over: [-200um, 200um]), nc.cadmium_selenide: rest);\n"
)


def fraction(where: Expr, x: float) -> bool:
    """Evaluate a step's condition at x, without the kernel."""
    ops = {"<": float.__lt__, ">=": float.__ge__}

    def number(e: Expr) -> float:
        if e.op == "const":
            return float(e.args[0])
        if e.op == "coord":
            return x
        a = [number(k) for k in e.args]
        return {"-": a[0] - a[-1], "/": a[0] / (a[-1] or 1), "min": min(a), "max": max(a)}[e.op]

    if where.op == "and":
        return fraction(where.args[0], x) and fraction(where.args[1], x)
    return bool(ops[where.op](number(where.args[0]), number(where.args[1])))


def test_a_graded_lattice_becomes_steps_that_cover_it_once() -> None:
    made = scene(GRADED + SAMPLE.format(n=2, more="material: fade;") + "print body { bath: both; }\n")
    assert len(made.regions) == 5
    for x in (-200.0, -151.0, -149.0, -51.0, -49.0, 0.0, 49.0, 51.0, 149.0, 151.0, 200.0, 400.0):
        hit = [r for r in made.regions if fraction(r.where, x)]
        assert len(hit) == 1
        gold = {0: 0.0, 1: 0.25, 2: 0.5, 3: 0.75, 4: 1.0}[made.regions.index(hit[0])]
        share = min(max((x + 200) / 400, 0), 1)
        assert abs(share - gold) <= 0.125
        ink = hit[0].material
        assert ink is not None
        parts = dict(ink.parts) or {ink.name: 1.0}
        assert parts.get("gold", 0.0) == pytest.approx(gold)
    assert {r.priority for r in made.regions} == {-1}


def test_a_graded_region_lies_within_its_condition() -> None:
    text = (
        SAMPLE.format(n=2, more="material: nc.gold;")
        + "region top in body where z > 5um { material: fade; steps: 3; }\n"
    )
    made = scene(GRADED + text + "print body { bath: both; }\n")
    assert [r.name for r in made.regions] == ["top_step0", "top_step1", "top_step2"]
    assert all(r.where.op == "and" and r.where.args[0].op == ">" for r in made.regions)


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ("mix(nc.gold: 50%, nc.silver: 40%)", "make 90%"),
        ("mix(nc.gold: 150%, nc.silver: rest)", "is 1.5"),
        ("mix(nc.gold: 60%, nc.silver: 60%, nc.magnetite: rest)", "make 120%"),
        ("mix(nc.gold: ramp(x, over: [0um, 1um]), nc.silver: 50%)", "`rest` was expected"),
        ("mix(nc.gold: x / 100um, nc.silver: rest)", "may reach"),
        ("mix(nc.gold: rest, nc.silver: rest)", "`rest` stands twice"),
        ("mix(nc.gold: 100%)", "two inks or more"),
        ("mix(nc.gold, nc.silver)", "with its share"),
        ("mix(nc.gold: 1um, nc.silver: rest)", "a share such as"),
        ("mix(nc.gold: 50%, nc.gold: 50%)", "twice"),
    ],
)
def test_mixes_that_do_not_sum_to_one(mix: str, words: str) -> None:
    found = load("d.wp", H + f"material m = {mix};\n" + LATTICE + PRINT).diagnostics
    assert len(found) == 1 and words in found[0].message, [d.message for d in found]


def test_predicates_become_trees_of_the_kernel() -> None:
    text = "solid c = sphere { radius: 20um; }\n" + LATTICE + PRINT
    text += (
        "region a in body where inside(c) and not (r < 5um or theta > 90deg) { omit: true; cut: whole; }\n"
    )
    (region,) = scene(H + text).regions
    assert region.cut == "whole" and region.omit
    assert region.where.op == "and"
    inside, negated = region.where.args
    assert inside.op == "inside" and inside.args[0].kind == "sphere"
    assert negated.op == "not" and negated.args[0].op == "or"
    theta = negated.args[0].args[1]
    assert theta.args[1].args[0] == pytest.approx(math.pi / 2)


# --- transforms -------------------------------------------------------------------------------------------------------


def moved(m: tuple[float, ...], p: tuple[float, float, float]) -> tuple[float, ...]:
    return tuple(sum(m[4 * i + j] * p[j] for j in range(3)) + m[4 * i + 3] for i in range(3))


def test_transforms_and_arrays() -> None:
    text = LATTICE + (
        "part right = move(body, by: [1mm, 0um]);\n"
        "part turned = rotate(body, by: 90deg);\n"
        "part tipped = rotate(body, by: 90deg, about: x, at: [0um, 0um, 10um]);\n"
        "part flipped = mirror(body, across: x);\n"
        "part many = array(of: body, n: [3, 2], pitch: [1mm, 2mm]);\n"
        "part ring = array(of: right, n: 4, turn: 90deg);\n"
        "part both = union(body, right);\n"
        "print many { bath: nc.gold_bath; }\n"
    )
    made = scene(H + text)

    def only(name: str) -> tuple[float, ...]:
        part = made.parts[name]
        assert isinstance(part, Placed) and len(part.matrices) == 1
        return part.matrices[0]

    assert moved(only("right"), (0, 0, 0)) == (1000.0, 0.0, 0.0)
    assert moved(only("turned"), (1, 0, 0)) == (0.0, 1.0, 0.0)
    assert moved(only("tipped"), (0, 0, 10)) == pytest.approx((0, 0, 10))
    assert moved(only("tipped"), (0, 1, 10)) == pytest.approx((0, 0, 11))
    assert moved(only("flipped"), (1, 2, 3)) == (-1.0, 2.0, 3.0)
    many = made.parts["many"]
    assert isinstance(many, Placed)
    assert sorted(moved(m, (0, 0, 0)) for m in many.matrices) == sorted(
        (x, y, 0.0) for x in (-1000.0, 0.0, 1000.0) for y in (-1000.0, 1000.0)
    )
    ring = made.parts["ring"]
    assert isinstance(ring, Placed) and isinstance(ring.part, Placed)
    assert [moved(m, (1000, 0, 0)) for m in ring.matrices[:2]] == [(1000.0, 0.0, 0.0), (0.0, 1000.0, 0.0)]
    assert isinstance(made.parts["both"], Union)


def test_extents_follow_a_transform() -> None:
    text = LATTICE + "part right = rotate(move(body, by: [1mm, 0um]), by: 90deg);\n" + PRINT
    good(H + text + "assert right.y == [800um, 1200um] and right.x == [-200um, 200um];\n")


# --- what is assumed --------------------------------------------------------------------------------------------------


def test_assumptions_in_use_are_told_and_no_others() -> None:
    text = H + (
        'param pitch: Length = 40um assumed "not given by the paper";\n'
        "param spare: Length = 1um assumed;\n"
        'let gap = 2um assumed "a guess";\n'
        "lattice body = woodpile { size: [400um, 400um]; layers: 4; pitch: pitch + gap; filament: 10um;\n"
        '  layer_height: 7um assumed "seen on a similar part"; material: nc.gold; }\n' + PRINT
    )
    found = {a.what: a.origin.text for a in scene(text).assumptions}
    assert found["pitch"] == "not given by the paper"
    assert found["gap"] == "a guess"
    assert found["body.layer_height"] == "seen on a similar part"
    assert "gold.swell" in found and "gold_bath.molarity" in found
    assert "spare" not in found and "magnetite.swell" not in found


def test_a_source_given_in_the_design_replaces_the_librarys() -> None:
    text = 'material au = nc.gold { swell: 1.05 from "our microscope, 2024-03-02"; }\n'
    made = scene(H + text + LATTICE.replace("nc.gold", "au") + PRINT)
    assert made.inks["au"].provenance["swell"].text == "our microscope, 2024-03-02"
    assert "au.swell" not in {a.what for a in made.assumptions}


# --- imports ----------------------------------------------------------------------------------------------------------


def test_files_are_found_beside_the_design(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inks.wp").write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nuse "more.wp" as more;\nmaterial mine = nc.gold { swell: more.s; }\n'
    )
    (tmp_path / "sub" / "more.wp").write_text("wp 1;\nlet s = 1.11;\n")
    main = tmp_path / "d.wp"
    main.write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nuse "sub/inks.wp";\n'
        + LATTICE.replace("nc.gold", "inks.mine")
        + PRINT
    )
    loaded = load(main)
    assert [d.message for d in loaded.diagnostics] == []
    assert loaded.scene is not None and loaded.scene.inks["mine"].swell == 1.11
    assert len(loaded.imports) == 3


def test_imports_in_a_circle_give_the_circle(tmp_path: Path) -> None:
    (tmp_path / "a.wp").write_text('wp 1;\nuse "b.wp" as b;\n')
    (tmp_path / "b.wp").write_text('wp 1;\nuse "a.wp" as a;\n')
    found = load(tmp_path / "a.wp").diagnostics
    assert any(d.code == "E021" and "a.wp -> b.wp -> a.wp" in d.message for d in found)


def test_an_error_in_an_imported_file_points_there(tmp_path: Path) -> None:
    (tmp_path / "b.wp").write_text("wp 1;\nlet q = 3um + 2s;\n")
    main = tmp_path / "a.wp"
    main.write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nuse "b.wp" as b;\n' + LATTICE.replace("40um", "b.q") + PRINT
    )
    found = load(main).diagnostics
    assert [d.code for d in found] == ["E204"]
    assert found[0].primary is not None and found[0].primary.source.name.endswith("b.wp")


def test_a_lock_file_pins_imports(tmp_path: Path) -> None:
    (tmp_path / "b.wp").write_text("wp 1;\nlet q = 40um;\n")
    main = tmp_path / "a.wp"
    main.write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nuse "b.wp" as b;\n' + LATTICE.replace("40um", "b.q") + PRINT
    )
    loaded = load(main)
    text = lock_text(main, loaded.imports)
    assert (
        text == lock_text(main, load(main).imports)
        and '"b.wp"' in text
        and '"library/nanocrystal.wp"' in text
    )
    lock_path(main).write_text(text)
    assert load(main).diagnostics == ()
    (tmp_path / "b.wp").write_text("wp 1;\nlet q = 41um;\n")
    (found,) = load(main).diagnostics
    assert found.code == "E023" and "b.wp has changed" in found.message
    lock_path(main).write_text("[]")
    assert [d.code for d in load(main).diagnostics] == ["E023"]


def test_loading_twice_gives_the_same_scene() -> None:
    one, two = load(WHOLE), load(WHOLE)
    assert repr(one.scene and one.scene.parts) == repr(two.scene and two.scene.parts)
    assert repr(one.scene and one.scene.regions) == repr(two.scene and two.scene.regions)


def test_noise_is_the_kernels_noise() -> None:
    import numpy as np
    from wetprint.kernel.fields import noise
    from wetprint.lang.chance import hash_noise

    for k, seed in ((0.0, 0), (3.0, 7), (-1.5, 12345), (1e9, 3)):
        assert hash_noise([k, 2.0], seed) == noise([np.array([k]), np.array([2.0])], seed)[0]
