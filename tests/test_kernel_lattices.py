"""Lattices of straight lines: where every line lies, against coordinates that are written down here independently."""

import math
import subprocess
import sys
import time
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, box
from wetprint.kernel.lattices import LATTICES
from wetprint.kernel.quantity import REQUIRED
from wetprint.kernel.scene import Placed
from wetprint.kernel.shapes.density import crossing_volume, filled
from wetprint.kernel.shapes.planar import PlanarLattice


def crossed(layers: int, sx: float, sy: float, pitch: float, h: float, d: float) -> list[tuple[float, ...]]:
    """Lines along x in even layers, along y in odd ones, both edges taken."""
    out: list[tuple[float, ...]] = []
    for k in range(layers):
        z = d / 2 + k * h
        if k % 2 == 0:
            out += [
                (-sx / 2, i * pitch - sy / 2, z, sx / 2, i * pitch - sy / 2, z)
                for i in range(round(sy / pitch) + 1)
            ]
        else:
            out += [
                (i * pitch - sx / 2, -sy / 2, z, i * pitch - sx / 2, sy / 2, z)
                for i in range(round(sx / pitch) + 1)
            ]
    return out


@pytest.mark.parametrize(("layers", "side"), [(32, 400.0), (8, 1200.0)])
def test_a_woodpile_is_the_cube_and_the_square_of_the_benchmarks(
    scenes: ModuleType, layers: int, side: float
) -> None:
    f = scenes.one(scenes.lattice(size=(side, side), layers=layers))
    scenes.same_lines(f, crossed(layers, side, side, 40.0, 8.0, 10.0))
    assert f.layer.tolist() == sorted(f.layer.tolist())


def test_layers_take_their_materials_in_turn(scenes: ModuleType) -> None:
    rules = [{"material": (scenes.AU, scenes.CDSE)[k % 2]} for k in range(16)]
    f = scenes.one(scenes.lattice(size=(400.0, 400.0), layers=16, rules=rules, material=...))
    assert [i.name for i in f.inks] == ["au", "cdse"]
    assert (f.material == f.layer % 2).all()
    assert {f.spans[o].text for o in f.origin} == {"rule"}
    g = scenes.one(scenes.lattice(size=(400.0, 400.0), layers=16, material=(scenes.AU, scenes.CDSE)))
    assert (g.material == f.material).all() and {g.spans[o].text for o in g.origin} == {"material"}


def test_the_large_square_is_built_in_a_tenth_of_a_second(scenes: ModuleType) -> None:
    node = scenes.lattice(size=(1e4, 1e4), pitch=20.0, layers=100)
    took = []
    for _ in range(3):
        start = time.process_time()
        f = scenes.one(node)
        took.append(time.process_time() - start)
    assert len(f) == 50_100 and min(took) < 0.1
    assert scenes.lengths(f).sum() == 50_100 * 1e4


def test_a_clipped_woodpile_is_the_pyramid_of_the_benchmarks(scenes: ModuleType) -> None:
    layers, side, pitch, h, d = 36, 400.0, 40.0, 8.0, 10.0
    expected: list[tuple[float, ...]] = []
    for k in range(layers):
        half, z = side * (1 - k / layers) / 2, d / 2 + k * h
        m = int(half / pitch + 1e-9)
        for j in range(-m, m + 1):
            line = (
                ((-half, j * pitch), (half, j * pitch))
                if k % 2 == 0
                else ((j * pitch, -half), (j * pitch, half))
            )
            expected.append((*line[0], z, *line[1], z))
    # The benchmark's section at half a layer above the foot is the solid's at half a filament.
    base = side * (1 + d / 2 / (layers * h))
    hull = scenes.solid("pyramid", base=(base, base), height=layers * h + d / 2)
    f = scenes.one(scenes.lattice(clip=hull, layers=layers), warnings=True)
    scenes.same_lines(f, [e for e in expected if math.dist(e[:3], e[3:]) >= d])


