"""Solids from mesh files: STL, OBJ and 3MF read alike, exact against the solid they were made from, open ones refused."""

import math
import struct
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.kernel import solids
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.scene import Solid
from wetprint.kernel.shapes.mesh_files import MeshError, read_mesh
from wetprint.kernel.shapes.slices import slice_solid


def faces_of(scenes: ModuleType, kind: str, **fields: Any) -> np.ndarray[Any, Any]:
    """Triangles of one of our own polyhedra."""
    member: Any = solids.SOLIDS[kind]
    rings = member.faces(scenes.solid(kind, **fields))
    fans = [[r[0], r[i], r[i + 1]] for r in rings for i in range(1, len(r) - 1)]
    return np.array(fans, dtype=float)


def write(path: Path, t: np.ndarray[Any, Any], unit: str = "micron") -> Path:
    if path.suffix == ".stl" and "text" in path.name:
        rows = ["solid a"]
        for tri in t:
            rows += [
                "facet normal 0 0 0",
                "outer loop",
                *(f"vertex {p[0]:.9g} {p[1]:.9g} {p[2]:.9g}" for p in tri),
                "endloop",
                "endfacet",
            ]
        path.write_text("\n".join([*rows, "endsolid a"]))
    elif path.suffix == ".stl":
        body = b"".join(struct.pack("<12fH", 0, 0, 0, *tri.reshape(-1), 0) for tri in t)
        path.write_bytes(b"solid but binary".ljust(80) + struct.pack("<I", len(t)) + body)
    elif path.suffix == ".obj":
        corners = [f"v {p[0]} {p[1]} {p[2]}" for p in t.reshape(-1, 3)]
        path.write_text(
            "\n".join([*corners, *(f"f {3 * i + 1}/1 {3 * i + 2}/1 {3 * i + 3}/1" for i in range(len(t)))])
        )
    else:
        v = "".join(f'<vertex x="{p[0]}" y="{p[1]}" z="{p[2]}"/>' for p in t.reshape(-1, 3))
        f = "".join(f'<triangle v1="{3 * i}" v2="{3 * i + 1}" v3="{3 * i + 2}"/>' for i in range(len(t)))
        model = (
            f'<model unit="{unit}" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>'
            f'<object id="1"><mesh><vertices>{v}</vertices><triangles>{f}</triangles></mesh></object>'
            '<object id="2"><components><component objectid="1" transform="1 0 0 0 1 0 0 0 1 5 6 7"/></components></object>'
            '</resources><build><item objectid="2"/></build></model>'
        )
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("3D/3dmodel.model", model)
    return path


def mesh(path: Path, **fields: Any) -> Solid:
    source = Source(str(path.parent / "design.wp"), "mesh")
    return Solid("mesh", {"file": path.name, **fields}, Span(source, 0, 4))


@pytest.mark.parametrize("name", ["a.stl", "text.stl", "a.obj", "a.3mf"])
def test_a_mesh_is_the_solid_it_was_made_from(scenes: ModuleType, tmp_path: Path, name: str) -> None:
    fields = {"sides": 5, "radius": 80.0, "height": 90.0, "top_radius": 40.0}
    path = write(tmp_path / name, faces_of(scenes, "prism", **fields))
    solid, twin = mesh(path), scenes.solid("prism", **fields)
    assert solids.complaint(solid) is None
    low, high = solids.bounds(solid)
    # A pentagon's bounding box is not centred on its axis.
    shift = np.array([(a + b) / 2 for a, b in zip(*solids.bounds(twin), strict=True)]) - np.array(
        [0, 0, 45.0]
    )
    assert np.allclose(
        np.array(high) - np.array(low), np.ptp(np.array(solids.bounds(twin)), axis=0), atol=1e-4
    )
    rng = np.random.default_rng(1)
    p = rng.uniform((-90, -90, -10), (90, 90, 100), (3000, 3))
    d = solids.distance(twin, p + shift)
    assert (solids.contains(solid, p) == (d < 0))[np.abs(d) > 1e-3].all()
    assert np.allclose(solids.distance(solid, p), d, atol=1e-3)
    start, end = p[:1500], p[1500:]
    row, t = solids.crossings(solid, start, end - start)
    row2, t2 = solids.crossings(twin, start + shift, end - start)
    a, b = (
        {(int(r), round(float(v), 4)) for r, v in zip(row, t, strict=True)},
        {(int(r), round(float(v), 4)) for r, v in zip(row2, t2, strict=True)},
    )
    assert len(a ^ b) <= 0.02 * len(b)
    for z in (1.0, 45.0, 89.0):
        assert slice_solid(solid, z, 0.01).area == pytest.approx(slice_solid(twin, z, 0.01).area, rel=1e-5)
    assert slice_solid(solid, 95.0, 0.01).is_empty


