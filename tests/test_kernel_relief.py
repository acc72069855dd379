"""Reliefs: doses by hand, passes that add up, and areas of level sets against what they are by analysis."""

import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given as drawn_by
from hypothesis import strategies as st
from wetprint.kernel.films import relief
from wetprint.kernel.films.dose import dose_for, retention
from wetprint.kernel.films.exposures import exposures
from wetprint.kernel.films.writing import datatype_of, exposure_time_s, fields_over
from wetprint.kernel.flat import Flat, area_um2, rectangles
from wetprint.kernel.quantity import MJ_CM2, UC_CM2

SQUARE = [[-50_000, -50_000, 50_000, 50_000]]


@drawn_by(st.floats(0.01, 1.0), st.floats(0.1, 100.0), st.floats(0.3, 12.0))
def test_dose_and_retention_undo_each_other(share: float, d0: float, gamma: float) -> None:
    dose = dose_for(share, d0, gamma)
    assert retention(dose, d0, gamma) == pytest.approx(share, rel=1e-9)
    assert relief.factor_for(share, gamma) == pytest.approx(dose / dose_for(1.0, d0, gamma), rel=1e-9)


def test_figures_by_hand() -> None:
    assert dose_for(0.5, 20.0, 2.0) == pytest.approx(20.0 * 10**0.25, rel=1e-12)
    assert relief.factor_for(0.5, 2.0) == pytest.approx(10**-0.25, rel=1e-12)
    assert relief.phase_rad(1.0, 1.5, 0.5) == pytest.approx(2 * math.pi, rel=1e-12)
    assert relief.shares(4).tolist() == [0.25, 0.5, 0.75, 1.0]
    # 300 uC/cm2 over 1 mm2 at 1 nA: 3 uC, 3000 s.
    assert exposure_time_s(300 * UC_CM2, 1e6, 1e-9) == pytest.approx(3000.0, rel=1e-12)


def test_factors_fit_their_datatype() -> None:
    assert [datatype_of(f) for f in (1.0, 0.0005001, 32.767, 0.5, 1.0004)] == [1000, 1, 32767, 500, 1000]
    assert [datatype_of(f) for f in (0.0004, 32.7676, 0.0, -1.0, math.inf, math.nan)] == [None] * 6


def test_write_fields_cover_a_box() -> None:
    assert fields_over((0.0, 0.0, 100.0, 250.0), 100.0) == (1, 3)
    assert fields_over((0.0, 0.0, 100.001, 10.0), 100.0) == (2, 1)
    assert fields_over((0.0, 0.0, 0.0, 0.0), 100.0) == (1, 1)


@drawn_by(st.lists(st.floats(0.01, 5.0), min_size=1, max_size=20))
def test_passes_add_up(parts: list[float]) -> None:
    doses = np.cumsum(parts).tolist()
    passes = relief.passes_of(doses)
    assert np.cumsum(passes) == pytest.approx(doses, rel=1e-9) and min(passes) > 0


def areas(layouts: ModuleType, height: object, levels: list[float], flat: Flat | None = None) -> list[float]:
    sets = relief.level_sets(height, flat or rectangles(SQUARE), np.array(levels))  # type: ignore[arg-type]
    return [area_um2(f) for f in sets]


def test_a_ramp_is_cut_to_the_nanometre(layouts: ModuleType) -> None:
    found = areas(layouts, layouts.field("+", layouts.coord("x"), 50.0), [0.0, 12.3456, 25.0, 99.9999, 100.5])
    assert found == pytest.approx([1e4, 1e4 - 1234.6, 7500.0, 0.0, 0.0], abs=1e-9)


def test_a_blaze_has_upright_edges(layouts: ModuleType) -> None:
    """A saw tooth of 10 um: each level takes its share of each of the ten periods, jumps and all."""
    saw = layouts.field("mod", layouts.coord("x"), 10.0)
    found = areas(layouts, saw, [2.5, 5.0, 7.5])
    assert found == pytest.approx([7500.0, 5000.0, 2500.0], abs=1e-6)


@pytest.mark.parametrize("radius", [40.0, 7.0])
def test_a_cone_has_round_levels(layouts: ModuleType, radius: float) -> None:
    cone = layouts.field("-", radius, layouts.coord("r"))
    found = areas(layouts, cone, [0.0, radius / 2])
    assert found == pytest.approx([math.pi * radius**2, math.pi * (radius / 2) ** 2], rel=3e-4)


def test_rings_of_a_lens_keep_their_holes(layouts: ModuleType) -> None:
    """A Fresnel lens: height falls with r^2 and jumps; areas of its levels are those of rings in r^2."""
    r2 = layouts.field("^", layouts.coord("r"), 2.0)
    lens = layouts.field("-", 200.0, layouts.field("mod", r2, 200.0))
    disc = layouts.disc(40.0)
    found = areas(layouts, lens, [50.0, 100.0, 150.0], disc)
    assert found == pytest.approx([math.pi * 1600 * f for f in (0.75, 0.5, 0.25)], rel=2e-3)


