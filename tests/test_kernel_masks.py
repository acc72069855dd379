"""Masks: areas and extents in closed form, laws of booleans and rigid motions, arrays that stay arrays, files that cannot be read."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.flat import Flat, area_um2, copied_out, merged, moved, shifted
from wetprint.kernel.mask import MASKS, classes, drawn, extent, polygons
from wetprint.kernel.masks.boolean import together
from wetprint.kernel.masks.image import blocks
from wetprint.kernel.masks.rows import MOST_RUNS, off_nm, runs
from wetprint.kernel.scene import Mask
from wetprint.lang.load import load

HERE = Span(Source("<test>", "test"), 0, 4)


def mask(kind: str, *children: Mask, matrix: tuple[float, ...] | None = None, **fields: Any) -> Mask:
    """A mask with the defaults of its fields."""
    defaults = {f.name: f.default for f in MASKS[kind].construct.fields if not f.required}
    return Mask(kind, defaults | fields, HERE, children, matrix)


def area(made: Mask | Flat) -> float:
    """Of the region, overlaps once."""
    return area_um2(merged(drawn(made) if isinstance(made, Mask) else made))


BOX = mask("rectangle", size=(4.0, 3.0))
#: kind -> (mask, area um^2, what rounding of corners to 1 nm may be off).
KNOWN: dict[str, tuple[Mask, float, float]] = {
    "rectangle": (BOX, 12.0, 0.0),
    "circle": (mask("circle", radius=20.0), math.pi * 400, 1e-5),
    "ring": (mask("ring", inner=10.0, outer=20.0), math.pi * 300, 1e-5),
    "polygon": (
        mask(
            "polygon",
            points=((0.0, 0.0), (8.0, 0.0), (0.0, 6.0)),
            holes=(((1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 2.0)),),
        ),
        23.0,
        0.0,
    ),
    "pixels": (mask("pixels", ppi=15875, count=(30, 20), subpixel=(0.4, 1.2)), 600 * 0.48, 0.0),
    "barriers": (
        mask("barriers", pitch=(2.0, 3.0), count=(30, 20), width=0.3),
        600 * (6.0 - 1.7 * 2.7),
        0.0,
    ),
    "grating": (mask("grating", pitch=0.5, size=(20.0, 10.0), duty=0.4), 40 * 0.2 * 10.0, 0.0),
    "siemens": (
        mask("siemens", radius=50.0, finest=0.5, spokes=24),
        math.pi * (50.0**2 - (0.5 * 24 / math.pi) ** 2) / 2,
        1e-4,
    ),
    "resolution": (
        mask("resolution", widths=(0.2, 0.5, 1.0), labels=False),
        sum(2 * 5 * 9 * w * w for w in (0.2, 0.5, 1.0)),
        0.0,
    ),
    "cross": (mask("cross", size=50.0, width=5.0), 2 * 50 * 5 - 25, 0.0),
    "box_in_box": (mask("box_in_box", outer=40.0, width=5.0, inner=15.0), 1600 - 900 + 225, 0.0),
    "vernier": (
        mask("vernier", pitch=4.0, step=0.1, width=2.0, length=20.0),
        2 * (10 * 40.0 + 60.0),
        0.0,
    ),
    "union": (mask("union", BOX, mask("rectangle", size=(3.0, 4.0))), 15.0, 0.0),
    "difference": (mask("difference", BOX, mask("rectangle", size=(3.0, 4.0))), 3.0, 0.0),
    "intersection": (mask("intersection", BOX, mask("rectangle", size=(3.0, 4.0))), 9.0, 0.0),
    "invert": (mask("invert", mask("rectangle", size=(1.0, 1.0)), BOX), 11.0, 0.0),
    "grow": (mask("grow", BOX, by=0.25), 4.5 * 3.5, 0.0),
    "array": (mask("array", BOX, n=(3, 2), pitch=(5.0, 4.0)), 72.0, 0.0),
}


@pytest.mark.parametrize("kind", KNOWN)
def test_areas_in_closed_form(kind: str) -> None:
    made, wanted, loose = KNOWN[kind]
    assert MASKS[kind].complaint(made) is None
    assert area(made) == pytest.approx(wanted, rel=max(loose, 1e-12))


def test_every_kind_is_held_by_some_test() -> None:
    assert set(MASKS.names()) == {*KNOWN, "text", "dose_matrix", "image", "slice"}


@pytest.mark.parametrize("kind", KNOWN)
def test_extents_hold_all_that_is_drawn(kind: str) -> None:
    made = KNOWN[kind][0]
    for matrix in (None, (0.0, -1.0, 0, 5.0, 1.0, 0.0, 0, -3.0, 0, 0, 1.0, 0)):
        placed = Mask(made.kind, made.fields, HERE, made.children, matrix)
        box, bounds = extent(placed), drawn(placed).bounds_nm()
        assert box is not None and bounds is not None
        for low, said in zip(bounds[:2], box[:2], strict=True):
            assert said <= low * 1e-3 + 2e-3
        for high, said in zip(bounds[2:], box[2:], strict=True):
            assert said >= high * 1e-3 - 2e-3
        if kind not in ("difference", "intersection", "grow"):
            assert np.allclose(box, np.array(bounds) * 1e-3, atol=2e-3), (box, bounds)


lengths = st.integers(1, 40_000).map(lambda n: n * 1e-3)
places = st.tuples(st.integers(-30_000, 30_000), st.integers(-30_000, 30_000)).map(
    lambda p: (p[0] * 1e-3, p[1] * 1e-3)
)


@st.composite
def shapes(draw: st.DrawFn) -> Mask:
    at = draw(places)
    kind = draw(st.sampled_from(("rectangle", "circle", "cross", "grating")))
    if kind == "rectangle":
        return mask(kind, size=(draw(lengths), draw(lengths)), at=at)
    if kind == "circle":
        return mask(kind, radius=draw(lengths) + 0.05, at=at)
    if kind == "cross":
        size = draw(lengths) + 1.0
        return mask(kind, size=size, width=round(size / 3, 3), at=at)
    return mask(kind, pitch=1.0, size=(draw(st.integers(2, 9)) * 1.0, 5.0), at=at)


@given(shapes(), shapes())
def test_areas_of_booleans_add_up(a: Mask, b: Mask) -> None:
    both, shared = area(mask("union", a, b)), area(mask("intersection", a, b))
    tolerance = 1e-3 * 300  # corners where edges cross are rounded to the grid
    assert both == pytest.approx(area(a) + area(b) - shared, abs=tolerance)
    assert area(mask("difference", a, b)) == pytest.approx(area(a) - shared, abs=tolerance)
    assert area(mask("invert", a, b)) == pytest.approx(area(b) - shared, abs=tolerance)


@given(shapes(), places, st.sampled_from((0, 1, 2, 3)), st.booleans())
def test_rigid_motions_keep_areas_and_undo(
    made: Mask, by: tuple[float, float], quarter: int, flip: bool
) -> None:
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
    f = -1 if flip else 1
    there = (f * c, -s, 0, by[0], f * s, c, 0, by[1], 0, 0, 1, 0)
    back = (f * c, f * s, 0, -f * (c * by[0] + s * by[1]), -s, c, 0, s * by[0] - c * by[1], 0, 0, 1, 0)
    region = drawn(made)
    away = moved(region, tuple(map(float, there)))
    assert area_um2(away) == pytest.approx(area_um2(region), rel=1e-12)
    assert area_um2(away) > 0  # rings keep their way round
    home = moved(away, tuple(map(float, back)))
    assert _same(home, region)


def _same(a: Flat, b: Flat) -> bool:
    return area_um2(together(a, b, "difference")) == area_um2(together(b, a, "difference")) == 0.0


@given(shapes(), st.integers(-90, 90))
def test_turned_by_any_angle_areas_stay(made: Mask, degrees: int) -> None:
    t = math.radians(degrees)
    turned = moved(drawn(made), (math.cos(t), -math.sin(t), 0, 0, math.sin(t), math.cos(t), 0, 0, 0, 0, 1, 0))
    region = drawn(made)
    outline = sum(_perimeter(c) * c.repeat.count for c in region.cells)
    assert area_um2(turned) == pytest.approx(area_um2(region), abs=outline * 1e-3)


def _perimeter(cell: Any) -> float:
    after = np.arange(1, len(cell.points_nm) + 1)
    after[cell.rings[1:] - 1] = cell.rings[:-1]
    return float(np.hypot(*(cell.points_nm[after] - cell.points_nm).T).sum()) * 1e-3


@given(shapes(), st.integers(1, 400))
def test_what_has_grown_shrinks_back(made: Mask, by: int) -> None:
    assume(made.kind in ("rectangle", "cross"))
    out = mask("grow", mask("grow", made, by=by * 1e-3), by=-by * 1e-3)
    assert _same(drawn(out), drawn(made))


@given(st.floats(0.001, 100.0), st.integers(1, 3000), st.floats(-50.0, 50.0))
def test_rows_are_where_the_pitch_has_them(pitch: float, count: int, middle: float) -> None:
    rows = runs(pitch, count, middle)
    assert sum(r.count for r in rows) == count and len(rows) <= MOST_RUNS
    places = np.sort(np.concatenate([r.first_nm + r.step_nm * np.arange(r.count) for r in rows]))
    wanted = (middle + (np.arange(count) - (count - 1) / 2) * pitch) * 1e3
    assert np.abs(places - wanted).max() <= off_nm(pitch, count) + 1.0 + 1e-6


def test_three_hundred_pixels_per_inch_are_exact() -> None:
    """84.6667 um: three rows of every third pixel, 254 um apart."""
    assert [r.step_nm for r in runs(25_400 / 300, 3000)] == [254_000] * 3
    assert off_nm(25_400 / 300, 3000) == 0.0
    assert off_nm(1.23456789, 1000) == pytest.approx(0.43211 * 999 / 2, rel=1e-4)


def test_a_million_pixels_are_one_polygon() -> None:
    dots = mask("pixels", ppi=15875, count=(1000, 1000), subpixel=(0.4, 1.2))
    walls = mask("barriers", ppi=15875, count=(1000, 1000), width=0.2)
    turned = Mask("pixels", dots.fields, HERE, (), (0.0, -1.0, 0, 0.0005, 1.0, 0.0, 0, 0, 0, 0, 1, 0))
    for made in (
        dots,
        walls,
        turned,
        mask("grow", dots, by=0.05),
        mask("difference", dots, mask("pixels", ppi=15875, count=(1000, 1000), subpixel=(0.2, 0.2))),
        mask("intersection", dots, mask("pixels", ppi=15875, count=(1000, 1000), subpixel=(0.2, 2.0 - 0.5))),
    ):
        flat = drawn(made)
        assert len(flat.cells) == 1 and len(flat.cells[0]) == 1
        assert flat.count == 1_000_000 <= polygons(made)
    six = drawn(mask("array", dots, n=(3, 2), pitch=(2000.0, 2000.0)))
    assert len(six.cells) == 6 and six.count == 6_000_000
    assert area_um2(drawn(mask("grow", dots, by=0.05))) == pytest.approx(1e6 * 0.5 * 1.3)


@given(lengths, lengths, places)
def test_sizes_are_kept_to_the_nanometre(w: float, h: float, at: tuple[float, float]) -> None:
    bounds = drawn(mask("rectangle", size=(w, h), at=at)).bounds_nm()
    assert bounds is not None
    assert (bounds[2] - bounds[0], bounds[3] - bounds[1]) == (round(w * 1e3), round(h * 1e3))


def test_arrays_that_touch_are_grown_as_one() -> None:
    row = mask("array", mask("rectangle", size=(1.0, 1.0)), n=(4, 1), pitch=(1.2, 0.0))
    assert area(mask("grow", row, by=0.2)) == pytest.approx((3 * 1.2 + 1.4) * 1.4)
    touching = mask("array", mask("rectangle", size=(1.0, 1.0)), n=(4, 1), pitch=(1.0, 0.0))
    assert area(mask("grow", touching, by=-0.1)) == pytest.approx(3.8 * 0.8)


def test_a_slice_is_the_solid_there() -> None:
    scene = _scene(
        "solid ball = sphere { radius: 10um; }\nsolid hole = cylinder { radius: 2um; height: 20um; }\n"
        "mask cap = slice(difference(ball, hole), at: 16um);\n"
    )
    # The ball stands on the substrate: its middle is 10 um up.
    assert area(scene.masks["cap"]) == pytest.approx(math.pi * (100 - 36 - 4), rel=1e-3)


def _scene(text: str, name: str = "x.wp") -> Any:
    loaded = load(name, text=f"wp 1;\n{text}")
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    return loaded.scene


def test_letters_are_where_they_are_put() -> None:
    made = mask("text", text="HI", capital=10.0, at=(100.0, 50.0), align="centre")
    bounds = drawn(made).bounds_nm()
    assert bounds is not None
    assert bounds[3] - bounds[1] == pytest.approx(10_000, abs=300)
    assert (bounds[0] + bounds[2]) / 2 == pytest.approx(100_000, abs=1500)
    assert MASKS["text"].complaint(mask("text", text="\u4e2d", capital=10.0)) is not None


# -- doses --------------------------------------------------------------------------------------------------------------


def matrix_of(**more: Any) -> Mask:
    return mask("dose_matrix", factors=(0.5, 1.0, 2.0), sizes=(2.0, 5.0), pitch=30.0, **more)


def test_a_dose_matrix_has_a_class_for_each_dose() -> None:
    found = dict(classes(matrix_of(label_factor=3.0)))
    assert sorted(found) == [0.5, 1.0, 2.0, 3.0]
    for factor in (0.5, 1.0, 2.0):
        assert area_um2(found[factor]) == pytest.approx(4 + 25)
    assert area_um2(found[3.0]) > 0  # the letters
    lines = dict(classes(matrix_of(shape="lines", lines=2, label_factor=3.0)))
    assert area_um2(lines[0.5]) == pytest.approx(2 * (6 * 2 + 15 * 5))


def test_doses_stay_with_what_is_moved_copied_and_cut() -> None:
    made = matrix_of(label_factor=3.0)
    turned = Mask(made.kind, made.fields, HERE, (), (0.0, -1.0, 0, 7.0, 1.0, 0.0, 0, 0, 0, 0, 1, 0))
    half = mask("rectangle", size=(1000.0, 30.0), at=(0.0, 15.0))  # the upper row of fields
    for of, wanted in (
        (turned, 29.0),
        (mask("array", made, n=(2, 2), pitch=(500.0, 500.0)), 4 * 29.0),
        (mask("intersection", made, half), 4.0),
        (mask("difference", made, half), 25.0),
        (mask("grow", made, by=0.5), 9.0 + 36.0),
    ):
        found = dict(classes(of))
        assert area_um2(found[0.5]) == pytest.approx(wanted)
        assert area_um2(found[2.0]) == pytest.approx(wanted)


def test_where_doses_overlap_the_largest_stands() -> None:
    low = mask("dose_matrix", factors=(0.5,), sizes=(10.0,), pitch=40.0, label_factor=0.5)
    pad = mask("rectangle", size=(10.0, 5.0), at=(0.0, 2.5))
    found = dict(classes(mask("union", low, pad)))
    assert area_um2(found[1.0]) == pytest.approx(50.0)
    alone = dict(classes(low))[0.5]
    assert area_um2(found[0.5]) == pytest.approx(area_um2(alone) - 50.0)


def test_what_is_drawn_is_all_doses() -> None:
    made = matrix_of()
    whole = Flat(tuple(c for _, flat in classes(made) for c in flat.cells))
    assert _same(merged(whole), merged(drawn(made)))


# -- images -------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_blocks_cover_each_pixel_once(rows: int, columns: int, seed: int) -> None:
    some = np.random.default_rng(seed).random((rows, columns)) < 0.5
    seen = np.zeros(some.shape, dtype=int)
    for top, bottom, left, right in blocks(some).tolist():
        seen[top:bottom, left:right] += 1
    assert (seen == some).all()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Four greys beside each other, black to white, six by four pixels; the last two columns are see-through."""
    from PIL import Image

    values = np.zeros((4, 6, 4), dtype=np.uint8)
    values[..., 3] = 255
    for k, grey in enumerate((0, 85, 170, 255)):
        values[:, k, :3] = grey
    values[:, 4:, 3] = 0
    Image.fromarray(values).save(tmp_path / "grey.png")
    return tmp_path