def test_a_lattice_in_a_mesh_is_that_in_the_solid(scenes: ModuleType, tmp_path: Path) -> None:
    path = write(tmp_path / "block.stl", faces_of(scenes, "box", size=(400.0, 400.0, 300.0)))
    a = scenes.one(
        scenes.lattice(clip=mesh(path).__class__("mesh", {"file": str(path)}, scenes.HERE), layers=6)
    )
    b = scenes.one(scenes.lattice(clip=scenes.solid("box", size=(400.0, 400.0, 300.0)), layers=6))
    # The outer lines lie on the faces, which belong to the mesh as they do to the box.
    assert len(a) == len(b) == 66 and np.allclose(scenes.ends(a), scenes.ends(b), atol=2e-3)


def test_units_and_places(scenes: ModuleType, tmp_path: Path) -> None:
    t = faces_of(scenes, "box", size=(0.4, 0.2, 0.1)) + np.array([3.0, 0.0, 1.0])
    solid = mesh(write(tmp_path / "a.stl", t), unit=1000.0)
    assert np.allclose(solids.bounds(solid), ((-200, -100, 0), (200, 100, 100)), atol=1e-2)
    kept = mesh(tmp_path / "a.stl", unit=1000.0, centred=False, at=(0.0, 0.0, 10.0))
    assert np.allclose(solids.bounds(kept), ((2800, -100, 1010), (3200, 100, 1110)), atol=1e-2)
    for unit, scale in (("millimeter", 1e3), ("micron", 1.0), ("inch", 25400.0)):
        path = write(tmp_path / f"{unit}.3mf", t, unit)
        assert solids.bounds(mesh(path))[1][0] == pytest.approx(0.2 * scale, rel=1e-6)


def test_a_turned_mesh_is_sliced_where_it_stands(scenes: ModuleType, tmp_path: Path) -> None:
    path = write(tmp_path / "rod.stl", faces_of(scenes, "prism", sides=8, radius=50.0, height=200.0))
    flat = mesh(path)
    lying = Solid(
        "mesh", flat.fields, flat.span, matrix=(0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 50.0)
    )
    across = 2 * 50.0
    assert slice_solid(lying, 50.0, 0.01).area == pytest.approx(200.0 * across, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("gone.stl", None, "there is no file"),
        ("a.step", b"ISO-10303", "no STL, OBJ or 3MF"),
        ("junk.stl", b"\x00\x01" * 500, "cannot be read"),
        ("empty.stl", b"solid a\nfacet\nendsolid", "no triangles"),
        ("junk.3mf", b"PK\x03\x04 nothing", "cannot be read"),
        ("odd.obj", b"v 0 0 0\nf 1 2 9\n", "not there"),
        ("nan.obj", b"v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not finite"),
        ("flat.obj", b"v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n", "no extent"),
        ("open.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "3 open edges"),
    ],
)
def test_what_is_no_closed_mesh_is_refused_with_the_reason(
    scenes: ModuleType, tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MeshError, match=why):
        read_mesh(path)
    found = solids.complaint(mesh(path))
    assert found is not None and found[1] == "file" and why in found[2]
    clip = Solid("mesh", {"file": str(path)}, scenes.HERE)
    assert scenes.codes(scenes.lattice(clip=clip)) == ["E411"]


