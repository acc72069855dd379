"""Order: fewest changes of ink, layers that rise, short travel, and what happens between filaments."""

import itertools
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.order import make_plan, nozzle_of_inks, summary, summary_table
from wetprint.kernel.planning.batches import ink_sequence
from wetprint.kernel.planning.improve import travel_um
from wetprint.kernel.planning.tour import order_batches
from wetprint.kernel.rig import InkLoad


def changes(sequence: list[int], loaded: int | None) -> int:
    before = sequence if loaded is None else [loaded, *sequence]
    return sum(a != b for a, b in itertools.pairwise(before))


@given(
    st.lists(st.sets(st.integers(0, 3), min_size=1, max_size=3), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(0, 3)),
)
def test_ink_sequence_has_the_fewest_changes(levels: list[set[int]], loaded: int | None) -> None:
    level = np.concatenate([[k] * len(inks) for k, inks in enumerate(levels)]).astype(np.int64)
    material = np.concatenate([sorted(inks) for inks in levels]).astype(np.int16)
    rows = ink_sequence(level, material, loaded)
    assert [set(rows[rows[:, 0] == k, 1].tolist()) for k in range(len(levels))] == levels
    assert rows[:, 0].tolist() == sorted(rows[:, 0].tolist())
    best = min(
        changes(list(itertools.chain(*choice)), loaded)
        for choice in itertools.product(*(itertools.permutations(sorted(inks)) for inks in levels))
    )
    assert changes(rows[:, 1].tolist(), loaded) == best


@pytest.mark.parametrize("layers", [2, 7, 16])
def test_alternating_layers_change_ink_once_a_layer(plans: ModuleType, layers: int) -> None:
    plan, toolpath = plans.planned(plans.cross_layers(layers, 400.0, 40.0, inks=("au", "cdse")), plans.sim())
    found = summary(plan, toolpath, plans.sim())
    assert found["material_switches"] == layers - 1
    assert found["operator_stops"] == found["bath_switches"] == 0


def test_two_inks_in_every_layer_change_once_a_layer(plans: ModuleType) -> None:
    part = plans.cross_layers(6, 400.0, 40.0)
    part = plans.lines(
        part.wet.points_um.reshape(-1, 2, 3), part.layer, np.arange(len(part)) % 2, ("au", "cdse")
    )
    plan = make_plan([plans.job(part)], plans.sim())
    # au cdse | cdse au | au cdse ...: the ink at the end of a layer begins the next.
    assert sum(e.kind == "switch_ink" for e in plan.events) == 6


def test_the_loaded_ink_begins(plans: ModuleType) -> None:
    part = plans.lines([[[0, y, 5], [100, y, 5]] for y in range(0, 400, 40)], 0, [0, 1] * 5, ("au", "cdse"))
    for loaded in ("au", "cdse"):
        rig = plans.sim()
        nozzle = replace(rig.nozzles[0], loads=(replace(rig.nozzles[0].loads[0], ink=loaded),))
        plan = make_plan([plans.job(part)], replace(rig, nozzles=(nozzle, rig.nozzles[1])))
        assert part.inks[part.material[plan.order[0]]].name == loaded
        assert plan.nozzle[0] == 0


def test_layers_rise_and_every_filament_comes_once(plans: ModuleType) -> None:
    part = plans.cross_layers(12, 400.0, 40.0, inks=("au", "cdse", "ag"))
    shuffled = part.take(np.random.default_rng(3).permutation(len(part)))
    plan = make_plan([plans.job(shuffled)], plans.sim())
    plan.validate()
    assert (np.diff(shuffled.layer[plan.order]) >= 0).all()


def test_layers_keep_their_order_where_compensation_lifts_points(plans: ModuleType) -> None:
    part = plans.cross_layers(4, 400.0, 40.0)
    points = part.wet.points_um.copy()
    # An upper layer that dips below the middle of the one under it at one place stays above it.
    points[part.offsets[:-1][part.layer == 2][0], 2] -= 9.0
    lifted = plans.lines(points.reshape(-1, 2, 3), part.layer)
    plan = make_plan([plans.job(lifted)], plans.sim())
    assert (np.diff(lifted.layer[plan.order]) >= 0).all()


def test_climbing_paths_run_upwards(plans: ModuleType) -> None:
    ends = [[[i * 200, 0, 5], [i * 200 + 50, 0, 205]][:: 1 if i % 2 else -1] for i in range(6)]
    part = plans.lines(ends)
    plan = make_plan([plans.job(part)], plans.sim())
    points = part.wet.points_um.reshape(-1, 2, 3)[plan.order]
    start = np.where(plan.reverse, points[:, 1, 2], points[:, 0, 2])
    assert (start == 5).all()


