"""Ways between filaments: as high as what they pass over, and no higher; circles that are cut, or told."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.motion import PRINT, TRAVEL, Toolpath
from wetprint.kernel.planning.circles import circles
from wetprint.kernel.planning.clearance import clearance
from wetprint.kernel.planning.hops import height_at_um
from wetprint.kernel.planning.pieces import cut_at
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.rig import Nozzle


def hops(toolpath: Toolpath) -> list[tuple[int, float]]:
    """(filament that follows, height) of every way across."""
    found = []
    for row in np.flatnonzero(toolpath.kind == TRAVEL)[1:].tolist():
        after = toolpath.filament[row:]
        flat = abs(np.diff(toolpath.position_um[row - 1 : row + 1, :2], axis=0)).max() > 1e-9
        if (after >= 0).any() and flat:
            found.append((int(after[after >= 0][0]), float(toolpath.position_um[row, 2])))
    return found


def test_a_way_is_as_high_as_what_it_passes_over(plans: ModuleType) -> None:
    """A wall of 8 levels, and low lines on either side of it: only the way across the wall is high."""
    wall = [[[0.0, -40.0, 5.0 + 8 * k], [0.0, 40.0, 5.0 + 8 * k]] for k in range(8)]
    low = [[[x, -40.0, 5.0], [x, 40.0, 5.0]] for x in (-200.0, -160.0, 160.0, 200.0)]
    part = plans.lines(wall + low, 0)
    rig = plans.sim(heights={"clear_um": 30.0})
    plan, toolpath = plans.planned(part, rig)
    place = {int(i): k for k, i in enumerate(plan.order)}
    for filament, z in hops(toolpath)[1:]:
        before = int(plan.order[place[filament] - 1])
        x = [part.wet.points_um[2 * i, 0] for i in (before, filament)]
        if min(x) < -10 < 10 < max(x) or 0.0 in x:
            continue
        assert z == pytest.approx(10.0 + 30.0)
    # Into and out of the wall, and over it where a way leads there.
    assert max(z for _, z in hops(toolpath)[1:]) == pytest.approx(5.0 + 8 * 7 + 5.0 + 30.0)


@given(st.integers(2, 12), st.integers(0, 10_000))
@settings(max_examples=30)
def test_ways_are_no_higher_than_the_whole_print_and_clear_what_they_pass(
    plans: ModuleType, n: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    start = np.column_stack([rng.uniform(0, 400, (n, 2)), 5.0 + 8.0 * rng.integers(0, 12, n)])
    end = start + np.column_stack([rng.uniform(-80, 80, (n, 2)), np.zeros(n)])
    part = plans.lines(np.stack([start, end], axis=1))
    rig = plans.sim(heights={"clear_um": 25.0})
    plan, toolpath = plans.planned(part, rig)
    top = plan.filaments.wet.points_um[:, 2].max() + 5.0
    place = np.argsort(plan.order)
    wet = plan.filaments.wet.points_um.reshape(-1, 2, 3)
    for filament, z in hops(toolpath)[1:]:
        k = place[filament]
        own = max(wet[filament, :, 2].max(), wet[plan.order[k - 1], :, 2].max()) + 5.0
        assert own + 25.0 - 1e-6 <= z <= top + 25.0 + 1e-6


def test_height_at_which_a_nozzle_is_so_wide() -> None:
    nozzle = Nozzle("n", 10.0, 12.0, ((0.0, 6.0), (100.0, 6.0), (200.0, 26.0)), "box")
    assert height_at_um(nozzle, np.array([0.0, 6.0, 7.0, 16.0, 26.0, 27.0])) == pytest.approx(
        [0.0, 0.0, 105.0, 150.0, 200.0, np.inf], abs=1e-6
    )


# -- circles --------------------------------------------------------------------------------------------------------


def over_and_under(plans: ModuleType) -> FilamentSet:
    """Filament 0 passes over filament 1 at x = 0 and under it at x = 300; filament 2 carries it at x = 150."""
    one = np.array([[-60, 0, 13], [60, 0, 13], [110, 0, 13], [190, 0, 13], [240, 0, 5], [360, 0, 5]], float)
    two = np.array(
        [[0, -60, 5], [0, 60, 5], [100, 160, 5], [200, 160, 9], [300, 60, 13], [300, -60, 13]], float
    )
    three = np.array([[150, -60, 5], [150, 60, 5]], float)
    return filaments(
        np.concatenate([one, two, three]), np.array([6, 6, 2]), width_um=np.array(10.0), material=0, layer=0,
        origin=np.arange(3), inks=(plans.ink("au"),), spans=(plans.SPAN,) * 3, state="wet",
    )  # fmt: skip


def test_a_filament_over_and_under_another_is_cut_at_a_contact(
    plans: ModuleType, referee: ModuleType
) -> None:
    rig = plans.sim()
    plan, toolpath = plans.planned(over_and_under(plans), rig)
    assert plan.cuts == 1 and plan.circles == () and plan.hanging == ()
    ends = plan.filaments.wet.points_um[plan.filaments.offsets[:-1]]
    # The cut lies on the third filament, which holds both ends.
    assert any(abs(p[0] - 150.0) < 1e-6 and abs(p[1]) < 1e-6 for p in ends)
    assert plan.filaments.origin.tolist() == [0, 0, 1, 2]
    found = referee.judge(toolpath, rig)
    assert found.least_um >= -3.0 and found.hanging == []
    assert not [d for d in problems(plan, rig, toolpath) if d.code in ("R524", "R525", "R526")]


def test_a_circle_that_no_cut_breaks_names_both(plans: ModuleType) -> None:
    """Two pillars closer than the nozzle is wide: no contact lies between."""
    part = plans.lines([[[0, 0, 5], [0, 0, 305]], [[25, 0, 5], [25, 0, 305]]])
    plan, toolpath = plans.planned(part, plans.sim())
    told = {d.code: d for d in problems(plan, plans.sim(), toolpath)}
    assert plan.cuts == 0 and {"R524", "R525"} <= set(told)
    said = told["R525"]
    assert "x 0 y 0 z 5" in said.message and "x 25 y 0 z 5" in said.message
    assert said.primary is plans.SPAN and said.related[0].span is plans.SPAN


def test_an_arch_is_printed_from_both_feet(plans: ModuleType) -> None:
    t = np.linspace(0, np.pi, 30)
    arch = np.column_stack([150 * (1 - np.cos(t)), np.zeros(30), 5 + 120 * np.sin(t)])
    part = filaments(
        arch, np.array([30]), width_um=np.array(10.0), material=0, layer=0, origin=0, inks=(plans.ink("au"),),
        spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    plan, toolpath = plans.planned(part, plans.sim())
    assert len(plan.filaments) == 2 and plan.hanging == ()
    printing = toolpath.kind == PRINT
    assert (np.diff(toolpath.position_um[:, 2])[printing[1:]] > -0.5).all()
    assert clearance(toolpath, plans.sim()).least_um > -3.0


def test_nodes_of_circles() -> None:
    label = circles(5, np.array([[0, 1], [1, 2], [2, 0], [2, 3]]))
    assert label[0] == label[1] == label[2] and len({label[0], label[3], label[4]}) == 3


@given(st.lists(st.floats(0.0, 8.9), min_size=0, max_size=6), st.integers(0, 1000))
def test_pieces_meet_and_hold_what_the_filaments_held(
    plans: ModuleType, cuts: list[float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    counts = np.array([4, 2, 4])
    part = filaments(
        rng.uniform(0, 100, (10, 3)), counts, width_um=rng.uniform(5, 9, 10), material=[0, 1, 0], layer=[0, 1, 2],
        origin=[2, 1, 0], inks=(plans.ink("au"), plans.ink("cdse")), spans=(plans.SPAN,) * 3, state="wet",
    )  # fmt: skip
    ends = part.offsets[1:] - 1
    place = np.array([c for c in cuts if not any(e <= c <= e + 1 for e in ends) and c > 0.01])
    pieces, parent = cut_at(part, place)
    pieces.validate()
    assert len(pieces) == len(part) + len(np.unique(place))
    assert (pieces.material == part.material[parent]).all() and (pieces.origin == part.origin[parent]).all()

    def length(s: FilamentSet) -> float:
        first, _ = s.segments()
        return float(np.linalg.norm(s.wet.points_um[first + 1] - s.wet.points_um[first], axis=1).sum())

    assert length(pieces) == pytest.approx(length(part))
    same = np.flatnonzero(np.diff(parent) == 0)
    tail, head = pieces.offsets[1:][same] - 1, pieces.offsets[:-1][same + 1]
    assert np.array_equal(pieces.wet.points_um[tail], pieces.wet.points_um[head])
