"""The frame model of drying: closed forms, CalculiX as a referee, the inverse, and several inks that bend a part."""

import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.build import build
from wetprint.kernel.drying.beams import Sections, turn, vector
from wetprint.kernel.drying.bonds import find_bonds
from wetprint.kernel.drying.frame import Balance, solve
from wetprint.kernel.drying.hold import Hold
from wetprint.kernel.drying.inverse import fixed_point
from wetprint.kernel.drying.truss import Truss
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.material import Ink
from wetprint.kernel.shrink import complete, dry
from wetprint.lang.load import load

NM = 1e-3


def test_a_free_part_shrinks_to_scale(parts: ModuleType) -> None:
    part = parts.woodpile(4, 40.0, layers=6, turn=0.4, inks=[parts.ink(0.1, 0.3)], state="wet")
    found = solve(part, "wet", Hold("free"))
    still = found.wet_um[np.argmin(np.abs(found.dried_um - found.wet_um).sum(axis=1))]
    assert found.converged
    for a, b in ((found.wet_um[0], found.dried_um[0]), (found.wet_um[-1], found.dried_um[-1])):
        assert (b - still)[:2] == pytest.approx(0.9 * (a - still)[:2], abs=NM)
    flat = found.dried_um[:, None] - found.dried_um[None, :: len(found.dried_um) - 1]
    full = found.wet_um[:, None] - found.wet_um[None, :: len(found.wet_um) - 1]
    assert np.linalg.norm(flat, axis=2) == pytest.approx(0.9 * np.linalg.norm(full, axis=2), abs=NM)


def test_a_line_on_the_substrate_keeps_its_length(parts: ModuleType) -> None:
    line = parts.paths([[[0, 0, 5], [300, 40, 5], [500, 0, 5]]], state="wet")
    dried = complete(line, "wet", model="frame").dried
    assert dried.points_um[:, :2].tolist() == [[0, 0], [300, 40], [500, 0]]
    assert dried.width_um == pytest.approx(8.8, abs=1e-6)
    assert dried.points_um[:, 2] == pytest.approx(4.4, abs=1e-9)


def test_a_portal_frame_leans_as_slope_deflection_says(parts: ModuleType) -> None:
    s, d, high, span = 1e-4, 4.0, 200.0, 300.0
    path = [[0, 0, 2], [0, 0, 2 + high], [span, 0, 2 + high], [span, 0, 2]]
    portal = parts.paths([path], d, inks=[parts.ink(s, 0.0)], state="wet")
    found = solve(portal, "wet", tolerance_um=1e-9)
    top = found.part.offsets[0] + np.flatnonzero(np.isclose(found.wet_um[:, 2], 2 + high))
    moved = (found.dried_um - found.wet_um)[top]
    # Fixed feet, rigid corners: the corner's turn balances leg and beam; the legs push on the beam.
    bend, area = np.pi * d**4 / 64, np.pi * d**2 / 4
    a = 6 / high**2 / (4 / high + 2 / span)  # turn of the corner over its way
    shear = bend * (12 / high**3 - 6 * a / high**2)
    way = s * span / 2 / (1 + shear * span / 2 / area)
    assert moved[0, 0] == pytest.approx(way, rel=2e-3)
    assert moved[-1, 0] == pytest.approx(-way, rel=2e-3)
    assert moved[:, 2] == pytest.approx(-s * (high + 2), rel=1e-3)


def test_a_strip_of_two_inks_bends_like_a_bimetal(parts: ModuleType) -> None:
    """Timoshenko 1925 for two equal round bars: curvature = (s2 - s1) h / (h^2 + 4 I / A) where they stick everywhere."""
    d, h, length = 4.0, 3.2, 800.0
    inks = [parts.ink(1.00e-3, 0.0), parts.ink(1.20e-3, 0.0, "cdse")]
    strip = parts.paths(
        [[[0, 0, 20], [length, 0, 20]], [[0, 0, 20 + h], [length, 0, 20 + h]]],
        d,
        inks=inks,
        material=[0, 1],
        state="wet",
    )
    found = solve(strip, "wet", Hold("free"), tolerance_um=1e-7)
    lower = found.part.owner() == 0
    x, z = found.dried_um[lower, 0], found.dried_um[lower, 2]
    middle = np.abs(x - length / 2) < length / 4
    curvature = 2 * np.polyfit(x[middle] - length / 2, z[middle], 2)[0]
    assert curvature == pytest.approx(2e-4 * h / (h**2 + d**2 / 4), rel=0.02)


