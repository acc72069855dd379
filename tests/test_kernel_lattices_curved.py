"""Honeycomb, kagome, concentric, spiral and radial lattices: lengths and places by closed forms; slices; contours."""

import math
import time
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.build import build
from wetprint.kernel.shapes.contours import chains, contours
from wetprint.kernel.shapes.slices import slice_solid

TAU = 2 * math.pi


def layer_lines(f, k: int) -> list[np.ndarray]:  # type: ignore[no-untyped-def, type-arg]
    p = f.dried.points_um[:, :2]
    return [p[f.offsets[i] : f.offsets[i + 1]] for i in np.flatnonzero(f.layer == k)]


def test_a_honeycomb_holds_every_wall_once_in_every_layer(scenes: ModuleType) -> None:
    a, side = 60.0, 60.0 / math.sqrt(3)
    f = scenes.one(scenes.lattice("honeycomb", size=(1200.0, 1200.0), pitch=a, layers=3), warnings=True)
    # A cell of area sqrt(3)/2 a^2 has six walls, each shared by two.
    assert scenes.lengths(f).sum() / 3 / 1200.0**2 == pytest.approx(2 / a, rel=0.02)
    walls = []
    for k in range(3):
        pieces = [s for line in layer_lines(f, k) for s in np.stack([line[:-1], line[1:]], axis=1)]
        whole = [s for s in pieces if np.abs(s).max() < 500]
        assert all(np.linalg.norm(s[1] - s[0]) == pytest.approx(side, abs=3e-3) for s in whole)
        middles = {tuple(np.round(s.mean(axis=0) / 3) + 0.0) for s in whole}
        assert len(middles) == len(whole)
        walls.append(middles)
    assert walls[0] == walls[1] == walls[2]
    # The middle of a cell lies in the middle: its six corners are a side away, and no wall is nearer than half a pitch.
    near = min(
        np.linalg.norm(s.mean(axis=0))
        for line in layer_lines(f, 0)
        for s in np.stack([line[:-1], line[1:]], axis=1)
    )
    assert near == pytest.approx(a / 2, abs=2e-3)


@pytest.mark.parametrize(("kind", "threes"), [("kagome", False), ("triangular", True)])
def test_in_a_kagome_no_three_lines_meet(scenes: ModuleType, kind: str, threes: bool) -> None:
    hexagon = scenes.solid("prism", sides=6, radius=200.0, height=200.0)
    # Eleven lines stand across, so that those of the triangular lattice pass through the middle.
    f = scenes.one(scenes.lattice(kind, clip=hexagon, layers=3, pitch=34.0), warnings=True)
    lines = [[shapely.LineString(p) for p in layer_lines(f, k)] for k in range(3)]
    crossings = [a.intersection(b) for i, j in ((0, 1), (1, 2), (0, 2)) for a in lines[i] for b in lines[j]]
    points = np.array([(c.x, c.y) for c in crossings if c.geom_type == "Point"])
    assert len(points) > 60
    gap = np.linalg.norm(points[:, None] - points, axis=2) + np.eye(len(points)) * 1e9
    # The corners of a kagome lattice are half an edge of its triangles apart: pitch / sqrt(3).
    assert (gap.min() < 0.01) == threes
    if not threes:
        assert gap.min() == pytest.approx(34.0 / math.sqrt(3), abs=0.01)


def test_concentric_rectangles_and_circles_have_their_perimeters(scenes: ModuleType) -> None:
    f = scenes.one(scenes.lattice("concentric", size=(400.0, 300.0), pitch=40.0, layers=2))
    expected = [2 * (400 - 80 * i + 300 - 80 * i) for i in range(4)]
    assert sorted(scenes.lengths(f)[f.layer == 0]) == pytest.approx(sorted(expected))
    rod = scenes.solid("cylinder", radius=150.0, height=100.0, at=(30.0, 0.0, 0.0))
    g = scenes.one(scenes.lattice("concentric", clip=rod, pitch=40.0, layers=2, phase=10.0, tolerance=0.01))
    rings = [TAU * r for r in (140.0, 100.0, 60.0, 20.0)]
    assert sorted(scenes.lengths(g)[g.layer == 1]) == pytest.approx(sorted(rings), rel=2e-3)
    p = g.dried.points_um
    assert (p[g.offsets[:-1]] == p[g.offsets[1:] - 1]).all()