def test_levels_stay_within_the_mask(layouts: ModuleType) -> None:
    ring = rectangles([[0, 0, 10_000, 3000]])
    assert areas(layouts, layouts.field("const", 1.0), [0.5, 1.0, 1.5], ring) == pytest.approx(
        [30.0, 30.0, 0.0]
    )


def test_bands_share_the_region(layouts: ModuleType) -> None:
    sets = relief.level_sets(layouts.coord("x"), rectangles(SQUARE), np.array([-60.0, -10.0, 20.0]))
    assert [area_um2(f) for f in relief.bands(sets)] == pytest.approx([4000.0, 3000.0, 3000.0], abs=1e-6)


def test_a_relief_becomes_dose_classes(layouts: ModuleType) -> None:
    """A ramp over a film of 0.4 um in four levels: below an eighth nothing is exposed; each level then has a quarter but the last."""
    pattern = layouts.relief_pattern(rectangles([[-500, 0, 500, 1000]]))
    (only,) = exposures(pattern)
    assert [area_um2(c.flat) for c in only.classes] == pytest.approx([0.25, 0.25, 0.25, 0.125], abs=1e-9)
    assert [c.thickness_um for c in only.classes] == pytest.approx([0.1, 0.2, 0.3, 0.4], rel=1e-12)
    doses = [c.factor * pattern.fields["dose"] for c in only.classes]
    film = pattern.film
    for dose, entry in zip(doses, only.classes, strict=True):
        kept = retention(dose, film.d0, film.gamma) * film.thickness_um
        assert kept == pytest.approx(entry.thickness_um, rel=1e-9)


def test_passes_of_a_relief_leave_the_same_doses(layouts: ModuleType) -> None:
    flat = rectangles([[-500, 0, 500, 1000]])
    (classes,) = exposures(layouts.relief_pattern(flat))
    passes = exposures(layouts.relief_pattern(flat, split="passes"))
    assert [len(p.classes) for p in passes] == [1] * 4
    total = 0.0
    for k, (one, entry) in enumerate(zip(passes, classes.classes, strict=True)):
        total += one.classes[0].factor
        assert total == pytest.approx(entry.factor, rel=1e-9)
        beyond = sum(area_um2(c.flat) for c in classes.classes[k:])
        assert area_um2(one.classes[0].flat) == pytest.approx(beyond, abs=1e-9)


def test_electrons_need_no_d0(layouts: ModuleType) -> None:
    flat = rectangles([[-500, 0, 500, 1000]])
    light = layouts.relief_pattern(flat)
    beam = layouts.pattern(
        light.mask,
        process="ebeam",
        dose=300 * UC_CM2,
        relief=light.fields["relief"],
        levels=4,
        film=layouts.film(d0=None),
    )
    (made,) = exposures(beam)
    assert made.classes[-1].factor == 1.0
    assert made.classes[0].factor == pytest.approx(10 ** (-0.75 / 2.0), rel=1e-12)


def test_what_a_relief_lacks_is_said(layouts: ModuleType) -> None:
    flat = rectangles([[-500, 0, 500, 1000]])
    for fields, said in (
        ({"film": layouts.film(gamma=None)}, "gamma"),
        ({"film": layouts.film(d0=None)}, "d0"),
    ):
        with pytest.raises(ValueError, match=said):
            exposures(layouts.relief_pattern(flat, **fields))
    with pytest.raises(ValueError, match="samples"):
        relief.step_um((1e4, 1e4), 0.1)
    assert relief.step_um((100.0, 10.0), None) == pytest.approx(100.0 / relief.SAMPLES)
    assert MJ_CM2 == 1e10


def test_levels_share_their_edges_when_corners_are_left_out(layouts: ModuleType) -> None:
    """Bands of a folded lens: no overlaps, no gaps, a tenth of the corners, areas as before to the width of a nanometre."""
    import shapely
    from wetprint.kernel.flat import to_shapely

    r2 = layouts.field("^", layouts.coord("r"), 2.0)
    lens = layouts.field("-", 400.0, layouts.field("mod", r2, 400.0))
    sets = relief.level_sets(lens, layouts.disc(40.0), np.array([50.0, 150.0, 250.0, 350.0]))
    parts = relief.bands(sets)
    shapes = [shapely.union_all(to_shapely(f)) for f in parts]
    assert shapely.coverage_is_valid(shapes)
    corners = [sum(len(c.points_nm) for c in f.cells) for f in (*sets, *parts)]
    assert sum(corners[4:]) < 0.5 * sum(corners[:4])
    assert sum(map(area_um2, parts)) == pytest.approx(area_um2(sets[0]), rel=1e-4)
    for k, flat in enumerate(relief.reached(parts)):
        around = sum(shapely.length(s) for s in shapes[k:]) * 1e-3
        assert area_um2(flat) == pytest.approx(area_um2(sets[k]), abs=2e-3 * around)
