"""Contacts, gaps, spans and what hangs: against counts by hand, and one method against another."""

import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wetprint.kernel.figures import contacts as module
from wetprint.kernel.figures.contacts import Contacts, contacts_of, find_contacts, longest_spans
from wetprint.kernel.figures.crossings import Support
from wetprint.kernel.figures.near import closest, near_pairs
from wetprint.kernel.figures.tangle import tangle
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.measure import measure_state, sweep


def found(part: FilamentSet) -> Contacts:
    return find_contacts(part, "dried")


def as_bent(part: FilamentSet, monkeypatch: pytest.MonkeyPatch) -> Contacts:
    """The same part, taken as if its filaments bent."""
    monkeypatch.setattr("wetprint.kernel.figures.rods._straight", lambda *a: False)
    out = find_contacts(part, "dried")
    monkeypatch.undo()
    assert out.rods is not None and out.rods.course is not None
    return out


def test_a_woodpile_by_hand(parts: ModuleType) -> None:
    c = found(parts.woodpile(lines=5, layers=6))
    assert c.contacts == 5 * 25 and c.missing == 0 and c.joints == 0
    assert c.span_um[5:].tolist() == pytest.approx([40.0] * 25)
    assert (c.span_um[:5] == 0).all() and (c.overhang_um == 0).all() and c.carried.all()
    assert c.layer_gap_um == pytest.approx(30.0)
    # Layers k and k + 2 lie above each other: 2 h - d.
    assert c.gap_um == pytest.approx(6.0)
    assert c.contacts_of[:5].tolist() == [5] * 5 and c.contacts_of[5:10].tolist() == [10] * 5


def test_layers_too_far_apart_miss_every_contact(parts: ModuleType) -> None:
    c = found(parts.woodpile(lines=5, layers=3, rise=1.1))
    assert c.contacts == 0 and c.missing == 50
    assert c.gap_um == pytest.approx(1.0)
    assert not c.carried[5:].any() and c.span_um[5:].tolist() == pytest.approx([160.0] * 10)
    # Exactly touching is no bond.
    assert found(parts.woodpile(lines=5, layers=3, rise=1.0)).missing == 50


def test_a_filament_over_nothing_hangs(rods: ModuleType) -> None:
    part = rods.rods(
        [[(0, 0, 0.5), (9, 0, 0.5)], [(1, -2, 1.3), (1, 2, 1.3)], [(20, -2, 1.3), (20, 2, 1.3)]],
        1.0,
        [0, 1, 1],
    )
    c = found(part)
    assert c.contacts == 1 and c.missing == 1
    assert c.missing_of.tolist() == [0, 0, 1]
    assert c.overhang_um.tolist() == pytest.approx([0.0, 2.0, 4.0])


def test_spans_end_at_supports_and_free_ends_do_not_count(rods: ModuleType) -> None:
    below = [[(x, -5, 0.5), (x, 5, 0.5)] for x in (0.0, 3.0, 10.0)]
    c = found(rods.rods([*below, [(-2, 0, 1.3), (11, 0, 1.3)]], 1.0, [0, 0, 0, 1]))
    assert c.span_um[3] == pytest.approx(7.0) and c.overhang_um[3] == pytest.approx(2.0)


def test_lying_on_a_line_carries_all_of_it(rods: ModuleType) -> None:
    c = found(rods.rods([[(0, 0, 0.5), (6, 0, 0.5)], [(0, 0, 1.3), (9, 0, 1.3)]], 1.0, [0, 1]))
    assert c.contacts == 1 and c.span_um[1] == 0.0 and c.overhang_um[1] == pytest.approx(3.0)


def test_neighbours_that_fuse_have_a_gap_below_zero(rods: ModuleType) -> None:
    c = found(
        rods.rods([[(0, 0, 0.5), (9, 0, 0.5)], [(0, 0.9, 0.5), (9, 0.9, 0.5)], [(0, 3, 0.5), (9, 3, 0.5)]])
    )
    assert c.layer_gap_um == pytest.approx(-0.1) and c.gap_um == pytest.approx(-0.1)
    assert c.fused_of.tolist() == [1, 1, 0] and c.layer_nearest == (0, 1) and c.contacts == 1


def test_pieces_end_to_end_are_joined_and_not_contacts(rods: ModuleType) -> None:
    c = found(
        rods.rods([[(0, 0, 0.5), (3, 0, 0.5)], [(3, 0, 0.5), (9, 0, 0.5)], [(9.5, 0, 0.5), (12, 0, 0.5)]])
    )
    assert c.joints == 1 and c.contacts == 0 and c.layer_gap_um == pytest.approx(0.5)


def test_gap_from_an_end_to_a_flank(rods: ModuleType) -> None:
    c = found(rods.rods([[(0, -5, 0.5), (0, 5, 0.5)], [(2, 0, 0.5), (9, 0, 0.5)]]))
    assert c.contacts == 0 and c.gap_um == pytest.approx(1.5)


