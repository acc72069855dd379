"""The nozzle against the part: the cone's distance, clearance of whole plans against brute force, orders that avoid what can be."""

import itertools
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.motion import PRINT, Toolpath, make_toolpath
from wetprint.kernel.order import make_plan, summary
from wetprint.kernel.planning.clearance import clearance
from wetprint.kernel.planning.phases import Needs, phases
from wetprint.kernel.planning.precede import hits, islands, joined_cells
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.planning.tip import gap_um, radius_at_um
from wetprint.kernel.rig import Nozzle, Rig

TAN5 = np.tan(np.radians(5.0))
CONE = Nozzle("cone", 10.0, 12.0, ((0.0, 6.0), (1000.0, 6.0 + 1000.0 * TAN5)), "box")


def test_distance_to_a_cone_is_the_closed_form() -> None:
    """(rho - r_o - z tan a) cos a - b: 14.5509 um for r_o 6, a 5 deg, z 50, rho 30, b 5."""
    gap = gap_um(CONE, np.array([30.0]), np.array([50.0]))[0] - 5.0
    assert gap == pytest.approx(14.5509, abs=5e-5)
    rng = np.random.default_rng(1)
    z, rho = rng.uniform(60, 900, 200), rng.uniform(90, 300, 200)
    exact = (rho - 6.0 - z * TAN5) * np.cos(np.radians(5.0))
    # The foot of the perpendicular lies on the cone.
    inside = z + exact * np.sin(np.radians(5.0)) < 1000.0
    assert np.allclose(gap_um(CONE, rho, z)[inside], exact[inside])


def test_distance_to_the_end_of_the_tip() -> None:
    below = gap_um(CONE, np.array([0.0, 5.0, 6.0, 9.0, 0.0]), np.array([-3.0, -3.0, -4.0, -4.0, 2.0]))
    assert below == pytest.approx([3.0, 3.0, 4.0, 5.0, -2.0])
    assert radius_at_um(CONE, [-1.0, 0.0, 500.0, 5000.0]) == pytest.approx(
        [0, 6, 6 + 500 * TAN5, 6 + 1000 * TAN5]
    )


