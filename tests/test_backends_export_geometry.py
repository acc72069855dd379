"""Geometry files: read back by other programs, the same bytes every time, and plain words when something is wrong."""

import io
import struct
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import trimesh
from wetprint.backends.export import export_format, write_geometry
from wetprint.backends.exporters import EXPORTERS
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.filaments import FilamentSet, State


@pytest.fixture
def part(parts: ModuleType) -> FilamentSet:
    """Two inks, both states, dried smaller and flatter than wet."""
    wet = parts.woodpile(
        lines=5, layers=4, inks=(parts.ink(), parts.ink(name="cdse")), material=lambda k: k % 2, state="wet"
    )
    s = wet.wet
    return wet.with_states(s, State(s.points_um * 0.9, s.width_um * 0.9, s.height_um * 0.8))


@pytest.mark.parametrize("name", EXPORTERS.names())
@pytest.mark.parametrize("state", ["wet", "dried"])
def test_every_format_writes_the_same_bytes_twice(
    part: FilamentSet, name: str, state: str, tmp_path: Path
) -> None:
    assert export_format(tmp_path / f"part.{name}") == name
    assert EXPORTERS[name].name == name and EXPORTERS[name].doc
    first, second = (tmp_path / f"{n}.{name}" for n in "ab")
    write_geometry(part, name, first, state)
    write_geometry([part], name, second, state)
    assert first.read_bytes() == second.read_bytes() != b""


@pytest.mark.parametrize("name", EXPORTERS.names())
def test_the_states_differ(part: FilamentSet, name: str) -> None:
    wet, dried = io.BytesIO(), io.BytesIO()
    EXPORTERS[name].write(part, "wet", wet)
    EXPORTERS[name].write(part, "dried", dried)
    assert wet.getvalue() != dried.getvalue()


def test_stl_is_closed_and_true_in_volume(part: FilamentSet, tmp_path: Path) -> None:
    path = tmp_path / "part.stl"
    write_geometry(part, "stl", path, "dried")
    data = path.read_bytes()
    assert not data.startswith(b"solid") and b"um" in data[:80]
    assert len(data) == 84 + 50 * struct.unpack("<I", data[80:84])[0]
    mesh = trimesh.load(path)
    assert mesh.is_watertight
    # Corners are rounded to 1 nm, 4.5 um from the axis.
    assert mesh.volume == pytest.approx(20 * np.pi * 4.5 * 4.0 * 160 * 0.9, rel=1e-4)
    facet = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    read = np.frombuffer(data, facet, offset=84)
    edges = np.diff(read["corners"].astype(float), axis=1)
    normal = np.cross(edges[:, 0], edges[:, 1])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    assert np.allclose(read["normal"], normal, atol=1e-3)