@pytest.mark.parametrize("degrees", [90, 60, 25])
def test_angles_of_crossing(rods: ModuleType, degrees: float) -> None:
    lower = [[(-9, v, 0.5), (9, v, 0.5)] for v in (-2.0, 0.0, 2.0)]
    upper = rods.turned([[(-9, v, 1.3), (9, v, 1.3)] for v in (-1.0, 1.0)], math.radians(degrees))
    c = found(rods.rods([*lower, *upper], 1.0, [0, 0, 0, 1, 1]))
    assert c.contacts == 6 and c.span_um[3:].tolist() == pytest.approx(
        [2 / math.sin(math.radians(degrees))] * 2
    )


@given(turn=st.floats(0, math.pi), dx=st.floats(-500, 500), dy=st.floats(-500, 500), points=st.integers(2, 7))
@example(turn=0.03125, dx=0.0, dy=0.0, points=2)
@settings(max_examples=20)
def test_moving_and_turning_changes_nothing(
    parts: ModuleType, turn: float, dx: float, dy: float, points: int
) -> None:
    plain = found(parts.woodpile(lines=4, layers=4))
    moved = found(parts.woodpile(lines=4, layers=4, turn=turn, centre=(dx, dy), points=points))
    assert moved.contacts == plain.contacts and moved.missing == 0
    assert moved.shared_um3 == pytest.approx(plain.shared_um3, rel=1e-6)
    assert moved.hidden_um2 == pytest.approx(plain.hidden_um2, rel=1e-4)
    assert moved.gap_um == pytest.approx(plain.gap_um) and moved.layer_gap_um == pytest.approx(
        plain.layer_gap_um
    )
    assert moved.span_um == pytest.approx(plain.span_um)


