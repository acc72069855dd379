"""Filled solids: walls, hatch and skins, against perimeters and chords in closed form."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import shapely
from wetprint.kernel.lattices.fill import hatch

TAU = 2 * math.pi


def fill(scenes: ModuleType, solid: Any, **more: Any) -> Any:
    return scenes.one(scenes.lattice("fill", clip=solid, **more), warnings=True)


def closed(f: Any) -> Any:
    p = f.dried.points_um
    return (p[f.offsets[:-1]] == p[f.offsets[1:] - 1]).all(axis=1)


def test_a_rod_has_walls_and_chords(scenes: ModuleType) -> None:
    rod = scenes.solid("cylinder", radius=150.0, height=60.0)
    f = fill(scenes, rod, pitch=30.0, layers=4, walls=3, wall_pitch=12.0, tolerance=0.01)
    length, ring = scenes.lengths(f), closed(f)
    for k in range(4):
        here = f.layer == k
        assert sorted(length[here & ring]) == pytest.approx(
            [TAU * r for r in (126.0, 138.0, 150.0)], rel=1e-3
        )
        inner = 150.0 - 36.0
        chords = [2 * math.sqrt(inner**2 - (30.0 * j) ** 2) for j in range(-3, 4)]
        # Eleven lines fit across the whole rod, centred.
        assert sorted(length[here & ~ring]) == pytest.approx(sorted(chords), rel=2e-3)
        step = np.diff(f.dried.points_um[f.offsets[np.flatnonzero(here & ~ring)][:, None] + [0, 1]], axis=1)[
            :, 0
        ]
        assert (np.abs(step[:, 1 - k % 2]) < 1e-9).all()


def test_holes_are_respected(scenes: ModuleType) -> None:
    plate = scenes.solid("extrude", outline=((-200.0, -100.0), (200.0, -100.0), (200.0, 100.0), (-200.0, 100.0)), height=50.0,
                         holes=(((-50.0, -50.0), (50.0, -50.0), (50.0, 50.0), (-50.0, 50.0)),))  # fmt: skip
    f = fill(scenes, plate, pitch=20.0, layers=2, walls=1, wall_pitch=9.0)
    length, ring = scenes.lengths(f), closed(f)
    assert sorted(length[(f.layer == 0) & ring]) == pytest.approx([400.0, 1200.0])
    # Lines at -80, -60 ... 80 on a plate inset to 191 x 91; the hole has grown to +-59 and parts five of them.
    assert sorted(length[(f.layer == 0) & ~ring]) == pytest.approx(sorted([382.0] * 4 + [132.0] * 10))
    p = f.dried.points_um
    first, _ = f.segments()
    for t in np.linspace(0.01, 0.99, 23):
        q = p[first] + t * (p[first + 1] - p[first])
        assert not ((np.abs(q[:, 0]) < 49.9) & (np.abs(q[:, 1]) < 49.9)).any()


def test_a_ball_is_hatched_with_its_volume(scenes: ModuleType) -> None:
    r, pitch = 200.0, 8.0
    ball = scenes.solid("sphere", radius=r)
    f = fill(scenes, ball, pitch=pitch, filament=5.0, layer_height=8.0, walls=0, layers=50)
    assert scenes.lengths(f).sum() * pitch * 8.0 == pytest.approx(4 / 3 * math.pi * r**3, rel=5e-3)
    assert (np.linalg.norm(f.dried.points_um - [0, 0, r], axis=1) <= r + 1e-2).all()


def test_skins_are_dense_where_nothing_lies_above_or_below(scenes: ModuleType) -> None:
    block = scenes.solid("box", size=(200.0, 200.0, 100.0))
    f = fill(scenes, block, pitch=40.0, layers=6, walls=1, skins=2)
    lines = [(~closed(f) & (f.layer == k)).sum() for k in range(6)]
    # Between walls 10 um in from +-100: lines every 10 um in the skins, every 40 um in the middle.
    assert lines == [19, 19, 4, 4, 19, 19]
    steps = scenes.solid(
        "union",
        scenes.solid("box", size=(200.0, 200.0, 45.0)),
        scenes.solid("box", size=(100.0, 200.0, 100.0), at=(-50.0, 0.0, 0.0)),
    )
    g = fill(scenes, steps, pitch=40.0, layers=11, walls=0, skins=1)
    z = 5.0 + 8.0 * np.arange(11)
    top_of_step = int(np.flatnonzero(z <= 45.0)[-1])
    p = g.dried.points_um
    x = p[g.offsets[:-1], 0] + p[g.offsets[1:] - 1, 0]
    here = g.layer == top_of_step
    if top_of_step % 2 == 0:
        assert (here & (x > 100)).sum() >= 19 and (here & (x < 0)).sum() <= 6


def test_a_fill_needs_a_solid(scenes: ModuleType) -> None:
    assert scenes.codes(scenes.lattice("fill", size=(200.0, 200.0))) == ["E413"]
    rod = scenes.solid("cylinder", radius=150.0, height=60.0)
    assert scenes.codes(scenes.lattice("fill", clip=rod, wall_pitch=-1.0)) == ["E402"]


@pytest.mark.parametrize("angle", [0.0, 0.7, math.pi / 2, 2.5])
def test_hatching_agrees_with_shapely(angle: float) -> None:
    rng = np.random.default_rng(4)
    area = shapely.union_all(
        [shapely.Point(*rng.uniform(-80, 80, 2)).buffer(rng.uniform(10, 50)) for _ in range(9)]
    )
    area = area.difference(shapely.Point(5, 5).buffer(20))
    u = (math.cos(angle), math.sin(angle))
    at = np.arange(-200.0, 201.0, 7.3)
    points, counts = hatch(area, u, at)
    got = np.linalg.norm(points[1::2] - points[::2], axis=1).sum()
    lines = [
        shapely.LineString(
            [(-500 * u[0] - a * u[1], -500 * u[1] + a * u[0]), (500 * u[0] - a * u[1], 500 * u[1] + a * u[0])]
        )
        for a in at
    ]
    assert (counts == 2).all() and got == pytest.approx(
        sum(area.intersection(line).length for line in lines), rel=1e-9
    )
