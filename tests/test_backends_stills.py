"""Stills of large parts in perspective, cut open and while the print is followed: what is seen is what VTK and the mouse find there."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.drawing.camera import Frame
from wetprint.backends.drawing.gbuffer import NOTHING, Patch, rod_patch, see, together, tube_patch
from wetprint.backends.drawing.section import Cut, faces_of, left
from wetprint.backends.preview import Look
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.filaments import filaments
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

EYE = np.eye(3)


def volume(patch: Patch) -> float:
    """By the divergence theorem, of a closed surface whose triangles are seen anticlockwise from outside."""
    a, b, c = (patch.points_um[patch.faces[:, k]].astype(float) for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize(
    ("origin", "normal"),
    [
        ((3.0, 0.0, 0.0), (1.0, 0.0, 0.0)),
        ((3.0, 1.0, 0.0), (0.6, 0.8, 0.0)),
        ((0.0, 0.5, 0.0), (0.0, 1.0, 0.0)),
        ((0.0, 0.0, 6.0), (0.0, 0.28, -0.96)),
    ],
)
def test_a_cut_leaves_closed_bodies(parts: ModuleType, origin: Any, normal: Any) -> None:
    part = parts.woodpile(lines=1, layers=1, pitch=40.0)
    cut, index = Cut(np.array(origin), np.array(normal)), np.zeros(len(part), np.uint8)
    s = part.state("dried")
    tube = tube_patch(part, s, index, EYE, 48)
    opened = together([left(tube, cut), faces_of(part, "dried", index, cut, EYE, 48)])
    other = Cut(cut.origin_um, -cut.normal)
    rest = together([left(tube, other), faces_of(part, "dried", index, other, EYE, 48)])
    assert 0.05 * volume(tube) < volume(opened) < 0.95 * volume(tube)
    assert volume(opened) + volume(rest) == pytest.approx(volume(tube), rel=1e-5)
    assert (cut.level(opened.points_um[opened.faces]) > -1e-4).all()
    faces = faces_of(part, "dried", index, cut, EYE, 48)
    assert np.allclose(faces.normal, -cut.normal, atol=1e-6)


def test_the_face_of_a_cut_is_the_section(parts: ModuleType) -> None:
    ink = parts.woodpile(lines=1, layers=1).inks
    rod = filaments(
        np.array([[-50.0, 0, 0], [50.0, 0, 0]]), np.array([2]), width_um=12.0, height_um=6.0, material=0, layer=0, origin=0,
        inks=ink, spans=parts.woodpile(lines=1, layers=1).spans, state="dried",
    )  # fmt: skip

    def area(normal: tuple[float, float, float], at: tuple[float, float, float] = (0, 0, 0)) -> float:
        f = faces_of(rod, "dried", np.zeros(1, np.uint8), Cut(np.array(at), np.array(normal)), EYE, 64)
        a, b, c = (f.points_um[f.faces[:, k]].astype(float) for k in range(3))
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)

    section = np.pi / 4 * 12 * 6
    assert area((1, 0, 0)) == pytest.approx(section, rel=2e-3)
    assert area((0.6, 0.8, 0)) == pytest.approx(section / 0.6, rel=2e-3)
    assert area((0, 1, 0)) == pytest.approx(100 * 6, rel=2e-3)
    assert area((0, 0, 1)) == pytest.approx(100 * 12, rel=2e-3)
    assert area((0, 1, 0), (0, 3, 0)) == pytest.approx(100 * 6 * 0.75**0.5, rel=5e-3)
    assert area((0, 1, 0), (0, 6.1, 0)) == 0.0


def test_flattened_views_keep_lines_and_order() -> None:
    frame = Frame(400, 300, (5.0, -3.0), 0.5, 80.0, -120.0, eye_um=400.0, focus_um=10.0)
    rng = np.random.default_rng(3)
    a, b = rng.uniform((-100, -100, -100), (100, 100, 70), (2, 50, 3))
    share = rng.uniform(0, 1, 50)
    seen = frame.flattened(a) + share[:, None] * (frame.flattened(b) - frame.flattened(a))
    true = frame.share_of(share, a[:, 2], b[:, 2])
    assert np.allclose(frame.flattened(a + true[:, None] * (b - a)), seen)
    assert np.allclose(frame.depth_of(frame.flattened(a)[:, 2].astype(np.float32)), a[:, 2], atol=1e-3)
    # What lies at the focus is where it is in parallel projection, and the nearer the larger.
    at = np.array([[50.0, 20.0, 10.0], [50.0, 20.0, 205.0], [50.0, 20.0, -380.0]])
    x = frame.flattened(at)[:, 0] - 5.0
    assert x == pytest.approx([45.0, 90.0, 22.5])
    order = np.argsort(a[:, 2])
    assert (np.diff(frame.flattened(a)[order, 2]) > 0).all()
    # Flat ground lies on the line through its pixels.
    up = (0.8, 0.6)
    depth = frame.ground_um(up)
    rows = np.array([20, 150, 290])
    y = (149.5 - rows) * 0.5
    true_y = -3.0 + y / frame.times(depth[rows])
    assert np.allclose(true_y * up[0] + depth[rows] * up[1], 0.0, atol=1e-9)
    steep = Frame(400, 4000, (0.0, 0.0), 0.5, 80.0, -120.0, eye_um=400.0, focus_um=0.0).ground_um(
        (0.95, 0.312)
    )
    assert np.isnan(steep[0]) and np.isfinite(steep[-1])  # above the horizon


@pytest.mark.gl
def test_rods_are_seen_from_an_eye_that_is_near() -> None:
    """Of a rod beside the eye's way its inner side is seen: the outline is that of the cylinder from that very place."""
    eye, radius, beside = 60.0, 5.0, 30.0
    a, b = np.array([[-200.0, beside, 0.0]]), np.array([[200.0, beside, 0.0]])
    one = np.array([2 * radius])
    frame = Frame(100, 400, (0.0, 0.0), 0.25, 10.0, -10.0, eye_um=eye, focus_um=0.0)
    patch = rod_patch(a, b, one, one, np.zeros(1, np.uint8), EYE, 24, np.array([0.0, 0.0, eye]))
    found = see(patch, frame)
    rows = np.flatnonzero(found.index[:, 50] != NOTHING)
    y = (199.5 - rows) * 0.25
    # Tangents from the eye to the circle about (beside, 0).
    middle, half = np.arctan2(beside, eye), np.arcsin(radius / np.hypot(beside, eye))
    assert y.min() == pytest.approx(eye * np.tan(middle - half), abs=0.3)
    assert y.max() == pytest.approx(eye * np.tan(middle + half), abs=0.3)


