"""From scenes to filaments: placing, joining, freeform paths, tables, rounding, and faults that never raise."""

import math
import time
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.build import build
from wetprint.kernel.codes import CODES
from wetprint.kernel.lattice import MOST_POINTS
from wetprint.kernel.lattices import LATTICES
from wetprint.kernel.scene import Placed, Print, Scene, Union
from wetprint.kernel.solids import bounds

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def moved(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> tuple[float, ...]:
    return (1.0, 0.0, 0.0, x, 0.0, 1.0, 0.0, y, 0.0, 0.0, 1.0, z)


def test_every_print_gives_a_job_in_the_drawn_state(scenes: ModuleType) -> None:
    a, b = scenes.lattice(size=(200.0, 200.0), name="a"), scenes.lattice(size=(100.0, 100.0), name="b")
    for state in ("dried", "wet"):
        design = Scene("d", state, {}, {}, {}, (), (Print(a, None, scenes.HERE), Print(b, None, scenes.HERE)))
        jobs, said = build(design)
        assert [j.name for j in jobs] == ["a", "b"] and not said
        for job in jobs:
            job.filaments.validate()
            assert (job.filaments.wet is None) == (state == "dried")
            assert (job.filaments.dried is None) == (state == "wet")


def test_one_bad_print_does_not_take_the_others_along(scenes: ModuleType) -> None:
    good, bad = scenes.lattice(size=(200.0, 200.0), name="good"), scenes.lattice(name="bad")
    design = Scene(
        "d", "dried", {}, {}, {}, (), (Print(bad, None, scenes.HERE), Print(good, None, scenes.HERE))
    )
    jobs, said = build(design)
    assert [j.name for j in jobs] == ["good"] and [d.code for d in said] == ["E401"]


def test_copies_keep_layers_in_a_plane_and_count_them_anew_in_a_stack(scenes: ModuleType) -> None:
    node = scenes.lattice(size=(200.0, 200.0), layers=3)
    plain = scenes.one(node)
    row = scenes.one(Placed("row", node, tuple(moved(x=300.0 * i) for i in range(4)), scenes.HERE))
    assert len(row) == 4 * len(plain) and set(row.layer) == {0, 1, 2}
    assert scenes.lengths(row).sum() == pytest.approx(4 * scenes.lengths(plain).sum())
    tower = scenes.one(Placed("tower", node, (moved(), moved(z=24.0)), scenes.HERE))
    assert set(tower.layer) == {0, 1, 2, 3, 4, 5}
    z = tower.dried.points_um[tower.offsets[:-1], 2]
    assert (np.argsort(np.argsort(np.unique(z))) == np.unique(tower.layer)).all()
    assert all(len(set(z[tower.layer == k])) == 1 for k in range(6))


def test_a_mirror_and_a_scale_carry_widths(scenes: ModuleType) -> None:
    node = scenes.lattice(size=(200.0, 100.0), layers=2)
    mirror = (-1.0, 0.0, 0.0, 0.0, *IDENTITY[4:])
    f = scenes.one(Placed("m", node, (mirror,), scenes.HERE))
    assert set(f.dried.width_um) == {10.0}
    scale = tuple(2.0 * v for v in IDENTITY)
    g = scenes.one(Placed("s", node, (scale,), scenes.HERE))
    assert set(g.dried.width_um) == {20.0} and set(g.dried.points_um[:, 2]) == {10.0, 26.0}
    assert scenes.codes(Placed("flat", node, ((0.0,) * 12,), scenes.HERE)) == ["E403"]
    assert scenes.codes(Placed("none", node, (), scenes.HERE)) == ["E403"]
    assert scenes.codes(Placed("odd", node, ((math.nan,) * 12,), scenes.HERE)) == ["E403"]


def test_a_union_orders_its_layers_by_height(scenes: ModuleType) -> None:
    low = scenes.lattice(size=(200.0, 200.0), layers=2, name="low")
    high = Placed(
        "high",
        scenes.lattice(size=(100.0, 100.0), layers=2, name="h", filament=8.0, layer_height=8.0),
        (moved(z=1.0),),
        scenes.HERE,
    )
    both = scenes.one(Union("both", (low, high), scenes.HERE))
    # Centrelines of both lie at z 5 and 13, so they share their layers.
    assert set(both.layer) == {0, 1}
    apart = scenes.one(
        Union("both", (low, Placed("h", high.part, (moved(z=20.0),), scenes.HERE)), scenes.HERE)
    )
    z = apart.dried.points_um[apart.offsets[:-1], 2]
    assert set(apart.layer) == {0, 1, 2, 3}
    assert [sorted(set(z[apart.layer == k])) for k in range(4)] == [[5.0], [13.0], [24.0], [32.0]]


def test_points_are_whole_nanometres(scenes: ModuleType) -> None:
    f = scenes.one(scenes.lattice("triangular", size=(301.7, 287.3), pitch=31.7, filament=9.7), warnings=True)
    p = f.dried.points_um
    assert (p == np.round(p, 3)).all() and not np.signbit(p[p == 0]).any()


def test_what_would_not_fit_is_refused_before_it_is_built(scenes: ModuleType) -> None:
    start = time.process_time()
    node = scenes.lattice(size=(400.0, 400.0), layers=400, pitch=0.5, filament=0.4)
    assert scenes.codes(scenes.lattice(size=(4e4, 4e4), layers=400, pitch=0.5, filament=0.4)) == ["E405"]
    assert scenes.codes(Placed("many", node, (IDENTITY,) * 200, scenes.HERE)) == ["E405"]
    assert scenes.codes(scenes.path("circle", radius=1e12, tolerance=1e-6)) == ["E405"]
    assert scenes.codes(scenes.path("helix", radius=1e9, rise=1.0, turns=1e9)) == ["E405"]
    assert time.process_time() - start < 2 and MOST_POINTS == 20_000_000


def test_slivers_are_left_out_and_counted(scenes: ModuleType) -> None:
    rod = scenes.solid("cylinder", radius=100.1, height=100.0)
    jobs, said = scenes.built(scenes.lattice(clip=rod, pitch=20.0))
    assert [d.code for d in said] == ["E407"] and "shorter than the filament width" in said[0].message
    assert (scenes.lengths(jobs[0].filaments) >= 10.0 - 2e-3).all() and said[0].primary.text == "clip"


def test_a_clip_that_misses_says_where_both_lie(scenes: ModuleType) -> None:
    away = scenes.solid("box", size=(100.0, 100.0, 100.0), at=(0.0, 0.0, 900.0))
    _, said = scenes.built(scenes.lattice(clip=away))
    assert (
        [d.code for d in said] == ["E404"]
        and "z 900 to 1000" in said[0].notes[0]
        and "z 5 and 29" in said[0].notes[1]
    )


def length_of(scenes: ModuleType, kind: str, **fields: Any) -> float:
    f = scenes.one(scenes.path(kind, **fields))
    assert len(f) == 1
    return float(scenes.lengths(f)[0])


def test_paths_have_the_lengths_of_their_curves(scenes: ModuleType) -> None:
    tau = 2 * math.pi
    assert length_of(scenes, "polyline", points=((0, 0, 5), (30, 40, 5), (30, 40, 105))) == 150.0
    assert length_of(scenes, "polyline", points=((0, 0, 5), (30, 0, 5), (30, 40, 5)), closed=True) == 120.0
    assert length_of(scenes, "pillar", height=200.0, at=(5.0, 5.0, 0.0)) == 200.0
    fine = {"tolerance": 1e-3}
    assert length_of(scenes, "circle", radius=100.0, **fine) == pytest.approx(tau * 100, rel=1e-5)
    assert length_of(scenes, "arc", radius=100.0, sweep=-1.3, **fine) == pytest.approx(130, rel=1e-5)
    turn = math.hypot(tau * 50, 20)
    assert length_of(scenes, "helix", radius=50.0, rise=20.0, turns=3.5, **fine) == pytest.approx(
        3.5 * turn, rel=2e-5
    )
    b, end = 20 / tau, 5 * tau
    spiral = b / 2 * (end * math.hypot(1, end) + math.asinh(end))
    assert length_of(scenes, "spiral", pitch=20.0, turns=5.0, **fine) == pytest.approx(spiral, rel=2e-4)


@given(tolerance=st.floats(0.01, 2.0), radius=st.floats(5, 500))
def test_sampled_curves_stay_within_their_tolerance(
    scenes: ModuleType, tolerance: float, radius: float
) -> None:
    f = scenes.one(scenes.path("circle", radius=radius, tolerance=tolerance))
    p = f.dried.points_um
    assert (p[0] == p[-1]).all() and len(p) >= 7
    middle = (p[1:] + p[:-1]) / 2
    sag = radius - np.hypot(middle[:, 0], middle[:, 1])
    assert sag.max() <= tolerance + 2e-3
    g = scenes.one(scenes.path("spiral", pitch=30.0, turns=4.0, inner_radius=radius, tolerance=tolerance))
    q = g.dried.points_um
    middle = (q[1:] + q[:-1]) / 2
    turn = np.unwrap(np.arctan2(q[:, 1], q[:, 0]))
    turn = (turn[1:] + turn[:-1]) / 2 - turn[0]
    # To first order in the step the middle of a chord lies at the middle angle of the spiral.
    off = np.abs(radius + 30.0 * turn / (2 * math.pi) - np.hypot(middle[:, 0], middle[:, 1]))
    assert off.max() <= 1.1 * tolerance + 3e-3


@pytest.mark.parametrize("through", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_splines_are_smooth_and_pass_where_they_should(
    scenes: ModuleType, through: bool, closed: bool
) -> None:
    points = (
        (0.0, 0.0, 5.0),
        (100.0, 0.0, 5.0),
        (120.0, 90.0, 30.0),
        (20.0, 110.0, 45.0),
        (-30.0, 50.0, 20.0),
    )
    f = scenes.one(
        scenes.path(
            "spline", points=points, closed=closed, through=through, widths=(8.0, 9.0, 10.0, 11.0, 12.0)
        )
    )
    p = f.dried.points_um
    near = [np.linalg.norm(p - q, axis=1).min() for q in points]
    if through:
        assert max(near) < 1e-2
    elif not closed:
        assert near[0] < 1e-3 and near[-1] < 1e-3
    step = np.diff(p, axis=0)
    step /= np.linalg.norm(step, axis=1)[:, None]
    bend = np.degrees(np.arccos(np.clip((step[1:] * step[:-1]).sum(axis=1), -1, 1)))
    assert bend.max() < 15
    assert ((p[0] == p[-1]).all()) == closed
    assert f.dried.width_um.min() == 8.0 and f.dried.width_um.max() == pytest.approx(12.0)
    # Halving the tolerance four times moves the curve by less than the tolerance that it had.
    fine = scenes.one(
        scenes.path("spline", points=points, closed=closed, through=through, tolerance=0.05 / 16)
    ).dried.points_um
    a, b = fine[:-1], fine[1:]
    t = np.clip(np.einsum("pij,ij->pi", p[:, None] - a, b - a) / ((b - a) ** 2).sum(axis=1), 0, 1)
    gap = np.linalg.norm(p[:, None] - a - t[:, :, None] * (b - a), axis=2).min(axis=1)
    assert gap.max() < 0.05 + 2e-3


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("polyline", {"points": ((0.0, 0.0, 0.0),)}, "E412"),
        ("polyline", {"points": ((0.0, 0.0, 0.0), (0.0, 0.0, 1e-5))}, "E412"),
        ("polyline", {"points": ((0.0, 0.0, 0.0), (0.0, 0.0, math.inf))}, "E412"),
        ("polyline", {"points": ((0.0, 0.0, 0.0), (0.0, 0.0, 9.0)), "widths": (1.0,)}, "E412"),
        ("polyline", {"points": ((0.0, 0.0, 0.0), (0.0, 0.0, 9.0)), "filament": 0.0}, "E412"),
        ("polyline", {"points": ((0.0, 0.0, 0.0), (0.0, 0.0, 9.0)), "material": None}, "E406"),
        ("circle", {"radius": -1.0}, "E412"),
        ("circle", {"radius": 10.0, "tolerance": 0.0}, "E412"),
        ("arc", {"radius": 10.0, "sweep": 0.0}, "E412"),
        ("helix", {"radius": 10.0, "rise": 5.0, "turns": math.nan}, "E412"),
        ("spiral", {"pitch": 0.0, "turns": 3.0}, "E412"),
        ("spline", {"points": ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0))}, "E412"),
        ("scribble", {}, "E400"),
    ],
)
def test_a_path_that_cannot_be_drawn_says_why(
    scenes: ModuleType, kind: str, fields: dict[str, Any], code: str
) -> None:
    assert scenes.codes(scenes.path(kind, **fields)) == [code]


