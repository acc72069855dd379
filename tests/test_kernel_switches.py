"""Few changes of ink and bath: against every order, in small cases, and what each change costs."""

import itertools
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.order import make_plan, summary
from wetprint.kernel.planning.exchanges import bath_groups
from wetprint.kernel.planning.phases import Needs, phases
from wetprint.kernel.rig import Exchange, Rig


def random_graph(
    seed: int, n: int, inks: int
) -> tuple[list[int], set[tuple[int, int]], set[tuple[int, int]]]:
    rng = np.random.default_rng(seed)
    pairs = list(itertools.combinations(range(n), 2))
    before = {p for p in pairs if rng.random() < rng.choice([0.1, 0.3, 0.6])}
    touching = {p for p in pairs if rng.random() < 0.3}
    return rng.integers(0, inks, n).tolist(), before, touching


def rows(pairs: set[tuple[int, int]]) -> np.ndarray:
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 100_000), st.booleans())
@settings(max_examples=150)
def test_any_number_of_inks_changes_as_seldom_as_can_be(
    exact: ModuleType, n: int, inks: int, seed: int, is_loaded: bool
) -> None:
    ink, before, _ = random_graph(seed, n, inks)
    loaded = ink[0] if is_loaded else None
    found = phases(n, Needs(rows(before)), np.array(ink), loaded)
    order = np.lexsort((found.wave, found.phase))
    assert all((found.phase[a], found.wave[a]) < (found.phase[b], found.wave[b]) for a, b in before)
    taken = np.array(ink)[order]
    changes = int((np.diff(taken) != 0).sum()) + (loaded is not None and taken[0] != loaded)
    assert found.proven and changes == exact.fewest_changes(n, before, ink, loaded)


@given(st.integers(1, 8), st.integers(1, 3), st.integers(0, 100_000))
@settings(max_examples=150)
def test_nothing_hangs_where_an_order_carries_everything(
    exact: ModuleType, n: int, inks: int, seed: int
) -> None:
    ink, before, touching = random_graph(seed, n, inks)
    grounded = np.random.default_rng(seed + 1).random(n) < 0.4
    found = phases(n, Needs(rows(before), rows(touching), grounded), np.array(ink))
    least = exact.fewest_changes(n, before, ink, None, touching, grounded.tolist())
    assert (least is None) == bool(len(found.hanging))
    assert not len(found.forced)
    if least is not None:
        assert found.changes == least
        done: set[int] = set()
        for i in np.lexsort((found.wave, found.phase)).tolist():
            assert grounded[i] or any((i in p) and (set(p) - {i}) & done for p in touching)
            done.add(i)


@pytest.mark.parametrize("n", [1, 2, 3, 9, 50])
@pytest.mark.parametrize("inks", [("au", "cdse"), ("au", "cdse", "ag")])
def test_layers_that_alternate_take_one_change_less_than_there_are(
    plans: ModuleType, n: int, inks: tuple[str, ...]
) -> None:
    rig = plans.sim()
    plan = make_plan([plans.job(plans.cross_layers(n, 200.0, 40.0, inks=inks))], rig)
    assert sum(e.kind == "switch_ink" for e in plan.events) == n - 1


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=3), min_size=2, max_size=3))
@settings(max_examples=40)
def test_islands_change_as_seldom_as_can_be(
    plans: ModuleType, exact: ModuleType, towers: list[list[int]]
) -> None:
    """Towers of layers of one ink each, far apart: only a tower's own layers wait for each other."""
    ends, layer, material = [], [], []
    for t, tower in enumerate(towers):
        for k, ink in enumerate(tower):
            ends.append([[t * 900.0, 0.0, 5.0 + 8 * k], [t * 900.0 + 80.0, 0.0, 5.0 + 8 * k]])
            layer.append(k)
            material.append(ink)
    part = plans.lines(ends, layer, material, ("au", "cdse", "ag"))
    plan = make_plan([plans.job(part)], plans.sim())
    number = itertools.count()
    names = [[next(number) for _ in tower] for tower in towers]
    before = {p for tower in names for p in itertools.pairwise(tower)}
    assert sum(e.kind == "switch_ink" for e in plan.events) == exact.fewest_changes(
        len(ends), before, material
    )
    assert plan.proven


def box(plans: ModuleType, x: float) -> object:
    return plans.lines([[[x, 0.0, 5.0], [x + 60.0, 0.0, 5.0]]])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=6))
@settings(max_examples=60)
def test_baths_change_as_seldom_as_can_be(
    plans: ModuleType, exact: ModuleType, prints: list[tuple[int, int]]
) -> None:
    jobs = [plans.job(box(plans, 500.0 * where), f"bath{bath}") for bath, where in prints]
    group = bath_groups(jobs, plans.sim())
    before = {
        (i, j)
        for j in range(len(jobs))
        for i in range(j)
        if prints[i][1] == prints[j][1] and prints[i][0] != prints[j][0]
    }
    assert all(group[a] < group[b] for a, b in before)
    names = {int(g): {prints[j][0] for j in np.flatnonzero(group == g)} for g in group}
    assert all(len(baths) == 1 for baths in names.values())
    assert group.max() == exact.fewest_changes(len(jobs), before, [b for b, _ in prints])


def costly(rig: Rig) -> Rig:
    return replace(rig, exchange=Exchange(4.0, 300.0, 900.0, rinse_s=60.0, register_s=120.0))


def test_each_exchange_tells_what_it_costs(plans: ModuleType) -> None:
    part = plans.cross_layers(3, 80.0, 40.0, inks=("au", "cdse"))
    two = costly(plans.sim())
    plan, toolpath = plans.planned(part, two)
    told = summary(plan, toolpath, two)["exchanges"]
    # Two nozzles by machine: exchange and re-registration; 1 s to purge, 0.3 s to prime.
    assert [(e["from_ink"], e["ink"], e["nozzle_s"], e["purge_s"]) for e in told] == [
        ("au", "cdse", 124.0, pytest.approx(1.3)),
        ("cdse", "au", 124.0, pytest.approx(1.3)),
    ]
    one = replace(two, nozzles=(replace(two.nozzles[0], manual=True),))
    plan, toolpath = plans.planned(part, one)
    told = summary(plan, toolpath, one)["exchanges"]
    # One nozzle by hand: it is rinsed, and the operator's time counts.
    assert [(e["nozzle_s"], e["operator_s"]) for e in told] == [(60.0, 300.0)] * 2
    assert told[0]["time_s"] == pytest.approx(361.3)
    assert summary(plan, toolpath, one)["time_s"] > 2 * 361.3


def test_a_second_nozzle_prints_where_the_first_would(plans: ModuleType) -> None:
    """Offsets of nozzles are the stage's business: in part coordinates both run along the filaments."""
    part = plans.cross_layers(2, 80.0, 40.0, inks=("au", "cdse"))
    rig = plans.sim()
    loads = [
        replace(n, loads=(replace(n.loads[0], ink=i),))
        for n, i in zip(rig.nozzles, ("au", "cdse"), strict=True)
    ]
    _plan, toolpath = plans.planned(part, replace(rig, nozzles=tuple(loads)))
    for i in range(len(part)):
        rows_of = toolpath.filament == i
        assert set(toolpath.nozzle[rows_of].tolist()) == {int(part.material[i])}
        own = part.wet.points_um[part.offsets[i] : part.offsets[i + 1], :2]
        path = toolpath.position_um[np.flatnonzero(rows_of)[[0, -1]], :2]
        assert np.linalg.norm(own - path[-1], axis=1).min() < 1e-6
