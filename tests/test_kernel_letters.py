"""Letters: strokes and outlines, what their sizes are, and the name of a letter that lacks."""

from types import ModuleType

import numpy as np
import pytest
import shapely
from wetprint.kernel.shapes.letters import fault, outlines, strokes
from wetprint.kernel.shapes.slices import slice_solid
from wetprint.kernel.solids import bounds, contains

SCIENCE = "Fe₃O₄ CdSe 10 µm² λ/2 = π Å ± 5° 20 m⁻¹ ΔT ≤ 3 × 10⁻³ Ω σ·θ"


def _fields(text: str, **more: object) -> dict[str, object]:
    return {"text": text, "capital": 100.0, "spacing": 1.0, "align": "centre", **more}


@pytest.mark.parametrize("font", ["strokes", "outlines"])
def test_what_science_writes_is_there(font: str) -> None:
    assert fault(_fields(SCIENCE), font) is None


def test_a_letter_that_lacks_is_named() -> None:
    assert fault(_fields("Gold 金"), "strokes") == (
        "text",
        "there is no letter `金` (U+91D1, cjk unified ideograph-91d1) among the strokes",
    )
    assert fault(_fields("\t"), "outlines") == ("text", "there is no letter (U+0009) among the outlines")
    assert fault(_fields("  "), "strokes") == ("text", "there is nothing to be seen in its text")
    assert (fault(_fields("a", align="middle"), "strokes") or ("",))[0] == "align"


def test_capitals_are_as_high_as_said() -> None:
    for rings in (strokes(_fields("HEI")), outlines("HEI", 100.0, 1.0, "centre", 0.05)):
        points = np.concatenate([np.array(r) for r in rings])
        assert points[:, 1].min() == pytest.approx(-50.0) and points[:, 1].max() == pytest.approx(50.0)
        assert points[:, 0].min() == pytest.approx(-points[:, 0].max(), abs=12.0)


def test_lines_stand_below_each_other() -> None:
    points = np.concatenate([np.array(r) for r in strokes(_fields("HH\nH"))])
    assert np.ptp(points[:, 1]) == pytest.approx(260.0)
    left = np.concatenate([np.array(r) for r in strokes(_fields("HH\nH", align="left"))])
    low = left[left[:, 1] < 0]
    assert low[:, 0].min() == pytest.approx(left[:, 0].min())


def test_strokes_are_filaments(scenes: ModuleType) -> None:
    part = scenes.path("text", text="H", capital=210.0)
    made = scenes.one(part)
    # Two uprights and a bar, 21 units high, 14 wide.
    assert sorted(scenes.lengths(made)) == pytest.approx([140.0, 210.0, 210.0])
    assert (made.layer == 0).all()
    assert scenes.codes(scenes.path("text", text="金", capital=210.0)) == ["E412"]


def test_an_outline_closes(scenes: ModuleType) -> None:
    made = scenes.one(scenes.path("text", text="O", capital=210.0, outline=True))
    p = made.dried.points_um
    assert len(made) == 2
    for i in range(2):
        assert np.array_equal(p[made.offsets[i]], p[made.offsets[i + 1] - 1])


def test_letters_are_a_solid(scenes: ModuleType) -> None:
    solid = scenes.solid("letters", text="O8i", capital=100.0, height=30.0)
    low, high = bounds(solid)
    assert (low[2], high[2]) == (0.0, 30.0)
    area = slice_solid(solid, 15.0, 0.05)
    # An O has one hole, an 8 two, an i is two pieces.
    assert len(area.geoms) == 4 and sum(len(g.interiors) for g in area.geoms) == 3
    rng = np.random.default_rng(3)
    points = np.column_stack(
        [rng.uniform(low[0], high[0], 4000), rng.uniform(low[1], high[1], 4000), np.full(4000, 15.0)]
    )
    inside = shapely.contains_xy(area, points[:, 0], points[:, 1])
    near = shapely.distance(area.boundary, shapely.points(points[:, :2])) < 1e-3
    assert (contains(solid, points) == inside)[~near].all()
    rings = outlines("O", 100.0, 1.0, "centre", 0.01)
    coarse = outlines("O", 100.0, 1.0, "centre", 1.0)
    assert len(rings[0]) > len(coarse[0])
    one, two = (shapely.Polygon(r[0]) for r in (rings, coarse))
    assert one.boundary.hausdorff_distance(two.boundary) < 1.01


def test_a_lattice_is_cut_to_letters(scenes: ModuleType) -> None:
    """Lines 0.2 um apart measure the letter's area."""
    solid = scenes.solid("letters", text="E", capital=200.0, height=30.0)
    made = scenes.one(scenes.lattice(clip=solid, pitch=0.2, filament=0.1, layers=1), warnings=True)
    assert scenes.lengths(made).sum() * 0.2 == pytest.approx(slice_solid(solid, 1.0, 0.05).area, rel=0.01)


def test_many_edges_are_met_through_a_tree_as_one_by_one(
    scenes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wetprint.kernel.solid_kinds import extrude
    from wetprint.kernel.solids import crossings

    solid = scenes.solid("letters", text="B8&", capital=120.0, height=40.0, tolerance=0.2)
    (x0, y0, _), (x1, y1, _) = bounds(solid)
    rng = np.random.default_rng(5)
    p = np.column_stack(
        [rng.uniform(x0 - 9, x1 + 9, 900), rng.uniform(y0 - 9, y1 + 9, 900), rng.uniform(-5, 45, 900)]
    )
    q = p[rng.permutation(900)]
    found = []
    for few in (10, 10_000):
        monkeypatch.setattr(extrude, "_FEW_EDGES", few)
        row, t = crossings(solid, p, q - p)
        order = np.lexsort((t, row))
        found.append((row[order], t[order], contains(solid, p), contains(solid, p, -1e-6)))
    for one, two in zip(*found, strict=True):
        assert len(one) == len(two)
        assert np.allclose(one, two, atol=1e-9)


def test_every_outline_encloses_something() -> None:
    """Some glyphs of the font carry a contour of one point, which bounds nothing."""
    for letter in "uqpAw":
        rings = outlines(letter, 100.0, 1.0, "centre", 0.05)
        assert rings and all(len(ring) >= 3 for ring in rings), letter