def test_a_fine_ball_holds_its_volume_of_hatch(scenes: ModuleType, tmp_path: Path) -> None:
    n = 40
    turn, lift = np.linspace(0, 2 * math.pi, 2 * n + 1), np.linspace(-math.pi / 2, math.pi / 2, n + 1)
    turn[-1] = 0.0
    u, v = np.meshgrid(turn, lift)
    p = 100 * np.stack([np.cos(v) * np.cos(u), np.cos(v) * np.sin(u), np.sin(v)], axis=2)
    p[0], p[-1] = (0, 0, -100), (0, 0, 100)
    quads = np.stack([p[:-1, :-1], p[:-1, 1:], p[1:, 1:], p[1:, :-1]], axis=2).reshape(-1, 4, 3)
    path = write(tmp_path / "ball.stl", np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]))
    ball = Solid("mesh", {"file": str(path)}, scenes.HERE)
    f = scenes.one(
        scenes.lattice(clip=ball, pitch=5.0, filament=2.0, layer_height=5.0, layers=39), warnings=True
    )
    g = scenes.one(
        scenes.lattice("fill", clip=ball, pitch=5.0, filament=2.0, layer_height=5.0, layers=39, walls=0),
        warnings=True,
    )
    for lattice in (f, g):
        assert scenes.lengths(lattice).sum() * 25.0 == pytest.approx(4 / 3 * math.pi * 1e6, rel=0.02)
    assert scenes.lengths(f).sum() == pytest.approx(scenes.lengths(g).sum(), rel=2e-3)


def _ball(n: int = 48) -> np.ndarray[Any, Any]:
    """Triangles of a ball of 100 um, drawn from rings and two poles."""
    lift = np.linspace(-math.pi / 2, math.pi / 2, n + 1)
    turn = np.arange(2 * n + 1) % (2 * n) * math.pi / n
    p = 100.0 * np.stack(
        [
            np.outer(np.cos(lift), np.cos(turn)),
            np.outer(np.cos(lift), np.sin(turn)),
            np.outer(np.sin(lift), np.ones_like(turn)),
        ],
        axis=2,
    )
    a, b, c, d = p[:-1, :-1], p[:-1, 1:], p[1:, 1:], p[1:, :-1]
    t = np.concatenate([np.stack([a, b, c], 2).reshape(-1, 3, 3), np.stack([a, c, d], 2).reshape(-1, 3, 3)])
    area = np.linalg.norm(np.cross(t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]), axis=1)
    return np.asarray(t[area > 1e-6])


def _volume(t: np.ndarray[Any, Any]) -> float:
    return abs(float(np.einsum("ij,ij->i", t[:, 0], np.cross(t[:, 1], t[:, 2])).sum())) / 6


def test_small_faults_of_a_mesh_are_mended_and_told(scenes: ModuleType, tmp_path: Path) -> None:
    t = _ball()
    whole = _volume(t)
    wide = np.linalg.norm(t[:, 0] - t[:, 1], axis=1).argmin()
    noisy = t.copy()
    # The last triangle's corners are off by some millionths of the whole.
    noisy[-1] += 5e-4
    for name, faulty, why in (
        ("hole.stl", np.delete(t, wide, axis=0), "1 hole closed"),
        ("twice.stl", np.concatenate([t, t[:40]]), "40 triangles that lay there already"),
        ("all_twice.obj", np.concatenate([t, t]), "triangles that lay there already"),
        ("noisy.stl", noisy, "3 corners moved onto"),
    ):
        found = read_mesh(write(tmp_path / name, faulty))
        assert why in " ".join(found.mended), (name, found.mended)
        assert _volume(found.triangles) == pytest.approx(whole, rel=2e-3)
        clip = Solid("mesh", {"file": str(tmp_path / name)}, scenes.HERE)
        jobs, said = scenes.built(scenes.lattice(clip=clip, layers=3))
        assert jobs and "E414" in [d.code for d in said]
        _, said = scenes.built(
            scenes.lattice(size=(200.0, 200.0)),
            scenes.region(scenes.expr("inside", clip), material=scenes.CDSE),
        )
        assert "E414" in [d.code for d in said]
    assert read_mesh(write(tmp_path / "sound.stl", t)).mended == ()
    with pytest.raises(MeshError, match="does not close"):
        read_mesh(write(tmp_path / "half.stl", t[: len(t) // 2]))
