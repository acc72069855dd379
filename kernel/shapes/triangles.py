"""Distances from points to triangles, for the solids that are made of flat faces."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Pairs of point and triangle looked at in one go: bounds the memory.
_PAIRS = 500_000

#: Up to so many pairs all are looked at: loading the library that finds near ones would take longer.
_FEW = 300_000


def distance_to_triangles(points_um: Floats, triangles_um: Floats) -> Floats:
    """Distance [N] from `points_um[N,3]` to the nearest of `triangles_um[T,3 corners,3]`, um; inf where there is none.

    Exact to rounding: many triangles are searched through VTK's tree of cells, which prunes but does not approximate.
    """
    if len(points_um) * len(triangles_um) <= _FEW:
        return _by_all(points_um, triangles_um)
    points = np.ascontiguousarray(points_um, dtype=np.float64)
    area = np.linalg.norm(_normals(triangles_um), axis=1)
    longest = ((np.roll(triangles_um, -1, axis=1) - triangles_um) ** 2).sum(axis=2).max(axis=1)
    # What has no area has no plane, and the tree passes it over: lines and points are looked at by themselves.
    thin = area <= 1e-9 * longest
    out = np.full(len(points), np.inf)
    if not thin.all():
        solid = np.ascontiguousarray(triangles_um[~thin], dtype=np.float64)
        out = _through_tree(points, _tree(solid.tobytes()))
    if thin.any():
        out = np.minimum(out, _by_all(points, triangles_um[thin]))
    return out


@lru_cache(maxsize=4)
def _tree(data: bytes) -> Any:
    """VTK's function of the distance to triangles, with its tree."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

    corners = np.frombuffer(data).reshape(-1, 3)
    points, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetDataTypeToDouble()
    points.SetData(numpy_to_vtk(corners, deep=True))
    first = numpy_to_vtkIdTypeArray(np.arange(0, len(corners) + 1, 3), deep=True)
    cells.SetData(first, numpy_to_vtkIdTypeArray(np.arange(len(corners)), deep=True))
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    tree = vtkImplicitPolyDataDistance()
    tree.SetInput(mesh)
    return tree


def _through_tree(points: Floats, tree: Any) -> Floats:
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkDoubleArray

    found = vtkDoubleArray()
    tree.FunctionValue(numpy_to_vtk(points, deep=True), found)
    return np.abs(np.asarray(vtk_to_numpy(found), dtype=np.float64))


def _by_all(points: Floats, triangles: Floats) -> Floats:
    """Every pair of point and triangle."""
    out = np.empty(len(points))
    step = max(1, _PAIRS // max(1, len(triangles)))
    for at in range(0, len(points), step):
        out[at : at + step] = np.sqrt(_squared(points[at : at + step], triangles).min(axis=1, initial=np.inf))
    return out


def _normals(triangles: Floats) -> Floats:
    normal: Floats = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    return normal


def _squared(points: Floats, triangles: Floats) -> Floats:
    """Squared distances [N,T]: to the plane where the foot lies in the triangle, otherwise to the nearest edge."""
    p = points[:, None, :]
    normal = _normals(triangles)
    length = np.linalg.norm(normal, axis=1)
    normal = normal / np.where(length > 0, length, 1.0)[:, None]
    height = ((p - triangles[:, 0]) * normal).sum(axis=2)
    inside = np.broadcast_to(length > 0, height.shape).copy()
    nearest = np.full(height.shape, np.inf)
    for i in range(3):
        a, edge = triangles[:, i], triangles[:, (i + 1) % 3] - triangles[:, i]
        to = p - a
        square = (edge * edge).sum(axis=1)
        t = np.clip((to * edge).sum(axis=2) / np.where(square > 0, square, 1.0), 0.0, 1.0)
        gap = to - t[:, :, None] * edge
        nearest = np.minimum(nearest, (gap * gap).sum(axis=2))
        inside &= (to * np.cross(normal, edge)).sum(axis=2) >= 0
    return np.asarray(np.where(inside, height * height, nearest))
