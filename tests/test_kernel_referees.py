"""Referees of built parts: tori and helices, figures in closed form, rigid motions, and lengths on both sides of solids."""

import math
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.lattices import LATTICES
from wetprint.kernel.measure import measure_state
from wetprint.kernel.scene import Placed
from wetprint.kernel.shapes.split import NEAREST_UM

FINE = {"tolerance": 2e-4}
#: What some kinds need beside size, pitch and layers.
GRAPH: dict[str, Any] = {
    "nodes": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0)),
    "edges": ((0, 1), (2, 7), (0, 2)),
}  # fmt: skip


def _figures(scenes: ModuleType, kind: str, **fields: Any) -> Any:
    return measure_state(scenes.one(scenes.path(kind, **{**FINE, **fields}), warnings=True), "dried")


@given(st.floats(20.0, 400.0), st.floats(1.0, 18.0))
@settings(max_examples=20)
def test_a_closed_circle_is_a_torus(scenes: ModuleType, radius: float, width: float) -> None:
    found = _figures(scenes, "circle", radius=radius, filament=width)
    r = width / 2
    assert found.length_um == pytest.approx(2 * math.pi * radius, rel=1e-4)
    assert found.volume_um3 == pytest.approx(2 * math.pi**2 * radius * r**2, rel=1e-4)
    assert found.surface_um2 == pytest.approx(4 * math.pi**2 * radius * r, rel=1e-4)


@given(st.floats(30.0, 300.0), st.floats(15.0, 200.0), st.floats(0.3, 6.0), st.floats(2.0, 12.0))
@settings(max_examples=20)
def test_a_helix_by_its_closed_form(
    scenes: ModuleType, radius: float, rise: float, turns: float, width: float
) -> None:
    found = _figures(
        scenes, "helix", radius=radius, rise=rise, turns=turns, filament=width, centre=(0.0, 0.0, 20.0)
    )
    length = turns * math.hypot(2 * math.pi * radius, rise)
    assert found.length_um == pytest.approx(length, rel=1e-4)
    assert found.volume_um3 == pytest.approx(math.pi * width**2 / 4 * length, rel=1e-4)
    ends = 2 * math.pi * width**2 / 4
    assert found.surface_um2 == pytest.approx(math.pi * width * length + ends, rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "fields", "length"),
    [
        ("arc", {"radius": 100.0, "sweep": 2.0}, 200.0),
        ("circle", {"radius": 100.0}, 200 * math.pi),
        ("helix", {"radius": 60.0, "rise": 40.0, "turns": 3.0}, 3 * math.hypot(120 * math.pi, 40)),
    ],
)
@pytest.mark.parametrize("widths", [(8.0, 12.0), (6.0, 14.0, 8.0), (10.0, 9.0, 12.0, 7.0, 11.0)])
def test_widths_along_a_curve(
    scenes: ModuleType, kind: str, fields: dict[str, Any], length: float, widths: tuple[float, ...]
) -> None:
    """Frusta between evenly spaced widths: pi h / 12 (a^2 + a b + b^2)."""
    found = _figures(scenes, kind, widths=widths, **fields)
    pairs = list(pairwise(widths))
    volume = sum(math.pi / 12 * (a * a + a * b + b * b) for a, b in pairs) * length / len(pairs)
    assert found.volume_um3 == pytest.approx(volume, rel=2e-4)
    assert scenes.codes(scenes.path(kind, widths=(5.0,), **fields)) == ["E412"]
    assert scenes.codes(scenes.path(kind, widths=(5.0, 0.0), **fields)) == ["E412"]


def test_a_spiral_carries_widths(scenes: ModuleType) -> None:
    made = scenes.one(scenes.path("spiral", pitch=20.0, turns=4.0, widths=(6.0, 12.0)))
    p, w = made.dried.points_um, made.dried.width_um
    # Radius and width both grow evenly with the angle.
    assert w == pytest.approx(6.0 + 6.0 * np.hypot(p[:, 0], p[:, 1]) / 80.0, abs=1e-3)


@pytest.mark.parametrize(("nx", "ny", "layers"), [(3, 3, 2), (4, 2, 3), (5, 6, 5)])
def test_a_finite_woodpile_is_counted_and_measured(
    scenes: ModuleType, rods: ModuleType, nx: int, ny: int, layers: int
) -> None:
    """Counts and lengths in closed form, volume and area against a union of meshes."""
    pitch, d = 40.0, 10.0
    part = scenes.lattice(size=((ny - 1) * pitch, (nx - 1) * pitch), pitch=pitch, filament=d, layers=layers)
    f = scenes.one(part)
    found = measure_state(f, "dried")
    along, across = (layers + 1) // 2, layers // 2
    assert (found.filaments, found.contacts) == (along * nx + across * ny, (layers - 1) * nx * ny)
    length = along * nx * (ny - 1) * pitch + across * ny * (nx - 1) * pitch
    assert found.length_um == pytest.approx(length, rel=1e-12)
    volume, surface = rods.union(f, 192)
    assert found.volume_um3 == pytest.approx(volume, rel=1e-3)
    assert found.surface_um2 == pytest.approx(surface, rel=2e-3)


def _turn(rng: np.random.Generator) -> np.ndarray[Any, Any]:
    q = rng.normal(size=4)
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


