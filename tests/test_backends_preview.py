"""Pictures: what is drawn, where and in which colour; the scale bar holds; the same part gives the same bytes."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.drawing.camera import DIRECTIONS, Camera, extent, length_label, nice_length
from wetprint.backends.drawing.picture import Picture, formula, labels, picture
from wetprint.backends.drawing.style import STYLES
from wetprint.backends.preview import Look, preview
from wetprint.backends.previews import PREVIEWS
from wetprint.backends.previews.png import render, render_png
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.filaments import FilamentSet, State
from wetprint.lang.load import load

RED, BLUE = "#c03020", "#2050c0"


@pytest.fixture
def part(parts: ModuleType) -> FilamentSet:
    """Red along x, blue along y; dried smaller than wet."""
    inks = (replace(parts.ink(name="Fe3O4"), colour=RED), replace(parts.ink(name="Au"), colour=BLUE))
    wet = parts.woodpile(lines=5, layers=4, inks=inks, material=lambda k: k % 2, state="wet")
    s = wet.wet
    return wet.with_states(s, State(s.points_um * 0.9, s.width_um * 0.9, s.height_um * 0.9))


def hue(pixels: np.ndarray) -> np.ndarray:
    """ "r", "b", "w" (white) or "?" of pixels [...,3]."""
    p = pixels.astype(int)
    out = np.full(p.shape[:-1], "?")
    out[(p[..., 0] > 1.6 * p[..., 2]) & (p[..., 0] > 40)] = "r"
    out[(p[..., 2] > 1.6 * p[..., 0]) & (p[..., 2] > 40)] = "b"
    out[(p.min(axis=-1) > 250)] = "w"
    return out


# -- what a picture shows, before it is drawn ------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIRECTIONS)
def test_view_axes_are_a_right_handed_frame(name: str) -> None:
    axes = Camera.named(name).axes()
    assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-12) and np.linalg.det(axes) == pytest.approx(1)
    assert axes[1, 2] >= -1e-12  # z never points down in the picture


def test_an_isometric_view_shortens_all_axes_alike() -> None:
    shown = np.hypot(*Camera.named("isometric").axes()[:2])
    assert shown == pytest.approx(np.full(3, np.sqrt(2 / 3)), abs=1e-8)


def test_a_direction_in_degrees_and_one_that_is_none() -> None:
    assert Camera.named("30,45") == Camera(30.0, 45.0)
    with pytest.raises(WetprintError) as caught:
        Camera.named("sideways")
    assert caught.value.diagnostics[0].code == "X723" and "top" in caught.value.diagnostics[0].message


@pytest.mark.parametrize(("longest", "nice"), [(99.9, 50), (100, 100), (0.3, 0.2), (2400, 2000), (7, 5)])
def test_scale_bars_have_round_lengths(longest: float, nice: float) -> None:
    assert nice_length(longest) == pytest.approx(nice)


@pytest.mark.parametrize(("um", "label"), [(0.5, "500 nm"), (20, "20 µm"), (1000, "1 mm"), (5000, "5 mm")])
def test_scale_bars_are_labelled_as_people_write(um: float, label: str) -> None:
    assert length_label(um) == label


def test_the_scale_bar_holds_in_the_pictures_plane(part: FilamentSet) -> None:
    """Two points as far apart as the bar says, in the picture's plane, are as far apart in pixels as the bar is long."""
    shown = picture(part, size=(800, 600))
    frame = shown.panels[0].frame
    a = np.array([3.0, -7.0, 11.0])
    b = a + shown.bar_um * shown.axes[0]
    distance = np.linalg.norm(frame.to_px(b @ shown.axes.T) - frame.to_px(a @ shown.axes.T))
    assert distance == pytest.approx(shown.bar_um / shown.um_per_px, rel=1e-9)
    assert 0.05 * 800 < distance < 0.23 * 800


def test_the_part_fills_the_frame_and_stays_inside(part: FilamentSet) -> None:
    for state in ("wet", "dried", "both"):
        for panel in picture(part, state=state, size=(900, 700)).panels:
            low, high = extent(part, panel.state, Camera().axes())
            corners = panel.frame.to_px([low, high])
            assert corners.min() > 0 and (corners[1] < (panel.box.width, panel.box.height)).all()
    corners = picture(part, size=(900, 700)).panels[0].frame.to_px(extent(part, "dried", Camera().axes()))
    assert max((corners[1] - corners[0]) / (900, 700)) > 0.7


