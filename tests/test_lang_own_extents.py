"""An ink may ask for the extents of the very part it fills; paths and what is made of them have extents as lattices do."""

from __future__ import annotations

import pytest
from wetprint.kernel.build import build
from wetprint.lang.codes import H
from wetprint.lang.load import load

INKS = H + (
    "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n"
    "material au = nc.gold;\nmaterial cdse = nc.cadmium_selenide;\n"
)
BODY = "lattice body = woodpile { size: [400um, 400um]; layers: 4; pitch: 40um; filament: 10um; %s }\n"
PRINT = "print body { bath: both; }\n"
GRADED = "material: mix(au: ramp(x, over: body.x), cdse: rest);"


def said(text: str) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in load("design.wp", text).diagnostics]


def test_a_gradient_runs_over_the_part_it_fills() -> None:
    loaded = load("design.wp", INKS + BODY % GRADED + PRINT)
    assert loaded.diagnostics == () and loaded.scene is not None
    twin = load("design.wp", INKS + BODY % GRADED.replace("body.x", "[-200um, 200um]") + PRINT)
    assert twin.scene is not None
    ours, theirs = build(loaded.scene)[0][0].filaments, build(twin.scene)[0][0].filaments
    assert ours.dried is not None and theirs.dried is not None
    assert ours.dried.points_um.tobytes() == theirs.dried.points_um.tobytes()
    assert [i.parts for i in ours.inks] == [i.parts for i in theirs.inks]


def test_where_the_ink_stands_in_the_block_does_not_matter() -> None:
    first = INKS + (BODY % "").replace("{ size", "{ " + GRADED + " size") + PRINT
    assert said(first) == []
    layered = "layer k { material: mix(au: (k + 0.5) / body.layers, cdse: rest); }"
    assert said(INKS + BODY % layered + PRINT) == []


def test_only_the_ink_may_ask() -> None:
    assert [
        c for c, _ in said(INKS + (BODY % "material: au;").replace("40um;", "body.filament * 4;") + PRINT)
    ] == ["E104"]
    by_let = INKS + "let wide = body.x;\n" + BODY % GRADED.replace("body.x", "wide") + PRINT
    assert [c for c, _ in said(by_let)] == ["E104"]


def test_a_fault_of_the_part_hides_what_the_ink_asks() -> None:
    assert [c for c, _ in said(INKS + (BODY % GRADED).replace("40um", "40") + PRINT)] == ["E201"]
    assert said(INKS + BODY % GRADED.replace("body.x", "body.wide") + PRINT)[0][0] == "E109"


HELIX = "path p = helix { radius: 50um; rise: 20um; turns: 3; filament: 10um; material: au; }\n"
ROD = "path p = polyline { points: [[0um, 0um, 5um], [100um, 40um, 25um]]; filament: 10um; material: au; }\n"


@pytest.mark.parametrize(
    ("path", "claim"),
    [
        (HELIX, "p.height == 70um"),
        (HELIX, "p.x[1] == 50um and p.y[1] > 49um and p.z[0] == 0um"),
        (ROD, "p.x[0] == 0um and p.x[1] == 100um and p.y[1] == 40um"),
        (ROD, "p.z[0] == 0um and p.z[1] == 30um and p.height == 30um"),
        (ROD + "part q = move(p, by: [0um, 0um, 7um]);\n", "q.z[0] == 7um and q.height == 30um"),
        (ROD + "part q = array(of: p, n: [2, 1], pitch: [200um, 0um]);\n", "q.x[1] - q.x[0] == 300um"),
        (ROD + "part q = union(p, move(p, by: [0um, 0um, 50um]));\n", "q.height == 80um"),
    ],
)
def test_paths_have_extents(path: str, claim: str) -> None:
    assert said(INKS + path + f"assert {claim};\nprint p {{ bath: both; }}\n") == []


def test_a_gradient_along_a_path() -> None:
    text = (
        INKS
        + HELIX.replace("au;", "mix(au: ramp(z, over: p.z), cdse: rest, steps: 3);")
        + "print p { bath: both; }\n"
    )
    loaded = load("design.wp", text)
    assert loaded.diagnostics == () and loaded.scene is not None
    assert len(build(loaded.scene)[0][0].filaments) == 3