TEXT = """wp 1;
use "nanocrystal.wp" as nc;
lattice b = woodpile { size: [320um, 320um]; layers: 10; pitch: 40um; filament: 10um; material: nc.gold; }
print b { bath: nc.gold_bath; }
"""


@pytest.fixture(scope="module")
def jobs() -> tuple[Job, ...]:
    scene = load("w.wp", TEXT).scene
    assert scene is not None
    return complete_jobs(scene, build(scene)[0])[0]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.backends.previews import crowd, stage

    for name in ("_LARGE", "_LARGE_CARD"):
        monkeypatch.setattr(stage, name, 50)
    for name in ("_TURNING", "_TURNING_CARD"):
        monkeypatch.setattr(crowd, name, 40)


def agreement(w: Any) -> float:
    """Share of places where the still shows gold just where the mouse would find a filament."""
    assert w.crowd.settle() and w.plotter.renderer.GetTexturedBackground() and not w.actor.GetVisibility()
    picture = w.plotter.screenshot(return_img=True).astype(int)
    gold = picture[..., 0] - picture[..., 2] > 60
    wide, high = w.plotter.window_size
    same = [
        gold[high - 1 - y, x] == (w._hit(x, y) is not None)
        for x in range(60, wide - 60, 7)
        for y in range(60, high - 90, 7)
    ]
    assert 0.1 < gold.mean() < 0.9
    return float(np.mean(same))


