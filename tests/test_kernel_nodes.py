"""Struts that meet in nodes: Vs and peaks of any angle, strut lattices with the nozzle of the paper, before the brute-force judge; and
whether what is refused could have been cut at contacts."""

from dataclasses import replace
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.lattices import LATTICES
from wetprint.kernel.planning.circles import circles, uncircled
from wetprint.kernel.planning.pieces import cut_at
from wetprint.kernel.planning.precede import PRESS, conflicts, support
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.rig import Nozzle

#: A quarter of a filament's height, and the judge's own step.
PRESS_UM = 2.5 + 0.5


def fan(degrees: float, struts: int, is_peak: bool) -> list[list[list[float]]]:
    """Struts of 60 um between the substrate and one node, all so steep."""
    a, ends = np.radians(degrees), []
    for k in range(struts):
        turn = 2 * np.pi * k / struts
        out = [60 * np.cos(a) * np.cos(turn), 60 * np.cos(a) * np.sin(turn)]
        high = 5 + 60 * np.sin(a)
        ends.append([[*out, 5.0], [0.0, 0.0, high]] if is_peak else [[0.0, 0.0, 5.0], [*out, high]])
    return ends


@pytest.mark.parametrize("is_peak", [False, True])
@pytest.mark.parametrize(
    ("degrees", "struts"), [(30, 2), (45, 2), (60, 2), (70, 2), (45, 3), (60, 3), (45, 4)]
)
def test_struts_that_meet_are_printed(
    plans: ModuleType, referee: ModuleType, degrees: float, struts: int, is_peak: bool
) -> None:
    part = plans.lines(fan(degrees, struts, is_peak))
    rig = plans.sim(heights={"clear_um": 25.0})
    plan, toolpath = plans.planned(part, rig)
    assert not {d.code for d in problems(plan, rig, toolpath)} & {"R524", "R525", "R526"}
    found = referee.judge(toolpath, rig)
    assert found.least_um >= -PRESS_UM and found.hanging == []
    # Little is left out: no end by more than three widths, and the node stays one piece.
    points, offsets = plan.filaments.wet.points_um, plan.filaments.offsets
    lengths = [np.linalg.norm(points[b - 1] - points[a]) for a, b in pairwise(offsets)]
    assert min(lengths) > 60.0 - 30.0 and plan.shortened >= struts - 1


def test_struts_too_steep_for_the_nozzle_are_refused_with_both_lines(plans: ModuleType) -> None:
    part = plans.lines(fan(86, 2, is_peak=False))
    rig = plans.sim()
    plan, toolpath = plans.planned(part, rig)
    told = {d.code: d for d in problems(plan, rig, toolpath)}
    said = told["R525"]
    assert said.related and said.primary is plans.SPAN
    assert "degrees" in said.message and "12 um" in " ".join(said.notes)


@pytest.mark.parametrize("kind", ["cubic", "bcc", "octet", "diamond"])
def test_strut_lattices_are_planned_with_the_nozzle_of_the_paper(
    plans: ModuleType, scenes: ModuleType, kind: str
) -> None:
    assert kind in LATTICES
    made: FilamentSet = scenes.one(scenes.lattice(kind, size=(200.0, 200.0), pitch=100.0, layers=2))
    part = made.with_states(made.dried, None)
    rig = load_rig("paper")
    plan, toolpath = plans.planned(part, rig)
    assert not {d.code for d in problems(plan, rig, toolpath)} & {"R524", "R525"}