@pytest.mark.parametrize("kind", [*sorted(LATTICES), "helix", "text", "spline"])
def test_any_rigid_motion_commutes_with_building(scenes: ModuleType, kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    m = np.hstack([_turn(rng), rng.uniform(-300, 300, (3, 1))])
    if kind in LATTICES:
        more = (
            GRAPH
            if kind == "graph"
            else {"clip": scenes.solid("sphere", radius=80.0)}
            if kind == "fill"
            else {}
        )
        part = scenes.lattice(kind, size=(160.0, 120.0), layers=3, **more)
    else:
        fields = {
            "helix": {"radius": 60.0, "rise": 40.0, "turns": 2.0, "widths": (8.0, 12.0)},
            "text": {"text": "Au", "capital": 90.0},
            "spline": {"points": ((0.0, 0.0, 5.0), (50.0, 40.0, 9.0), (90.0, -10.0, 5.0)), "closed": False},
        }[kind]
        part = scenes.path(kind, **fields)
    region = scenes.region(scenes.expr("<", scenes.X, 13.0), part=part.name, material=scenes.CDSE)
    plain = scenes.one(part, region, warnings=True)
    placed = scenes.one(Placed("there", part, (tuple(m.reshape(-1)),), scenes.HERE), region, warnings=True)
    expected = plain.dried.points_um @ m[:, :3].T + m[:, 3]
    assert np.abs(placed.dried.points_um - expected).max() < 2e-3
    assert np.array_equal(plain.material, placed.material) and np.array_equal(plain.offsets, placed.offsets)
    assert np.abs(plain.dried.width_um - placed.dried.width_um).max() < 1e-9
    # Points are whole nanometres, so lengths differ by as much a point.
    assert np.abs(scenes.lengths(placed) - scenes.lengths(plain)).max() < 2e-3 * max(
        2.0, np.diff(plain.offsets).max() ** 0.5
    )


def _both_sides(scenes: ModuleType, shapes: ModuleType, data: st.DataObject, kind: str) -> None:
    """Of a lattice split by nested regions nothing is lost: inside and outside of both add up to 1e-9 of the whole."""
    solid, inner = (shapes.made(scenes, data.draw(shapes.any_solids(depth=1))) for _ in range(2))
    fields: dict[str, Any] = {
        "size": (200.0, 160.0),
        "layers": 4,
        "pitch": data.draw(st.floats(18, 80)),
        "tolerance": 1.0,
    }
    if kind == "graph":
        fields |= GRAPH
    if kind in ("concentric", "fill"):
        fields["clip"] = scenes.solid("box", size=(200.0, 160.0, 300.0))
    node = scenes.lattice(kind, **fields)
    jobs, said = scenes.built(node)
    assert jobs or any(d.code == "E404" for d in said)
    if not jobs:
        return
    whole = jobs[0].filaments
    a, b = scenes.expr("inside", solid), scenes.expr("inside", inner)
    split, _ = scenes.built(
        node,
        scenes.region(a, "one", material=scenes.CDSE),
        scenes.region(b, "two", material=scenes.AG, filament_um=8.0, priority=1),
    )
    f = split[0].filaments
    plain = float(scenes.lengths(whole).sum())
    # A cut is a whole nanometre too; a closed line that is cut opens elsewhere. Both turn a straight line by next to nothing.
    slack = (
        1e-9 * plain + 2.5e-7 * (len(f) - len(whole)) + (2e-3 * f.point_count**0.5 if kind in CURVED else 0.0)
    )
    assert abs(float(scenes.lengths(f).sum()) - plain) <= slack
    sums = dict.fromkeys(("au", "cdse", "ag"), 0.0)
    for length, row in zip(scenes.lengths(f), f.material, strict=True):
        sums[f.inks[row].name] += float(length)
    both = scenes.expr("or", a, b)
    left, _ = scenes.built(node, scenes.region(both, omit=True))
    outside = float(scenes.lengths(left[0].filaments).sum()) if left else 0.0
    assert outside == pytest.approx(sums["au"], abs=slack + NEAREST_UM * len(f))


#: Lattices of chords that rounding may shorten or lengthen where they are cut.
CURVED = (
    "concentric",
    "spiral",
    "wavy",
    "radial",
    "fill",
    "gyroid",
    "schwarz_p",
    "schwarz_d",
    "lidinoid",
    "honeycomb",
)


@settings(max_examples=80)
@given(data=st.data(), kind=st.sampled_from(sorted(LATTICES)))
def test_nested_regions_lose_nothing(
    scenes: ModuleType, shapes: ModuleType, data: st.DataObject, kind: str
) -> None:
    _both_sides(scenes, shapes, data, kind)


@pytest.mark.soak
@settings(max_examples=3000, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(LATTICES)))
def test_nested_regions_lose_nothing_long(
    scenes: ModuleType, shapes: ModuleType, data: st.DataObject, kind: str
) -> None:
    _both_sides(scenes, shapes, data, kind)


@settings(max_examples=40)
@given(data=st.data(), radius=st.floats(40, 120), pitch=st.floats(6, 30), angle=st.floats(0, 3))
def test_hatched_spheres_hold_their_volume(
    scenes: ModuleType, data: st.DataObject, radius: float, pitch: float, angle: float
) -> None:
    """Length times spacing times height is the volume, but for what a layer's and a line's place decide."""
    h = data.draw(st.floats(2.0, 6.0))
    n = int((2 * radius - 4.0) / h) + 1
    ball = scenes.solid("sphere", radius=radius)
    made = scenes.one(
        scenes.lattice(
            "fill",
            clip=ball,
            pitch=pitch,
            angle=angle,
            filament=4.0,
            layer_height=h,
            layers=n,
            walls=0,
            skins=0,
        ),
        warnings=True,
    )
    volume = 4 / 3 * math.pi * radius**3
    # The middle rule in two dimensions errs by the square of the step; pieces shorter than a filament are left out.
    slack = (pitch / radius) ** 2 / 2 + 2 * h / radius
    assert scenes.lengths(made).sum() * pitch * h == pytest.approx(volume, rel=slack + 0.01)
