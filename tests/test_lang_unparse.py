"""Designs written back from their scenes: mixes without steps, names that constructs have, solids without a name."""

from __future__ import annotations

import pytest
from wetprint.kernel.build import build
from wetprint.lang.load import load
from wetprint.lang.unparse import scene_text

HEAD = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
BODY = "lattice body = woodpile { size: [400um, 400um]; layers: 2; pitch: 40um; filament: 10um; material: %s; }\n"
PRINT = "print body { bath: nc.gold_bath; }\n"
FIRST = "mix(nc.gold: ramp(x, over: body.x), nc.silver: rest)"
LAST = "mix(nc.gold: rest, nc.silver: ramp(x, over: body.x))"
RIGHT = "region right in body where x > 0um and y < 3um { material: %s; cut: whole; filament: 9um; }\n"


def written(text: str) -> str:
    """The text of the scene, which builds the same filaments to the bit, with the same ratios, inks and warnings."""
    first = load("first.wp", HEAD + text)
    assert first.scene is not None, [d.message for d in first.diagnostics]
    out = scene_text(first.scene)
    again = load("again.wp", out)
    assert again.scene is not None and not again.diagnostics, (out, again.diagnostics)
    assert scene_text(again.scene) == out
    (one, said), (two, more) = build(first.scene), build(again.scene)
    assert [j.name for j in one] == [j.name for j in two] and [d.code for d in said] == [d.code for d in more]
    f, g = one[0].filaments, two[0].filaments
    for p, q in zip(f._arrays(), g._arrays(), strict=True):
        assert p is f.origin or p.tobytes() == q.tobytes()
    assert [(i.name, i.live) for i in f.inks] == [(i.name, i.live) for i in g.inks]
    return out


@pytest.mark.parametrize(
    "text",
    [
        BODY % FIRST,
        BODY % LAST,
        BODY % "nc.gold" + RIGHT % LAST,
        BODY % FIRST + RIGHT % LAST,
    ],
)
def test_a_mix_without_steps_comes_back_without(text: str) -> None:
    assert written(text + PRINT).count("mix(") == text.count("mix(")


def test_steps_that_a_design_names_come_back_as_regions() -> None:
    out = written(BODY % FIRST.replace("rest", "rest, steps: 5") + PRINT)
    assert out.count("region ") == 5


def test_a_part_keeps_a_name_that_an_unused_construct_has() -> None:
    assert "lattice mesh = woodpile {" in written((BODY % "nc.gold" + PRINT).replace("body", "mesh"))


def test_a_solid_without_a_name_gets_none() -> None:
    ball = "cylinder { radius: 30um; height: 90um; }"
    moved = f"region a in body where inside(move({ball}, by: [1um, 2um, 3um])) {{ omit: true; }}\n"
    held = PRINT.replace("; }", f"; loose: true; base: free; anchors: {ball}; }}")
    out = written(BODY % "nc.gold" + moved + held)
    assert "solid " not in out and f"anchors: {ball};" in out and "loose: true; base: free;" in out
    # One that stands at two places is said once.
    twice = f"region a in body where inside(c) and distance(c) < 5um {{ omit: true; }}\nlet c = {ball};\n"
    assert written(BODY % "nc.gold" + twice + PRINT).count("cylinder {") == 1