def test_concentric_lines_follow_holes_and_slopes(scenes: ModuleType) -> None:
    ring = scenes.solid(
        "difference",
        scenes.solid("cylinder", radius=150.0, height=100.0),
        scenes.solid("cylinder", radius=50.0, height=100.0),
    )
    f = scenes.one(scenes.lattice("concentric", clip=ring, pitch=30.0, layers=1))
    radii = sorted(length / TAU for length in scenes.lengths(f))
    assert radii == pytest.approx([50.0, 80.0, 120.0, 150.0], rel=2e-3)
    cone = scenes.solid("cone", radius=150.0, height=300.0)
    g = scenes.one(scenes.lattice("concentric", clip=cone, pitch=30.0, layers=20), warnings=True)
    for k in range(20):
        z = 5.0 + 8.0 * k
        outer = scenes.lengths(g)[g.layer == k].max() / TAU
        assert outer == pytest.approx(150 * (1 - z / 300), rel=2e-3)


def test_a_spiral_fills_a_disc_evenly(scenes: ModuleType) -> None:
    rod = scenes.solid("cylinder", radius=200.0, height=100.0)
    f = scenes.one(scenes.lattice("spiral", clip=rod, pitch=25.0, layers=2, tolerance=0.01))
    assert len(f) == 2
    b = 25.0 / TAU
    end = 200.0 / b
    assert scenes.lengths(f)[0] == pytest.approx(
        b / 2 * (end * math.hypot(1, end) + math.asinh(end)), rel=1e-4
    )
    p = f.dried.points_um[: f.offsets[1]]
    r, turn = np.hypot(p[:, 0], p[:, 1]), np.unwrap(np.arctan2(p[:, 1], p[:, 0]))
    assert np.abs(r[5:] - (r[5] + b * (turn[5:] - turn[5]))).max() < 0.02


def test_spokes_are_never_nearer_than_the_pitch_nor_farther_than_twice(scenes: ModuleType) -> None:
    rod = scenes.solid("cylinder", radius=300.0, height=100.0)
    f = scenes.one(scenes.lattice("radial", clip=rod, pitch=20.0, layers=4))
    p = f.dried.points_um[:, :2]
    spokes = np.flatnonzero(f.layer == 0)
    start, end = p[f.offsets[spokes]], p[f.offsets[spokes + 1] - 1]
    inner, turn = np.hypot(*start.T), np.arctan2(end[:, 1], end[:, 0])
    assert np.allclose(np.hypot(*end.T), 300.0, atol=2e-3) and inner.min() == pytest.approx(20.0, abs=2e-3)
    for r in (21.0, 55.0, 90.0, 170.0, 299.0):
        there = np.sort(turn[inner <= r])
        gaps = np.diff(np.append(there, there[0] + TAU)) * r
        assert gaps.min() >= 20.0 - 0.01 and gaps.max() <= 2.2 * 20.0
    rings = sorted(scenes.lengths(f)[f.layer == 1] / TAU)
    assert (
        rings == pytest.approx([20.0 * i for i in range(1, 16)][: len(rings)], rel=2e-3) and len(rings) >= 14
    )


def test_a_ring_that_is_cut_has_no_seam_where_it_was_begun(scenes: ModuleType) -> None:
    e = scenes.expr
    ring = scenes.path("circle", "wire", radius=100.0)
    for axis in (scenes.X, scenes.Y):
        for bound in (-50.0, 0.0, 70.0):
            f = scenes.one(ring, scenes.region(e(">", axis, bound), part="wire", material=scenes.AG))
            assert len(f) == 2 and scenes.lengths(f).sum() == pytest.approx(
                scenes.lengths(scenes.one(ring))[0], rel=1e-6
            )
            chord = 2 * math.acos(bound / 100) * 100
            ag = f.material == [i.name for i in f.inks].index("ag")
            assert scenes.lengths(f)[ag][0] == pytest.approx(chord, rel=2e-3)
    both = e("or", e(">", scenes.X, 50.0), e("<", scenes.X, -50.0))
    f = scenes.one(ring, scenes.region(both, part="wire", omit=True))
    assert len(f) == 2
    whole = scenes.one(ring, scenes.region(e("<", scenes.R, 500.0), part="wire", material=scenes.AG))
    p = whole.dried.points_um
    assert len(whole) == 1 and (p[0] == p[-1]).all()


