"""Blocks of two-photon writing: struts cut at seams, tiers, and what a beam from above would pass."""

from __future__ import annotations

import math
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.voxels.blocks import pieces_of
from wetprint.kernel.voxels.settings import Settings


def path_points() -> st.SearchStrategy[list[tuple[float, float, float]]]:
    place = st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(0, 5))
    return st.lists(place.map(lambda p: tuple(round(v, 3) for v in p)), min_size=2, max_size=6, unique=True)


@given(
    st.lists(path_points(), min_size=1, max_size=4),
    st.floats(3.0, 30.0),
    st.floats(0.0, 2.0),
    st.floats(-0.5, 0.5),
    st.sampled_from([None, 1.2, 2.5]),
)
def test_pieces_make_up_their_struts(
    light: ModuleType,
    paths: list[list[tuple[float, float, float]]],
    block: float,
    overlap: float,
    shear: float,
    tall: float | None,
) -> None:
    from wetprint.kernel.filaments import filaments

    points = np.array([p for path in paths for p in path])
    f = filaments(
        points, np.array([len(p) for p in paths]), width_um=np.float64(0.3), material=0, layer=0, origin=0,
        inks=(light.GOLD,), spans=(light.HERE,), state="wet",
    )  # fmt: skip
    how = Settings(
        0.78, 1.4, 1.518, 100.0, 5.0, 1e-3, block=block, block_height=tall, overlap=overlap, shear=shear
    )
    pieces = pieces_of(f, points, how)
    at = pieces.at(points)
    lean = math.tan(shear)
    for i, path in enumerate(paths):
        step = np.linalg.norm(np.diff(np.array(path), axis=0), axis=1)
        along, total = np.concatenate([[0.0], np.cumsum(step)]), step.sum()
        mine = np.flatnonzero(pieces.strut == i)
        reached = 0.0
        for k in mine:
            begin, end = pieces.begin_um[k], pieces.end_um[k]
            # From where the one before it, and what that runs on, ends.
            assert begin - 0.5 * overlap <= reached + 1e-6
            points_k = at[pieces.offsets[k] : pieces.offsets[k + 1]]
            low, high = max(begin - 0.5 * overlap, 0.0), min(end + 0.5 * overlap, total)
            length = np.linalg.norm(np.diff(points_k, axis=0), axis=1).sum()
            assert length == pytest.approx(high - low, abs=1e-6)
            for place, s in ((points_k[0], low), (points_k[-1], high)):
                expected = [np.interp(s, along, np.array(path)[:, c]) for c in range(3)]
                assert place == pytest.approx(expected, abs=1e-5)
            # Without what runs on, it lies in its block.
            s = np.linspace(begin, end, 9)
            inside = np.stack([np.interp(s, along, np.array(path)[:, c]) for c in range(3)], axis=1)
            tier = int(pieces.tier[pieces.block[k]])
            foot = points[:, 2].min() + tier * (tall or 0.0)
            off = inside[:, :2] - lean * (inside[:, 2:] - (foot if tier else 0.0))
            off -= pieces.centre_um[pieces.block[k]]
            if len(pieces.centre_um) > 1:
                assert np.abs(off).max() <= 0.5 * block + 2e-3
                assert (
                    tall is None
                    or -1e-5 <= (inside[:, 2] - foot).min() <= (inside[:, 2] - foot).max() <= tall + 1e-5
                )
            reached = high
        assert reached == pytest.approx(total, abs=1e-6)
    assert (np.diff(pieces.offsets) >= 2).all()


def test_a_seam_cuts_every_strut_that_crosses_it_and_runs_it_on(light: ModuleType) -> None:
    job = light.job(light.woodpile(layers=2), block=5.0, overlap=0.4)
    pieces = job.light.pieces
    assert len(pieces.centre_um) == 4 and pieces.cuts == 22
    lengths = np.sort(job.light.writing.lengths_um())
    assert lengths == pytest.approx(5.2, abs=1e-9)
    assert pieces.centre_um.tolist() == [[-2.5, -2.5], [2.5, -2.5], [2.5, 2.5], [-2.5, 2.5]]