def cut_everywhere(part: FilamentSet, nozzle: Nozzle) -> bool:
    """Whether some order exists after cuts at all contacts and all tops and valleys. More cuts never make an order
    impossible, so this is the search over all orders and all choices of cuts."""
    points, offsets = part.state("wet").points_um, part.offsets
    width = float(part.state("wet").width_um[0])
    turns = [
        float(k)
        for a, b in pairwise(offsets)
        for k in range(a + 1, b - 1)
        if (points[k, 2] - points[k - 1, 2]) * (points[k + 1, 2] - points[k, 2]) <= 0
    ]
    wanted = np.unique(np.round(np.concatenate([support(part).place.ravel(), turns]), 6))
    kept = []
    for a, b in pairwise(offsets):
        arc = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points[a:b], axis=0), axis=1)))
        last = 0.0
        for place in wanted[(wanted > a) & (wanted < b - 1)]:
            at = float(np.interp(place, np.arange(a, b), arc))
            if at - last > 0.5 * width and arc[-1] - at > 0.5 * width:
                kept.append(place)
                last = at
    pieces = cut_at(part, np.array(kept))[0] if kept else part
    found = conflicts(pieces, [nozzle])
    group = circles(len(pieces), found.edges(PRESS))
    return (
        len(np.unique(group)) == len(pieces) and not (np.minimum(found.forward, found.backward) > PRESS).any()
    )


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_what_cuts_at_contacts_can_free_is_not_refused(
    plans: ModuleType, random_parts: ModuleType, n: int
) -> None:
    rig = plans.sim()
    nozzle = rig.nozzles[0]
    missed, free = [], 0
    for seed in range(12):
        part = random_parts.curves(plans, 1000 * n + seed, n)
        if not cut_everywhere(part, nozzle):
            continue
        free += 1
        pieces, _, found, _ = uncircled(part, [nozzle])
        if len(np.unique(circles(len(pieces), found.edges(PRESS)))) < len(pieces):
            missed.append(seed)
    assert free and not missed


def test_what_hangs_is_refused_unless_the_print_takes_it(plans: ModuleType) -> None:
    """A line in the bath, the same right above another, and the same held by a later pillar: the last two are carried or caught."""
    rig = plans.sim()

    def told(part: FilamentSet, **fields: object) -> list[str]:
        from wetprint.kernel.motion import make_toolpath
        from wetprint.kernel.order import make_plan

        plan = make_plan([plans.job(part, **fields)], rig)
        return [d.severity.name for d in problems(plan, rig, make_toolpath(plan, rig)) if d.code == "R526"]

    alone = plans.lines([[[-50, 0, 60], [50, 0, 60]]])
    assert told(alone) == ["ERROR"]
    assert told(alone, loose=True) == ["WARNING"]
    above = [[[-50, 0, 5], [50, 0, 5]], [[-50, 0, 24], [50, 0, 24]]]
    assert told(plans.lines(above)) == ["WARNING"]
    above[1] = [[-50, 0, 26], [50, 0, 26]]
    assert told(plans.lines(above)) == ["ERROR"]
    held = [[[-50, 0, 60], [50, 0, 60]], [[0, 0, 5], [0, 0, 55]]]
    assert told(plans.lines(held)) == []


def test_an_idle_nozzle_is_held_against_what_stands(plans: ModuleType) -> None:
    """The nozzle beside the one at work, 300 um away, meets what was printed before, not what comes later or lies lower."""
    base = plans.sim()
    rig = replace(base, nozzles=(base.nozzles[0], replace(base.nozzles[1], offset_um=(300.0, 0.0, 0.0))))

    def told(left_first: bool, left_z: float) -> set[str]:
        left = [[[x, -40, left_z], [x, 40, left_z]] for x in (-190.0, -150.0, -110.0)]
        right = [[[x, -40, 5.0], [x, 40, 5.0]] for x in (110.0, 150.0, 190.0)]
        part = plans.lines(left + right, layer=[int(not left_first)] * 3 + [int(left_first)] * 3)
        plan, toolpath = plans.planned(part, rig)
        return {d.code for d in problems(plan, rig, toolpath)}

    # While the left nozzle prints on the left, the other hangs over the right.
    assert "R522" not in told(True, 5.0)
    assert "R522" in told(False, 5.0)
    assert "R522" not in told(False, 13.0)