@pytest.mark.parametrize(
    ("kind", "fields", "z", "area"),
    [
        ("box", {"size": (100.0, 60.0, 40.0)}, 20.0, 6000.0),
        ("pyramid", {"base": (100.0, 80.0), "height": 60.0}, 30.0, 2000.0),
        ("prism", {"sides": 6, "radius": 50.0, "height": 30.0}, 10.0, 1.5 * math.sqrt(3) * 2500),
        ("cylinder", {"radius": 50.0, "height": 30.0}, 29.0, math.pi * 2500),
        ("cone", {"radius": 50.0, "height": 90.0}, 45.0, math.pi * 625),
        ("sphere", {"radius": 40.0}, 60.0, math.pi * 1200),
        ("torus", {"radius": 50.0, "tube": 20.0}, 20.0, math.pi * (4900 - 900)),
        ("extrude", {"outline": ((0.0, 0.0), (90.0, 0.0), (0.0, 90.0)), "height": 9.0, "holes": (((10.0, 10.0), (20.0, 10.0), (10.0, 20.0)),)}, 5.0, 4000.0),
        ("revolve", {"profile": ((30.0, 0.0), (50.0, 0.0), (50.0, 40.0), (30.0, 40.0))}, 10.0, math.pi * 1600),
    ],
)  # fmt: skip
def test_slices_have_their_areas(
    scenes: ModuleType, kind: str, fields: dict[str, object], z: float, area: float
) -> None:
    solid = scenes.solid(kind, **fields)
    assert slice_solid(solid, z, 0.01).area == pytest.approx(area, rel=1e-3)
    assert slice_solid(solid, 500.0, 0.01).is_empty and slice_solid(solid, -1.0, 0.01).is_empty
    turned = scenes.solid(
        kind, matrix=((0.0, -2.0, 0.0, 9.0), (1.0, 0.0, 0.0, 4.0), (0.0, 0.0, 3.0, 10.0)), **fields
    )
    assert slice_solid(turned, 3 * z + 10, 0.01).area == pytest.approx(2 * area, rel=1e-3)
    # Standing on a side, sliced along what was upright: the area is that of the section through the axis.
    c, s = math.cos(0.3), math.sin(0.3)
    tilted = scenes.solid(kind, matrix=((1, 0, 0, 0), (0, c, -s, 0), (0, s, c, 0)), **fields)
    cut = slice_solid(tilted, z, 0.01)
    low, high = np.array(cut.bounds[:2]), np.array(cut.bounds[2:])
    rng = np.random.default_rng(5)
    points = np.column_stack([rng.uniform(low - 5, high + 5, (4000, 2)), np.full(4000, z)])
    from wetprint.kernel.solids import contains, distance

    inside = shapely.contains_xy(cut, points[:, 0], points[:, 1])
    assert (inside == contains(tilted, points))[np.abs(distance(tilted, points)) > 0.5].all()


@given(seed=st.integers(0, 10**6))
def test_contours_are_closed_or_end_at_the_edge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.linspace(0, 10, 23), np.linspace(-3, 4, 17)
    coefficients = rng.normal(size=(4, 3))
    values = sum(a * np.sin(b * x[None, :] + c * y[:, None]) for a, b, c in coefficients) - 0.1
    points, counts = contours(values, x, y)
    ends = np.cumsum(counts)
    for first, last in zip(ends - counts, ends - 1, strict=True):
        line = points[first : last + 1]
        assert len(line) >= 2
        if (line[0] == line[-1]).all():
            assert len(line) >= 4
        else:
            for q in (line[0], line[-1]):
                assert q[0] in (x[0], x[-1]) or q[1] in (y[0], y[-1])
        # Neighbours share a cell.
        assert (
            np.abs(np.diff(line[:, 0])).max() <= x[1] - x[0] + 1e-9
            and np.abs(np.diff(line[:, 1])).max() <= y[1] - y[0] + 1e-9
        )