def test_vtp_carries_what_is_known_of_each_filament(part: FilamentSet, tmp_path: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    path = tmp_path / "part.vtp"
    write_geometry(part, "vtp", path, "dried")
    got = pyvista.read(path)
    assert got.n_lines == len(part) and list(got.field_data["inks"]) == ["au", "cdse"]
    assert list(got.field_data["state"]) == ["dried"]
    assert np.array_equal(got.cell_data["material"], part.material)
    assert np.array_equal(got.cell_data["layer"], part.layer)
    assert np.array_equal(got.cell_data["order"], np.arange(len(part)))
    assert set(got.cell_data["line"]) == {1}
    assert np.allclose(got.points, part.dried.points_um, atol=6e-4)
    assert np.allclose(got.point_data["width_um"], part.dried.width_um)
    assert np.allclose(got.point_data["height_um"], part.dried.height_um)
    assert np.allclose(got.point_data["wet_um"], part.wet.points_um, atol=6e-4)


VOLUME = 20 * np.pi * 4.5 * 4.0 * 160 * 0.9


def written(part: FilamentSet, name: str, tmp_path: Path) -> Path:
    path = tmp_path / f"part.{name}"
    write_geometry(part, name, path, "dried")
    return path


def test_ply_has_colours_and_inks(part: FilamentSet, tmp_path: Path) -> None:
    mesh = trimesh.load(written(part, "ply", tmp_path), process=False)
    assert mesh.is_watertight and mesh.volume == pytest.approx(VOLUME, rel=1e-4)
    assert {tuple(c) for c in mesh.visual.vertex_colors[:, :3]} == {(0xD4, 0xA0, 0x17)}
    assert b"comment ink 1 cdse #d4a017" in (tmp_path / "part.ply").read_bytes()[:400]
    pyvista = pytest.importorskip("pyvista")
    assert pyvista.read(tmp_path / "part.ply").volume == pytest.approx(VOLUME, rel=1e-4)


def test_glb_has_one_mesh_an_ink_with_normals(part: FilamentSet, tmp_path: Path) -> None:
    scene = trimesh.load(written(part, "glb", tmp_path), process=False)
    assert set(scene.geometry) == {"au", "cdse"}
    total = 0.0
    for mesh in scene.geometry.values():
        # Normals of corners look out, along the normals of their triangles.
        assert np.allclose(np.linalg.norm(mesh.vertex_normals, axis=1), 1, atol=1e-5)
        assert (np.einsum("ij,ikj->ik", mesh.face_normals, mesh.vertex_normals[mesh.faces]) > 0.9).all()
        merged = trimesh.Trimesh(mesh.vertices, mesh.faces, process=True)
        assert merged.is_watertight
        total += merged.volume
    assert total == pytest.approx(VOLUME * 1e-9, rel=1e-4)
    low, high = scene.bounds
    assert high[1] - low[1] == pytest.approx(1e-3 * (24 * 0.9 + 8 / np.sqrt(0.9745)), rel=0.02)  # y is up


def test_3mf_is_read_in_micrometres_with_materials(part: FilamentSet, tmp_path: Path) -> None:
    import zipfile

    path = written(part, "3mf", tmp_path)
    text = zipfile.ZipFile(path).read("3D/3dmodel.model").decode()
    assert 'unit="micron"' in text and 'name="cdse" displaycolor="#d4a017FF"' in text
    from xml.etree import ElementTree

    core = {"m": "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"}
    root = ElementTree.fromstring(text)
    total = 0.0
    for mesh in root.iterfind(".//m:mesh", core):
        at = np.array([[float(v.get(k)) for k in "xyz"] for v in mesh.iterfind(".//m:vertex", core)])
        faces = np.array(
            [[int(t.get(k)) for k in ("v1", "v2", "v3")] for t in mesh.iterfind(".//m:triangle", core)]
        )
        found = trimesh.Trimesh(at, faces, process=False)
        assert found.is_watertight
        total += found.volume
    assert total == pytest.approx(VOLUME, rel=1e-3)
    assert len(root.findall(".//m:item", core)) == 2


def test_npz_gives_the_arrays_back(part: FilamentSet, tmp_path: Path) -> None:
    with np.load(written(part, "npz", tmp_path)) as got:
        assert np.allclose(got["points_um"], part.dried.points_um, atol=6e-4)
        assert np.allclose(got["wet_points_um"], part.wet.points_um, atol=6e-4)
        assert np.array_equal(got["offsets"], part.offsets) and np.array_equal(got["material"], part.material)
        assert (
            list(got["inks"]) == ["au", "cdse"] and str(got["state"]) == "dried" and set(got["line"]) == {1}
        )


def test_csv_reads_as_a_table(part: FilamentSet, tmp_path: Path) -> None:
    import csv

    rows = list(csv.DictReader(written(part, "csv", tmp_path).open()))
    assert len(rows) == part.point_count and rows[-1]["ink"] == "cdse" and rows[-1]["filament"] == "19"
    at = np.array([[float(r[k]) for k in ("x_um", "y_um", "z_um")] for r in rows])
    assert np.allclose(at, part.dried.points_um, atol=6e-4)
    assert [r["point"] for r in rows[:3]] == ["0", "1", "0"]


def test_svg_shows_every_layer_in_place(part: FilamentSet, tmp_path: Path) -> None:
    from xml.etree import ElementTree

    space = {"s": "http://www.w3.org/2000/svg"}
    root = ElementTree.parse(written(part, "svg", tmp_path)).getroot()
    layers = [g for g in root.findall("s:g", space) if "data-layer" in g.attrib]
    assert [g.get("id") for g in layers] == ["layer-1", "layer-2", "layer-3", "layer-4"]
    paths = layers[0].findall(".//s:path", space)
    assert len(paths) == 5 and float(paths[0].get("stroke-width", "")) == pytest.approx(9.0)
    first, second = ([float(v) for v in p.get("d", "")[1:].split()] for p in paths[:2])
    assert first[2] - first[0] == pytest.approx(160 * 0.9)
    assert first[1] - second[1] == pytest.approx(40 * 0.9)  # y of the part points up


def code(caught: pytest.ExceptionInfo[WetprintError]) -> str:
    return caught.value.diagnostics[0].code


def test_an_unknown_ending_lists_what_there_is(tmp_path: Path) -> None:
    for path, name in ((tmp_path / "a.stp", None), (tmp_path / "a", None), (tmp_path / "a.stl", "stlx")):
        with pytest.raises(WetprintError) as caught:
            export_format(path, name)
        assert code(caught) == "X711"
        assert "stl" in " ".join(caught.value.diagnostics[0].notes)
    assert export_format(tmp_path / "a.bin", "STL") == "stl"


def test_what_is_not_there_is_said(part: FilamentSet, parts: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(WetprintError) as caught:
        write_geometry([], "stl", tmp_path / "a.stl")
    assert code(caught) == "X712"
    with pytest.raises(WetprintError) as caught:
        write_geometry(parts.only(part, "wet"), "stl", tmp_path / "a.stl", "dried")
    assert code(caught) == "X713"


def test_a_file_that_cannot_be_written_leaves_the_old_one(part: FilamentSet, tmp_path: Path) -> None:
    with pytest.raises(WetprintError) as caught:
        write_geometry(part, "stl", tmp_path / "no" / "part.stl")
    assert code(caught) == "X710" and "no folder" in caught.value.diagnostics[0].notes[0]
    with pytest.raises(WetprintError):
        write_geometry(part, "stl", tmp_path)
    path = tmp_path / "part.stl"
    path.write_bytes(b"old")

    class Falls:
        name, doc = "stl", "falls"

        def write(self, *_: object) -> None:
            raise OSError(28, "no space left on device")

    from wetprint.backends import export

    real, export.EXPORTERS = export.EXPORTERS, {"stl": Falls()}
    try:
        with pytest.raises(WetprintError, match="no space left"):
            write_geometry(part, "stl", path)
    finally:
        export.EXPORTERS = real
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
