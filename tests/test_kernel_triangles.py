"""Distances to triangles: near ones found first give what all of them give."""

import time

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.shapes import triangles as room
from wetprint.kernel.shapes.triangles import distance_to_triangles


def by_all(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    return room._by_all(points, triangles)


def soup(seed: int, count: int, thin: float) -> np.ndarray:
    """Triangles of very different sizes; some are thin, some are lines or points."""
    rng = np.random.default_rng(seed)
    size = 10.0 ** rng.uniform(-1, 2, (count, 1, 1))
    out = rng.uniform(-50, 50, (count, 1, 3)) + size * rng.uniform(-1, 1, (count, 3, 3)) * [1, 1, thin]
    out[: count // 20, 2] = out[: count // 20, 1]
    out[: count // 40, 1] = out[: count // 40, 0]
    return np.asarray(out)


@given(st.integers(0, 2**32 - 1), st.integers(60, 400), st.sampled_from([1.0, 1e-3, 0.0]))
def test_near_triangles_first_is_exact(seed: int, count: int, thin: float) -> None:
    triangles = soup(seed, count, thin)
    points = np.random.default_rng(seed + 1).uniform(-120, 120, (200, 3))
    points[:3] = triangles[:3, 0]
    few, room._FEW = room._FEW, 0
    try:
        found = distance_to_triangles(points, triangles)
    finally:
        room._FEW = few
    assert np.allclose(found, by_all(points, triangles), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("stretch", [1.0, 40.0])
def test_a_fine_ball_against_its_closed_form(stretch: float) -> None:
    ball = trimesh.creation.icosphere(5, 100.0)
    triangles = ball.vertices[ball.faces] * [1.0, 1.0, stretch]
    assert len(triangles) == 20480
    points = np.random.default_rng(3).uniform(-150, 150, (900, 3)) * [1.0, 1.0, stretch]
    points[0] = 0.0  # all triangles are about as far from here
    found = distance_to_triangles(points, triangles)
    some = np.arange(0, len(points), 30)
    assert np.allclose(found[some], by_all(points[some], triangles), rtol=1e-10)
    if stretch == 1.0:
        # A chord of the sphere lies up to edge^2 / 8 r inside it.
        edge = ball.edges_unique_length.max()
        assert np.abs(found - np.abs(np.linalg.norm(points, axis=1) - 100.0)).max() < edge**2 / 800 * 1.4


def test_many_points_and_many_triangles_do_not_take_their_product() -> None:
    ball = trimesh.creation.icosphere(6, 100.0)
    points = np.random.default_rng(5).normal(0, 60, (5_000, 3))
    began = time.process_time()
    distance_to_triangles(points, ball.vertices[ball.faces])
    # 4e8 pairs at the speed of the plain way would take minutes.
    assert time.process_time() - began < 10.0


def test_no_triangles_are_infinitely_far() -> None:
    assert np.isinf(distance_to_triangles(np.zeros((2, 3)), np.zeros((0, 3, 3)))).all()