def test_parallel_lines_are_a_serpentine(plans: ModuleType) -> None:
    part = plans.cross_layers(5, 400.0, 40.0)
    plan = make_plan([plans.job(part)], plans.sim())
    first, last = part.offsets[:-1], part.offsets[1:] - 1
    start, end = part.wet.points_um[first], part.wet.points_um[last]
    travel = travel_um(plan.order, plan.reverse, start, end)
    # 10 steps of a pitch in each of 5 layers, and 4 steps of a layer's height where a corner is shared.
    assert travel == pytest.approx(5 * 10 * 40.0 + 4 * 8.0)


def test_order_does_not_depend_on_drawing_direction(plans: ModuleType) -> None:
    part = plans.cross_layers(3, 400.0, 40.0)
    ends = part.wet.points_um.reshape(-1, 2, 3).copy()
    turned = ends.copy()
    turned[::3] = turned[::3, ::-1]
    a = make_plan([plans.job(plans.lines(ends, part.layer))], plans.sim())
    b = make_plan([plans.job(plans.lines(turned, part.layer))], plans.sim())
    assert np.array_equal(a.order, b.order)
    flipped = np.zeros(len(part), bool)
    flipped[::3] = True
    assert np.array_equal(a.reverse, b.reverse ^ flipped[b.order])


def exact_travel_um(start: np.ndarray, end: np.ndarray, at: np.ndarray) -> float:
    """Shortest travel by dynamic programming over sets of filaments, last one and its direction."""
    n = len(start)
    tips = np.stack([start, end])
    best = {(1 << i, i, d): float(np.linalg.norm(tips[d][i] - at)) for i in range(n) for d in (0, 1)}
    for size in range(1, n):
        for chosen in itertools.combinations(range(n), size):
            mask = sum(1 << i for i in chosen)
            for i in chosen:
                for d in (0, 1):
                    here = best[mask, i, d]
                    for j in range(n):
                        if not mask >> j & 1:
                            for e in (0, 1):
                                far = here + float(np.linalg.norm(tips[e][j] - tips[1 - d][i]))
                                key = (mask | 1 << j, j, e)
                                if far < best.get(key, np.inf):
                                    best[key] = far
    full = (1 << n) - 1
    return min(best[full, i, d] for i in range(n) for d in (0, 1))