def test_blocks_with_leaning_seams_begin_where_nothing_hangs_over(light: ModuleType) -> None:
    part = light.woodpile(layers=2)
    through = light.job(part, block=5.0, overlap=0.4, shear=0.3).light.pieces.centre_um
    above = light.job(part, block=5.0, overlap=0.4, shear=0.3, invert_z=True).light.pieces.centre_um
    assert through[0].tolist() == above[-1].tolist() and through[0][0] < above[0][0]


def test_tiers_are_written_from_below_and_never_beneath_what_stands(light: ModuleType) -> None:
    job = light.job(light.woodpile(layers=20), block=5.0, block_height=2.5, overlap=0.4, invert_z=True)
    pieces, writing = job.light.pieces, job.light.writing
    # Axes from .15 (plus what a voxel is higher) to 19 layers of .4 um above: tiers of 2.5 um hold 7, 6, 6 and 1 of them.
    layers = [
        np.unique(job.filaments.layer[writing.strut[writing.tier[writing.block] == k]]) for k in range(4)
    ]
    assert [len(v) for v in layers] == [7, 6, 6, 1]
    assert pieces.tier.tolist() == [k for k in range(4) for _ in range(4)]
    assert (np.diff(writing.block) >= 0).all()
    z = writing.lines.state("wet").points_um[::2, 2]
    for k in range(1, 4):
        mine = writing.tier[writing.block] == k
        assert writing.origin_um[writing.tier == k, 2] == pytest.approx(z[mine].min())
        assert z[mine].min() > z[writing.tier[writing.block] < k].max()
    assert not writing.floats.any() and writing.as_dict()["tiers"] == 4


def test_a_post_is_cut_at_every_tier(light: ModuleType) -> None:
    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 10.0))
    writing = light.job(post, block_height=3.0, overlap=1.0).light.writing
    z = writing.lines.state("wet").points_um[:, 2].reshape(-1, 2)
    assert z.tolist() == [[0.0, 3.5], [2.5, 6.5], [5.5, 9.5], [8.5, 10.0]]
    assert writing.cuts == 3 and writing.origin_um[:, 2].tolist() == [0.0, 2.5, 5.5, 8.5]
    assert not writing.floats.any()


@pytest.mark.parametrize("shear_deg", [0.0, 40.0, 65.0])
def test_a_beam_from_above_passes_nothing_beside_seams_that_lean_with_it(
    light: ModuleType, shear_deg: float
) -> None:
    """Half the angle of the beam is asin(NA / n). A bundle of rays from every focus, against all that was written in earlier blocks."""
    how = {"aperture": 0.8, "index": 1.5, "invert_z": True, "block": 5.0, "block_height": 2.0, "overlap": 0.0}
    half = math.asin(0.8 / 1.5)
    assert math.radians(32) < half < math.radians(33)
    shear = min(math.radians(shear_deg), 1.0)
    job = light.job(light.woodpile(layers=12, layer_height=0.5), shear=shear, **how)
    writing = job.light.writing
    s, offsets = writing.lines.state("wet"), writing.lines.offsets
    step = np.linspace(0.0, 1.0, 9)[:, None]
    ways = [
        s.points_um[a] + step * (s.points_um[b - 1] - s.points_um[a]) for a, b in pairwise(offsets.tolist())
    ]
    hit = 0
    for b in range(1, len(writing.origin_um)):
        here = np.concatenate([w for w, k in zip(ways, writing.block, strict=True) if k == b])
        done = np.concatenate([w for w, k in zip(ways, writing.block, strict=True) if k < b])
        away = done[None] - here[:, None]
        rise = away[..., 2]
        hit += int(
            ((rise > 0.1) & (np.hypot(away[..., 0], away[..., 1]) < rise * math.tan(half) - 0.05)).sum()
        )
    assert (hit == 0) == (shear > half)


def test_tiers_without_struts_are_none(light: ModuleType) -> None:
    part = light.woodpile(filament=0.9, pitch=5.0, layers=3, layer_height=0.7)
    writing = light.job(part, block_height=0.3).light.writing
    assert writing.tier.tolist() == [0, 1, 2] and (np.diff(writing.origin_um[:, 2]) > 0.6).all()
