"""Triangles from STL, OBJ and 3MF files, and whether they close."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: A file of more triangles than this is refused.
MOST_TRIANGLES = 5_000_000

#: Corners nearer than this part of the mesh's extent are one: STL keeps each corner once for every triangle.
WELD = 1e-6

#: Holes no wider than this part of the mesh's extent are closed; larger ones may be meant, so they are refused (assumed).
HOLE = 0.05

#: Lengths of the units that 3MF names, um.
UNITS_UM = {
    "micron": 1.0,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "inch": 25_400.0,
    "foot": 304_800.0,
}


class MeshError(ValueError):
    """A file that gives no closed mesh; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """`triangles[T,3 corners,3]` in the file's units; `unit_um` where the file names its unit, otherwise None; `mended`
    tells what was repaired."""

    triangles: Floats
    unit_um: float | None
    mended: tuple[str, ...] = ()


def read_mesh(path: Path) -> Mesh:
    """The closed mesh of a file. MeshError for one that cannot be read or does not close."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise MeshError(f"there is no file {path}; an STL, OBJ or 3MF file was expected") from None
    except OSError as fault:
        raise MeshError(f"{path} cannot be read: {fault.strerror or fault}") from None
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _size: int) -> Mesh:
    readers = {".stl": _stl, ".obj": _obj, ".3mf": _3mf}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise MeshError(f"{path.name} is no STL, OBJ or 3MF file")
    try:
        triangles, unit = reader(path)
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, ElementTree.ParseError) as fault:
        if isinstance(fault, MeshError):
            raise
        raise MeshError(f"{path.name} cannot be read as {path.suffix[1:].upper()}: {fault}") from None
    if not len(triangles):
        raise MeshError(f"{path.name} holds no triangles")
    if len(triangles) > MOST_TRIANGLES:
        raise MeshError(f"{path.name} holds {len(triangles)} triangles, at most {MOST_TRIANGLES} are read")
    if not np.isfinite(triangles).all():
        raise MeshError(f"{path.name} holds a corner that is not finite")
    closed, mended = _closed(triangles, path.name)
    return Mesh(closed, unit, mended)


def _closed(triangles: Floats, name: str) -> tuple[Floats, tuple[str, ...]]:
    """The triangles with near corners welded and those without area left out, and what was mended; every edge must then join
    an even number of them."""
    corners = triangles.reshape(-1, 3)
    extent = float(np.ptp(corners, axis=0).max())
    if extent == 0:
        raise MeshError(f"{name} has no extent")
    grid = np.rint((corners - corners.min(axis=0)) / (WELD * extent)).astype(np.int64)
    _, first, index = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    points, corner = corners[first], _with_area(index.reshape(-1, 3))
    mended: list[str] = []
    _, once = np.unique(np.sort(corner, axis=1), axis=0, return_index=True)
    if len(once) < len(corner):
        mended.append(f"{_several(len(corner) - len(once), 'triangle')} that lay there already left out")
        corner = corner[np.sort(once)]
    loose = _open_edges(corner)
    if len(loose):
        joined = _joined(points, loose, 8 * WELD * extent)
        count = int((joined != np.arange(len(joined))).sum())
        if count:
            corner = _with_area(joined[corner])
            mended.append(f"{_several(count, 'corner')} moved onto a near one")
            loose = _open_edges(corner)
    if len(loose):
        lids = _lids(points, loose, HOLE * extent)
        if lids is None:
            x, y, z = points[loose[0, 0]]
            raise MeshError(
                f"{name} does not close: {len(loose)} open edges, one at ({x:g}, {y:g}, {z:g}) of the file; "
                "close the holes in the program that made it"
            )
        holes, more = lids
        mended.append(f"{_several(holes, 'hole')} closed, none wider than {HOLE:.0%} of the mesh")
        return np.concatenate([points[corner], more]), tuple(mended)
    return np.asarray(points[corner]), tuple(mended)


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _with_area(corner: Ints) -> Ints:
    whole = (corner[:, 0] != corner[:, 1]) & (corner[:, 1] != corner[:, 2]) & (corner[:, 2] != corner[:, 0])
    return np.asarray(corner[whole])


def _open_edges(corner: Ints) -> Ints:
    """Edges [E,2] that join an odd number of triangles."""
    edges = np.sort(np.concatenate([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]]), axis=1)
    pairs, times = np.unique(edges, axis=0, return_counts=True)
    return np.asarray(pairs[times % 2 == 1])


def _joined(points: Floats, loose: Ints, near: float) -> Ints:
    """For every corner the one that it becomes: corners of open edges that lie nearer than `near` are one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    rim = np.unique(loose)
    pairs = cKDTree(points[rim]).query_pairs(near, output_type="ndarray")
    shape = (len(rim), len(rim))
    _, group = connected_components(
        coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape), False
    )
    _, lowest = np.unique(group, return_index=True)
    out = np.arange(len(points))
    out[rim] = rim[lowest[group]]
    return out