def test_both_states_share_scale_and_place(part: FilamentSet) -> None:
    shown = picture(part, state="both")
    wet, dried = shown.panels
    assert (wet.caption, dried.caption) == ("wet", "dried")
    assert wet.frame == dried.frame and wet.box.left + wet.box.width <= dried.box.left


def test_the_legend_names_what_is_there(part: FilamentSet) -> None:
    assert picture(part).legend == (("Fe₃O₄", RED), ("Au", BLUE))
    only_blue = part.take(np.flatnonzero(part.material == 1))
    shown = picture(only_blue)
    assert shown.legend == (("Au", BLUE),) and shown.colours == (BLUE,)
    assert set(shown.panels[0].index) == {0}
    inks = (part.inks[1], replace(part.inks[1], name="gold, thin"))
    assert labels(inks) == ["Au (Au)", "Au (gold, thin)"]
    assert formula("Fe3O4") == "Fe₃O₄" and formula("Au + CdSe 2") == "Au + CdSe 2"


@pytest.mark.parametrize(
    ("options", "code"),
    [({"size": (10, 900)}, "X722"), ({"style": "comic"}, "X723"), ({"state": "wet"}, "X713")],
)
def test_wrong_wishes_are_said(part: FilamentSet, parts: ModuleType, options: dict, code: str) -> None:
    with pytest.raises(WetprintError) as caught:
        picture(parts.only(part, "dried"), **options)
    assert caught.value.diagnostics[0].code == code


def test_the_register_and_its_members_agree() -> None:
    assert {"png", "html", "window"} <= set(PREVIEWS.names())
    for name in PREVIEWS:
        assert PREVIEWS[name].name == name and PREVIEWS[name].doc
        assert PREVIEWS[name].ending in ("", f".{name}")


# -- pictures --------------------------------------------------------------------------------------------------------


def drawn_at(shown: Picture, pixels: np.ndarray, point_um: np.ndarray) -> np.ndarray:
    """The 3 x 3 pixels in which a point of the part lies."""
    panel = shown.panels[0]
    x, y = panel.frame.to_px(point_um @ shown.axes.T)
    c, r = int(panel.box.left + x), int(panel.box.top + panel.frame.height - y)
    return pixels[r - 1 : r + 2, c - 1 : c + 2]


@pytest.mark.gl
@pytest.mark.parametrize("view", ["axonometric", "top", "front", "25,50"])
def test_filaments_are_where_they_should_be_in_their_colour(part: FilamentSet, view: str) -> None:
    """The nearest points of the outermost filaments of a view show their own ink, or one that truly lies before them."""
    camera = Camera.named(view)
    shown = picture(part, size=(640, 480), camera=camera)
    pixels = render(shown)[..., :3]
    s, eye = part.dried, camera.axes()[2]
    middle = 0.5 * (s.points_um[0::2] + s.points_um[1::2])
    front = middle @ eye
    nearest = np.argsort(-front)[:3]
    for f in nearest:
        seen = hue(drawn_at(shown, pixels, middle[f] + 0.45 * s.width_um[0] * eye))
        assert (seen == "rb"[part.material[f]]).mean() > 0.5, (f, view)
    # Beside the part there is white paper only.
    assert (hue(pixels[:6]) == "w").all() and (hue(pixels[:, :4]) == "w").all()


@pytest.mark.gl
def test_widths_are_true(parts: ModuleType) -> None:
    """From above, a filament covers as many rows of pixels as its width says, at any width."""
    for width in (4.0, 9.0, 20.0):
        part = parts.paths([[[-60.0, 0, 10], [60, 0, 10]], [[-60, 40, 10], [60, 40, 10]]], width)
        shown = picture(
            part, size=(400, 300), camera=Camera.named("top"), ground=False, lettering=False, transparent=True
        )
        covered = render(shown)[:, 200, 3].sum() / 255
        assert covered / 2 == pytest.approx(width / shown.um_per_px, abs=0.3)