@pytest.mark.parametrize("case", ["woodpile", "far", "fused", "ends", "grid", "joint"])
def test_bent_filaments_that_are_straight_give_the_same(
    parts: ModuleType, rods: ModuleType, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    part = {
        "woodpile": lambda: parts.woodpile(lines=6, layers=5, points=3),
        "far": lambda: parts.woodpile(lines=4, layers=3, rise=1.2),
        "fused": lambda: rods.rods([[(0, 0, 0.5), (3, 0, 0.5)], [(0.5, 0.8, 0.5), (4, 0.8, 0.5)]]),
        "ends": lambda: rods.rods(
            [[(0, 0, 0.5), (3, 0, 0.5)], *rods.turned([[(0.1, 0, 1.3), (3, 0, 1.3)]], 0.9)], 1.0, [0, 1]
        ),
        "grid": lambda: rods.grid(3, 8, 2, 1, 0.8),
        "joint": lambda: rods.rods(
            [[(0, 0, 0.5), (3, 0, 0.5)], [(3, 0, 0.5), (4, 0, 0.5)], [(3.2, -2, 1.3), (3.2, 2, 1.3)]],
            1.0,
            [0, 0, 1],
        ),
    }[case]()
    plain, bent = found(part), as_bent(part, monkeypatch)
    for name in ("contacts", "missing", "joints"):
        assert getattr(bent, name) == getattr(plain, name), name
    assert bent.shared_um3 == pytest.approx(plain.shared_um3, rel=1e-4)
    assert bent.hidden_um2 == pytest.approx(plain.hidden_um2, rel=1e-3)
    for name in ("gap_um", "layer_gap_um"):
        assert getattr(bent, name) == pytest.approx(getattr(plain, name), abs=1e-9), name
    for name in ("span_um", "overhang_um", "contacts_of", "missing_of", "fused_of"):
        assert getattr(bent, name) == pytest.approx(getattr(plain, name), abs=1e-6), name


@pytest.mark.parametrize("case", ["woodpile", "far", "fused", "grid", "joint"])
def test_the_method_for_tangles_agrees(parts: ModuleType, rods: ModuleType, case: str) -> None:
    part = {
        "woodpile": lambda: parts.woodpile(lines=5, layers=4),
        "far": lambda: parts.woodpile(lines=4, layers=3, rise=1.2),
        "fused": lambda: rods.rods([[(0, 0, 0.5), (3, 0, 0.5)], [(0.5, 0.8, 0.5), (4, 0.8, 0.5)]]),
        "grid": lambda: rods.grid(3, 8, 2, 1, 0.8),
        "joint": lambda: rods.rods(
            [[(0, 0, 0.5), (3, 0, 0.5)], [(3, 0, 0.5), (9, 0, 0.5)], [(5, -2, 1.3), (5, 2, 1.3)]],
            1.0,
            [0, 0, 1],
        ),
    }[case]()
    plain, loose = found(part), tangle(part, part.state("dried"))
    for name in ("contacts", "missing", "joints"):
        assert getattr(loose, name) == getattr(plain, name), name
    whole = measure_state(part, "dried")
    assert loose.shared_um3 == pytest.approx(whole.swept_um3 - whole.volume_um3, rel=0.03)
    surface = float(sweep(part, "dried").surface_um2.sum())
    assert loose.hidden_um2 == pytest.approx(surface - whole.surface_um2, rel=0.03)
    if case == "joint":
        # This method takes ends as round, the exact one as flat.
        assert loose.gap_um < plain.gap_um
    else:
        assert loose.gap_um == pytest.approx(plain.gap_um, abs=1e-9)
    assert loose.layer_gap_um == pytest.approx(plain.layer_gap_um, abs=1e-9)


def test_arcs_that_cross(rods: ModuleType) -> None:
    """A bow of 0.2 of its span under straight lines: contacts by hand."""
    x = np.linspace(-50, 50, 41)
    bow = np.column_stack([x, 10 * (1 - (x / 50) ** 2), np.full(41, 5.0)])
    lines = [[(v, -30, 13), (v, 30, 13)] for v in (-40, 0, 40)]
    part = rods.rods([bow.tolist(), *lines], 10.0, [0, 1, 1, 1])
    c = found(part)
    assert c.rods is not None and c.rods.course is not None
    assert c.contacts == 3 and c.missing == 0
    slope = np.array([-2 * 10 * v / 50**2 for v in (-40, 0, 40)])
    # At an angle the shared volume grows by 1 / sin of it.
    whole = 0.056461266 * 1000
    assert c.shared_um3 == pytest.approx(float((whole * np.hypot(1, slope)).sum()), rel=2e-3)


def test_a_helix_touches_itself_only_where_it_should(rods: ModuleType) -> None:
    t = np.linspace(0, 6 * math.pi, 400)

    def helix(rise: float) -> FilamentSet:
        return rods.rods(
            [np.column_stack([40 * np.cos(t), 40 * np.sin(t), 5 + rise * t / (2 * math.pi)]).tolist()], 10.0
        )

    assert found(helix(20.0)).contacts == 0
    close = found(helix(9.0))
    assert close.contacts >= 1 and not close.exact


def test_fans_of_directions_go_the_general_way(rods: ModuleType) -> None:
    spokes = [
        [(20 * math.cos(a), 20 * math.sin(a), 5), (90 * math.cos(a), 90 * math.sin(a), 5)]
        for a in np.arange(0, 2 * math.pi, 0.1)
    ]
    ring = [[(50 * math.cos(a), 50 * math.sin(a), 13) for a in np.linspace(0, 2 * math.pi, 200)]]
    part = rods.rods([*spokes, *ring], 1.5, [0] * len(spokes) + [1])
    c = found(part)
    assert c.contacts == 0 and c.missing == len(spokes) and c.joints == 0 and not c.exact
    lower = rods.rods([*spokes, *[[(x, y, 6.2) for x, y, _ in ring[0]]]], 1.5, [0] * len(spokes) + [1])
    assert found(lower).contacts == len(spokes)


def test_supports_of_many_rods_at_once() -> None:
    start, end = np.array([0.0, 0.0, 0.0]), np.array([10.0, 10.0, 10.0])
    rests = [
        Support(np.array([0, 0, 1]), np.array([2.0, 7.0, 1.0]), np.array([2.0, 7.0, 6.0])),
        Support(np.array([0]), np.array([3.0]), np.array([3.0])),
    ]
    span, free, carried = longest_spans(start, end, rests)
    assert span.tolist() == [4.0, 0.0, 10.0] and free.tolist() == [3.0, 4.0, 10.0]
    assert carried.tolist() == [True, True, False]


def test_near_pairs_find_all_that_are_near() -> None:
    p = np.random.default_rng(7).random((400, 3)) * 50
    pairs = {
        tuple(sorted(x)) for i, j in near_pairs(p, 6.0) for x in zip(i.tolist(), j.tolist(), strict=True)
    }
    d = np.linalg.norm(p[:, None] - p[None], axis=2)
    near = {(i, j) for i, j in zip(*np.nonzero(d < 6.0), strict=True) if i < j}
    assert near <= pairs


@given(st.integers(0, 10_000))
def test_closest_points_against_a_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.normal(size=(1, 3)), rng.normal(size=(1, 3))
    d, e = rng.normal(size=(1, 3)), rng.normal(size=(1, 3))
    if seed % 5 == 0:
        e = d * rng.normal()
    c = closest(p, d, q, e)
    s = np.linspace(0, 1, 201)
    grid = (q + s[:, None] * e)[None] - (p + s[:, None] * d)[:, None]
    best = float(np.linalg.norm(grid, axis=2).min())
    mine = float(np.linalg.norm(c.away))
    assert mine <= best + 1e-9 and mine >= best - 0.02 * (np.linalg.norm(d) + np.linalg.norm(e))


def test_remembered_contacts_are_the_same_object(parts: ModuleType) -> None:
    part = parts.woodpile()
    assert contacts_of(part, "dried") is contacts_of(part, "dried")
    assert module.contacts_of.cache_info().maxsize == 4