@pytest.mark.parametrize("seed", range(6))
def test_travel_is_near_the_exact_solution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 1000, (8, 3)) * [1, 1, 0]
    end = start + rng.normal(0, 150, (8, 3)) * [1, 1, 0]
    at = np.zeros(3)
    order, reverse = order_batches(start, end, np.zeros(8, np.int64), at)
    ours, exact = travel_um(order, reverse, start, end, at), exact_travel_um(start, end, at)
    assert exact - 1e-6 <= ours <= 1.3 * exact


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_travel_of_twelve_is_near_the_exact_solution(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    start = rng.uniform(0, 1000, (12, 3)) * [1, 1, 0]
    end = start + rng.normal(0, 150, (12, 3)) * [1, 1, 0]
    order, reverse = order_batches(start, end, np.zeros(12, np.int64), np.zeros(3))
    ours = travel_um(order, reverse, start, end, np.zeros(3))
    assert ours <= 1.3 * exact_travel_um(start, end, np.zeros(3))


@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 10_000))
def test_tours_are_permutations(n: int, batches: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, end = rng.uniform(0, 500, (n, 3)), rng.uniform(0, 500, (n, 3))
    batch = rng.integers(0, batches, n)
    order, reverse = order_batches(start, end, batch)
    assert sorted(order.tolist()) == list(range(n))
    assert (np.diff(batch[order]) >= 0).all()
    assert reverse.shape == (n,)


def test_improvement_beats_the_nearest_neighbour_on_many() -> None:
    rng = np.random.default_rng(5)
    n = 1500
    start = rng.uniform(0, 3000, (n, 3)) * [1, 1, 0]
    end = start + rng.normal(0, 80, (n, 3)) * [1, 1, 0]
    order, reverse = order_batches(start, end, np.zeros(n, np.int64), np.zeros(3))
    assert sorted(order.tolist()) == list(range(n))
    left, here, greedy = set(range(n)), np.zeros(3), 0.0
    while left:
        index = np.array(sorted(left))
        d = np.minimum(np.linalg.norm(start[index] - here, axis=1), np.linalg.norm(end[index] - here, axis=1))
        i = int(index[np.argmin(d)])
        a, b = np.linalg.norm(start[i] - here), np.linalg.norm(end[i] - here)
        greedy += min(a, b)
        here = end[i] if a <= b else start[i]
        left.remove(i)
    assert travel_um(order, reverse, start, end, np.zeros(3)) < 0.95 * greedy


def test_a_change_of_bath_separates_jobs(plans: ModuleType) -> None:
    a, b = plans.cross_layers(2, 80.0, 40.0), plans.cross_layers(2, 80.0, 40.0)
    rig = plans.sim(bath_exchange="manual")
    plan = make_plan([plans.job(a, "butanol"), plans.job(b, "pentanol")], rig)
    at = [e.before for e in plan.events if e.kind == "change_bath"]
    assert at == [len(a)] and set(plan.order[: len(a)].tolist()) == set(range(len(a)))
    assert plan.baths == ("butanol", "pentanol")
    said = [e.text for e in plan.events if e.kind == "operator"]
    assert said == [
        "Pour bath butanol after the nozzle has been set to the substrate.",
        "Take out bath butanol and pour bath pentanol.",
    ]
    same = make_plan([plans.job(a, "butanol"), plans.job(b, "butanol")], rig)
    assert not any(e.kind == "change_bath" for e in same.events)
    assert (np.diff(same.filaments.wet.points_um[same.filaments.offsets[:-1][same.order], 2]) >= -1e-9).all()


def test_an_operator_is_told_what_to_do(plans: ModuleType) -> None:
    part = plans.cross_layers(2, 80.0, 40.0, inks=("au", "cdse"))
    rig = load_rig("paper")
    plan = make_plan([plans.job(part)], rig)
    assert [(e.kind, e.before) for e in plan.events] == [
        ("operator", 0), ("purge", 0), ("prime", 0), ("switch_ink", 3), ("operator", 3), ("purge", 3), ("prime", 3),
    ]  # fmt: skip
    assert plan.events[4].text == "Rinse nozzle pipette, or take a new one, and load it with ink cdse."
    two = replace(rig, nozzles=tuple(
        replace(rig.nozzles[0], name=f"{ink}_nozzle", loads=(InkLoad(ink),)) for ink in ("au", "cdse")
    ))  # fmt: skip
    plan = make_plan([plans.job(part)], two)
    assert [e.text for e in plan.events if e.kind == "operator"] == [
        "Take off nozzle au_nozzle, fit nozzle cdse_nozzle (ink cdse)."
    ]


def test_nozzles_take_the_inks_they_name_before_any(plans: ModuleType) -> None:
    rig = plans.sim()
    assert nozzle_of_inks(["a", "b", "c"], rig) == {"a": 0, "b": 1, "c": 0}
    named = replace(rig.nozzles[1], loads=(InkLoad("b"),))
    rig = replace(rig, nozzles=(rig.nozzles[0], named))
    assert nozzle_of_inks(["b", "a"], rig) == {"b": 1, "a": 0}
    assert nozzle_of_inks(["b", "a"], replace(rig, nozzles=(named,))) == {"b": 0}


def test_nothing_to_print(plans: ModuleType) -> None:
    part = plans.cross_layers(1, 80.0, 40.0).take(np.zeros(0, np.int64))
    plan, toolpath = plans.planned(part, plans.sim())
    assert len(plan.order) == 0 and not (toolpath.filament >= 0).any()
    assert summary(plan, toolpath, plans.sim())["filaments"] == 0


def test_d1_and_d6_have_their_counts(plans: ModuleType) -> None:
    rig = plans.sim()
    plan, toolpath = plans.planned(plans.cross_layers(32, 400.0, 40.0), rig)
    found = summary(plan, toolpath, rig)
    assert found["filaments"] == 352 and len(found["layers"]) == 32
    assert found["print_um"] == pytest.approx(352 * 400.0, rel=1e-12)
    # Across, down twice (valve shut, open), along twice (open, shut), up; no way across between two layers, which meet at a
    # corner; two ways down to the place to purge.
    assert found["moves"] == 352 * 6 - 31 + 2
    assert found["ink"][0]["volume_nl"] == pytest.approx(np.pi / 4 * 100 * 352 * 400 / 1e6, rel=0.05)
    assert "352 in 32 layers" in summary_table(found)
    plan, toolpath = plans.planned(plans.cross_layers(100, 10_000.0, 20.0), rig)
    found = summary(plan, toolpath, rig)
    assert found["filaments"] == 50_100
    assert found["print_um"] == pytest.approx(50_100 * 10_000.0, rel=1e-12)
    # No stage of two plans differs.
    again, same = plans.planned(plans.cross_layers(100, 10_000.0, 20.0), rig)
    assert np.array_equal(plan.order, again.order) and np.array_equal(toolpath.position_um, same.position_um)
