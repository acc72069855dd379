"""Checks that run once the part is built, tests that a design holds, and params as data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from wetprint.kernel.diagnostics import Diagnostic
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import Loaded, load
from wetprint.lang.params import params_json, params_table
from wetprint.lang.post import run_post_checks, run_tests
from wetprint.lang.starter import starter

WHOLE = Path(__file__).parent / "data" / "lang" / "whole_language.wp"

FIGURES: dict[str, dict[str, Any]] = {
    "body": {
        "wet": {"filaments": 44, "length_um": 18000.0, "min_gap_um": 25.0, "solid_fraction": 0.3, "bbox_um": [[0, 0, 0], [1, 2, 3]]},
        "dried": {"filaments": 44, "length_um": 17000.0, "min_gap_um": None, "volume_um3": 1.5e6, "max_span_um": 30.0},
        "materials": {"gold": {"length_um": 17000.0, "volume_um3": 1.5e6, "ink_nl": 1.8, "nanocrystal_ug": 0.09}},
    }
}  # fmt: skip


def said(check: str) -> list[Diagnostic]:
    loaded = load("d.wp", H + LATTICE + PRINT + f"check sound {{ assert {check}; }}\n")
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    return run_post_checks(loaded.scene, FIGURES)


@pytest.mark.parametrize(
    "check",
    [
        "body.wet.min_gap > 0um",
        "body.dried.min_gap > 1mm",
        "body.dried.volume < 2[nL] and body.dried.volume(nc.gold) == 1.5[nL]",
        "body.wet.ink(nc.gold) == 1.8[nL] and body.wet.nanocrystal(nc.gold) < 1[ug]",
        "body.wet.filaments == 44 and body.wet.solid_fraction == 30%",
        "body.wet.bbox[1][2] == 3um",
        "body.dried.length / body.wet.length < 0.95",
        "body.height == 34um",
    ],
)
def test_a_check_that_holds(check: str) -> None:
    assert said(check) == []


@pytest.mark.parametrize(
    ("check", "code", "words"),
    [
        ("body.wet.min_gap > 30um", "E322", "25um > 30um"),
        ("body.dried.volume(nc.gold) < 1[nL]", "E322", "1.5nL < 1nL"),
        ("body.wet.mingap > 30um", "E323", "did you mean `min_gap`?"),
        ("body.wet.volume(nc.silver) > 1[nL]", "E323", "is made of `silver`"),
        ("body.wet.ink > 1[nL]", "E323", "is known for each ink"),
        ("body.wet.min_gap > 3", "E201", "`3um` was expected"),
        ("body.wet.min_gap < body.dried.max_span", "E205", "a wet length and a dried length do not mix"),
        ("body.dried.volume(3) < 1[nL]", "E206", "takes an ink"),
        ("body.dried.volume() < 1[nL]", "E208", "takes one ink"),
    ],
)
def test_a_check_that_does_not(check: str, code: str, words: str) -> None:
    found = said(check)
    assert [d.code for d in found] == [code] and words in found[0].message, found
    assert found[0].primary is not None and found[0].primary.line == 5


def test_figures_of_what_is_not_printed() -> None:
    text = (
        H + LATTICE + LATTICE.replace("body", "other") + PRINT + "check { assert other.wet.min_gap > 0um; }\n"
    )
    loaded = load("d.wp", text)
    assert loaded.scene is not None
    assert [d.code for d in run_post_checks(loaded.scene, FIGURES)] == ["E323"]


TESTS = H + (
    'param pitch: Length = 40um in 15um..200um;\nparam width: Length = 10um;\nassert pitch > 1.5 * width, "would touch";\n'
    + LATTICE.replace("40um", "pitch").replace("10um", "width")
    + PRINT
    + "check c { assert body.wet.min_gap > 10um; }\n"
)


@pytest.mark.parametrize(
    ("test", "fails"),
    [
        ('with { width: 30um } { expect error "would touch"; }', 0),
        ('with { width: 30um } { expect error E305; }', 0),
        ("{ expect ok; }", 0),
        ("{ assert body.pitch == 40um; assert body.wet.min_gap == 25um; }", 0),
        ("with { pitch: 5um } { expect error E301; }", 0),
        ("{ expect error; }", 1),
        ('with { width: 30um } { expect error "melt"; }', 1),
        ("with { width: 30um } { expect ok; }", 1),
        ("with { width: 30um } { }", 1),
        ("with { pitch: 60um } { assert body.pitch == 40um; }", 1),
        ("{ expect warning W203; }", 1),
    ],
)  # fmt: skip
def test_tests_of_a_design(test: str, fails: int) -> None:
    loaded = load("d.wp", TESTS + f'test "one" {test}\n')
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    seen: list[Loaded] = []

    def build(variant: Loaded) -> tuple[dict[str, dict[str, Any]], list[Diagnostic]]:
        seen.append(variant)
        return FIGURES, []

    ((name, failed),) = run_tests(loaded, build)
    assert name == "one"
    assert len(failed) == fails, [d.message for d in failed]
    assert all(d.primary is not None for d in failed)


def test_params_for_machines_are_in_their_own_units() -> None:
    got = params_json(load(WHOLE))
    assert json.loads(json.dumps(got)) == got
    width = got["params"][0]
    assert (width["name"], width["unit"], width["value"], width["low"], width["step"]) == (
        "width",
        "um",
        10.0,
        7.0,
        0.5,
    )
    assert width["doc"] == "filament width, dried"
    assert got["params"][2]["type"] == "Count" and got["params"][2]["value"] == 16


def test_params_for_people() -> None:
    table = params_table(load(WHOLE, sets={"pitch": "60um"}))
    assert "pitch" in table and "60um (default 40um)" in table and "15um..200um" in table


def test_the_starter_design_is_clean() -> None:
    loaded = load("first.wp", starter("first"))
    assert loaded.diagnostics == () and loaded.scene is not None


def test_a_check_of_the_language_loads_no_numbers_library_and_no_lark(root: Path) -> None:
    load(WHOLE)  # so that the tables are in the cache, where there is one
    code = (
        "import sys\nfrom wetprint.lang.load import load\nfrom wetprint.lang.params import params_table\n"
        f"for name in {[str(p) for p in sorted((root / 'examples').glob('*.wp'))]!r}:\n    params_table(load(name))\n"
        "heavy = {'numpy', 'scipy', 'shapely', 'rich', 'pyvista', 'trimesh'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