def _staggered(parts: ModuleType, inks: list[Ink]) -> FilamentSet:
    """Lines of every other layer lie between those below: bonds do not stand above each other, and filaments bend."""
    lines, layers, pitch = 6, 12, 40.0
    out = []
    for k in range(layers):
        for i in range(lines):
            at = (i - 2.5 + 0.25 * (-1) ** (k // 2)) * pitch
            ends = [[-120.0, at, 5 + 8.0 * k], [120.0, at, 5 + 8.0 * k]]
            out.append(ends if k % 2 == 0 else [[y, x, z] for x, y, z in ends])
    material = [(k // 3) % 2 for k in range(layers) for _ in range(lines)]
    return parts.paths(out, inks=inks, material=material, state="wet")


@pytest.mark.parametrize("kind", ["upright", "staggered"])
def test_the_frame_agrees_with_calculix(parts: ModuleType, tmp_path: Path, kind: str) -> None:
    """500 nodes and more, two inks, pegs and filaments of one square section: the same problem in B32R beams, four a member."""
    ccx = shutil.which("ccx")
    if ccx is None:
        pytest.skip("CalculiX (Debian package calculix-ccx) is not installed")
    s, thick = 1e-5, 1.0
    inks = [parts.ink(s, 0.0), parts.ink(s / 2, 0.0, "cdse")]
    if kind == "staggered":
        part = _staggered(parts, inks)
    else:
        part = parts.woodpile(6, 40.0, 10.0, 16, inks=inks, material=lambda k: (k // 3) % 2, state="wet")
    truss = Truss(part, "wet")

    # B32R is made of bricks with quadratic shape functions, which cannot warp: they twist by the polar moment a^4 / 6.
    def square(n: int) -> Sections:
        area = np.full(n, thick**2)
        return Sections(
            area, area * 5 / 12, area * thick**2 / 12, area * thick**2 / 12, (1 / 12) * area * thick**2
        )

    beams, pegs = truss.skeleton.beams, truss.pegs.nodes
    truss.sections = lambda across: (square(len(beams)), square(len(pegs)))  # type: ignore[method-assign]
    found = Balance(truss).find(1e-10)
    ours = (found.dried_um - found.wet_um)[truss.skeleton.node_point]
    assert len(ours) >= 500
    strain = np.concatenate([truss.shrink[beams[:, 0]], truss.shrink[pegs].mean(axis=1)])
    deck = _deck(truss.given_um, np.concatenate([beams, pegs]), strain, thick, truss.held, ours[:, 2])
    (tmp_path / "w.inp").write_text(deck)
    subprocess.run([ccx, "w"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    rows = [line.split() for line in (tmp_path / "w.dat").read_text().splitlines()[3:] if line.strip()]
    theirs = np.array(rows, dtype=float)[:, 1:]
    assert np.abs(ours - theirs).max() < 0.01 * np.abs(theirs).max()
    assert np.linalg.norm(ours - theirs) < 0.001 * np.linalg.norm(theirs)


def _deck(
    x: np.ndarray, ends: np.ndarray, s: np.ndarray, thick: float, held: np.ndarray, sunk: np.ndarray
) -> str:
    """CalculiX input: every member four quadratic beams, free shrinkage as thermal strain, held nodes clamped."""
    n, m = len(x), 4
    t = np.arange(1, 2 * m) / (2 * m)
    inner = x[ends[:, 0], None] * (1 - t)[None, :, None] + x[ends[:, 1], None] * t[None, :, None]
    number = n + np.arange(inner.shape[0] * inner.shape[1]).reshape(inner.shape[:2])
    chain = 1 + np.concatenate([ends[:, :1], number, ends[:, 1:]], axis=1)
    out = ["*NODE,NSET=ALL"]
    out += [
        f"{i},{a:.9g},{b:.9g},{c:.9g}"
        for i, (a, b, c) in enumerate(np.concatenate([x, inner.reshape(-1, 3)]), 1)
    ]
    out += ["*NSET,NSET=OUT,GENERATE", f"1,{n}"]
    axis = np.abs(x[ends[:, 1]] - x[ends[:, 0]]).argmax(axis=1)
    for i, v in enumerate(np.unique(s)):
        for a, normal in enumerate(("0,1,0", "0,0,1", "1,0,0")):
            which = np.flatnonzero((s == v) & (axis == a))
            if len(which):
                out.append(f"*ELEMENT,TYPE=B32R,ELSET=E{i}{a}")
                out += [
                    f"{e * m + k + 1},{','.join(map(str, chain[e, 2 * k : 2 * k + 3]))}"
                    for e in which
                    for k in range(m)
                ]
                out += [f"*BEAM SECTION,ELSET=E{i}{a},MATERIAL=M{i},SECTION=RECT", f"{thick},{thick}", normal]
        out += [f"*MATERIAL,NAME=M{i}", "*ELASTIC", "1.,0.", "*EXPANSION,ZERO=0.", f"{-v:.9g}"]
    out += ["*INITIAL CONDITIONS,TYPE=TEMPERATURE", "ALL,0.", "*STEP", "*STATIC", "*BOUNDARY"]
    for i in np.flatnonzero(held):
        out += [f"{i + 1},1,2", f"{i + 1},4,6", f"{i + 1},3,3,{sunk[i]:.9g}"]
    out += ["*TEMPERATURE", "ALL,1.", "*NODE PRINT,NSET=OUT", "U", "*END STEP", ""]
    return "\n".join(out)


def test_dry_of_wet_is_the_design(parts: ModuleType) -> None:
    target = parts.woodpile(6, 40.0, layers=12)
    done = dry(target, model="frame")
    assert done.model == "frame"
    assert done.residual_um < 10 * NM
    again = complete(parts.only(done.filaments, "wet"), "wet", model="frame")
    again.validate()
    assert np.abs(again.dried.points_um - done.filaments.dried.points_um).max() < 10 * NM
    # The drawn points are still there, where they were drawn.
    first, drawn = done.filaments.offsets[:-1], target.offsets[:-1]
    assert done.filaments.dried.points_um[first] == pytest.approx(target.dried.points_um[drawn], abs=1e-9)


def test_the_first_layer_is_printed_as_drawn_and_upper_ones_flare(parts: ModuleType) -> None:
    done = complete(parts.woodpile(6, 40.0, layers=12), model="frame")
    layer = done.layer[done.owner()]
    base = layer == 0
    assert np.array_equal(done.wet.points_um[base, :2], done.dried.points_um[base, :2])
    reach = [np.abs(done.wet.points_um[layer == k, :2]).max() for k in range(12)]
    assert (np.diff(reach[:7]) > 0).all()
    assert reach[-1] == pytest.approx(100 / 0.9, rel=0.01)
    assert done.wet.width_um[base] == pytest.approx(10 / 0.88, abs=1e-4)


@settings(max_examples=12)
@given(
    lines=st.integers(2, 5),
    layers=st.integers(1, 7),
    pitch=st.floats(25, 60),
    turn=st.floats(0, 3),
    shrink=st.floats(0, 0.18),
    poisson=st.floats(0, 0.45),
    mixed=st.booleans(),
)
def test_random_lattices_come_out_as_designed(
    parts: ModuleType,
    lines: int,
    layers: int,
    pitch: float,
    turn: float,
    shrink: float,
    poisson: float,
    mixed: bool,
) -> None:
    inks = [parts.ink(shrink, poisson), parts.ink(shrink * 0.7, 0.2, "cdse")]
    kind = (lambda k: k % 2) if mixed else (lambda k: 0)
    target = parts.woodpile(lines, pitch, 10.0, layers, inks=inks, material=kind, turn=turn)
    done = dry(target, model="frame")
    again = complete(parts.only(done.filaments, "wet"), "wet", model="frame")
    assert done.residual_um <= 10 * NM
    assert _apart(again, "dried", done.filaments, "dried") <= 10 * NM


def _apart(a: FilamentSet, name_a: str, b: FilamentSet, name_b: str) -> float:
    """Largest distance of points of a's paths from b's, by the share of each filament's length."""
    far = 0.0
    for f in range(len(a)):
        p = a.state(name_a).points_um[a.offsets[f] : a.offsets[f + 1]]  # type: ignore[arg-type]
        q = b.state(name_b).points_um[b.offsets[f] : b.offsets[f + 1]]  # type: ignore[arg-type]
        axis = int(np.argmax(np.ptp(q[:, :2], axis=0)))
        order = np.argsort(q[:, axis])
        for c in range(3):
            far = max(far, float(np.abs(np.interp(p[:, axis], q[order, axis], q[order, c]) - p[:, c]).max()))
    return far


def test_freeform_paths_come_out_as_designed(parts: ModuleType) -> None:
    t = np.linspace(0, 2 * np.pi, 140)
    rings = [
        np.stack([60 * np.cos(t + k), 60 * np.sin(t + k), 5 + 8 * k + 0.3 * k * np.sin(3 * t)], axis=1)
        for k in range(3)
    ]
    arch = np.stack([60 * np.cos(t[:71]), np.zeros(71), 29 + 40 * np.sin(t[:71])], axis=1)
    target = parts.paths([*rings, arch])
    done = dry(target, model="frame")
    assert done.residual_um < 10 * NM
    again = complete(parts.only(done.filaments, "wet"), "wet", model="frame")
    assert len(again.dried.points_um) == len(done.filaments.dried.points_um)
    assert np.abs(again.dried.points_um - done.filaments.dried.points_um).max() < 10 * NM


@settings(max_examples=8)
@given(a=st.floats(0, 0.2), b=st.floats(0, 0.2))
def test_more_shrinkage_never_gives_a_larger_part(parts: ModuleType, a: float, b: float) -> None:
    def size(s: float) -> np.ndarray:
        wet = parts.woodpile(4, 40.0, layers=8, inks=[parts.ink(s, 0.2)], state="wet")
        dried = complete(wet, "wet", model="frame").dried
        return np.append(np.ptp(dried.points_um, axis=0)[:2], dried.width_um.max())

    low, high = sorted((a, b))
    assert (size(high) <= size(low) + 2 * NM).all()


def test_a_part_of_two_inks_bends_and_is_drawn_straight(parts: ModuleType) -> None:
    """A tower, one half of an ink that shrinks more: uncompensated it leans over to that side."""
    inks = [parts.ink(0.05, 0.2), parts.ink(0.1, 0.2, "cdse")]
    lines = parts.woodpile(3, 40.0, layers=20)
    middle = lines.dried.points_um[lines.offsets[:-1], 0] + lines.dried.points_um[lines.offsets[1:] - 1, 0]
    target = parts.woodpile(3, 40.0, layers=20, inks=inks)
    material = (middle > 0).astype(np.int16)
    target = FilamentSet(
        target.offsets, material, target.layer, target.origin, target.inks, target.spans, dried=target.dried
    )
    off = complete(target, compensate="off", model="frame")
    top = off.layer[off.owner()] == 19
    assert off.dried.points_um[top, 0].mean() > 1.0
    full = dry(target, model="frame")
    assert full.filaments.wet.points_um[full.filaments.layer[full.filaments.owner()] == 19, 0].mean() < -1.0
    assert full.residual_um < 10 * NM


def test_a_filament_in_the_air_is_reported(parts: ModuleType) -> None:
    target = parts.paths([[[0, 0, 5], [100, 0, 5]], [[0, 50, 90], [100, 50, 90]]])
    assert [d.code for d in dry(target, model="frame").diagnostics] == ["W260"]


def test_the_same_part_dries_to_the_same_bytes(parts: ModuleType) -> None:
    one, two = (complete(parts.woodpile(5, 40.0, layers=7, turn=0.3), model="frame") for _ in range(2))
    assert one.wet.points_um.tobytes() == two.wet.points_um.tobytes()
    assert np.array_equal(one.wet.points_um, np.round(one.wet.points_um, 3))
    assert np.array_equal(one.dried.points_um, np.round(one.dried.points_um, 3))


def test_bonds_are_found_once(parts: ModuleType) -> None:
    part = parts.woodpile(7, 40.0, layers=5, turn=0.2)
    assert len(find_bonds(part, part.dried)) == 4 * 49
    wall = parts.paths([[[-100, 0, 5 + 8 * k], [100, 0, 5 + 8 * k]] for k in range(3)])
    assert len(find_bonds(wall, wall.dried)) in (20, 22)  # two seams of 200 um, one bond every 20
    x = np.linspace(-100, 100, 400)
    curves = parts.paths(
        [
            np.stack([x, 10 * np.sin(x / 30), np.full(400, 5.0)], axis=1),
            np.stack([10 * np.sin(x / 40), x, np.full(400, 13.0)], axis=1),
        ]
    )
    assert len(find_bonds(curves, curves.dried)) == 1
    apart = parts.paths([[[0, 0, 5], [100, 0, 5]], [[0, 0, 15.1], [100, 50, 15.1]]])
    assert len(find_bonds(apart, apart.dried)) == 0
    cut = parts.paths([[[-100, 0, 5], [0, 0, 5]], [[0, 0, 5], [100, 0, 5]]])  # as a region's edge cuts
    assert len(find_bonds(cut, cut.dried)) == 1


@given(st.lists(st.floats(-1.8, 1.8), min_size=3, max_size=3))
def test_rotation_vectors_come_back(v: list[float]) -> None:
    r = turn(np.array([v]))
    assert vector(r)[0] == pytest.approx(v, abs=1e-9)
    assert r[0] @ r[0].T == pytest.approx(np.eye(3), abs=1e-12)


def test_fixed_points_are_found_and_divergence_is_caught() -> None:
    a = np.diag([0.9, 0.5, -0.7])
    b = np.array([1.0, 2.0, 3.0])
    found = fixed_point(lambda y: a @ y + b - y, np.zeros(3), tolerance=1e-10)
    assert found.converged
    assert found.steps < 8
    assert found.point == pytest.approx(np.linalg.solve(np.eye(3) - a, b), abs=1e-8)
    wild = fixed_point(lambda y: 1.0 + y**2 + 50.0 * np.sin(40.0 * y), np.zeros(2), tolerance=1e-10)
    assert not wild.converged
    assert np.isfinite(wild.residual)


@pytest.mark.parametrize(
    ("name", "sets", "codes"),
    [
        ("au_cdse_lattice", {}, []),
        ("ag_square_lattice", {}, []),
        ("cdse_pyramid", {}, []),
        ("cdse_pyramid", {"pitch": "40um", "base": "480um"}, ["W263"]),
    ],
)
def test_the_examples_come_out_as_designed(
    parts: ModuleType, root: Path, name: str, sets: dict[str, str], codes: list[str]
) -> None:
    scene = load(root / "examples" / f"{name}.wp", sets=sets).scene
    assert scene is not None
    target = build(scene)[0][0].filaments
    done = dry(target)
    assert (done.model, [d.code for d in done.diagnostics]) == ("frame", codes)
    assert done.residual_um <= 1e-3 * target.dried.width_um.min()
    again = complete(parts.only(done.filaments, "wet"), "wet")
    assert np.abs(again.dried.points_um - done.filaments.dried.points_um).max() < 10 * NM
    if codes:  # ends that cannot be bent down are shown as they come out
        drawn = done.filaments.offsets[:-1]
        assert (
            np.abs(done.filaments.dried.points_um[drawn] - target.dried.points_um[target.offsets[:-1]]).max()
            > 0.1
        )
