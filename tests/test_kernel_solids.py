"""Solids: volume against closed forms and manifold3d, distances, supports, and crossings that miss nothing."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from wetprint.kernel import solids
from wetprint.kernel.scene import Solid
from wetprint.kernel.solids import SOLIDS, bounds, contains, crossings, distance, support

STAR = tuple((100 * math.cos(a), 60 * math.sin(a)) for a in np.arange(7) * 2 * math.pi / 7)
NOTCHED = ((0.0, 0.0), (100.0, 0.0), (100.0, 80.0), (50.0, 20.0), (0.0, 80.0))
HOLE = ((40.0, 2.0), (60.0, 2.0), (50.0, 12.0))
VASE = ((0.0, 0.0), (60.0, 0.0), (30.0, 40.0), (50.0, 90.0), (20.0, 90.0), (0.0, 30.0))

#: name, fields, volume in um^3 by a closed form
EXACT: list[tuple[str, dict[str, Any], float]] = [
    ("box", {"size": (100.0, 60.0, 40.0)}, 240_000.0),
    ("cylinder", {"radius": 50.0, "height": 30.0}, math.pi * 50**2 * 30),
    ("cone", {"radius": 50.0, "height": 90.0}, math.pi * 50**2 * 30),
    ("cone", {"radius": 50.0, "height": 60.0, "top_radius": 20.0}, math.pi * 20 * (2500 + 1000 + 400)),
    ("sphere", {"radius": 40.0}, 4 / 3 * math.pi * 40**3),
    ("prism", {"sides": 6, "radius": 50.0, "height": 30.0}, 1.5 * math.sqrt(3) * 2500 * 30),
    ("prism", {"sides": 5, "radius": 50.0, "height": 30.0, "top_radius": 0.0, "angle": 0.3}, 2.5 * 2500 * math.sin(math.radians(72)) * 10),
    ("pyramid", {"base": (100.0, 80.0), "height": 60.0}, 160_000.0),
    ("pyramid", {"base": (100.0, 80.0), "top": (50.0, 40.0), "height": 60.0}, 20 * (8000 + 2000 + 4000)),
    ("torus", {"radius": 50.0, "tube": 20.0}, 2 * math.pi**2 * 50 * 400),
    ("extrude", {"outline": NOTCHED, "height": 30.0}, 30 * (8000 - 3000)),
    ("extrude", {"outline": NOTCHED, "height": 30.0, "holes": (HOLE,)}, 30 * (5000 - 100)),
    ("revolve", {"profile": ((30.0, 0.0), (50.0, 0.0), (50.0, 40.0), (30.0, 40.0))}, math.pi * 1600 * 40),
]  # fmt: skip


def by_lines(solid: Solid, n: int, axis: int) -> float:
    """Volume by the lengths of n x n lines along an axis, each in the middle of its cell (the midpoint rule)."""
    low, high = (np.array(v) for v in bounds(solid))
    others = [a for a in range(3) if a != axis]
    at = [low[a] + (np.arange(n) + 0.5) * (high[a] - low[a]) / n for a in others]
    start = np.zeros((n * n, 3))
    start[:, others[0]], start[:, others[1]] = np.repeat(at[0], n), np.tile(at[1], n)
    start[:, axis] = low[axis] - 1.0
    step = np.zeros((n * n, 3))
    step[:, axis] = high[axis] - low[axis] + 2.0
    row, t = crossings(solid, start, step)
    row, t = (
        np.concatenate([row, np.arange(n * n), np.arange(n * n)]),
        np.concatenate([t, np.zeros(n * n), np.ones(n * n)]),
    )
    order = np.lexsort((t, row))
    row, t = row[order], t[order]
    same = np.flatnonzero(row[1:] == row[:-1])
    middle = start[row[same]] + ((t[same] + t[same + 1]) / 2)[:, None] * step[row[same]]
    inside = contains(solid, middle)
    length = ((t[same + 1] - t[same]) * inside).sum() * step[0, axis]
    return float(length * np.prod([(high[a] - low[a]) / n for a in others]))


@pytest.mark.parametrize(("kind", "fields", "volume"), EXACT)
@pytest.mark.parametrize("axis", [0, 2])
def test_volume_by_slices_is_the_closed_form(
    scenes: ModuleType, kind: str, fields: dict[str, Any], volume: float, axis: int
) -> None:
    solid = scenes.solid(kind, **fields)
    assert solids.complaint(solid) is None
    assert by_lines(solid, 150, axis) == pytest.approx(volume, rel=3e-3)
    matrix = ((0.0, -2.0, 0.0, 30.0), (1.0, 0.0, 0.5, -10.0), (0.0, 0.0, 1.5, 5.0))
    moved = scenes.solid(kind, matrix=matrix, **fields)
    assert by_lines(moved, 150, axis) == pytest.approx(3 * volume, rel=6e-3)


def test_booleans_agree_with_manifold(scenes: ModuleType) -> None:
    from manifold3d import Manifold

    hull = scenes.solid("box", size=(100.0, 80.0, 60.0))
    ball = scenes.solid("sphere", radius=45.0, at=(20.0, 0.0, 0.0))
    rod = scenes.solid(
        "cylinder", radius=15.0, height=200.0, matrix=((1, 0, 0, 0), (0, 0, -1, 100), (0, 1, 0, 30))
    )
    m_hull = Manifold.cube((100, 80, 60), True).translate((0, 0, 30))
    m_ball = Manifold.sphere(45, 256).translate((20, 0, 45))
    m_rod = Manifold.cylinder(200, 15, 15, 256, False).rotate((90, 0, 0)).translate((0, 100, 30))
    cases = {
        "union": m_hull + m_ball + m_rod,
        "intersection": m_hull ^ m_ball ^ m_rod,
        "difference": m_hull - m_ball - m_rod,
    }
    for kind, referee in cases.items():
        solid = scenes.solid(kind, hull, ball, rod)
        assert by_lines(solid, 200, 0) == pytest.approx(referee.volume(), rel=6e-3), kind
        low, high = bounds(solid)
        box = referee.bounding_box()
        assert all(a <= b + 1e-6 for a, b in zip(low, box[:3], strict=True))
        assert all(a >= b - 1e-6 for a, b in zip(high, box[3:], strict=True))


@given(data=st.data(), seed=st.integers(0, 10**6))
def test_crossings_miss_nothing(
    scenes: ModuleType, shapes: ModuleType, data: st.DataObject, seed: int
) -> None:
    solid = shapes.made(scenes, data.draw(shapes.any_solids()))
    assert solids.complaint(solid) is None
    rng = np.random.default_rng(seed)
    start, end = rng.uniform(-150, 150, (40, 3)), rng.uniform(-150, 150, (40, 3))
    end[:20, 2] = start[:20, 2]  # as the lines of a layer lie
    end[:5, 1] = start[:5, 1]
    step = end - start
    row, t = crossings(solid, start, step)
    assert ((t > 0) & (t < 1)).all()
    samples = (np.arange(400) + 0.5) / 400
    for i in range(40):
        inside = contains(solid, start[i] + samples[:, None] * step[i])
        cuts = np.sort(t[row == i])
        interval = np.searchsorted(cuts, samples)
        for k in np.unique(interval):
            some = inside[interval == k]
            # Samples within rounding of the surface may say either.
            if some.any() and not some.all():
                far = np.abs(distance(solid, start[i] + samples[interval == k][:, None] * step[i]))
                assert some[far > 1e-5].all() or not some[far > 1e-5].any()


@given(data=st.data(), seed=st.integers(0, 10**6))
def test_distance_has_the_sign_of_inside_and_bounds_the_way_to_the_surface(
    scenes: ModuleType, shapes: ModuleType, data: st.DataObject, seed: int
) -> None:
    solid = shapes.made(scenes, data.draw(shapes.any_solids()))
    rng = np.random.default_rng(seed)
    p = rng.uniform(-150, 150, (300, 3))
    d = distance(solid, p)
    assert ((d < 0) == contains(solid, p, 0.0))[np.abs(d) > 1e-6].all()
    # A ball of that radius holds no surface.
    u = rng.normal(size=p.shape)
    u /= np.linalg.norm(u, axis=1)[:, None]
    q = p + (0.999 * np.abs(d))[:, None] * u
    assert (contains(solid, q, 0.0) == (d < 0))[np.abs(d) > 1e-3].all()
    low, high = bounds(solid)
    inside = p[d < -1e-6]
    assert (inside >= np.array(low) - 1e-6).all() and (inside <= np.array(high) + 1e-6).all()


@given(data=st.data(), seed=st.integers(0, 10**6))
def test_distance_leads_to_the_surface(
    scenes: ModuleType, shapes: ModuleType, data: st.DataObject, seed: int
) -> None:
    kind, fields = data.draw(shapes.simple_solids())
    solid = scenes.solid(kind, **fields)
    rng = np.random.default_rng(seed)
    p = rng.uniform(-150, 150, (200, 3))
    d = distance(solid, p)
    h = 1e-4
    slope = np.stack(
        [(distance(solid, p + h * e) - distance(solid, p - h * e)) / (2 * h) for e in np.eye(3)], axis=1
    )
    smooth = np.abs(np.linalg.norm(slope, axis=1) - 1) < 1e-6
    assume(smooth.sum() > 20)
    foot = p - d[:, None] * slope
    assert np.abs(distance(solid, foot))[smooth].max() < 1e-2
    normal = rng.normal(size=3)
    value = support(solid, (normal[0], normal[1], normal[2]))
    assert (p[d < 0] @ normal <= value + 1e-6).all()


def test_support_is_reached(scenes: ModuleType) -> None:
    rng = np.random.default_rng(7)
    for kind, fields, _ in EXACT:
        solid = scenes.solid(kind, at=(5.0, -7.0, 11.0), **fields)
        low, high = (np.array(v) for v in bounds(solid))
        low, high = low - 0.5 * (high - low), high + 0.5 * (high - low)
        start = rng.uniform(low, high, (20_000, 3))
        step = rng.uniform(low, high, (20_000, 3)) - start
        row, t = crossings(solid, start, step)
        surface = start[row] + t[:, None] * step[row]
        surface = surface[np.abs(distance(solid, surface)) < 1e-6]
        for n in rng.normal(size=(6, 3)):
            n /= np.linalg.norm(n)
            value, reached = support(solid, tuple(n)), (surface @ n).max()
            assert value - 0.03 * np.linalg.norm(high - low) < reached <= value + 1e-6, kind


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("box", {"size": (1.0, 0.0, 1.0)}, "size"),
        ("cylinder", {"radius": -1.0, "height": 1.0}, "radius"),
        ("cone", {"radius": 1.0, "height": 1.0, "top_radius": -1.0}, "top_radius"),
        ("sphere", {"radius": float("nan")}, "radius"),
        ("prism", {"sides": 2, "radius": 1.0, "height": 1.0}, "sides"),
        ("pyramid", {"base": (1.0, 1.0), "height": 1.0, "top": (1.0, 0.0)}, "top"),
        ("torus", {"radius": 1.0, "tube": 2.0}, "tube"),
        ("extrude", {"outline": ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), "height": 1.0}, "outline"),
        ("extrude", {"outline": ((0.0, 0.0), (1.0, 1.0)), "height": 1.0}, "outline"),
        ("revolve", {"profile": ((-1.0, 0.0), (1.0, 0.0), (1.0, 1.0))}, "profile"),
    ],
)
def test_a_bad_solid_says_what_is_wrong(
    scenes: ModuleType, kind: str, fields: dict[str, Any], field: str
) -> None:
    solid = scenes.solid(kind, **fields)
    found = solids.complaint(scenes.solid("union", solid))
    assert found is not None and found[0] is solid and found[1] == field and found[2]
    assert scenes.codes(scenes.lattice(clip=solid)) == ["E411"]


def test_a_flat_transform_and_an_unknown_solid_are_refused(scenes: ModuleType) -> None:
    flat = scenes.solid("sphere", radius=1.0, matrix=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 0)))
    assert solids.complaint(flat) is not None
    assert scenes.codes(scenes.lattice(clip=scenes.solid("blob"), size=(400.0, 400.0))) == ["E411"]


def test_every_solid_documents_itself() -> None:
    for name in SOLIDS:
        construct = SOLIDS[name].construct
        assert (construct.kind, construct.name) == ("solid", name) and construct.doc
        assert construct.children in ("", "solid")
        assert all(f.doc for f in construct.fields)
