"""Bodies of functions that nothing calls are read for their types; constructs may stand in them."""

from __future__ import annotations

import pytest
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import load

TAIL = LATTICE + PRINT


def said(text: str) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in load("design.wp", H + text + TAIL).diagnostics]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("fn f(k: Count) -> Length = k;", "E201", "`k` has no unit"),
        ("fn f(a: Length) -> Length = a + 2s;", "E204", "a Time cannot be added to a Length"),
        ("fn f(a: Length) -> Count = a / 2um;", "E203", "a Count never comes from rounding"),
        ("fn f(a: Length) -> Length = if a > 2um then 3um else 4s;", "E214", "both must be of one type"),
        ("fn f(a: Length) -> Solid = sphere { radus: a; }", "E102", "did you mean `radius`?"),
        ("fn f(a: Length) -> Solid = sphere { };", "E105", "`radius: Length`"),
        ("fn g(a: Length) -> Length = a;\nfn f(k: Count) -> Length = g(k);", "E201", "`k` has no unit"),
        ("fn f(a: Length) -> Length = even_pitch(a);", "E208", "also takes `near`"),
    ],
)
def test_an_error_of_type_is_told(body: str, code: str, words: str) -> None:
    found = said(body + "\n")
    assert [c for c, _ in found] == [code]
    assert words in found[0][1]


@pytest.mark.parametrize(
    "body",
    [
        "fn f(a: Length) -> Count = exactly(a / 3um);",
        "fn f(k: Count) -> Length = [1um, 2um][k];",
        "fn f(n: [Length]) -> Length = sum(n) / len(n);",
        "let r = { a: 3um; };\nfn f(t: Text) -> Length = r[t];",
        "fn f(m: Material) -> Length = wet(3um, m);",
        "fn f(v: Length) -> Ratio = sqrt(v - 10um) / sqrt(1um);",
        "fn f(v: Length) -> Ratio = ramp(x, over: [0um, v]);",
        "fn f(v: Length) -> Ratio = 1um / (v - 7.5um);",
    ],
)
def test_what_hangs_on_the_value_is_not(body: str) -> None:
    assert said(body + "\n") == []


def test_a_called_function_is_told_of_once() -> None:
    assert [c for c, _ in said("fn f(k: Count) -> Length = k;\nlet a = f(2);\nlet b = f(3);\n")] == ["E201"]


def test_a_function_may_make_a_part_or_a_solid() -> None:
    ring = "helix { radius: r; rise: 20um; turns: 3; filament: 10um; material: nc.gold; }"
    assert said(f"fn coil(r: Length) -> Part = {ring}\npart two = union(coil(20um), coil(60um));\n") == []
    assert said(f"fn coil(r: Length) -> Part = {ring};\npart two = union(coil(20um), coil(60um));\n") == []
