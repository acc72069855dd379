"""Turns, leads and waits: what a print adds to its filaments, and when it lets them be."""

from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.build import Job
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.flow import solidification_s
from wetprint.kernel.motion import make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.planning.gelling import with_waits
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.planning.strokes import with_leads


def length_um(part: FilamentSet) -> float:
    first, _ = part.segments()
    return float(np.linalg.norm(part.wet.points_um[first + 1] - part.wet.points_um[first], axis=1).sum())


def job(plans: ModuleType, part: FilamentSet, **fields: object) -> Job:
    made: Job = plans.job(part, **fields)
    return made


def test_turns_make_one_filament_of_a_layer(plans: ModuleType) -> None:
    part = plans.cross_layers(4, 400.0, 40.0)
    rig = plans.sim()
    plan = make_plan([job(plans, part, turns=45.0)], rig)
    plan.validate()
    plan.filaments.validate()
    # 11 lines and 10 turns of a pitch in each layer.
    assert len(plan.filaments) == 4 and np.diff(plan.filaments.offsets).tolist() == [22] * 4
    assert length_um(plan.filaments) == pytest.approx(length_um(part) + 4 * 10 * 40.0)
    assert problems(plan, rig, make_toolpath(plan, rig)) == []
    # A turn longer than allowed is a travel.
    assert len(make_plan([job(plans, part, turns=35.0)], rig).filaments) == len(part)
    assert len(make_plan([job(plans, part)], rig).filaments) == len(part)


def test_turns_do_not_cross_what_is_drawn(plans: ModuleType) -> None:
    # A third line of the layer lies across the way between the ends of two others.
    ends = [[[0, 0, 5], [100, 0, 5]], [[0, 40, 5], [100, 40, 5]], [[115, 15, 5], [85, 25, 5]]]
    plan = make_plan([job(plans, plans.lines(ends), turns=60.0)], plans.sim())
    steps = np.abs(np.diff(plan.filaments.wet.points_um, axis=0))
    inner = np.setdiff1d(np.arange(len(steps)), plan.filaments.offsets[1:-1] - 1)
    joined = [tuple(s) for s in steps[inner].round(3).tolist()]
    assert (0.0, 40.0, 0.0) not in [j for j in joined if j[0] == 0.0] or len(plan.filaments) > 1


def test_turns_stay_within_an_ink_and_a_layer(plans: ModuleType) -> None:
    part = plans.cross_layers(4, 400.0, 40.0, inks=("au", "cdse"))
    plan = make_plan([job(plans, part, turns=45.0)], plans.sim())
    assert plan.filaments.layer.tolist() == [0, 1, 2, 3] and plan.filaments.material.tolist() == [0, 1, 0, 1]


def test_leads_lie_outside_the_part(plans: ModuleType) -> None:
    part = plans.cross_layers(3, 400.0, 40.0)
    longer = with_leads(part, 30.0)
    longer.validate()
    # Every line of a lattice ends at its outside: 30 um more at either end, in its own direction.
    assert length_um(longer) == pytest.approx(length_um(part) + 2 * 30.0 * len(part))
    first = part.wet.points_um.reshape(-1, 2, 3)
    new = longer.wet.points_um.reshape(-1, 4, 3)
    assert np.allclose(new[:, 1:3], first)
    assert np.allclose(np.linalg.norm(new[:, 0] - new[:, 1], axis=1), 30.0)
    assert np.abs(new[:, [0, 3], :2]).max() == pytest.approx(230.0)


def test_no_lead_runs_into_the_part(plans: ModuleType) -> None:
    # The second line ends 25 um before the third, which crosses its way: only its other end gets a lead.
    ends = [[[0, 0, 5], [100, 0, 5]], [[0, 60, 5], [100, 60, 5]], [[125, 30, 5], [125, 90, 5]]]
    longer = with_leads(plans.lines(ends), 30.0)
    assert np.diff(longer.offsets).tolist() == [4, 3, 4]
    assert longer.wet.points_um[4:7, 0].tolist() == [-30.0, 0.0, 100.0]


def test_a_print_waits_for_a_thick_filament_that_is_crossed(plans: ModuleType) -> None:
    """A filament of 60 um is soft for 0.9 s; a short one laid across it right away would cut it."""
    rig = plans.sim(speeds={"approach_um_s": 20_000.0, "travel_um_s": 20_000.0})
    ends = [[[0, 0, 30], [60, 0, 30]], [[30, -30, 78], [30, 30, 78]]]
    part = plans.lines(ends, [0, 1], width=60.0)
    plan = make_plan([job(plans, part)], rig)
    waits = [e for e in plan.events if e.kind == "wait"]
    assert solidification_s(60.0) == pytest.approx(0.9)
    assert len(waits) == 1 and waits[0].before == 1 and 0.8 < waits[0].time_s <= 0.9
    toolpath = make_toolpath(plan, rig)
    rows = [np.flatnonzero(toolpath.filament == i) for i in (0, 1)]
    assert toolpath.time_s[rows[1][0] - 1] - toolpath.time_s[rows[0][-1]] >= 0.9
    # Waiting twice is not needed, nor for one that lies apart, nor where the ink is thin.
    assert sum(e.kind == "wait" for e in with_waits(plan, rig).events) <= 2
    apart = plans.lines([ends[0], [[30, 90, 78], [30, 150, 78]]], [0, 1], width=60.0)
    thin = plans.lines([[[0, 0, 5], [60, 0, 5]], [[30, -30, 13], [30, 30, 13]]], [0, 1])
    for other in (apart, thin):
        assert not any(e.kind == "wait" for e in make_plan([job(plans, other)], plans.sim()).events)
