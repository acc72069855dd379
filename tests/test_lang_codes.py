"""Every code of the language: explained, shown by its example, and mended by each fix it offers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from wetprint.kernel.diagnostics import Code, Fix, Source
from wetprint.lang.codes import CODES
from wetprint.lang.load import load
from wetprint.lang.post import run_post_checks, run_tests
from wetprint.lang.shown import SHOWN

#: Figures of the part of the examples, as building it gives them.
SMALL: dict[str, dict[str, Any]] = {"body": {"wet": {}, "dried": {"volume_um3": 1.2e6}, "materials": {}}}

BY_DESIGN = [c for c in CODES if c.example]


def test_every_code_in_use_is_explained_and_the_other_way_round(root: Path) -> None:
    used: set[str] = set()
    for path in (root / "lang").glob("*.py"):
        if path.name != "codes.py":
            used |= set(re.findall(r'"(E[0-3]\d\d)"', path.read_text(encoding="utf-8")))
    assert used == {c.code for c in CODES}
    assert len({c.code for c in CODES}) == len(CODES)
    assert all(len(c.text) > 30 for c in CODES)


def codes_of(example: str, folder: Path) -> set[str]:
    """What is said of a design that lies in a file, of its checks and of its tests."""
    path = folder / "example.wp"
    path.write_text(example, encoding="utf-8")
    loaded = load(path)
    found = list(loaded.diagnostics)
    if loaded.scene is not None:
        found += run_post_checks(loaded.scene, SMALL)
        found += [d for _, said in run_tests(loaded, lambda _: (SMALL, [])) for d in said]
    return {d.code for d in found}


@pytest.mark.parametrize("code", BY_DESIGN, ids=lambda c: c.code)
def test_the_example_shows_the_code_and_nothing_else(code: Code, tmp_path: Path) -> None:
    found = codes_of(code.example, tmp_path)
    # E017 stands behind the forty others that it sums up.
    assert found == ({"E017", "E010"} if code.code == "E017" else {code.code} | (found & {"E315"}))


@pytest.mark.parametrize("code", BY_DESIGN, ids=lambda c: c.code)
def test_each_fix_mends_what_it_stands_for(code: Code) -> None:
    loaded = load("example.wp", code.example)
    for d in loaded.diagnostics:
        for fix in d.fixes:
            mended = load("example.wp", applied(loaded.source, fix))
            again = [x for x in mended.diagnostics if x.code == d.code]
            assert len(again) < sum(x.code == d.code for x in loaded.diagnostics), fix.title


def applied(source: Source, fix: Fix) -> str:
    text = source.text
    for edit in sorted(fix.edits, key=lambda e: -e.span.start):
        assert edit.span.source is source
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def test_codes_without_a_design_are_shown_otherwise() -> None:
    """By files, a missing package and a scene of a program (test_codes_shown.py)."""
    assert {c.code for c in CODES if not c.example} == set(SHOWN)
