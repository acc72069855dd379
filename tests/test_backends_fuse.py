"""Fused meshes: closed for independent readers, with the volume and the number of holes of closed forms."""

import json
import zipfile
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest
import trimesh
from typer.testing import CliRunner
from wetprint.backends.export import mesh_exporter, write_fused
from wetprint.backends.fuse import Fused, cost, fuse
from wetprint.cli import app
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.filaments import FilamentSet, State
from wetprint.kernel.measure import measure_state

FORMATS = ("stl", "3mf", "glb", "ply")


def mesh_of(fused: Fused) -> trimesh.Trimesh:
    mesh = trimesh.Trimesh(fused.points_um, fused.faces, process=True)
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert len(mesh.vertices) == len(fused.points_um)  # nothing was left for a reader to join
    return mesh


def genus(mesh: trimesh.Trimesh) -> int:
    """From V - E + F = 2 - 2 g, for one body."""
    assert mesh.body_count == 1
    return 1 - (len(mesh.vertices) - len(mesh.edges_unique) + len(mesh.faces)) // 2


def ring(radius: float, n: int) -> np.ndarray:
    t = 2 * np.pi * np.arange(n + 1) / n
    points = np.stack([radius * np.cos(t), radius * np.sin(t), 5 + 0 * t], axis=1)
    points[-1] = points[0]
    return points


