"""A density in place of a width: every lattice that takes one, against a union of meshes or of areas in its middle."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.lattices import LATTICES
from wetprint.kernel.shapes.density import joints, stacked

DENSE = tuple(n for n in LATTICES if LATTICES[n].construct.field("density") is not None)
STRUTS = ("cubic", "bcc", "octet", "diamond", "graph")
#: A cell whose struts meet at many angles: a cube's edges, one of its diagonals of space and one of a face.
GRAPH: dict[str, Any] = {
    "nodes": [(x, y, z) for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)],
    "edges": [(0, 1), (0, 2), (0, 4), (0, 7), (1, 2)],
}


def _in_the_middle(
    f: FilamentSet, low: np.ndarray[Any, Any], high: np.ndarray[Any, Any], corners: int = 36
) -> float:
    """Part of a box that straight round filaments fill, by manifold3d."""
    import manifold3d as m3

    s = f.dried
    assert s is not None
    grow = math.sqrt(2 * math.pi / corners / math.sin(2 * math.pi / corners))
    rods = []
    for i in range(len(f)):
        p, q = s.points_um[f.offsets[i]], s.points_um[f.offsets[i + 1] - 1]
        a = grow * s.width_um[f.offsets[i]] / 2
        if (np.maximum(p, q) < low - a).any() or (np.minimum(p, q) > high + a).any():
            continue
        along = (q - p) / np.linalg.norm(q - p)
        side = np.cross(along, [0.3, 0.5, 0.8])
        side /= np.linalg.norm(side)
        rod = m3.Manifold.cylinder(float(np.linalg.norm(q - p)), 1.0, 1.0, corners)
        rods.append(rod.transform(np.stack([a * side, a * np.cross(along, side), along, p], axis=1)))
    box = m3.Manifold.cube(tuple(high - low)).translate(tuple(low))
    return float((m3.Manifold.batch_boolean(rods, m3.OpType.Add) ^ box).volume() / np.prod(high - low))


@pytest.mark.parametrize("kind", STRUTS)
@pytest.mark.parametrize(("density", "height"), [(0.15, None), (0.1, 75.0)])
def test_struts_fill_what_is_asked(
    scenes: ModuleType, kind: str, density: float, height: float | None
) -> None:
    more = GRAPH if kind == "graph" else {}
    part = scenes.lattice(
        kind,
        size=(180.0, 180.0),
        pitch=60.0,
        layers=3,
        density=density,
        filament=...,
        layer_height=height or ...,
        **more,
    )
    f = scenes.one(part)
    h, d = height or 60.0, float(f.dried.width_um[0])
    low = np.array([-30.0, -30.0, d / 2 + h])
    assert _in_the_middle(f, low, low + np.array([60.0, 60.0, h])) == pytest.approx(density, rel=2e-3)


@pytest.mark.parametrize("kind", ["woodpile", "grid", "triangular", "kagome"])
def test_lines_fill_what_is_asked(scenes: ModuleType, kind: str) -> None:
    part = scenes.lattice(
        kind, size=(400.0, 400.0), pitch=40.0, layers=24, density=0.3, filament=..., layer_height=10.0
    )
    f = scenes.one(part, warnings=True)
    d = float(f.dried.width_um[0])
    turns = 3 if kind in ("triangular", "kagome") else 2
    # A box of whole periods: upwards as many layers as turn.
    across = np.array([80.0 / math.sqrt(3), 80.0]) if turns == 3 else np.array([80.0, 80.0])
    low = np.array([*(-across / 2 + 3.0), d / 2 + 6 * 10.0])
    found = _in_the_middle(f, low, low + np.array([*across, 20.0 * turns]))
    assert found == pytest.approx(0.3, rel=2e-3)


@pytest.mark.parametrize("kind", ["honeycomb", "spiral", "concentric"])
def test_walls_fill_what_is_asked(scenes: ModuleType, kind: str) -> None:
    """By areas: at every height the lines are bands as wide as their sections there."""
    size = 800.0
    part = scenes.lattice(
        kind, size=(size, size), pitch=40.0, layers=4, density=0.35, filament=..., layer_height=9.0
    )
    f = scenes.one(part, warnings=True)
    s = f.dried
    d = float(s.width_um[0])
    tall = 100.0 * math.sqrt(3) if kind == "honeycomb" else 200.0
    box = shapely.box(-200.0, -tall, 200.0, tall)
    areas = []
    # Heights of Gauss-Legendre between the axes of layer 1 and half way to layer 2.
    nodes, weights = np.polynomial.legendre.leggauss(24)
    z = 4.5 * (nodes + 1) / 2
    lines = [
        shapely.LineString(s.points_um[f.offsets[i] : f.offsets[i + 1], :2])
        for i in np.flatnonzero(f.layer == 1)
    ]
    for v in z:
        half = math.sqrt(max(0.0, d * d / 4 - v * v))
        bands = [line.buffer(half, cap_style="flat", join_style="mitre") for line in lines] if half else []
        areas.append(shapely.union_all(bands).intersection(box).area / box.area if bands else 0.0)
    assert float((weights * areas).sum() / 2) == pytest.approx(0.35, rel=0.01)


def test_nodes_of_crossing_struts() -> None:
    """Two and three cylinders that cross at right angles: 16/3 r^3, and 8 sqrt(2) r^3 (48 less 3 * 16/3 and 8 (2 - sqrt 2))."""
    x, y, z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    back = [tuple(-v for v in u) for u in (x, y, z)]
    assert joints((x, y, *back[:2])) == pytest.approx(16 / 3, rel=1e-4)
    assert joints((x, y, z, *back)) == pytest.approx(8 * math.sqrt(2), rel=1e-4)
    assert joints((x, back[0])) == pytest.approx(0.0, abs=1e-6)


def test_cubes_in_closed_form() -> None:
    """Three orthogonal families: 3 pi x^2 - 8 sqrt(2) x^3 with x = r / a."""
    full = LATTICES["cubic"].complete({"pitch": 50.0, "density": 0.3, "size": (200.0, 200.0), "layers": 2})
    x = full["filament"] / 2 / 50.0
    assert 3 * math.pi * x**2 - 8 * math.sqrt(2) * x**3 == pytest.approx(0.3, abs=1e-5)


@given(st.floats(1.0, 60.0), st.floats(1.0, 60.0), st.floats(5.0, 60.0))
def test_walls_by_a_sum_over_heights(d: float, h: float, pitch: float) -> None:
    d = min(d, pitch)
    z = (np.arange(20_000) + 0.5) / 20_000 * h - h / 2
    w = 2 * np.sqrt(np.maximum(0.0, d * d / 4 - z * z)) / pitch
    assert stacked(d, pitch, h, False) == pytest.approx(w.mean(), abs=1e-4)
    assert stacked(d, pitch, h, True) == pytest.approx((1 - (1 - w) ** 2).mean(), abs=1e-4)


@pytest.mark.parametrize("kind", DENSE)
def test_each_says_what_cannot_be(scenes: ModuleType, kind: str) -> None:
    more: dict[str, Any] = {
        "clip": scenes.solid("box", size=(120.0, 120.0, 120.0)),
        "size": (120.0, 120.0),
        **(GRAPH if kind == "graph" else {}),
    }
    base = {"pitch": 60.0, "layers": 2, "layer_height": 40.0 if kind not in STRUTS else ...}
    assert "E402" in scenes.codes(scenes.lattice(kind, density=0.999, filament=..., **base, **more))
    assert "E413" in scenes.codes(scenes.lattice(kind, density=0.5, filament=5.0, **base, **more))


def test_mapped_cells_have_no_one_density(scenes: ModuleType) -> None:
    solid = scenes.solid("annulus", radius=140.0, inner_radius=100.0, height=60.0)
    assert scenes.codes(
        scenes.lattice("bcc", pitch=..., layers=..., map=solid, cells=(9, 1, 1), density=0.2)
    ) == ["E413"]
