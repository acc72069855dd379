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