def polyline(points: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


@pytest.mark.parametrize(("lines", "layers"), [(2, 2), (5, 4), (7, 6)])
def test_a_woodpile_has_the_analytic_volume_and_genus(parts: ModuleType, lines: int, layers: int) -> None:
    part = parts.woodpile(lines=lines, layers=layers)
    (one,) = fuse(part, "dried")
    mesh = mesh_of(one)
    # Every filament is a node and every contact an edge of a graph: its independent cycles are the holes.
    contacts = (layers - 1) * lines**2
    assert genus(mesh) == contacts - lines * layers + 1
    assert mesh.volume == pytest.approx(measure_state(part, "dried").volume_um3, rel=2e-4)


def test_a_ring_is_a_torus(parts: ModuleType) -> None:
    points = ring(60.0, 200)
    mesh = mesh_of(fuse(parts.paths([points], 10.0), "dried")[0])
    assert genus(mesh) == 1
    assert mesh.volume == pytest.approx(np.pi * 25 * polyline(points), rel=1e-5)
    assert mesh.volume == pytest.approx(
        2 * np.pi**2 * 60 * 25, rel=2e-4
    )  # Pappus; chords are shorter than arcs


def test_a_helix_is_a_ball_to_topology(parts: ModuleType) -> None:
    t = np.linspace(0, 8 * np.pi, 600)
    points = np.stack([40 * np.cos(t), 40 * np.sin(t), 5 + 4 * t], axis=1)
    mesh = mesh_of(fuse(parts.paths([points], 10.0), "dried")[0])
    assert genus(mesh) == 0
    assert mesh.volume == pytest.approx(np.pi * 25 * polyline(points), rel=1e-5)


def test_a_filament_that_crosses_itself_is_counted_once(parts: ModuleType) -> None:
    """A flat figure of eight: two holes, and the place where it crosses itself once."""
    t = 2 * np.pi * np.arange(401) / 400
    points = np.stack([100 * np.sin(t), 50 * np.sin(2 * t), 5 + 0 * t], axis=1)
    points[-1] = points[0]
    part = parts.paths([points], 10.0)
    mesh = mesh_of(fuse(part, "dried")[0])
    assert genus(mesh) == 2
    swept = np.pi * 25 * polyline(points)
    # Both branches have the slope 1 there and cross at a right angle: they share a Steinmetz solid, 16/3 r^3.
    assert mesh.volume == pytest.approx(swept - 16 / 3 * 5**3, rel=5e-4)


def test_struts_that_meet_in_nodes_fuse(parts: ModuleType) -> None:
    corner = 40.0 * np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    edges = [(a, b) for a in range(8) for b in range(a) if bin(a ^ b).count("1") == 1]
    part = parts.paths([corner[list(e)] for e in edges], 8.0)
    mesh = mesh_of(fuse(part, "dried")[0])
    assert genus(mesh) == 12 - 8 + 1


@pytest.fixture
def two_inks(parts: ModuleType) -> FilamentSet:
    wet = parts.woodpile(
        lines=4, layers=4, inks=(parts.ink(), parts.ink(name="cdse")), material=lambda k: k % 2, state="wet"
    )
    s = wet.wet
    return wet.with_states(s, State(s.points_um * 0.9, s.width_um * 0.9, s.height_um * 0.8))


def read(path: Path) -> list[trimesh.Trimesh]:
    if path.suffix == ".3mf":
        # By its schema, as any reader has to: trimesh wants an extra library for it.
        core = {"m": "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"}
        root = ElementTree.fromstring(zipfile.ZipFile(path).read("3D/3dmodel.model"))
        assert root.get("unit") == "micron"
        names = [base.get("name") for base in root.iterfind(".//m:base", core)]
        objects = root.findall(".//m:object", core)
        assert names == [o.get("name") for o in objects]
        assert [o.get("pindex") for o in objects] == [str(k) for k in range(len(names))]
        return [
            trimesh.Trimesh(
                [[float(v.get(k, "")) for k in "xyz"] for v in o.iterfind(".//m:vertex", core)],
                [[int(t.get(k, "")) for k in ("v1", "v2", "v3")] for t in o.iterfind(".//m:triangle", core)],
            )
            for o in objects
        ]
    found = trimesh.load(path)
    return list(found.geometry.values()) if isinstance(found, trimesh.Scene) else [found]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_triangles_holds_fused_meshes(
    two_inks: FilamentSet, name: str, tmp_path: Path
) -> None:
    path, again = tmp_path / f"part.{name}", tmp_path / f"again.{name}"
    said: list[str] = []
    write_fused(two_inks, name, path, "dried", said.append)
    write_fused([two_inks], name, again, "dried")
    assert path.read_bytes() == again.read_bytes()
    assert said == ["fusing 16 tubes of 16 sides at 48 contacts: about 1 s and 3 MB"]
    meshes = read(path)
    assert len(meshes) == (2 if name in ("3mf", "glb") else 1)
    volume = 0.0
    for mesh in meshes:
        assert mesh.is_watertight and mesh.is_winding_consistent
        volume += mesh.volume * (1e9 if name == "glb" else 1.0)
    # Each ink has every second layer, and these do not touch: both are bundles of single rods.
    swept = measure_state(two_inks, "dried").swept_um3
    assert volume == pytest.approx(swept, rel=2e-4)
    pyvista = pytest.importorskip("pyvista")
    if name in ("stl", "ply"):
        assert pyvista.read(path).volume == pytest.approx(swept, rel=2e-4)


def test_formats_without_triangles_are_refused(two_inks: FilamentSet, tmp_path: Path) -> None:
    for name in ("csv", "npz", "svg", "vtp", "aerotech"):
        with pytest.raises(WetprintError) as caught:
            mesh_exporter(name)
        assert caught.value.diagnostics[0].code == "X715" and "stl" in caught.value.diagnostics[0].message
        with pytest.raises(WetprintError):
            write_fused(two_inks, name, tmp_path / "part", "dried")
    assert list(tmp_path.iterdir()) == []


def test_what_no_machine_can_hold_is_refused_beforehand(
    two_inks: FilamentSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from wetprint.backends import fuse as room

    monkeypatch.setattr(room, "BYTES_A_CORNER", 1e15)
    with pytest.raises(WetprintError) as caught:
        write_fused(two_inks, "stl", tmp_path / "part.stl", "dried")
    assert caught.value.diagnostics[0].code == "X716" and not list(tmp_path.iterdir())


def test_progress_goes_from_nothing_to_all(parts: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.backends import fuse as room

    monkeypatch.setattr(room, "LEAF", 4)
    heard: list[float] = []
    part = parts.woodpile(lines=6, layers=6)
    (one,) = fuse(part, "dried", heard.append)
    assert len(heard) > 8 and heard == sorted(heard) and heard[-1] == pytest.approx(1.0)
    assert genus(mesh_of(one)) == 5 * 36 - 36 + 1
    assert cost(part, "dried").tubes == 36


def test_the_verb_states_the_cost_and_writes(tmp_path: Path) -> None:
    design = tmp_path / "small.wp"
    design.write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nstate wet;\n'
        "lattice body = woodpile { size: [80um, 80um]; layers: 3; pitch: 40um; filament: 10um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n"
    )
    out = tmp_path / "small.stl"
    done = CliRunner().invoke(app, ["export", str(design), "--state", "wet", "--fused", "-o", str(out)])
    assert done.exit_code == 0 and "fusing 9 tubes of 16 sides at 18 contacts: about 1 s" in done.stderr
    measured = json.loads(CliRunner().invoke(app, ["measure", str(design), "--json"]).stdout)
    mesh = trimesh.load(out)
    assert mesh.is_watertight and genus(mesh) == 10
    assert mesh.volume == pytest.approx(measured["states"]["wet"]["volume_um3"], rel=2e-4)