def brute_least(toolpath: Toolpath, rig: Rig, step: float = 1.0) -> float:
    """Least clearance from filaments that stand above the tip's end by more than half a micrometre, tip by tip and point by point, and of
    travels from all below them."""
    plan = toolpath.plan
    wet = plan.filaments.state("wet")
    place = {int(i): k for k, i in enumerate(plan.order)}
    printed: list[tuple[np.ndarray, np.ndarray]] = []

    def cut(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        n = max(1, int(np.ceil(np.linalg.norm(b - a) / step)))
        return a + np.linspace(0, 1, n + 1)[:, None] * (b - a)

    def axis(i: int) -> tuple[np.ndarray, np.ndarray]:
        low, high = plan.filaments.offsets[i], plan.filaments.offsets[i + 1]
        points = np.concatenate([cut(wet.points_um[k], wet.points_um[k + 1]) for k in range(low, high - 1)])
        return points, np.full(len(points), 0.5 * float(wet.width_um[low]))

    least, last = np.inf, -1
    for row in range(1, len(toolpath)):
        i = int(toolpath.filament[row])
        if i >= 0:
            last = i
        elif last >= 0 and len(printed) <= place[last]:
            printed.append(axis(last))
        if not printed or toolpath.nozzle[row] != toolpath.nozzle[row - 1]:
            continue
        points = np.concatenate([p for p, _ in printed])
        radius = np.concatenate([r for _, r in printed])
        for tip in cut(toolpath.position_um[row - 1], toolpath.position_um[row]):
            higher = points[:, 2] + radius > tip[2] + 0.5
            if higher.any():
                beside = np.hypot(points[higher, 0] - tip[0], points[higher, 1] - tip[1])
                gap = gap_um(rig.nozzles[0], beside, points[higher, 2] - tip[2]) - radius[higher]
                least = min(least, float(gap.min()))
    return least


def random_part(plans: ModuleType, seed: int, n: int) -> FilamentSet:
    rng = np.random.default_rng(seed)
    start = np.column_stack([rng.uniform(0, 150, (n, 2)), rng.uniform(5, 40, n)])
    end = start + np.column_stack([rng.uniform(-80, 80, (n, 2)), rng.uniform(-20, 80, n)])
    end[:, 2] = np.maximum(end[:, 2], 5.0)
    part: FilamentSet = plans.lines(np.stack([start, end], axis=1))
    return part


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_clearance_equals_brute_force(plans: ModuleType, n: int, seed: int) -> None:
    part = random_part(plans, seed, n)
    rig = plans.sim(heights={"clear_um": 20.0})
    _, toolpath = plans.planned(part, rig)
    slow = brute_least(toolpath, rig)
    fast = clearance(toolpath, rig)
    if slow < 15.0:
        # The slow one looks every micrometre, on both sides; ours between its samples too.
        assert slow - 1.1 < fast.least_um < slow + 0.1
    else:
        assert fast.least_um > 10.5


@given(st.integers(2, 5), st.integers(0, 10_000))
def test_no_hit_where_an_order_without_one_exists(plans: ModuleType, n: int, seed: int) -> None:
    part = random_part(plans, seed, n)
    rig = plans.sim()
    edges = {tuple(e) for e in hits(part, np.arange(n), rig.nozzles[0]).tolist()}
    free = any(
        all(order.index(a) < order.index(b) for a, b in edges) for order in itertools.permutations(range(n))
    )
    plan, toolpath = plans.planned(part, rig)
    if not plan.cuts and not plan.shortened:
        place = np.argsort(plan.order)
        kept = all(place[a] < place[b] for a, b in edges)
        assert kept == free
    told = [d.code for d in problems(plan, rig, toolpath) if d.code in ("R524", "R525")]
    if free:
        # 0.25 of a filament may be pressed, and samples are coarse.
        assert clearance(toolpath, rig).least_um > -2.5 - 2.5
    else:
        # Either the filaments were cut, or it is said that they are in each other's way.
        assert plan.cuts or plan.shortened or "R525" in told


def test_a_crossing_rests_on_what_is_below(plans: ModuleType) -> None:
    part = plans.lines([[[0, -50, 13], [0, 50, 13]], [[-50, 0, 5], [50, 0, 5]], [[-50, 80, 5], [50, 80, 5]]])
    assert hits(part, np.arange(3), CONE).tolist() == [[1, 0]]


def test_pillars_too_close_are_refused_with_both_lines(plans: ModuleType) -> None:
    def pillars(pitch: float) -> FilamentSet:
        at = [(x * pitch, y * pitch) for x in range(3) for y in range(3)]
        part: FilamentSet = plans.lines([[[x, y, 5], [x, y, 305]] for x, y in at])
        return part

    rig = plans.sim()
    for pitch, good in ((30.0, False), (60.0, True)):
        plan, toolpath = plans.planned(pillars(pitch), rig)
        told = [d for d in problems(plan, rig, toolpath) if d.code == "R524"]
        assert bool(told) is not good
        for d in told:
            assert (
                d.primary is plans.SPAN and d.related[0].span is plans.SPAN and "um is how deep" in d.message
            )
        if good:
            # Every pillar upwards, and its top is where the tip leaves it.
            rows = toolpath.kind == PRINT
            assert (np.diff(toolpath.position_um[:, 2])[rows[1:]] > 0).all()


def test_travels_keep_their_height(plans: ModuleType) -> None:
    rig = plans.sim(heights={"clear_um": 33.0})
    _, toolpath = plans.planned(plans.cross_layers(4, 200.0, 40.0), rig)
    found = clearance(toolpath, rig)
    assert found.least_um == pytest.approx(33.0) and found.filament == -1


# -- few changes of ink ---------------------------------------------------------------------------------------------


def fewest(count: int, edges: set[tuple[int, int]], ink: list[int], loaded: int | None) -> int:
    """Fewest changes over all orders that respect the edges, by search over what is done and the ink in use."""
    needs = [sum(1 << a for a, b in edges if b == k) for k in range(count)]
    front = {(0, loaded if loaded is not None else -1): 0}
    for _ in range(count):
        after: dict[tuple[int, int], int] = {}
        for (done, last), cost in front.items():
            for k in range(count):
                if not done >> k & 1 and needs[k] & done == needs[k]:
                    key = (done | 1 << k, ink[k])
                    total = cost + (last not in (-1, ink[k]))
                    after[key] = min(after.get(key, 99), total)
        front = after
    return min(front.values())


@given(st.integers(1, 8), st.integers(0, 10_000), st.booleans())
def test_two_inks_change_as_seldom_as_can_be(n: int, seed: int, is_loaded: bool) -> None:
    rng = np.random.default_rng(seed)
    ink = rng.integers(0, 2, n)
    pairs = {(a, b) for a in range(n) for b in range(a + 1, n) if rng.random() < 0.3}
    loaded = int(ink[0]) if is_loaded else None
    found = phases(n, Needs(np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)), ink, loaded)
    order = np.lexsort((found.wave, found.phase))
    place = np.argsort(order)
    assert all((found.phase[a], found.wave[a]) < (found.phase[b], found.wave[b]) for a, b in pairs), place
    taken = ink[order]
    changes = int((np.diff(taken) != 0).sum()) + (loaded is not None and taken[0] != loaded)
    assert changes == fewest(n, pairs, ink.tolist(), loaded)
    assert len(found.forced) == 0