def test_a_clipped_triangular_lattice_is_the_hexagon_of_the_benchmarks(scenes: ModuleType) -> None:
    side, pitch = 200.0, 30.0
    apothem = side * math.sqrt(3) / 2
    expected: list[tuple[float, ...]] = []
    for k in range(12):
        a, z = math.radians((0, 60, 120)[k % 3]), 5.0 + 8.0 * k
        for j in range(-5, 6):
            rho = j * pitch
            half = side - abs(rho) / math.sqrt(3)
            ox, oy = -math.sin(a) * rho, math.cos(a) * rho
            ux, uy = math.cos(a) * half, math.sin(a) * half
            expected.append((ox - ux, oy - uy, z, ox + ux, oy + uy, z))
    assert 5 * pitch < apothem < 6 * pitch
    hexagon = scenes.solid("prism", sides=6, radius=side, height=200.0)
    # Eleven pitches fit across, so twelve lines stand about the middle: half a pitch moves one onto it.
    f = scenes.one(scenes.lattice("triangular", clip=hexagon, layers=12, pitch=pitch, phase=pitch / 2))
    scenes.same_lines(f, expected)
    centred = scenes.one(scenes.lattice("triangular", clip=hexagon, layers=3, pitch=pitch))
    chords = sum(2 * (side - abs(j + 0.5) * pitch / math.sqrt(3)) for j in range(-6, 6))
    assert len(centred) == 36 and scenes.lengths(centred).sum() == pytest.approx(3 * chords, rel=1e-5)


def test_a_grid_holds_both_directions_in_every_layer(scenes: ModuleType) -> None:
    f = scenes.one(scenes.lattice("grid", size=(400.0, 200.0), layers=3))
    expected = []
    for k in range(3):
        z = 5.0 + 8.0 * k
        expected += [(-200.0, -100.0 + 40.0 * i, z, 200.0, -100.0 + 40.0 * i, z) for i in range(6)]
        expected += [(-200.0 + 40.0 * i, -100.0, z, -200.0 + 40.0 * i, 100.0, z) for i in range(11)]
    scenes.same_lines(f, expected)


def test_rules_set_angle_phase_pitch_and_width_of_a_layer(scenes: ModuleType) -> None:
    rules = [
        {"angle": math.pi / 2, "phase": 10.0},
        {"angle": 0.0, "pitch": 100.0},
        {"filament": 6.0},
        {"angle": math.pi / 4},
    ]
    f = scenes.one(scenes.lattice(size=(200.0, 200.0), rules=rules), warnings=True)
    p, s = f.dried.points_um, f.dried
    first = f.offsets[:-1]
    layer0 = first[f.layer == 0]
    # Six lines fill 200 um; a phase of 10 um towards +x pushes the last of them out.
    assert sorted(p[layer0, 0]) == [-90.0, -50.0, -10.0, 30.0, 70.0]
    assert sorted(p[first[f.layer == 1], 1]) == [-100.0, 0.0, 100.0]
    assert set(s.width_um[np.repeat(f.layer == 2, 2)]) == {6.0} and set(
        s.height_um[np.repeat(f.layer == 2, 2)]
    ) == {6.0}
    assert set(p[first[f.layer == 2], 2]) == {5.0 + 2 * 8.0}
    step = p[first[f.layer == 3] + 1] - p[first[f.layer == 3]]
    assert np.allclose(np.abs(step[:, 0]), np.abs(step[:, 1]), atol=2e-3)


def test_the_angle_of_a_lattice_turns_its_whole_sequence(scenes: ModuleType) -> None:
    f = scenes.one(scenes.lattice(size=(200.0, 200.0), angle=math.radians(30), layers=2), warnings=True)
    p = f.dried.points_um
    step = p[1::2] - p[::2]
    got = np.degrees(np.arctan2(step[:, 1], step[:, 0])) % 180
    assert np.allclose(got, np.where(f.layer == 0, 30.0, 120.0), atol=1e-2)