@pytest.mark.gl
@pytest.mark.usefixtures("large")
def test_stills_in_perspective_cut_open_and_of_a_print(jobs: Any, tmp_path: Path) -> None:
    from wetprint.backends.previews.window import photograph

    def act(w: Any) -> None:
        assert w.large
        size = w.um_per_px
        w.perspective()
        assert w.um_per_px == pytest.approx(size)  # what the view turns about keeps its size
        assert agreement(w) > 0.93
        w.perspective()
        assert w.um_per_px == pytest.approx(size)
        # Cut open: half of the part is gone, and the mouse passes through where it was.
        w.cut()
        whole = w.actor.mapper.GetClippingPlanes()
        assert whole.GetNumberOfItems() == 1 and agreement(w) > 0.93
        half = (w.plotter.screenshot(return_img=True)[..., 2] < 120).sum()
        w.cut_at((0.0, 1.0, 0.0), (0.0, -100.0, 0.0))
        w.cut_rests()
        assert agreement(w) > 0.93
        assert (w.plotter.screenshot(return_img=True)[..., 2] < 120).sum() > 1.2 * half
        # In the plane lie the faces of the filaments that it cuts: their place in the picture is gold.
        w.cut_at((0.0, 1.0, 0.0), (0.0, 0.0, 0.0))
        w.perspective()
        w.cut_rests()
        assert agreement(w) > 0.93
        lines = np.split(w.part.dried.points_um, w.part.offsets[1:-1])
        across = [line for line in lines if np.ptp(line[:, 1]) > 100]
        on_face = [
            [np.interp(0.0, line[:: round(np.sign(line[-1, 1])), 1], line[:: round(np.sign(line[-1, 1])), k]) for k in range(3)]
            for line in across
        ]  # fmt: skip
        assert len(on_face) == 45
        w.handles.Off()  # its handles lie before the part
        picture = w.plotter.screenshot(return_img=True).astype(int)
        for place in on_face:
            w.plotter.renderer.SetWorldPoint(*place, 1.0)
            w.plotter.renderer.WorldToDisplay()
            x, y, _ = w.plotter.renderer.GetDisplayPoint()
            pixel = picture[picture.shape[0] - 1 - int(y), int(x)]
            assert pixel[0] - pixel[2] > 60, place
        w.perspective()
        w.cut()
        assert w.section is None and agreement(w) > 0.93
        # The print: what is not laid yet is not there, and the nozzle stands over the end.
        w.show_printed(60)
        assert agreement(w) > 0.90 and w.nozzle is not None and "nozzle" in w.plotter.actors
        assert not w.plotter.actors["nozzle"].GetVisibility()  # the still has it
        top = w.nozzle.dried.points_um.mean(axis=0)
        w.plotter.renderer.SetWorldPoint(*top, 1.0)
        w.plotter.renderer.WorldToDisplay()
        x, y, _ = w.plotter.renderer.GetDisplayPoint()
        picture = w.plotter.screenshot(return_img=True).astype(int)
        pixel = picture[picture.shape[0] - 1 - int(y), int(x)]
        assert pixel[2] > pixel[0] and pixel.max() < 230  # glass
        w.turn(True)
        assert w.plotter.actors["nozzle"].GetVisibility() and w.actor.GetVisibility()
        w.turn(False)
        w.show_printed(10_000)
        assert w.nozzle is None
        w.colour_by("movement")
        assert w.crowd.settle()
        picture = w.plotter.screenshot(return_img=True)
        assert len(np.unique(picture.reshape(-1, 3) // 32, axis=0)) > 20  # the colours of the bar

    look = Look(size=(560, 420), rig=lambda: load_rig("sim", []))
    photograph(jobs, look, tmp_path / "w.png", act)


@pytest.mark.gl
def test_small_parts_show_the_faces_of_a_cut(jobs: Any, tmp_path: Path) -> None:
    from wetprint.backends.previews.window import photograph

    def act(w: Any) -> None:
        assert not w.large and "faces" not in w.plotter.actors
        w.cut()
        faces = w.plotter.actors["faces"]
        assert np.abs(np.array(faces.GetBounds()[2:4])).max() < 1e-3  # in the plane y = 0
        w.cut_at((1.0, 0.0, 0.0), (30.0, 0.0, 0.0))
        assert w.plotter.actors["faces"].GetBounds()[:2] == pytest.approx((30.0, 30.0), abs=1e-3)
        w.cut_at((1.0, 0.0, 0.0), (900.0, 0.0, 0.0))
        assert "faces" not in w.plotter.actors
        w.cut()
        assert w.section is None

    photograph(jobs, Look(size=(300, 200)), tmp_path / "w.png", act)
