"""Curves by their coordinates: lengths in closed form, the stated chord error, and what has no place or jumps."""

import math
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.paths import PathError, TooManyPointsError
from wetprint.kernel.shapes import curves
from wetprint.kernel.shapes.curves import sampled
from wetprint.lang.load import load


def _points(text: str, scenes: ModuleType) -> np.ndarray:
    from wetprint.kernel.build import build

    found = load("-", f'wp 1;\nuse "nanocrystal.wp" as nc;\n{text}\nprint p {{ bath: nc.gold_bath; }}\n')
    assert found.scene is not None, found.diagnostics
    jobs, said = build(found.scene)
    assert not said, said
    return np.asarray(jobs[0].filaments.dried.points_um)


def _length(points: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1).sum())


@pytest.mark.parametrize("tolerance", [1.0, 0.05])
@pytest.mark.parametrize(
    ("at", "over", "length"),
    [
        (lambda t: np.stack([100 * np.cos(t), 100 * np.sin(t), 0 * t], 1), (0.0, 2 * math.pi), 200 * math.pi),
        # A helix of ten turns, a parabola, a cycloid with cusps, a straight line at changing speed.
        (lambda t: np.stack([80 * np.cos(t), 80 * np.sin(t), 3 * t], 1), (0.0, 20 * math.pi), 20 * math.pi * math.hypot(80, 3)),
        (lambda t: np.stack([100 * t, 100 * t * t, 0 * t], 1), (-1.0, 1.0), 100 * (math.sqrt(5) + math.asinh(2) / 2)),
        (lambda t: np.stack([30 * (t - np.sin(t)), 30 * (1 - np.cos(t)), 0 * t], 1), (0.0, 6 * math.pi), 24 * 30.0),
        (lambda t: np.stack([200 * t**3, 0 * t, 0 * t], 1), (0.0, 1.0), 200.0),
    ],
    ids=["circle", "helix", "parabola", "cycloid", "line"],
)  # fmt: skip
def test_chords_stay_within_the_tolerance(at, over, length: float, tolerance: float) -> None:
    found = sampled(at, over, tolerance, str)
    # A closed or bent curve is longer than its chords by no more than a few tolerances a chord.
    assert _length(found) == pytest.approx(length, abs=3 * tolerance * len(found))
    assert _length(found) <= length * (1 + 1e-9)
    fine = at(np.linspace(*over, 4001))
    away = np.full(len(fine), np.inf)
    for a, b in pairwise(found):
        d = b - a
        t = np.clip((fine - a) @ d / max(d @ d, 1e-30), 0, 1)
        away = np.minimum(away, np.linalg.norm(fine - a - t[:, None] * d, axis=1))
    assert away.max() <= tolerance * 1.001
    # Not more chords than twice what an arc of the sharpest bend needs.
    if length == 200 * math.pi:
        assert len(found) <= 2 * math.ceil(math.pi / math.acos(1 - tolerance / 100)) + 8


def test_a_line_is_one_or_a_few_chords() -> None:
    found = sampled(lambda t: np.stack([t, 2 * t, 0 * t], 1), (0.0, 100.0), 0.05, str)
    assert len(found) == 5
    assert _length(found) == pytest.approx(100 * math.sqrt(5))


def test_waves_do_not_hide_between_the_looks() -> None:
    for waves in (16, 64, 96, 128, 200, 1024):
        at = lambda t, n=waves: np.stack([100 * t, 2 * np.sin(2 * math.pi * n * t), 0 * t], 1)  # noqa: E731
        found = sampled(at, (0.0, 1.0), 0.02, str)
        t = np.linspace(0, 1, 400_001)
        fine = _length(at(t))
        assert _length(found) == pytest.approx(fine, rel=0.02), waves


def test_steps_back_along_a_line_are_kept() -> None:
    found = sampled(lambda t: np.stack([50 * np.sin(t), 0 * t, 0 * t], 1), (0.0, 4 * math.pi), 0.05, str)
    assert _length(found) == pytest.approx(400.0, abs=1.0)


@given(st.floats(0.01, 0.99), st.floats(1.0, 100.0))
def test_a_jump_is_told_with_its_place(where: float, gap: float) -> None:
    with pytest.raises(PathError, match="jumps by") as said:
        sampled(
            lambda t: np.stack([100 * t, np.where(t < where, 0.0, gap), 0 * t], 1),
            (0.0, 1.0),
            0.05,
            lambda t: f"{t:.9f}",
        )
    told = str(said.value)
    assert float(told.split("t = ")[1].split(" ")[0]) == pytest.approx(where, abs=1e-8)
    assert float(told.split("jumps by ")[1].split(" ")[0]) == pytest.approx(gap, rel=1e-3)


def test_what_is_not_finite_or_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PathError, match=r"at t = 0\.5 "):
        sampled(lambda t: np.stack([1 / (t - 0.5), t, t], 1), (0.0, 1.0), 0.05, lambda t: f"{t:g}")
    monkeypatch.setattr(curves, "MOST_POINTS", 10_000)
    with pytest.raises(TooManyPointsError):
        sampled(lambda t: np.stack([t, 50 * np.sin(1e7 * t), 0 * t], 1), (0.0, 1e4), 1e-3, str)


def test_a_curve_of_the_language_is_the_path_of_its_kind(scenes: ModuleType) -> None:
    points = _points(
        "path p = curve(t in 0deg..3 * 360deg: [60um * cos(t), 60um * sin(t), 5um + 20um * t / 360deg]) "
        "{ filament: 10um; material: nc.gold; tolerance: 0.02um; }",
        scenes,
    )
    assert _length(points) == pytest.approx(3 * math.hypot(2 * math.pi * 60, 20), rel=2e-4)
    assert np.hypot(points[:, 0], points[:, 1]) == pytest.approx(60.0, abs=1e-3)
    flat = _points(
        "path p = curve(u in -1..1: [100um * u, 0um]) { filament: 10um; material: nc.gold; }", scenes
    )
    assert flat[:, 2] == pytest.approx(5.0)
