"""Lattices in space: triply periodic surfaces by their area and field, strut cells by their counts and lengths."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.kernel.lattices import LATTICES

SURFACES = ("gyroid", "schwarz_p", "schwarz_d", "lidinoid")


def field_of(name: str, p: np.ndarray[Any, Any], a: float) -> np.ndarray[Any, Any]:
    """The surfaces' fields, written down a second time."""
    x, y, z = (2 * math.pi * p / a).T
    s, c = np.sin, np.cos
    out: np.ndarray[Any, Any] = {
        "gyroid": s(x) * c(y) + s(y) * c(z) + s(z) * c(x),
        "schwarz_p": c(x) + c(y) + c(z),
        "schwarz_d": c(x) * c(y) * c(z) - s(x) * s(y) * s(z),
        "lidinoid": 0.5 * (s(2 * x) * c(y) * s(z) + s(2 * y) * c(z) * s(x) + s(2 * z) * c(x) * s(y))
        - 0.5 * (c(2 * x) * c(2 * y) + c(2 * y) * c(2 * z) + c(2 * z) * c(2 * x)) + 0.15,
    }[name]  # fmt: skip
    return out


def slope(name: str, p: np.ndarray[Any, Any], a: float) -> np.ndarray[Any, Any]:
    h = 1e-5 * a
    return np.stack(
        [(field_of(name, p + h * e, a) - field_of(name, p - h * e, a)) / (2 * h) for e in np.eye(3)], axis=1
    )


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("level", [0.0, 0.3])
def test_contours_lie_on_the_surface_and_chords_near_it(scenes: ModuleType, name: str, level: float) -> None:
    a = 120.0
    f = scenes.one(
        scenes.lattice(name, size=(200.0, 150.0), pitch=a, layers=5, level=level, filament=4.0), warnings=True
    )
    p = f.dried.points_um
    g = slope(name, p, a)
    away = np.abs(field_of(name, p, a) - level) / np.linalg.norm(g[:, :2], axis=1)
    # Where the surface lies flat a contour is steep to find; elsewhere it is met to the rounding of paths.
    steep = np.linalg.norm(g[:, :2], axis=1) > 0.2 * np.median(np.linalg.norm(g, axis=1))
    assert away[steep].max() < 1.5e-3 and steep.mean() > 0.9
    first, _ = f.segments()
    m = (p[first] + p[first + 1]) / 2
    g = slope(name, m, a)[:, :2]
    sag = np.abs(field_of(name, m, a) - level) / np.linalg.norm(g, axis=1)
    flat = np.linalg.norm(g, axis=1) > 0.3 * np.median(np.linalg.norm(g, axis=1))
    assert sag[flat].max() < 0.052 and np.median(sag) < 0.03


@pytest.mark.parametrize(("name", "area"), [("gyroid", 3.0915), ("schwarz_p", 2.3451), ("schwarz_d", 3.8378)])
def test_the_surfaces_have_their_areas(scenes: ModuleType, name: str, area: float) -> None:
    """Area of a cell over a^2 from the contours: their length over the sine of the surface's slope, summed over heights."""
    a, layers = 100.0, 50
    f = scenes.one(
        scenes.lattice(
            name, size=(a, a), pitch=a, layers=layers, layer_height=a / layers, filament=0.5, tolerance=0.01
        ),
        warnings=True,
    )
    p = f.dried.points_um
    first, _ = f.segments()
    length = np.linalg.norm(p[first + 1] - p[first], axis=1)
    g = slope(name, (p[first] + p[first + 1]) / 2, a)
    lean = np.linalg.norm(g, axis=1) / np.maximum(
        np.linalg.norm(g[:, :2], axis=1), 1e-3 * np.linalg.norm(g, axis=1)
    )
    # The leading term of the Fourier series comes within one per cent of the minimal surface.
    assert (length * lean).sum() * (a / layers) / a**2 == pytest.approx(area, rel=0.015)


def test_contours_turn_with_the_lattice(scenes: ModuleType) -> None:
    a, turn = 120.0, 0.4
    f = scenes.one(scenes.lattice("gyroid", size=(200.0, 150.0), pitch=a, angle=turn), warnings=True)
    p = f.dried.points_um
    c, s = math.cos(turn), math.sin(turn)
    back = np.column_stack([c * p[:, 0] + s * p[:, 1], c * p[:, 1] - s * p[:, 0], p[:, 2]])
    assert np.abs(field_of("gyroid", back, a)).max() < 1e-3


def faces(n: tuple[int, int, int]) -> int:
    x, y, z = n
    return x * y * (z + 1) + y * z * (x + 1) + z * x * (y + 1)


COUNTS = {
    "cubic": lambda n: sum(n[i] * (n[j] + 1) * (n[k] + 1) for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1))),
    "bcc": lambda n: 8 * math.prod(n),
    "octet": lambda n: 12 * math.prod(n) + 4 * faces(n),
    "diamond": lambda n: 16 * math.prod(n),
}
LENGTH = {"cubic": 1.0, "bcc": math.sqrt(3) / 2, "octet": math.sqrt(0.5), "diamond": math.sqrt(3) / 4}


