"""Distances from points to triangles, for the solids that are made of flat faces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Pairs of point and triangle looked at in one go: bounds the memory.
_PAIRS = 2_000_000


def distance_to_triangles(points_um: Floats, triangles_um: Floats) -> Floats:
    """Distance [N] from `points_um[N,3]` to the nearest of `triangles_um[T,3 corners,3]`, um."""
    out = np.empty(len(points_um))
    step = max(1, _PAIRS // max(1, len(triangles_um)))
    for at in range(0, len(points_um), step):
        out[at : at + step] = np.sqrt(
            _squared(points_um[at : at + step], triangles_um).min(axis=1, initial=np.inf)
        )
    return out


def _squared(points: Floats, triangles: Floats) -> Floats:
    """Squared distances [N,T]: to the plane where the foot lies in the triangle, otherwise to the nearest edge."""
    p = points[:, None, :]
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
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