def test_images_by_threshold_and_by_doses(picture: Path) -> None:
    design = str(picture / "d.wp")
    scene = _scene(
        'mask dark = image { file: "grey.png"; pixel: 500nm; }\n'
        'mask light = image { file: "grey.png"; pixel: 500nm; exposed: "light"; }\n'
        'mask grey = image { file: "grey.png"; pixel: 500nm; levels: 3; }\n',
        design,
    )
    assert area(scene.masks["dark"]) == pytest.approx(2 * 4 * 0.25)
    assert area(scene.masks["light"]) == pytest.approx(4 * 4 * 0.25)
    assert drawn(scene.masks["dark"]).count == 1  # both columns are one rectangle
    assert drawn(scene.masks["dark"]).bounds_nm() == (-1500, -1000, -500, 1000)
    found = {round(k, 6): area_um2(f) for k, f in classes(scene.masks["grey"])}
    assert found == {0.333333: pytest.approx(1.0), 0.666667: pytest.approx(1.0), 1.0: pytest.approx(1.0)}


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("none.png", None, "E424", "there is no file"),
        ("text.png", b"not an image", "E424", "cannot be read as an image"),
        ("cut.png", "half", "E424", "cannot be read as an image"),
    ],
)
def test_images_that_cannot_be_read(
    picture: Path, name: str, content: bytes | str | None, code: str, words: str
) -> None:
    if content == "half":
        whole = (picture / "grey.png").read_bytes()
        (picture / name).write_bytes(whole[: len(whole) // 2])
    elif isinstance(content, bytes):
        (picture / name).write_bytes(content)
    text = f'wp 1;\nmask m = image {{ file: "{name}"; pixel: 500nm; }}\n'
    found = load(str(picture / "d.wp"), text=text).diagnostics
    assert [(d.code, words in d.message) for d in found if d.code != "E315"] == [(code, True)]
    assert found[0].primary is not None and found[0].primary.text == f'"{name}"'


# -- loading ------------------------------------------------------------------------------------------------------------


def test_copies_and_repeats_are_the_same_region() -> None:
    dots = drawn(mask("pixels", ppi=300, count=(7, 5), subpixel=(40.0, 60.0)))
    assert len(dots.cells) == 9
    assert _same(Flat((copied_out(dots),)), dots)
    x0, y0, x1, y1 = dots.bounds_nm() or (0, 0, 0, 0)
    assert shifted(dots, 5, -3).bounds_nm() == (x0 + 5, y0 - 3, x1 + 5, y1 - 3)
