"""Films drawn: faces of prisms, windows on large arrays, pictures by their content, a page in a browser."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.drawing.plan import plan_view
from wetprint.backends.drawing.slabs import Slab, Window, detail, slab_patch, triangles, within
from wetprint.backends.drawing.stack import draw, stack
from wetprint.backends.preview import Look
from wetprint.backends.previews.stacked import Films, Pass, show_films
from wetprint.backends.reports.contrast import contrast_blocks
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.flat import Flat, area_um2, copied_out, from_shapely, joined, rectangles, repeated
from wetprint.kernel.quantity import MJ_CM2, UC_CM2

RED, GREEN = "#d62828", "#3cb44b"

coordinate = st.integers(-5_000, 5_000)


@st.composite
def regions(make: st.DrawFn) -> Flat:
    """A few boxes, discs and rings, merged."""
    shapes = []
    for _ in range(make(st.integers(1, 4))):
        x, y, r = make(coordinate), make(coordinate), make(st.integers(200, 3_000))
        kind = make(st.sampled_from(["box", "disc", "ring"]))
        if kind == "box":
            shapes.append(shapely.box(x - r, y - r // 2, x + r, y + r // 2))
        else:
            disc = shapely.Point(x, y).buffer(r, 12)
            shapes.append(disc.difference(shapely.Point(x, y).buffer(r / 2, 12)) if kind == "ring" else disc)
    return from_shapely(shapely.union_all(shapes, grid_size=1.0))


@given(regions())
def test_triangles_fill_a_region_once(region: Flat) -> None:
    points, faces = triangles(copied_out(region))
    a, b, c = (points[faces[:, k]] for k in range(3))
    twice = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (twice > 0).all()  # all anticlockwise: seen from above, none is culled
    assert twice.sum() / 2e6 == pytest.approx(area_um2(region), rel=1e-9)


@given(regions(), st.floats(0.1, 3.0))
def test_a_prism_is_closed_but_for_its_foot(region: Flat, height: float) -> None:
    """Top and sides together, by Gauss: the flux of (0, 0, z) through them is the volume, as the foot lies at z = 0."""
    patch = slab_patch(Slab("", RED, region, 0.0, height), np.eye(3), 1)
    p = patch.points_um.astype(float)
    a, b, c = (p[patch.faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a) / 2
    flux = (area[:, 2] * (a[:, 2] + b[:, 2] + c[:, 2]) / 3).sum()
    assert flux == pytest.approx(height * area_um2(region), rel=1e-4)
    normal = patch.normal[patch.faces[:, 0]]
    assert ((area * normal).sum(axis=1) >= -1e-9).all()  # they face the way that light takes them for


@given(regions(), coordinate, coordinate, st.integers(500, 6_000))
def test_a_window_cuts_what_lies_in_it(region: Flat, x: int, y: int, half: int) -> None:
    window = Window((x - half) / 1e3, (y - half) / 1e3, (x + half) / 1e3, (y + half) / 1e3)
    whole = shapely.union_all(_shapes(region))
    # Cut edges are rounded to the grid: half a nanometre along every edge that is cut.
    expected = shapely.intersection(whole, shapely.box(x - half, y - half, x + half, y + half)).area / 1e6
    assert area_um2(within(region, window)) == pytest.approx(expected, abs=0.02 + 1e-6)


def _shapes(region: Flat) -> object:
    from wetprint.kernel.flat import to_shapely

    return to_shapely(region)


def _pixels(offset: int) -> Flat:
    return repeated(rectangles([[offset - 200, -600, offset + 200, 600]]), 1000, 1000, (1600, 0), (0, 1600))


def _display() -> tuple[Slab, ...]:
    return tuple(
        Slab(name, colour, _pixels(offset), 0.0, 0.04)
        for name, colour, offset in (("red", RED, -533), ("green", GREEN, 0), ("blue", "#2a6fdb", 533))
    )


def test_of_a_million_pixels_whole_units_are_shown() -> None:
    slabs = _display()
    window = detail(slabs)
    assert window is not None and not window.whole
    assert window.side_um == pytest.approx(9 * 1.6)
    shown = stack(slabs)
    assert [s.region.count for s in shown.slabs] == [81, 81, 81]
    assert [area_um2(s.region) for s in shown.slabs] == pytest.approx([81 * 0.4 * 1.2] * 3)
    assert "14.4 × 14.4 µm of" in shown.said[1]


def test_heights_are_drawn_larger_and_say_so() -> None:
    slab = Slab("film", RED, rectangles([[-50_000, -50_000, 50_000, 50_000]]), 0.0, 0.05)
    shown = stack([slab])
    assert shown.times == 20 and shown.slabs[0].high_um == pytest.approx(1.0)
    assert shown.said == ("films drawn 20 times as thick",)


def test_an_overview_tells_shares_of_arrays_too_fine_for_it() -> None:
    lines = repeated(rectangles([[0, 0, 500, 100_000]]), 100, 1, (1000, 0), (0, 0))
    slab = Slab("half", "#000000", lines, 0.0, 0.1)
    image = plan_view([slab], Window(0, 0, 1, 1, whole=False), 60)
    assert image[30, 30] == pytest.approx([0.5] * 3, abs=0.02)


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(WetprintError) as raised:
        stack([])
    assert raised.value.diagnostics[0].code == "X712"


@pytest.mark.gl
def test_a_picture_shows_each_film_in_its_colour_where_it_lies() -> None:
    left = Slab("left", RED, rectangles([[-10_000, -4_000, -2_000, 4_000]]), 0.0, 0.1)
    right = Slab("right", GREEN, rectangles([[2_000, -4_000, 10_000, 4_000]]), 0.0, 0.1)
    from wetprint.backends.drawing.camera import Camera

    pixels = draw(stack([left, right]), [left, right], size=(400, 300), camera=Camera.named("top")).astype(
        int
    )
    for part, colour in ((pixels[:, :200], RED), (pixels[:, 200:], GREEN)):
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        near = (np.abs(part - wanted) < 12).all(axis=2)[: 300 - 40]
        assert near.mean() > 0.2  # its true colour, in its half
    assert not (np.abs(pixels[:, :200] - [0x3C, 0xB4, 0x4B]) < 12).all(axis=2)[:250].any()


def _films() -> Films:
    return Films(
        tuple(
            Pass(s.label, s.colour, (replace(s, row=k),), s.region, "exposed, 365 nm")
            for k, s in enumerate(_display(), 1)
        )
    )


@pytest.mark.gl
def test_the_same_films_are_the_same_bytes(tmp_path: Path) -> None:
    look = Look(size=(320, 240))
    for name in ("a", "b"):
        show_films(_films(), [("png", tmp_path / f"{name}.png"), ("html", tmp_path / f"{name}.html")], look)
    for ending in ("png", "html"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.gl
def test_a_film_of_the_passes_spreads_exposes_develops(tmp_path: Path) -> None:
    from PIL import Image

    show_films(_films(), [("gif", tmp_path / "passes.gif")], Look(size=(240, 180), film="print"))
    with Image.open(tmp_path / "passes.gif") as film:
        assert film.n_frames == 9
        film.seek(2)
        first = np.asarray(film.convert("RGB")).astype(int)
        film.seek(8)
        last = np.asarray(film.convert("RGB")).astype(int)
    body = (slice(40, 150), slice(40, 160))
    blue = (np.abs(last[body] - [0x2A, 0x6F, 0xDB]).max(axis=2) < 60).sum()
    assert blue > 50 and (np.abs(first[body] - [0x2A, 0x6F, 0xDB]).max(axis=2) < 60).sum() == 0


def test_films_do_not_dry(tmp_path: Path) -> None:
    with pytest.raises(WetprintError) as raised:
        show_films(_films(), [("gif", tmp_path / "no.gif")], Look(film="drying"))
    assert raised.value.diagnostics[0].code == "X726"


def test_films_of_many_cells_are_cut_one_by_one() -> None:
    region = joined([_pixels(0), rectangles([[-3_000, -3_000, -1_000, -1_000]])])
    window = Window(-2.0, -2.0, 3.0, 3.0)
    # The box is cut to its corner; of the pixels, two columns of two whole rows and of .4 um of a third.
    assert area_um2(within(region, window)) == pytest.approx(1.0 + 2 * (2 * 0.48 + 0.4 * 0.4))


def test_the_page_of_films_turns_in_a_browser(tmp_path: Path, chromium: ModuleType) -> None:
    if chromium.CHROMIUM is None:
        pytest.skip("no Chromium")
    page = tmp_path / "films.html"
    show_films(_films(), [("html", page)], Look(title="</script> RGB"))
    browser = chromium.Browser(tmp_path / "profile", (800, 600))
    try:
        browser.goto(page.as_uri())
        # The substrate and three films; its title is text, whatever a user writes.
        assert browser.until("window.wetprint && window.wetprint.drawn") == 4
        assert browser.js("document.querySelector('h1').textContent") == "</script> RGB"
        before = browser.photograph(tmp_path / "before.png").read_bytes()
        azimuth = browser.js("wetprint.view.az")
        for kind, x in (("mousePressed", 400), ("mouseMoved", 500), ("mouseReleased", 500)):
            browser.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=300, button="left", buttons=1, clickCount=1
            )
        browser.until(f"Math.abs(wetprint.view.az - {azimuth}) > 20")
        browser.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert browser.photograph(tmp_path / "after.png").read_bytes() != before
        slide = (
            "(s => { s.value = 1; s.dispatchEvent(new Event('input')); })(document.getElementById('passes'))"
        )
        browser.js(slide)
        browser.until("wetprint.drawn === 2")
        assert browser.js("document.getElementById('says').textContent").startswith("1  red")
        assert browser.complaints == []
    finally:
        browser.close()


@pytest.mark.gl
def test_a_film_that_nothing_is_left_of_is_passed_over(tmp_path: Path) -> None:
    from wetprint.backends.opengl import prepare_offscreen
    from wetprint.backends.previews.stacked import write_glb
    from wetprint.backends.previews.stacked_window import FilmWindow

    films = _films()
    gone = replace(films.passes[1].slabs[0], region=rectangles([]))
    some = Films((films.passes[0], replace(films.passes[1], slabs=(gone,)), films.passes[2]))
    assert write_glb(some, tmp_path / "f.glb", "dried").read_bytes()[:4] == b"glTF"
    show_films(some, [("html", tmp_path / "f.html"), ("png", tmp_path / "f.png")], Look(size=(200, 150)))
    prepare_offscreen()
    window = FilmWindow(some, Look(size=(200, 150)), off_screen=True)
    assert [row for row, _ in window._actors] == [0, 1, 3]
    window.plotter.close()


def test_the_sheet_shows_doses_on_the_contrast_curve(film_scenes: ModuleType) -> None:
    f = film_scenes
    mj, uc = MJ_CM2, UC_CM2
    green = f.film(d0=20 * mj, gamma=2.0, damage=300 * mj)
    beam = f.film("beam", d0_electrons=100 * uc, gamma_electrons=1.0)
    twice = (
        f.pattern(f.box(0, 0, 10, 10, "one"), green, dose=40 * mj, develop=False),
        f.pattern(f.box(5, 0, 10, 10, "two"), green, dose=50 * mj),
        f.pattern(f.box(50, 0, 10, 10, "three"), beam, "ebeam", dose=500 * uc),
        f.pattern(f.box(90, 0, 10, 10, "four"), f.film("unknown")),
    )
    blocks = contrast_blocks(f.scene(*twice))
    (light, electrons) = [item for block in blocks for item in block.items]
    # 40 and 90 mJ/cm2: the least and the most that a place of it gets.
    assert light.alt == "contrast of green: D0 20 mJ/cm2, D100 63.25 mJ/cm2; it gets 40 mJ/cm2 to 90 mJ/cm2"
    assert electrons.alt == "contrast of beam: D0 100 uC/cm2, D100 1000 uC/cm2; it gets 500 uC/cm2"
    assert "damage" in light.svg and "damage" not in electrons.svg and "µC/cm²" in electrons.svg
    # What stays at 500 of 100 to 1000 uC/cm2, by where the mark stands between the lines of 60 and 80 %.
    (y,) = (float(v) for v in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', electrons.svg))
    ticks = {
        int(t): float(at) - 4
        for at, t in re.findall(r'y="([\d.]+)" text-anchor="end">(\d+)</text>', electrons.svg)
    }
    stays = 60 + 20 * (y - ticks[60]) / (ticks[80] - ticks[60])
    assert stays == pytest.approx(100 * math.log10(5), abs=0.2)


@pytest.mark.gl
def test_the_smallest_picture_leaves_the_overview_out(tmp_path: Path) -> None:
    dots = repeated(rectangles([[0, 0, 400, 400]]), 2000, 2000, (1000, 0), (0, 1000))
    film = Slab("dots", "#2a6fdb", dots, 0.0, 0.04, 1)
    assert not stack([film]).window.whole
    films = Films((Pass(film.label, film.colour, (film,), dots, ""),))
    show_films(films, [("png", tmp_path / "a.png")], Look(size=(16, 16)))
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