value = st.sampled_from([0.0, -1.0, 1e-9, 1.0, 12.5, 100.0, 1e7, math.nan, math.inf, None])
point = st.tuples(value, value, value)


@given(
    kind=st.sampled_from(["woodpile", "grid", "triangular"]),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "size": st.tuples(value, value),
            "pitch": value,
            "filament": value,
            "layer_height": value,
            "angle": value,
            "phase": value,
            "layers": st.sampled_from([None, -1, 0, 1, 3, 50, 10**12]),
            "radius": value,
        },
    ),
)
def test_no_lattice_makes_the_builder_raise(scenes: ModuleType, kind: str, fields: dict[str, Any]) -> None:
    radius = fields.pop("radius", None)
    if radius is not None:
        fields["clip"] = scenes.solid("cylinder", radius=radius, height=100.0)
    jobs, said = scenes.built(scenes.lattice(kind, **fields))
    assert jobs or said
    known = {c.code for c in CODES}
    assert all(d.code in known for d in said)


def test_codes_are_told_once_and_in_full() -> None:
    names = [c.code for c in CODES]
    assert len(names) == len(set(names))
    assert all(c.title and len(c.text) > 40 for c in CODES)


def test_the_builder_knows_every_lattice(scenes: ModuleType) -> None:
    assert {"woodpile", "grid", "triangular"} <= set(LATTICES)
    assert scenes.codes(scenes.lattice("blanket", size=(100.0, 100.0))) == ["E400"]


