"""Crowds of filaments: fewer that stand for all, in the same places, inks and density, and a picture that hardly tells."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.drawing import bundles as rooms
from wetprint.backends.drawing import large
from wetprint.backends.drawing.bundles import bundles, in_view, standing_in
from wetprint.backends.drawing.camera import Camera, Frame
from wetprint.backends.drawing.large import shares_in_view
from wetprint.backends.drawing.picture import picture
from wetprint.backends.previews import png
from wetprint.backends.previews.png import render


def paint(part: object, state: str = "dried") -> np.ndarray:
    """Length times width, by ink and by whether it leads along x, um2."""
    s = part.state(state)
    first, owner = part.segments()
    d = s.points_um[first + 1] - s.points_um[first]
    area = np.linalg.norm(d, axis=1) * s.width_um[first]
    along_x = np.abs(d[:, 0]) > np.abs(d[:, 1])
    return np.array(
        [area[(part.material[owner] == m) & (along_x == x)].sum() for m in (0, 1) for x in (True, False)]
    )


@pytest.mark.parametrize("most", [20, 100, 400])
def test_fewer_stand_for_all(parts: ModuleType, most: int) -> None:
    inks = (parts.ink(name="Au"), parts.ink(name="CdSe"))
    part = parts.woodpile(lines=40, layers=45, inks=inks, material=lambda k: int(k % 4 > 1))
    few, of = bundles(part, "dried", most=most)
    assert 0.4 * most <= few.point_count - len(few) <= 1.6 * most + 8 and len(of) == len(few)
    assert np.array_equal(few.layer, part.layer[of]) and np.array_equal(few.material, part.material[of])
    # What light would pass between it still passes: layers that stand for m of them are as dense as each of these.
    layers = len(np.unique(few.layer)) / 45
    assert paint(few).sum() == pytest.approx(paint(part).sum() * layers, rel=0.02)
    assert (paint(few) > 0.1 * paint(few).sum()).all()  # both inks, both directions
    # As high in all, and not much wider.
    for s, whole in ((few.dried, part.dried),):
        low, high = (s.points_um[:, 2] - s.height_um / 2).min(), (s.points_um[:, 2] + s.height_um / 2).max()
        tall = (whole.points_um[:, 2] + whole.height_um / 2).max()
        assert low == pytest.approx(0, abs=0.08 * tall) and high == pytest.approx(tall, rel=0.08)
    again, same = bundles(part, "dried", most=most)
    assert np.array_equal(of, same) and np.array_equal(again.dried.width_um, few.dried.width_um)


def test_a_part_that_is_small_enough_stays_as_it_is(parts: ModuleType) -> None:
    part = parts.woodpile(lines=6, layers=5)
    few, of = bundles(part, "dried", most=1000)
    assert np.array_equal(of, np.arange(len(part)))
    assert np.array_equal(few.dried.points_um, part.dried.points_um)
    assert np.array_equal(few.dried.width_um, part.dried.width_um)


def test_only_what_is_there_stands_for_what_is_there(parts: ModuleType) -> None:
    part = parts.woodpile(lines=30, layers=20)
    there = part.layer < 4
    _, of = bundles(part, "dried", most=30, there=there)
    assert there[of].all()
    marked = np.zeros(len(part), bool)
    marked[[7, 310]] = True
    few, of = bundles(part, "dried", most=40, apart=marked)
    assert {7, 310} <= set(of.tolist())
    assert few.dried.width_um[few.offsets[np.flatnonzero(of == 7)[0]]] == part.dried.width_um[0]


def test_long_paths_lose_points_before_filaments(parts: ModuleType) -> None:
    t = np.linspace(0, 6 * np.pi, 5000)
    waves = [np.stack([20 * t, 40 * np.sin(t) + 90 * k, 10 + 0 * t], axis=1) for k in range(3)]
    part = parts.paths(waves, 8.0)
    few, of = bundles(part, "dried", most=700, step_um=3.0)
    assert np.array_equal(of, [0, 1, 2]) and few.point_count < 710
    ends = part.dried.points_um[part.offsets[1:] - 1]
    assert np.array_equal(few.dried.points_um[few.offsets[1:] - 1], ends)
    one, _ = bundles(part, "dried", most=60)  # one path alone cannot stand for others: its points get fewer
    assert one.point_count < 120


def test_what_is_in_view(parts: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    part = parts.woodpile(lines=20, layers=6)
    shown = picture(part, size=(400, 300), camera=Camera.named("top"))
    frame, axes = shown.panels[0].frame, shown.axes
    assert in_view(part, "dried", frame, axes).all()
    s = part.dried
    near = replace(frame, um_per_px=0.05, centre_um=(float(s.points_um[0, 0]), float(s.points_um[0, 1])))
    seen = in_view(part, "dried", near, axes)
    assert seen[0] and 0 < seen.sum() < len(part)
    monkeypatch.setattr(rooms, "_CROWD", 10)
    few, index = standing_in(part, "dried", np.arange(len(part)).astype(np.uint8), near, axes)
    assert len(few) == len(index) < len(part) and 0 in index
    far = replace(frame, um_per_px=frame.um_per_px * 500)
    few, _ = standing_in(part, "dried", np.zeros(len(part), np.uint8), far, axes)
    assert len(few) == len(part) // 4  # thinner than a pixel: some stand for all


def test_segments_are_cut_off_where_the_view_ends() -> None:
    frame = Frame(100, 50, (10.0, 0.0), 1.0, 1.0, -1.0)  # x -40..60, y -25..25
    a = np.array([[-90.0, 0, 0], [0, -100, 0], [-80, 0, 0], [70, 30, 0], [0, 0, 0]])
    b = np.array([[110.0, 0, 0], [0, 100, 0], [-60, 0, 0], [90, 30, 0], [1, 1, 0]])
    low, high = shares_in_view(a, b, frame, 0.0)
    assert low[:2] == pytest.approx([0.25, 0.375]) and high[:2] == pytest.approx([0.75, 0.625])
    assert (low[2:4] >= high[2:4]).all() and (low[4], high[4]) == (0.0, 1.0)


@pytest.mark.gl
def test_what_is_deep_within_is_left_out_and_nothing_else(
    parts: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = parts.woodpile(lines=60, layers=40, pitch=14.0)
    shown = picture(part, size=(400, 300), lettering=False)
    monkeypatch.setattr(png, "_MANY", 100)
    whole = render(shown, looks=4).astype(int)
    monkeypatch.setattr(large, "_CROWD", 100)
    monkeypatch.setattr(large, "_DENSE", 100)
    left = []
    outer = large._outer

    def watched(rods: large.Rods, *where: object) -> large.Rods:
        kept = outer(rods, *where)
        left.append(length(kept) / length(rods))
        return kept

    def length(r: large.Rods) -> float:
        return float(np.linalg.norm(r.b_um - r.a_um, axis=1).sum())

    monkeypatch.setattr(large, "_outer", watched)
    found = render(shown, looks=4).astype(int)
    assert left and left[0] < 0.5
    assert (np.abs(whole - found).max(axis=2) > 40).mean() < 1e-3


@pytest.mark.gl
def test_a_crowd_looks_like_the_part_that_it_stands_for(
    parts: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = parts.woodpile(lines=150, layers=24, pitch=20.0)
    shown = picture(part, size=(100, 75), lettering=False)
    assert shown.um_per_px > 20  # half a filament
    monkeypatch.setattr(png, "_LIGHT_MOST", 0.0)
    whole = render(shown).astype(int)
    monkeypatch.setattr(rooms, "_CROWD", 1000)
    monkeypatch.setattr(rooms, "_MOST", 2500)
    crowd = render(shown).astype(int)
    assert not np.array_equal(whole, crowd)
    assert (np.abs(whole - crowd).max(axis=2) > 60).mean() < 0.02 and np.abs(whole - crowd).mean() < 8
