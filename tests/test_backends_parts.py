"""Programs written part by part are those written of the whole toolpath, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends import export
from wetprint.backends.dialect import About
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.export import write_program
from wetprint.kernel.motion import Toolpath, make_toolpath
from wetprint.kernel.plan import Event, Plan
from wetprint.kernel.rig import Rig
from wetprint.kernel.toolpath import parts

NAMES = sorted(set(DIALECTS.names()) - {"grbl"})  # has one output: the rig here needs two


@pytest.fixture
def printed(plans: ModuleType) -> tuple[Plan, Toolpath, Rig]:
    rig = plans.with_lags(plans.sim(), 0.05, 0.04)
    plan, toolpath = plans.planned(plans.cross_layers(6, 400.0, 40.0, inks=("au", "cdse")), rig)
    return plan, toolpath, rig


@pytest.mark.parametrize("chunk", [7, 60, 1 << 16])
@pytest.mark.parametrize("name", NAMES)
def test_parts_make_the_program_of_the_whole(
    printed: tuple[Plan, Toolpath, Rig],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    chunk: int,
) -> None:
    plan, _, rig = printed
    monkeypatch.setattr(parts, "CHUNK", chunk)
    whole = DIALECTS[name].write(make_toolpath(plan, rig), rig)
    write_program(plan, rig, name, tmp_path / "parts")
    assert (tmp_path / "parts").read_bytes() == whole.data


def test_parts_follow_each_other(
    printed: tuple[Plan, Toolpath, Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, whole, rig = printed
    monkeypatch.setattr(parts, "CHUNK", 30)
    found = list(parts.parts(plan, rig, lambda part: part))
    assert len(found) > 4 and [part.follows for part in found] == [False] + [True] * (len(found) - 1)
    for before, after in pairwise(found):
        assert np.array_equal(before.position_um[-1], after.position_um[0])
        assert before.valve[-1] == after.valve[0] and after.time_s[0] == 0.0
    assert sum(len(part) - part.follows for part in found) == len(whole)
    assert sum(len(part.events) for part in found) == len(whole.events)


@pytest.mark.parametrize("time_s", [0.0, 1e9])
def test_a_head_of_another_length_than_expected(
    printed: tuple[Plan, Toolpath, Rig], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, time_s: float
) -> None:
    plan, _, rig = printed
    monkeypatch.setattr(parts, "CHUNK", 60)
    monkeypatch.setattr(export, "_expected", lambda *_: About(time_s, np.zeros(3), 0, {}))
    write_program(plan, rig, "linuxcnc", tmp_path / "parts.ngc")
    assert (tmp_path / "parts.ngc").read_bytes() == DIALECTS["linuxcnc"].write(
        make_toolpath(plan, rig), rig
    ).data


def test_what_happens_at_the_end_is_in_both(printed: tuple[Plan, Toolpath, Rig], tmp_path: Path) -> None:
    plan, _, rig = printed
    last = Event("operator", len(plan.order), "au", 0, 5.0, "Take the print out.")
    plan = replace(plan, events=(*plan.events, last))
    write_program(plan, rig, "linuxcnc", tmp_path / "parts.ngc")
    data = (tmp_path / "parts.ngc").read_bytes()
    assert data == DIALECTS["linuxcnc"].write(make_toolpath(plan, rig), rig).data
    assert b"Take the print out." in data