@pytest.mark.parametrize("name", list(COUNTS))
@pytest.mark.parametrize("n", [(1, 1, 1), (3, 2, 2), (2, 4, 3)])
def test_strut_cells_share_what_neighbours_share(
    scenes: ModuleType, name: str, n: tuple[int, int, int]
) -> None:
    a = 100.0
    f = scenes.one(scenes.lattice(name, size=(n[0] * a + 30, n[1] * a), pitch=a, layers=n[2]))
    assert len(f) == COUNTS[name](n)
    assert np.allclose(scenes.lengths(f), a * LENGTH[name], atol=3e-3)
    p = f.dried.points_um
    assert (p[::2, 2] <= p[1::2, 2]).all() and p[:, 2].min() == 5.0 and p[:, 2].max() == 5.0 + a * n[2]
    assert p[:, 0].min() == -n[0] * a / 2 and p[:, 1].max() == n[1] * a / 2
    ends = np.sort(p.reshape(-1, 2, 3).round(1).view("f8,f8,f8").reshape(-1, 2), axis=1)
    assert len(np.unique(ends, axis=0)) == len(f)
    # Every strut begins on the substrate or where others have ended or passed before it.
    known = {tuple(q) for q in p[f.layer.repeat(2) == 0].round(1)}
    for k in range(1, int(f.layer.max()) + 1):
        here = p[f.layer.repeat(2) == k].round(1)
        starts = [tuple(q) for q in here[::2]]
        joined = [tuple(u) in known or tuple(v) in known for u, v in zip(here[::2], here[1::2], strict=True)]
        assert sum(joined) >= len(starts) * (0.2 if name == "octet" else 0.9)
        known |= {tuple(q) for q in here}


def test_rules_speak_of_layers_of_cells(scenes: ModuleType) -> None:
    rules = [{"material": scenes.AU}, {"material": scenes.CDSE, "filament": 7.0}]
    f = scenes.one(scenes.lattice("bcc", size=(200.0, 200.0), pitch=100.0, layers=2, rules=rules))
    p, top = f.dried.points_um, f.material == [i.name for i in f.inks].index("cdse")
    middle = (p[::2, 2] + p[1::2, 2]) / 2
    assert (top == (middle > 105)).all() and set(f.dried.width_um[top.repeat(2)]) == {7.0}
    assert set(f.layer) == {0, 1, 2, 3}


def test_a_cell_is_written_as_a_graph(scenes: ModuleType) -> None:
    nodes = tuple((float(x), float(y), float(z)) for x in (0, 1) for y in (0, 1) for z in (0, 1))
    edges = tuple(
        (i, j)
        for i in range(8)
        for j in range(i)
        if sum(u != v for u, v in zip(nodes[i], nodes[j], strict=True)) == 1
    )
    a = scenes.one(
        scenes.lattice("graph", size=(200.0, 100.0), pitch=50.0, layers=2, nodes=nodes, edges=edges)
    )
    b = scenes.one(scenes.lattice("cubic", size=(200.0, 100.0), pitch=50.0, layers=2))
    assert np.allclose(scenes.ends(a), scenes.ends(b))
    tall = scenes.one(scenes.lattice("cubic", size=(200.0, 100.0), pitch=50.0, layers=2, layer_height=80.0))
    assert tall.dried.points_um[:, 2].max() == 165.0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"nodes": ((0.0, 0.0, 0.0), (0.0, 0.5, 1.0)), "edges": ((0, 1),)}, "partner"),
        ({"nodes": ((0.5, 0.5, 0.5), (0.4, 0.5, 0.5)), "edges": ()}, "no edges"),
        ({"nodes": ((0.5, 0.5, 0.5), (0.4, 0.5, 0.5)), "edges": ((0, 2),)}, "nodes 0 to 1"),
        ({"nodes": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)), "edges": ((0, 1),)}, "no length"),
        ({"nodes": ((0.5, 0.5, 0.5), (1.5, 0.5, 0.5)), "edges": ((0, 1),)}, "outside"),
        ({"nodes": None, "edges": None}, "no edges"),
    ],
)
def test_a_cell_that_does_not_repeat_is_refused(
    scenes: ModuleType, fields: dict[str, Any], field: str
) -> None:
    _, said = scenes.built(scenes.lattice("graph", size=(200.0, 200.0), **fields))
    assert [d.code for d in said] == ["E413"] and field in said[0].message


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("gyroid", {"level": 2.0}),
        ("gyroid", {"tolerance": 0.0}),
        ("radial", {"inner_radius": -1.0}),
        ("spiral", {"tolerance": math.nan}),
    ],
)
def test_own_fields_are_checked(scenes: ModuleType, kind: str, fields: dict[str, Any]) -> None:
    assert scenes.codes(scenes.lattice(kind, size=(200.0, 200.0), **fields)) == ["E402"]


def test_every_surface_is_on_offer() -> None:
    assert {*SURFACES, *COUNTS, "graph"} <= set(LATTICES)