@pytest.mark.gl
def test_flat_sections_look_flat(parts: ModuleType) -> None:
    part = parts.paths([[[0.0, -50, 10], [0, 50, 10]]], 20.0)
    s = part.dried
    part = part.with_states(None, State(s.points_um, s.width_um, s.height_um * 0.4))
    shown = picture(part, size=(400, 300), camera=Camera.named("front"), ground=False, lettering=False)
    rows, columns = np.nonzero(render(shown).min(axis=2) < 200)
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(2.5, rel=0.08)


@pytest.mark.gl
def test_bent_filaments_are_drawn(parts: ModuleType) -> None:
    t = np.linspace(0, 2 * np.pi, 60)
    ring = np.stack([80 * np.cos(t), 80 * np.sin(t), 10 + 0 * t], axis=1)
    shown = picture(
        parts.paths([ring], 10.0), size=(300, 300), camera=Camera.named("top"), ground=False, lettering=False
    )
    there = render(shown).min(axis=2) < 235
    rows, columns = np.nonzero(there)
    frame = shown.panels[0].frame
    r = np.hypot(columns + 0.5 - frame.width / 2, rows + 0.5 - shown.panels[0].box.top - frame.height / 2)
    assert r.min() * shown.um_per_px > 73 and r.max() * shown.um_per_px < 87
    assert there.sum() * shown.um_per_px**2 == pytest.approx(2 * np.pi * 80 * 10, rel=0.04)


