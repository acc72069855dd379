"""Every code of geometry and design rules: what `wp check` says of its example is that code."""

from __future__ import annotations

from functools import cache

import pytest
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.check import run_checks
from wetprint.kernel.codes import CODES
from wetprint.kernel.diagnostics import Code, Diagnostic, Severity
from wetprint.kernel.shown import SHOWN
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

#: Rules that are told only for a rig.
WITH_RIG = ("W214", "W216")
#: What follows from the fault shown and is told beside it: layers that do not touch do not hang together (W260), lines
#: that fuse change how the part dries (W262). Single lines of light stand higher than they are drawn (W270).
#: A film below light of a later pass lies below its film too (W233).
BESIDE = {
    "W221": {"W211"}, "W205": {"W260"}, "W206": {"W262"}, "W208": {"W260"}, "W271": {"W264"}, "W277": {"W270"},
    "W242": {"W233"}, "E422": {"E315"},
}  # fmt: skip


@cache
def said(code: Code) -> list[Diagnostic]:
    loaded = load("example.wp", code.example)
    found = list(loaded.diagnostics)
    if loaded.scene is None:
        return found
    jobs, more = build(loaded.scene)
    found += more
    if any(d.severity is Severity.ERROR for d in found):
        return found
    jobs, more = complete_jobs(loaded.scene, jobs)
    found += more
    if any(d.severity is Severity.ERROR for d in found):
        return found
    return found + run_checks(loaded.scene, jobs, load_rig("sim") if code.code in WITH_RIG else None)


@pytest.mark.parametrize("code", [c for c in CODES if c.example], ids=lambda c: c.code)
def test_the_example_shows_the_code_and_nothing_else(code: Code) -> None:
    found = said(code)
    codes = {d.code for d in found}
    assert code.code in codes
    # Every design of silver uses figures that nobody measured (W209).
    assert codes <= {code.code, "W209", *BESIDE.get(code.code, ())}
    assert all(d.primary is not None for d in found if d.code == code.code)


@pytest.mark.parametrize("code", [c for c in CODES if c.example], ids=lambda c: c.code)
def test_each_fix_mends_what_it_stands_for(code: Code) -> None:
    for d in said(code):
        for fix in d.fixes:
            text = code.example
            for edit in sorted(fix.edits, key=lambda e: -e.span.start):
                text = text[: edit.span.start] + edit.text + text[edit.span.end :]
            mended = said(Code(code.code, "", "", text))
            assert sum(m.code == d.code for m in mended) < sum(m.code == d.code for m in said(code)), (
                fix.title
            )


def test_codes_without_a_design_are_shown_otherwise() -> None:
    """What only a scene made by a program shows, what hangs on a rig, a mesh or the solver (test_codes_shown.py)."""
    assert {c.code for c in CODES if not c.example} == set(SHOWN)