def test_a_circle_is_broken_at_its_lowest() -> None:
    found = phases(
        3, Needs(np.array([[0, 1], [1, 2], [2, 0]])), np.zeros(3, np.int64), None, np.array([5, 2, 9])
    )
    assert found.forced.tolist() == [1]


def tower(
    plans: ModuleType, x: float, inks: list[int], lines: int = 3
) -> tuple[list[list[list[float]]], list[int], list[int]]:
    ends, layer, material = [], [], []
    for k, ink in enumerate(inks):
        for i in range(lines):
            ends.append([[x - 40, i * 40 - 40, 5 + 8 * k], [x + 40, i * 40 - 40, 5 + 8 * k]])
            layer.append(k)
            material.append(ink)
    return ends, layer, material


def test_towers_apart_are_printed_with_fewer_changes(plans: ModuleType) -> None:
    a, b = tower(plans, -400.0, [0, 1, 0, 1]), tower(plans, 400.0, [1, 0, 1, 0])
    part = plans.lines(a[0] + b[0], a[1] + b[1], a[2] + b[2], ("au", "cdse"))
    assert len(set(islands(part.wet.points_um, part.offsets, 50.0).tolist())) == 2
    rig = plans.sim()
    plan, toolpath = plans.planned(part, rig)
    # Layer by layer takes 4; au 0 | cdse 1 + cdse 0 | au 2 + au 1 | cdse 3 + cdse 2 | au 3 takes 4 as well; from the
    # other side the same. Alternating towers of 4 cannot do better than 4, and two equal ones than 3.
    found = summary(plan, toolpath, rig)["material_switches"]
    assert found == 4
    b = tower(plans, 400.0, [0, 0, 1, 1])
    part = plans.lines(a[0] + b[0], a[1] + b[1], a[2] + b[2], ("au", "cdse"))
    plan, toolpath = plans.planned(part, rig)
    assert summary(plan, toolpath, rig)["material_switches"] == 3
    assert [d.code for d in problems(plan, rig, toolpath)] == []
    # Near one another they rise together, at the price of changes: the cone would hit the higher one.
    near = tower(plans, -300.0, [0, 0, 1, 1])
    part = plans.lines(a[0] + near[0], a[1] + near[1], a[2] + near[2], ("au", "cdse"))
    slim = replace(rig.nozzles[0], cone_um=((0.0, 6.0), (100.0, 400.0)))
    plan = make_plan([plans.job(part)], replace(rig, nozzles=(slim,)))
    assert (np.diff(part.layer[plan.order]) >= 0).all()
    toolpath = make_toolpath(plan, replace(rig, nozzles=(slim,)))
    assert clearance(toolpath, replace(rig, nozzles=(slim,))).least_um > 0


def test_cells_hang_together_as_scipy_says() -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        grid = random.random(random.integers(1, 30, 2)) < random.random()
        grid[-1, -1] = True
        row, column = (np.tile(at, 2) for at in np.nonzero(grid))
        mixed = random.permutation(len(row))
        names, _ = label(grid, structure=np.ones((3, 3), int))
        found = joined_cells(row[mixed], column[mixed])
        assert np.array_equal(found, names[row, column][mixed] - 1)


def test_islands_of_curved_filaments(plans: ModuleType) -> None:
    t = np.linspace(0, 2 * np.pi, 60)
    rings = [np.column_stack([x + 100 * np.cos(t), 100 * np.sin(t), np.full(60, 5.0)]) for x in (0, 150, 600)]
    part = filaments(
        np.concatenate(rings), np.full(3, 60), width_um=np.array(10.0), material=0, layer=0, origin=0,
        inks=(plans.ink("au"),), spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    found = islands(part.wet.points_um, part.offsets, 30.0)
    assert found[0] == found[1] != found[2]