@given(
    sx=st.floats(50, 900),
    sy=st.floats(50, 900),
    pitch=st.floats(12, 200),
    phase=st.floats(-300, 300),
    angle=st.floats(0.01, 1.56) | st.floats(1.58, 3.13) | st.sampled_from([0.0, math.pi / 2, math.pi]),
)
def test_lines_are_a_pitch_apart_fill_the_frame_and_end_on_its_edge(
    scenes: ModuleType, sx: float, sy: float, pitch: float, phase: float, angle: float
) -> None:
    rule = {"angle": angle, "phase": phase}
    jobs, _ = scenes.built(scenes.lattice(size=(sx, sy), pitch=pitch, layers=1, rules=[rule]))
    if not jobs:
        return
    f = jobs[0].filaments
    p = f.dried.points_um
    assert (np.abs(p[:, 0]) <= sx / 2 + 1e-3).all() and (np.abs(p[:, 1]) <= sy / 2 + 1e-3).all()
    on_edge = np.isclose(np.abs(p[:, 0]), sx / 2, atol=1e-3) | np.isclose(np.abs(p[:, 1]), sy / 2, atol=1e-3)
    assert on_edge.all()
    across = p[::2, :2] @ np.array([-math.sin(angle), math.cos(angle)])
    assert np.allclose(np.diff(np.sort(across)), pitch, atol=3e-3)
    # Every place a whole number of pitches on that holds a line of a filament's width or more is taken.
    half = (sx * abs(math.sin(angle)) + sy * abs(math.cos(angle))) / 2
    n = math.floor(2 * half / pitch + 1e-6) + 1
    towards = 1 if math.cos(angle) - math.sin(angle) > -1e-12 else -1
    places = (np.arange(-200, 201) - (n - 1) / 2) * pitch + towards * phase
    places = places[np.abs(places) <= half + 1e-6 * pitch]
    chord = [_chord(sx, sy, angle, at) for at in places]
    assert len(f) == sum(c >= 10.0 for c in chord)
    assert scenes.lengths(f).sum() == pytest.approx(sum(c for c in chord if c >= 10.0), abs=2e-3 * len(f))


def _chord(sx: float, sy: float, angle: float, at: float) -> float:
    """Length of the line at distance `at` from the middle within a rectangle: shapely is the referee."""
    c, s = math.cos(angle), math.sin(angle)
    far = 10 * (sx + sy)
    line = LineString([(-at * s - far * c, at * c - far * s), (-at * s + far * c, at * c + far * s)])
    # A line along an edge counts, whatever the rounding says.
    return float(
        line.intersection(box(-sx / 2, -sy / 2, sx / 2, sy / 2).buffer(1e-6, join_style="mitre")).length
    )


@given(
    kind=st.sampled_from(["woodpile", "grid", "triangular"]),
    turn=st.floats(-3.1, 3.1),
    move=st.tuples(*[st.floats(-500, 500)] * 3),
    pitch=st.floats(20, 90),
)
def test_rigid_motions_commute_with_building(
    scenes: ModuleType, kind: str, turn: float, move: tuple[float, float, float], pitch: float
) -> None:
    c, s = math.cos(turn), math.sin(turn)
    m = (c, -s, 0.0, move[0], s, c, 0.0, move[1], 0.0, 0.0, 1.0, move[2])
    node = scenes.lattice(kind, size=(300.0, 200.0), pitch=pitch)
    plain = scenes.one(node, warnings=True)
    placed = scenes.one(Placed("there", node, (m,), scenes.HERE), warnings=True)
    expected = plain.dried.points_um @ np.array(m).reshape(3, 4)[:, :3].T + np.array(move)
    assert np.allclose(placed.dried.points_um, expected, atol=2e-3)
    for name in ("offsets", "material", "layer", "origin"):
        assert (getattr(plain, name) == getattr(placed, name)).all()
    # The same by turning the lattice itself and the prism that clips it.
    hull = scenes.solid("box", size=(300.0, 200.0, 400.0))
    turned = scenes.solid("box", size=(300.0, 200.0, 400.0), matrix=(*m[:11], 0.0))
    a = scenes.one(scenes.lattice(kind, clip=hull, pitch=pitch), warnings=True)
    b = scenes.one(scenes.lattice(kind, clip=turned, pitch=pitch, angle=turn), warnings=True)
    assert len(a) == len(b)
    assert np.allclose(scenes.lengths(a), scenes.lengths(b), atol=4e-3)


#: What lattices need that the others do not have.
NEEDS: dict[str, dict[str, object]] = {
    "graph": {"nodes": ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 0.0),
                        (1.0, 0.0, 1.0), (0.0, 1.0, 1.0)), "edges": ((0, 4),)},
}  # fmt: skip