@given(data=st.data(), kind=st.sampled_from(sorted(set(LATTICES) - {"graph", "fill"})))
def test_random_solids_never_lose_length_of_random_lattices(
    scenes: ModuleType, shapes: ModuleType, data: st.DataObject, kind: str
) -> None:
    keep_length(scenes, shapes, data, kind)


@pytest.mark.soak
@settings(max_examples=2000, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(set(LATTICES) - {"graph", "fill"})))
def test_random_solids_never_lose_length_of_random_lattices_long(
    scenes: ModuleType, shapes: ModuleType, data: st.DataObject, kind: str
) -> None:
    keep_length(scenes, shapes, data, kind)


def keep_length(scenes: ModuleType, shapes: ModuleType, data: st.DataObject, kind: str) -> None:
    solid = shapes.made(scenes, data.draw(shapes.any_solids()))
    pitch = data.draw(st.floats(15, 80))
    node = scenes.lattice(kind, size=(200.0, 160.0), layers=6, pitch=pitch, tolerance=1.0)
    jobs, said = scenes.built(node)
    assert jobs or any(d.code == "E404" for d in said)
    if not jobs:
        return
    plain = scenes.lengths(jobs[0].filaments).sum()
    inside = scenes.expr("inside", solid)
    split, _ = scenes.built(node, scenes.region(inside, material=scenes.CDSE))
    f = split[0].filaments
    assert scenes.lengths(f).sum() == pytest.approx(plain, rel=1e-6)
    # What is left out on one side and on the other adds up to the whole.
    parts = 0.0
    for where in (inside, scenes.expr("not", inside)):
        left, _ = scenes.built(node, scenes.region(where, omit=True))
        parts += scenes.lengths(left[0].filaments).sum() if left else 0.0
    assert parts == pytest.approx(plain, rel=1e-6)
    # As a clip the solid makes a part, or says why not.
    clipped, said = scenes.built(
        scenes.lattice(kind, clip=solid, size=(200.0, 160.0), layers=6, pitch=pitch, tolerance=1.0)
    )
    assert clipped or said
    if clipped:
        low, high = bounds(solid)
        p = clipped[0].filaments.dried.points_um
        assert (p >= np.array(low) - 2e-3).all() and (p <= np.array(high) + 2e-3).all()


def test_jobs_have_names_of_their_own(scenes: ModuleType) -> None:
    node = scenes.lattice(size=(200.0, 200.0))
    design = Scene("d", "dried", {}, {}, {}, (), (Print(node, None, scenes.HERE),) * 3)
    assert [j.name for j in build(design)[0]] == ["body", "body-2", "body-3"]


def test_what_nests_without_end_is_refused(scenes: ModuleType) -> None:
    part: Any = scenes.lattice(size=(200.0, 200.0))
    for i in range(3000):
        part = Placed(f"p{i}", part, (IDENTITY,), scenes.HERE)
    jobs, said = build(scenes.scene(part))
    assert not jobs and {d.code for d in said} == {"E405"}


def test_depth_is_asked_of_lattices_only(scenes: ModuleType) -> None:
    where = scenes.expr(">", scenes.DEPTH, 5.0)
    wire = scenes.path("circle", radius=100.0)
    assert "E410" in scenes.codes(wire, scenes.region(where, part="wire", material=scenes.AG))
