"""Plans of random parts before a judge that shares no code with the planner: no collision, nothing laid on nothing, low hops."""

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.planning.rig_check import problems

#: What a plan may press in, um: a quarter of a filament's height (wet filaments of one layer touch), and the judge's own step.
PRESS_UM = 2.5 + 0.5


def judged(plans: ModuleType, referee: ModuleType, part: FilamentSet) -> None:
    rig = plans.sim(heights={"clear_um": 25.0})
    plan, toolpath = plans.planned(part, rig)
    found = referee.judge(toolpath, rig)
    told = {d.code for d in problems(plan, rig, toolpath)}
    if not told & {"R524", "R525"}:
        assert found.least_um >= -PRESS_UM, found
        assert found.travel_um >= 20.0 - 1.0, found
    # What hangs is told, and nothing else.
    assert set(found.hanging) <= set(plan.hanging)
    assert not found.hanging or "R526" in told


@given(st.integers(1, 7), st.integers(0, 100_000))
@settings(max_examples=25)
def test_no_plan_of_a_random_part_collides_or_hangs(
    plans: ModuleType, referee: ModuleType, random_parts: ModuleType, n: int, seed: int
) -> None:
    judged(plans, referee, random_parts.curves(plans, seed, n))


@pytest.mark.soak
@given(st.integers(2, 14), st.integers(0, 10**6))
@settings(max_examples=250)
def test_no_plan_of_many_random_parts_collides_or_hangs(
    plans: ModuleType, referee: ModuleType, random_parts: ModuleType, n: int, seed: int
) -> None:
    judged(plans, referee, random_parts.curves(plans, seed, n))
