"""A bath that is not at hand is shown where the design prints in it, not where the library makes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wetprint.backends.printing.preflight_ink import check_baths
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.motion import make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.rig import Rig
from wetprint.kernel.shrink import complete
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import load


def test_it_is_the_bath_of_the_print() -> None:
    loaded = load("design.wp", H + LATTICE + PRINT)
    assert loaded.scene is not None
    jobs = [replace(j, filaments=complete(j.filaments, "dried")) for j in build(loaded.scene)[0]]
    rig: Rig = replace(load_rig("sim", [Path()]), baths=("iron_bath",))
    plan = make_plan(jobs, rig)
    found = [d for d in problems(plan, rig) if d.code == "R517"]
    assert [d.primary.text for d in found if d.primary] == ["nc.gold_bath"]
    bath = jobs[0].print.bath
    assert bath is not None
    told = check_baths(make_toolpath(plan, rig), rig, [bath])
    assert [(d.code, d.primary.text) for d in told if d.primary] == [("M621", "nc.gold_bath")]
    assert told[0].primary is not None and told[0].primary.source.name == "design.wp"
