"""Short travel: against exact solutions of twelve filaments, with and without an order to keep, and against PrusaSlicer on its own lines."""

import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.planning.improve import Ends, travel_um
from wetprint.kernel.planning.tour import improve_bound, order_batches

AT = np.zeros(3)


def case(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Short, long and mixed filaments, scattered, clustered or in rows."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 1000, (n, 3)) * [1, 1, 0]
    if seed % 4 == 1:
        start = rng.uniform(0, 100, (n, 3)) * [1, 1, 0] + 900 * rng.integers(0, 3, (n, 1)) * [1, 0, 0]
    end = start + rng.normal(0, rng.choice([20.0, 150.0, 600.0]), (n, 3)) * [1, 1, 0]
    if seed % 4 == 2:
        start[:, 1] = 40.0 * np.arange(n)
        end = start + np.column_stack([rng.uniform(50, 800, n), np.zeros((n, 2))])
    return start, end


def ratio(exact: ModuleType, seed: int, n: int) -> float:
    start, end = case(seed, n)
    order, reverse = order_batches(start, end, np.zeros(n, np.int64), AT)
    ours, least = travel_um(order, reverse, start, end, AT), exact.shortest_um(start, end, AT)
    assert ours >= least - 1e-6
    return float(ours / least)


def bound_ratio(exact: ModuleType, seed: int, n: int) -> float:
    """The same where some filaments must come before others, and some run one way only."""
    start, end = case(seed, n)
    rng = np.random.default_rng(seed + 1)
    before = {(a, b) for b in range(n) for a in range(b) if rng.random() < rng.choice([0.05, 0.2])}
    wave = np.zeros(n, np.int64)
    for b in range(n):
        wave[b] = max((wave[a] + 1 for a, c in before if c == b), default=0)
    one_way = rng.random(n) < 0.3
    order, reverse = order_batches(start, end, wave, AT, one_way)
    edges = np.array(sorted(before), dtype=np.int64).reshape(-1, 2)
    order, reverse = improve_bound(
        order, reverse, Ends(start, end, one_way), np.zeros(n, np.int64), edges, AT
    )
    place = np.argsort(order)
    assert sorted(order.tolist()) == list(range(n)) and all(place[a] < place[b] for a, b in before)
    assert not (reverse & one_way[order]).any()
    ours = travel_um(order, reverse, start, end, AT)
    return float(ours / exact.shortest_um(start, end, AT, before, one_way))


@pytest.mark.parametrize("seed", range(8))
def test_travel_of_twelve_is_near_the_exact_solution(exact: ModuleType, seed: int) -> None:
    assert ratio(exact, seed, 12) <= 1.3
    assert bound_ratio(exact, seed, 12) <= 1.3


@pytest.mark.soak
@given(st.integers(0, 10**6))
@settings(max_examples=1000)
def test_travel_of_any_twelve_is_near_the_exact_solution(exact: ModuleType, seed: int) -> None:
    assert ratio(exact, seed, 12) <= 1.3
    assert bound_ratio(exact, seed, 12) <= 1.3


# -- PrusaSlicer ----------------------------------------------------------------------------------------------------

SLICER = shutil.which("prusa-slicer")


def box_stl(x: float, y: float, z: float) -> str:
    corner = [(a, b, c) for a in (0, x) for b in (0, y) for c in (0, z)]
    faces = (
        (0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1),
        (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3),
    )  # fmt: skip
    rows = ["solid box"]
    for face in faces:
        rows.append("facet normal 0 0 0\nouter loop")
        rows += ["vertex {:g} {:g} {:g}".format(*corner[i]) for i in face]
        rows.append("endloop\nendfacet")
    return "\n".join([*rows, "endsolid box"])


def strokes(gcode: str) -> list[list[np.ndarray]]:
    """By layer: ends [2,3] of every run of extrusion in a program of PrusaSlicer, as it prints them, mm."""
    layers: list[list[np.ndarray]] = []
    here, begun = np.zeros(2), None
    for line in gcode.splitlines():
        if line.startswith(";LAYER_CHANGE"):
            layers.append([])
        word = {m[0]: float(m[1]) for m in re.findall(r"([XYE])(-?[\d.]+)", line.split(";")[0])}
        if not line.startswith("G1 ") or not layers:
            continue
        there = np.array([word.get("X", here[0]), word.get("Y", here[1])])
        moved = bool((there != here).any())
        if moved and "E" in word and begun is None:
            begun = here
        elif (
            begun is not None and not (moved and "E" in word) and ("X" in word or "Y" in word or "E" in word)
        ):
            layers[-1].append(np.array([[*begun, 0.0], [*here, 0.0]]))
            begun = None
        here = there
    return [layer for layer in layers if layer]


@pytest.mark.skipif(SLICER is None, reason="prusa-slicer is not installed")
@pytest.mark.parametrize(
    "pattern", ["rectilinear", "alignedrectilinear", "honeycomb", "gyroid", "triangles", "stars"]
)
def test_travel_is_shorter_than_prusaslicers(pattern: str, tmp_path: Path) -> None:
    """Infill lines of a layer as PrusaSlicer makes and orders them, ordered by us from where it begins."""
    (tmp_path / "box.stl").write_text(box_stl(20.0, 14.0, 1.0))
    options = (
        "--layer-height 0.2 --first-layer-height 0.2 --fill-density 15% --perimeters 0 --top-solid-layers 0 "
    )
    options += (
        "--bottom-solid-layers 0 --infill-anchor 0 --infill-anchor-max 0 --skirts 0 --fill-pattern " + pattern
    )
    program = tmp_path / "box.gcode"
    assert SLICER is not None
    subprocess.run(
        [SLICER, "-g", *options.split(), str(tmp_path / "box.stl"), "-o", str(program)],
        check=True, capture_output=True, timeout=120, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    theirs = ours = 0.0
    for layer in strokes(program.read_text()):
        ends = np.array(layer) * 1000.0
        n = len(ends)
        start, end = ends[:, 0], ends[:, 1]
        theirs += travel_um(np.arange(n), np.zeros(n, bool), start, end)
        order, reverse = order_batches(start, end, np.zeros(n, np.int64), start[0])
        ours += travel_um(order, reverse, start, end, start[0])
    # Few lines may leave nothing to gain.
    assert 0.0 < ours <= theirs + 1e-6
    assert ours < 0.97 * theirs or n < 20
    print(f"{pattern}: {ours / theirs:.3f} of PrusaSlicer's travel")