@given(seed=st.integers(0, 10**6), n=st.integers(2, 60))
def test_chains_follow_their_links(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    keep = rng.random(n) < 0.8
    start, end = order[keep], np.roll(order, -1)[keep]
    nodes, counts = chains(start, end, n)
    follow = dict(zip(start.tolist(), end.tolist(), strict=True))
    seen = []
    for chain in np.split(nodes, np.cumsum(counts)[:-1]):
        for a, b in pairwise(chain):
            assert follow[int(a)] == b
        closed = len(chain) > 1 and chain[0] == chain[-1]
        if not closed:
            assert chain[0] not in follow.values() and int(chain[-1]) not in follow
        seen += (chain[:-1] if closed else chain).tolist()
    assert sorted(seen) == list(range(n))


def test_a_wavy_woodpile_swings_and_lifts(scenes: ModuleType) -> None:
    more = {"amplitude": 12.0, "wavelength": 160.0, "lift": 3.0, "shift": 0.5, "tolerance": 0.01}
    f = scenes.one(scenes.lattice("wavy", size=(800.0, 400.0), layers=2, **more))
    p = f.dried.points_um
    bottom = [p[f.offsets[i] : f.offsets[i + 1]] for i in np.flatnonzero(f.layer == 0)]
    # Lines keep their swing away from the edge: 9 pitches fit in 376 um.
    assert len(bottom) == 10
    for i, line in enumerate(bottom):
        y0, turn = (i - 4.5) * 40.0, TAU * (line[:, 0] + 400.0) / 160.0 + 0.5 * i
        assert np.abs(line[:, 1] - y0 - 12 * np.sin(turn)).max() < 2e-3
        assert np.abs(line[:, 2] - 5.0 - 3 * np.cos(turn)).max() < 2e-3
        assert (line[0, 0], line[-1, 0]) == (-400.0, 400.0)
    x = np.linspace(-400, 400, 200_001)
    turn = TAU * (x + 400) / 160
    exact = np.trapezoid(
        np.sqrt(1 + (12 * TAU / 160 * np.cos(turn)) ** 2 + (3 * TAU / 160 * np.sin(turn)) ** 2), x
    )
    assert scenes.lengths(f)[0] == pytest.approx(exact, rel=2e-4)
    top = p[np.repeat(f.layer == 1, np.diff(f.offsets))]
    assert np.abs(top[:, 1]).max() == 200.0 and np.abs(top[:, 0]).max() <= 400.0
    slanted = scenes.one(
        scenes.lattice("wavy", size=(800.0, 400.0), layers=1, angle=0.6, **more), warnings=True
    )
    q = slanted.dried.points_um
    assert (np.abs(q[:, 0]) <= 400.002).all() and (np.abs(q[:, 1]) <= 200.002).all()
    flat = scenes.one(scenes.lattice("wavy", size=(800.0, 400.0), layers=1, amplitude=0.0))
    assert scenes.lengths(flat).sum() == 11 * 800.0
    assert scenes.codes(scenes.lattice("wavy", size=(800.0, 400.0), wavelength=0.0)) == ["E413"]


def test_ten_million_points_of_waves_are_built_in_seconds(scenes: ModuleType) -> None:
    step, wave = 1e4 / 999, 1e5 / 999
    tolerance = 1.0001 * 20 * (TAU / wave) ** 2 * step**2 / 8
    node = scenes.lattice("wavy", size=(1e4, 9940.0), pitch=100.0, layers=100, amplitude=20.0, wavelength=wave,
                          tolerance=tolerance, rules=[{"angle": 0.0}] * 100)  # fmt: skip
    start = time.process_time()
    jobs, said = build(scenes.scene(node))
    took = time.process_time() - start
    assert not said and jobs[0].filaments.point_count == 10_000_000 and took < 6