@pytest.mark.gl
def test_same_part_same_bytes(part: FilamentSet, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        render_png(part, tmp_path / name, size=(320, 240))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.gl
@pytest.mark.parametrize("style", STYLES)
def test_every_style_draws(part: FilamentSet, style: str) -> None:
    pixels = render(picture(part, size=(200, 150), style=style))
    assert pixels.shape == (150, 200, 3) and pixels.std() > 5


@pytest.mark.gl
def test_no_background_on_request(part: FilamentSet) -> None:
    pixels = render(picture(part, size=(320, 240), transparent=True))
    assert pixels.shape == (240, 320, 4)
    assert (pixels[:3, :, 3] == 0).all() and (pixels[..., 3] == 255).sum() > 2000


@pytest.mark.gl
def test_both_states_side_by_side_at_one_scale(part: FilamentSet) -> None:
    shown = picture(
        part, state="both", size=(640, 320), ground=False, lettering=False, camera=Camera.named("top")
    )
    there = render(shown).min(axis=2) < 200
    spans = [np.ptp(np.nonzero(there[:, c : c + 320])[1]) for c in (0, 320)]
    assert spans[1] / spans[0] == pytest.approx(0.9, abs=0.01)


@pytest.mark.gl
def test_preview_writes_what_is_asked_for(part: FilamentSet, tmp_path: Path) -> None:
    asked = {"png": tmp_path / "p.png", "html": tmp_path / "p.html"}
    assert preview([part], **asked, state="both", size=(160, 120)) == list(asked.values())
    assert all(p.stat().st_size > 1000 for p in asked.values())


def test_a_window_without_a_display_says_what_to_do(
    part: FilamentSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(WetprintError) as caught:
        preview([part])
    assert caught.value.diagnostics[0].code == "X721" and "--html" in caught.value.diagnostics[0].notes[0]


@pytest.mark.gl
def test_the_window_does_what_its_keys_say(part: FilamentSet, tmp_path: Path) -> None:
    from wetprint.backends.previews.window import COLOURINGS, photograph

    seen: list[object] = []

    def act(w) -> None:  # type: ignore[no-untyped-def]
        seen.append(w.state)
        w.other_state()
        seen.append(w.state)
        before = w._data.n_cells
        w.show_layers(2)
        seen.append(w._data.n_cells / before)
        w.show_layers(99)
        seen.append(w.shown_layers)
        w.from_direction("top")
        seen.append(w.told(w.pick(200, 150)))
        for _ in COLOURINGS:
            w.next_colouring()
        w.cut()
        w.cut()
        w.help()
        w.perspective()

    path = photograph(part, Look(state="wet", size=(400, 300)), tmp_path / "w.png", act)
    assert path.stat().st_size > 1000
    assert seen[:4] == ["wet", "dried", pytest.approx(0.5), 4]
    assert str(seen[4]).startswith("part.wp:1:1\nAu, layer 4")


@pytest.mark.gl
def test_films_turn_and_dry(part: FilamentSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image
    from wetprint.backends.previews import film

    monkeypatch.setattr(film, "TURN", 4)
    monkeypatch.setattr(film, "DRY", 2)
    for name, state, count in (("turn", "wet", 4), ("dry", "both", 3)):
        files = [tmp_path / f"{name}{k}.gif" for k in range(2)]
        for file in files:
            assert preview(part, gif=file, state=state, size=(240, 180)) == [file]
        assert files[0].read_bytes() == files[1].read_bytes()
        film = Image.open(files[0])
        assert film.n_frames == count and film.size == (240, 180)
        stills = []
        for k in range(count):
            film.seek(k)
            stills.append(np.asarray(film.convert("RGB")).astype(int))
        assert all((s[2, 2] == 255).all() for s in stills)  # paper stays white
        assert np.abs(stills[0] - stills[1]).mean() > 1


@pytest.mark.gl
def test_a_sifted_part_looks_as_if_it_had_been_drawn_whole(
    part: FilamentSet, parts: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large parts are drawn from the pieces that can be seen: no pixel may tell."""
    from wetprint.backends.previews import png

    lattice = parts.woodpile(lines=15, layers=12, inks=part.inks, material=lambda k: k % 2)
    shown = picture(lattice, size=(480, 360))
    whole = render(shown).astype(int)
    monkeypatch.setattr(png, "_MANY", 10)
    sifted = render(shown).astype(int)
    assert (np.abs(whole - sifted).max(axis=2) > 40).mean() < 2e-3
    monkeypatch.setattr(png, "_LIGHT_MOST", 0.0)
    quick = render(shown).astype(int)
    assert 1 < np.abs(whole - quick).mean() < 25


@pytest.mark.gl
def test_long_paths_of_many_points_are_thinned_not_bent(
    parts: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wetprint.backends.previews import png

    t = np.linspace(0, 6 * np.pi, 4000)
    wave = np.stack([20 * t, 40 * np.sin(t), 10 + 0 * t], axis=1)
    part = parts.paths([wave, wave + np.array([0, 90, 0])], 8.0)
    shown = picture(part, size=(400, 300), camera=Camera.named("top"), ground=False, lettering=False)
    whole = render(shown).astype(int)
    monkeypatch.setattr(png, "_MANY_BENT", 10)
    monkeypatch.setattr(png, "_MANY", 10)
    thinned = render(shown).astype(int)
    assert (np.abs(whole - thinned).max(axis=2) > 60).mean() < 1e-2


def test_a_legend_tells_the_shares_of_mixes_that_are_alike_otherwise() -> None:
    text = (
        'wp 1;\nuse "nanocrystal.wp" as nc;\nbath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n'
        "lattice b = woodpile { size: [400um, 400um]; layers: 2; pitch: 40um; filament: 10um;\n"
        "  material: mix(nc.gold: ramp(x, over: [-200um, 200um]), nc.cadmium_selenide: rest, steps: 5); }\n"
        "print b { bath: both; }\n"
    )
    scene = load("a.wp", text).scene
    assert scene is not None
    (job,), _ = build(scene)
    assert sorted(labels(job.filaments.inks)) == [
        "25 % Au + 75 % CdSe",
        "50 % Au + 50 % CdSe",
        "75 % Au + 25 % CdSe",
        "Au",
        "CdSe",
    ]


def test_files_are_refused_before_all_work_where_they_cannot_be(tmp_path: Path) -> None:
    from wetprint.backends.preview import look_for

    def said(**files: Path) -> str:
        with pytest.raises(WetprintError) as caught:
            look_for(state="dried", size=None, **({"png": None, "html": None, "gif": None} | files))
        return f"{caught.value.diagnostics[0].code}: {caught.value.diagnostics[0].message}"

    assert said(png=tmp_path / "a.jpg").endswith(
        "a.jpg: a PNG was asked for; expected a name that ends in .png"
    )
    assert said(gif=tmp_path / "a.mp4").startswith("X711") and said(mp4=tmp_path / "a.gif").startswith("X711")
    assert "there is no folder" in said(png=tmp_path / "none" / "a.png")
    for name in ("a.png", "A.PNG", "a", "fig.2", "v1.0-final"):
        assert look_for(state="dried", size=None, html=None, gif=None, png=tmp_path / name)[0]