def _lids(points: Floats, loose: Ints, widest: float) -> tuple[int, Floats] | None:
    """(number of holes, triangles that close them): fans about the middle of each ring of open edges. None where open edges
    make no plain rings, or one is wider than `widest`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if (np.bincount(loose.ravel()) > 2).any() or (np.bincount(loose.ravel()) == 1).any():
        return None
    n = len(points)
    _, part = connected_components(
        coo_matrix((np.ones(len(loose)), (loose[:, 0], loose[:, 1])), (n, n)), False
    )
    ring = np.unique(part[loose[:, 0]], return_inverse=True)[1]
    ends = points[loose]
    size = np.bincount(ring)
    middle = np.stack([np.bincount(ring, ends[:, :, k].mean(axis=1)) / size for k in range(3)], axis=1)
    reach = np.zeros(len(size))
    np.maximum.at(reach, ring, np.linalg.norm(ends - middle[ring][:, None], axis=2).max(axis=1))
    if 2 * reach.max() > widest:
        return None
    return len(size), np.concatenate([ends, middle[ring][:, None]], axis=1)


def _stl(path: Path) -> tuple[Floats, float | None]:
    data = path.read_bytes()
    if len(data) >= 84:
        count = int.from_bytes(data[80:84], "little")
        if len(data) == 84 + 50 * count:
            rows = np.frombuffer(data, dtype=np.uint8, offset=84).reshape(count, 50)
            values = np.ascontiguousarray(rows[:, 12:48]).view("<f4").astype(np.float64)
            return values.reshape(-1, 3, 3), None
    text = data.decode("ascii", errors="replace")
    if "facet" not in text:
        raise ValueError("neither binary nor text")
    numbers = re.findall(r"vertex\s+(\S+)\s+(\S+)\s+(\S+)", text)
    return np.array(numbers, dtype=np.float64).reshape(-1, 3, 3), None


def _obj(path: Path) -> tuple[Floats, float | None]:
    corners: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            corners.append([float(v) for v in rest[:3]])
        elif word == "f":
            ring = [int(v.split("/")[0]) for v in rest]
            ring = [i - 1 if i > 0 else len(corners) + i for i in ring]
            faces += [(ring[0], ring[i], ring[i + 1]) for i in range(1, len(ring) - 1)]
    index = np.array(faces, dtype=np.int64).reshape(-1, 3)
    if len(index) and (index.min() < 0 or index.max() >= len(corners)):
        raise ValueError("a face names a corner that is not there")
    return np.array(corners, dtype=np.float64).reshape(-1, 3)[index], None


_CORE = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"


def _3mf(path: Path) -> tuple[Floats, float | None]:
    """All items of the build, components placed."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.lower().endswith(".model")]
        if not names:
            raise ValueError("no model in the archive")
        if sum(archive.getinfo(n).file_size for n in names) > 2_000_000_000:
            raise ValueError("the model is larger than 2 GB")
        root = ElementTree.fromstring(archive.read(names[0]))
    objects = {o.get("id"): o for o in root.iter(f"{_CORE}object")}

    def triangles_of(name: str | None, depth: int) -> list[Floats]:
        if depth > 20:
            raise ValueError("components nest without end")
        found = objects[name]
        out = []
        mesh = found.find(f"{_CORE}mesh")
        if mesh is not None:
            v = [[float(p.get(a, "nan")) for a in "xyz"] for p in mesh.iter(f"{_CORE}vertex")]
            t = [[int(p.get(f"v{i}", "-1")) for i in (1, 2, 3)] for p in mesh.iter(f"{_CORE}triangle")]
            index = np.array(t, dtype=np.int64).reshape(-1, 3)
            if len(index) and (index.min() < 0 or index.max() >= len(v)):
                raise ValueError("a triangle names a corner that is not there")
            out.append(np.array(v, dtype=np.float64).reshape(-1, 3)[index])
        for part in found.iter(f"{_CORE}component"):
            out += [_moved(m, part.get("transform")) for m in triangles_of(part.get("objectid"), depth + 1)]
        return out

    meshes = []
    for item in root.iter(f"{_CORE}item"):
        meshes += [_moved(m, item.get("transform")) for m in triangles_of(item.get("objectid"), 0)]
    unit = UNITS_UM.get(root.get("unit", "millimeter"))
    return (np.concatenate(meshes) if meshes else np.empty((0, 3, 3))), unit


def _moved(triangles: Floats, transform: str | None) -> Floats:
    if not transform:
        return triangles
    m = np.array([float(v) for v in transform.split()]).reshape(4, 3)
    return np.asarray(triangles @ m[:3] + m[3])