@pytest.mark.parametrize("name", list(LATTICES))
def test_every_lattice_of_the_register_builds_and_documents_itself(scenes: ModuleType, name: str) -> None:
    construct = LATTICES[name].construct
    assert (construct.kind, construct.name) == ("lattice", name) and construct.doc
    assert len({f.name for f in construct.fields}) == len(construct.fields)
    for field in construct.fields:
        assert field.doc
        assert field.default is not None or field.default_doc or field.type.kind == "ref", field.name
    own = {f.name for f in construct.fields if f.default is REQUIRED} - {"pitch", "filament"}
    assert own <= set(NEEDS.get(name, {}))
    # A fill takes its extent from its solid alone.
    block = {"clip": scenes.solid("box", size=(300.0, 300.0, 500.0))} if name == "fill" else {}
    node = scenes.lattice(name, size=(300.0, 300.0), pitch=50.0, **NEEDS.get(name, {}), **block)
    f = scenes.one(node, warnings=True)
    planar = isinstance(LATTICES[name], PlanarLattice)
    p = f.dried.points_um
    assert len(f) > 4 and (np.abs(p[:, :2]) <= 150.001).all() and p[:, 2].min() == 5.0
    z = p[f.offsets[:-1], 2] + p[f.offsets[1:] - 1, 2]
    assert (np.argsort(z, kind="stable") >= 0).all() and [*np.unique(f.layer)] == [
        *range(int(f.layer.max()) + 1)
    ]
    assert all(z[f.layer == k].max() < z[f.layer == k + 1].min() for k in range(int(f.layer.max())))
    if planar:
        assert set(p[:, 2]) == {5.0, 13.0, 21.0, 29.0} and set(f.layer) == {0, 1, 2, 3}
    g = scenes.one(node, warnings=True)
    assert g.dried.points_um.tobytes() == p.tobytes() and not np.signbit(p[p == 0]).any()
    complete = LATTICES[name].complete(dict(node.fields))
    estimate = LATTICES[name].estimate(type(node)(node.name, name, complete, (), node.span))
    # The estimate of a fill expects a round outline, which a block is not.
    assert f.point_count <= estimate <= (200 if name == "fill" else 30) * f.point_count
    assert complete["height"] == pytest.approx(p[:, 2].max() + 5.0)
    # Clipped to a rod, it stays within it; a quarter turn of the rod changes nothing.
    rod = scenes.solid("cylinder", radius=120.0, height=500.0)
    h = scenes.one(scenes.lattice(name, clip=rod, pitch=50.0, **NEEDS.get(name, {})), warnings=True)
    q = h.dried.points_um
    assert (np.hypot(q[:, 0], q[:, 1]) <= 120.002).all() and len(h) > 0


def test_defaults_are_computed_from_filament_and_clip(scenes: ModuleType) -> None:
    complete = LATTICES["woodpile"].complete
    full = complete(
        {
            "clip": scenes.solid("cylinder", radius=50.0, height=100.0, at=(10.0, 0.0, 0.0)),
            "filament": 10.0,
            "pitch": 20.0,
        }
    )
    assert full["layer_height"] == 8.0 and full["size"] == (100.0, 100.0)
    assert full["layers"] == 12 and full["height"] == 10.0 + 11 * 8.0
    assert full["frame"] == (-40.0, -50.0, 60.0, 50.0)
    assert complete({"size": (100.0, 60.0), "filament": 10.0})["frame"] == (-50.0, -30.0, 50.0, 30.0)
    assert complete({})["layer_height"] is None


