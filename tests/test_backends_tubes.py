"""Swept tubes: closed, true in volume, without twist, whatever the filament."""

from types import ModuleType

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.tubes import area_factor, batches, chord_sides, frames, tubes
from wetprint.kernel.filaments import FilamentSet, State


def closed(part: FilamentSet, sides: int = 16) -> trimesh.Trimesh:
    mesh = tubes(part, "dried", sides)
    assert np.isfinite(mesh.points_um).all()
    found = trimesh.Trimesh(mesh.points_um, mesh.faces, process=False)
    assert found.is_watertight and found.is_winding_consistent
    return found


def length(points: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def wave(n: int) -> np.ndarray:
    t = np.linspace(0, 4 * np.pi, n)
    return np.stack([30 * t, 20 * np.sin(t), 5 + 0 * t], axis=1)


def helix(n: int, rise: float) -> np.ndarray:
    t = np.linspace(0, 6 * np.pi, n)
    return np.stack([40 * np.cos(t), 40 * np.sin(t), rise * t], axis=1)


PATHS = {
    "straight": np.array([[0, 0, 5], [100, 0, 5.0]]),
    "slanted": np.array([[0, 0, 5], [60, 20, 90.0]]),
    "pillar": np.array([[0, 0, 0], [0, 0, 120.0]]),
    "pillar with a bend": np.array([[0, 0, 0], [0, 0, 80.0], [60, 0, 110]]),
    "corner": np.array([[0, 0, 5], [100, 0, 5], [100, 80, 5.0]]),
    "wave": wave(200),
    "helix": helix(300, 4.0),
    "steep helix": helix(300, 60.0),
    "point twice": np.array([[0, 0, 5], [50, 0, 5], [50, 0, 5], [50, 60, 5.0]]),
}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("sides", [6, 16])
def test_volume_is_section_times_length(parts: ModuleType, name: str, sides: int) -> None:
    part = parts.paths([PATHS[name]], 10.0)
    assert closed(part, sides).volume == pytest.approx(np.pi * 25 * length(PATHS[name]), rel=1e-9)


def test_volume_of_a_woodpile_is_that_of_its_rods(parts: ModuleType) -> None:
    part = parts.woodpile(lines=7, layers=6)
    assert closed(part).volume == pytest.approx(42 * np.pi * 25 * 240, rel=1e-9)
    # An n-gon on the circle would have lost 2.55 % at 16 sides (physics: n sin(2 pi / n) / (2 pi)).
    assert area_factor(16) == pytest.approx(0.97450, abs=5e-6)
    assert area_factor(32) == pytest.approx(0.99359, abs=5e-6)


def test_sections_are_ellipses_that_stand_upright(parts: ModuleType) -> None:
    flat = parts.paths([wave(60)], 12.0)
    s = flat.dried
    flat = flat.with_states(None, State(s.points_um, s.width_um, s.height_um * 0.5))
    mesh = closed(flat, 32)
    assert mesh.volume == pytest.approx(np.pi * 6 * 3 * length(wave(60)), rel=1e-9)
    assert np.ptp(mesh.vertices[:, 2]) == pytest.approx(6.0 / np.sqrt(area_factor(32)), rel=6e-3)


def test_ragged_sets_mesh_as_their_filaments_do_alone(parts: ModuleType) -> None:
    part = parts.paths([PATHS[n] for n in PATHS], 8.0)
    alone = sum(closed(parts.paths([PATHS[n]], 8.0)).volume for n in PATHS)
    mesh = tubes(part, "dried")
    assert closed(part).volume == pytest.approx(alone, rel=1e-12)
    assert (np.diff(mesh.filament) >= 0).all() and set(mesh.filament) == set(range(len(part)))


@given(
    st.lists(
        st.tuples(*[st.floats(-100, 100).map(lambda v: round(v, 3))] * 3),
        min_size=2,
        max_size=12,
        unique=True,
    )
)
def test_any_path_gives_a_closed_finite_tube(
    parts: ModuleType, points: list[tuple[float, float, float]]
) -> None:
    closed(parts.paths([points], 5.0), 8)


@given(st.integers(3, 40), st.integers(0, 2**32 - 1))
def test_gentle_paths_keep_their_volume(parts: ModuleType, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = np.cumsum(rng.normal(0, 0.25, (n, 2)), axis=0)
    step = np.stack([np.cos(turn[:, 0]) * np.cos(turn[:, 1]), np.sin(turn[:, 0]) * np.cos(turn[:, 1]), np.sin(turn[:, 1])], 1)  # fmt: skip
    points = np.cumsum(20 * step, axis=0)
    assert closed(parts.paths([points], 6.0)).volume == pytest.approx(np.pi * 9 * length(points), rel=1e-9)


def test_frames_do_not_twist_along_a_steep_filament(parts: ModuleType) -> None:
    """Carried over by the smallest turn, the side axis of a point meets that of the next."""
    part = parts.paths([helix(200, 60.0)], 6.0)
    f = frames(part.dried, part.offsets)
    assert np.allclose(np.einsum("ij,ij->i", f.side, f.along), 0, atol=1e-12)
    a, b, t0, t1 = f.side[:-1], f.side[1:], f.along[:-1], f.along[1:]
    mid = np.diff(part.dried.points_um, axis=0)
    mid /= np.linalg.norm(mid, axis=1)[:, None]

    def carry(v: np.ndarray, s: np.ndarray, e: np.ndarray) -> np.ndarray:
        axis = np.cross(s, e)
        cos = np.einsum("ij,ij->i", s, e)[:, None]
        return v * cos + np.cross(axis, v) + axis * (np.einsum("ij,ij->i", axis, v)[:, None]) / (1 + cos)

    assert np.allclose(carry(carry(a, t0, mid), mid, t1), b, atol=1e-9)


def test_batches_cover_the_set_once(parts: ModuleType) -> None:
    part = parts.woodpile(lines=9, layers=5)
    pieces = list(batches(part, 20))
    assert len(pieces) > 3
    assert np.array_equal(np.concatenate([p.dried.points_um for p in pieces]), part.dried.points_um)


@pytest.mark.parametrize(("radius", "tolerance", "sides"), [(1.0, 2.0, 6), (100.0, 0.5, 32), (1e6, 1e-6, 64)])
def test_sides_follow_the_tolerance(radius: float, tolerance: float, sides: int) -> None:
    assert chord_sides(radius, tolerance) == sides
