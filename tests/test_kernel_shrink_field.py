"""The field model of drying, for parts too large for a frame: against the frame, its inverse, its size, and its report."""

import time
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.drying.field import Field
from wetprint.kernel.drying.frame import solve
from wetprint.kernel.drying.models import frame_holds, nodes_at_most
from wetprint.kernel.drying.refine import inside, kept, subdivided
from wetprint.kernel.shrink import complete, dry

NM = 1e-3


@pytest.mark.parametrize(("lines", "pitch", "layers"), [(11, 40.0, 24), (11, 20.0, 16)])
def test_the_field_follows_the_frame(parts: ModuleType, lines: int, pitch: float, layers: int) -> None:
    target = parts.woodpile(lines, pitch, 10.0, layers, points=lines)
    frame = solve(target, "dried")
    wet = Field(target, "dried").wet(frame.dried_um)
    moved = frame.dried_um - frame.wet_um
    assert np.sqrt(((wet - frame.wet_um) ** 2).sum(1).mean()) < 0.1 * np.sqrt((moved**2).sum(1).mean())


def test_dry_of_wet_is_the_design(parts: ModuleType) -> None:
    target = parts.woodpile(12, 40.0, layers=10, turn=0.3)
    done = dry(target, model="field")
    done.filaments.validate()
    assert done.model == "field"
    assert done.residual_um < 2 * NM
    field = Field(target, "dried")
    points = target.dried.points_um
    assert np.abs(field.dry(field.wet(points)) - points).max() < 1e-4
    # Found again from the wet shape alone, it is the same to within the field's own error.
    again = complete(parts.only(done.filaments, "wet"), "wet", model="field").dried.points_um
    assert np.sqrt(((again[-1] - done.filaments.dried.points_um[-1]) ** 2).sum()) < 3.0


def test_the_first_layer_prints_one_to_one(parts: ModuleType) -> None:
    done = complete(parts.woodpile(12, 40.0, layers=10), model="field")
    base = done.layer[done.owner()] == 0
    assert np.abs(done.wet.points_um[base, :2] - done.dried.points_um[base, :2]).max() <= NM
    assert done.wet.points_um[base, 2] == pytest.approx(5 / 0.88, abs=NM)
    reach = [np.abs(done.wet.points_um[done.layer[done.owner()] == k, :2]).max() for k in range(10)]
    assert (np.diff(reach) > 0).all()


def test_an_ink_that_shrinks_more_pulls_its_side_down(parts: ModuleType) -> None:
    inks = [parts.ink(0.04, 0.2), parts.ink(0.1, 0.2, "cdse")]
    half = parts.woodpile(12, 40.0, layers=20, inks=inks, material=lambda k: 0)
    cut, _ = subdivided(half, "dried", 19.0)
    left = inside(cut, "dried", np.array([-1e3, -1e3, 0.0]), np.array([0.0, 1e3, 1e3]))
    assert left is not None
    both = parts.paths(
        [left.dried.points_um[a:b] * [side, 1, 1] for side in (1, -1) for a, b in pairwise(left.offsets)],
        inks=inks,
        material=[m for m in (0, 1) for _ in range(len(left))],
    )
    wet = Field(both, "dried").wet(both.dried.points_um)
    top = both.dried.points_um[:, 2] > 150
    right = both.dried.points_um[:, 0] > 20
    lift = wet[:, 2] - both.dried.points_um[:, 2]
    assert lift[top & right].mean() > lift[top & ~right].mean() + 1.0


def test_large_parts_take_the_field_and_its_error_is_told(parts: ModuleType) -> None:
    small, large = parts.woodpile(11, 40.0, layers=32), parts.woodpile(22, 40.0, layers=16)
    assert frame_holds(small, "dried") and not frame_holds(large, "dried")
    # As much filament in half the layers: a cut parts less of it, so that a frame is affordable where a field is roughest.
    shallow = parts.woodpile(31, 40.0, layers=8)
    assert nodes_at_most(shallow, "dried") > 0.9 * nodes_at_most(large, "dried")
    assert frame_holds(shallow, "dried")
    assert not frame_holds(parts.woodpile(41, 40.0, layers=8), "dried")
    done = dry(large)
    assert done.model == "field"
    assert "from the frame" in done.notes[0]
    assert done.error is not None
    assert 0.01 < done.error < 0.12
    assert any("crossing" in a.what for a in done.assumptions)


def test_a_hundred_thousand_points_take_seconds(parts: ModuleType) -> None:
    part = parts.woodpile(44, 40.0, layers=40, points=60)
    begin = time.process_time()
    done = complete(part, model="field")
    assert time.process_time() - begin < 12.0
    assert len(done) == len(part)


def test_points_are_added_dropped_and_cut_out(parts: ModuleType) -> None:
    line = parts.paths([[[0, 0, 5], [100, 0, 5]], [[0, 30, 5], [10, 30, 5]]])
    fine, added = subdivided(line, "dried", 30.0)
    assert fine.dried.points_um[:, 0].tolist() == [0, 25, 50, 75, 100, 0, 10]
    assert added.tolist() == [False, True, True, True, False, False, False]
    assert np.array_equal(kept(fine, ~added).dried.points_um, line.dried.points_um)
    piece = inside(fine, "dried", np.array([20.0, -1.0, 0.0]), np.array([80.0, 40.0, 10.0]))
    assert piece is not None
    assert len(piece) == 1
    assert piece.dried.points_um[:, 0].tolist() == [25, 50, 75]
    assert inside(fine, "dried", np.array([200.0, 0.0, 0.0]), np.array([300.0, 1.0, 1.0])) is None