def test_the_language_side_of_lattices_and_solids_loads_no_numpy() -> None:
    code = (
        "import sys\n"
        "from wetprint.kernel.lattices import LATTICES\nfrom wetprint.kernel.solids import SOLIDS, bounds\n"
        "from wetprint.kernel.paths import PATHS\nfrom wetprint.kernel.scene import Solid\n"
        "[f[n].construct for f in (LATTICES, SOLIDS, PATHS) for n in f]\n"
        "cone = Solid('cone', {'radius': 50.0, 'height': 90.0}, None)\n"
        "full = LATTICES['woodpile'].complete({'clip': cone, 'filament': 10.0, 'pitch': 20.0})\n"
        "assert full['size'] == (100.0, 100.0) and full['layers'] == 11\n"
        "assert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "E401"),
        ({"size": (400.0, 400.0), "layers": None}, "E401"),
        ({"size": (400.0, 400.0), "layers": 0}, "E403"),
        ({"size": (400.0, -1.0)}, "E402"),
        ({"size": (400.0, float("nan"))}, "E402"),
        ({"size": (400.0, 400.0), "pitch": -40.0}, "E402"),
        ({"size": (400.0, 400.0), "pitch": float("inf")}, "E402"),
        ({"size": (400.0, 400.0), "filament": 0.0}, "E402"),
        ({"size": (400.0, 400.0), "layer_height": -8.0}, "E402"),
        ({"size": (400.0, 400.0), "angle": float("nan")}, "E402"),
        ({"size": (400.0, 400.0), "material": None}, "E406"),
        ({"size": (400.0, 400.0), "pitch": 1e-4}, "E405"),
        ({"size": (400.0, 400.0), "layers": 10**9}, "E405"),
        ({"size": (5.0, 5.0)}, "E404"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_told_with_its_place(
    scenes: ModuleType, fields: dict[str, object], code: str
) -> None:
    assert (
        scenes.codes(scenes.lattice(**fields)) == [code] or scenes.codes(scenes.lattice(**fields))[-1] == code
    )
    assert not scenes.built(scenes.lattice(**fields))[0]


def test_a_fault_in_a_rule_points_at_the_rule(scenes: ModuleType) -> None:
    rules = [{"pitch": 40.0 - 15.0 * k} for k in range(4)]
    _, said = scenes.built(scenes.lattice(size=(400.0, 400.0), rules=rules, pitch=...))
    assert (
        [d.code for d in said] == ["E402"] and said[0].primary.text == "rule" and "layer 3" in said[0].message
    )


def test_overlaps_of_crossing_filaments_are_those_of_the_integral() -> None:
    # V / d^3 at h / d, from an independent quadrature.
    table = {0.5: 0.290375, 0.6: 0.199479, 0.7: 0.119696, 0.8: 0.056461, 0.9: 0.014917}
    for h, volume in table.items():
        assert crossing_volume(10.0, 10.0 * h) / 1000 == pytest.approx(volume, abs=1e-6)
    # Two axes that meet at right angles: Steinmetz, 16 r^3 / 3.
    assert crossing_volume(1.0, 0.0) == pytest.approx(2 / 3, rel=1e-4)
    assert crossing_volume(1.0, 0.0, math.radians(30)) == pytest.approx(4 / 3, rel=1e-4)
    assert filled(1.0, 2.0, 0.8) == pytest.approx(0.47323, abs=1e-5)


@given(
    density=st.floats(0.02, 0.85),
    pitch=st.floats(10, 200),
    kind=st.sampled_from(["woodpile", "triangular", "kagome"]),
)
def test_a_density_gives_the_width_that_fills_it(density: float, pitch: float, kind: str) -> None:
    full = LATTICES[kind].complete({"density": density, "pitch": pitch, "size": (300.0, 300.0), "layers": 3})
    assert filled(full["filament"], pitch, full["layer_height"]) == pytest.approx(density, abs=1e-9)
    assert full["layer_height"] == pytest.approx(0.8 * full["filament"]) and full["filament"] <= pitch


def test_a_density_that_cannot_be_or_contradicts_is_refused(scenes: ModuleType) -> None:
    f = scenes.one(scenes.lattice(size=(400.0, 400.0), filament=None, density=0.3))
    assert f.dried.width_um[0] == pytest.approx(12.6, abs=0.5)
    _, said = scenes.built(scenes.lattice(size=(400.0, 400.0), filament=None, density=0.99))
    assert [d.code for d in said] == ["E402"] and "density of 0.99" in said[0].message
    assert scenes.codes(scenes.lattice(size=(400.0, 400.0), density=0.3)) == ["E413"]
    _, said = scenes.built(scenes.lattice(size=(400.0, 400.0), filament=None))
    assert [d.code for d in said] == ["E402"] and "no filament width" in said[0].message
