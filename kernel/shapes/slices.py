"""Slices of solids: the outline of a solid at one height, as a shapely geometry."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import affinity

from .. import solids
from ..scene import Solid
from ..solid_kinds.boolean import Boolean
from ..solid_kinds.convex import ConvexPolyhedron, foot
from ..solid_kinds.extrude import Extrude
from ..solid_kinds.mesh import MeshSolid
from ..solid_kinds.round import Round
from ..solid_kinds.sphere import Sphere
from ..solid_kinds.torus import Torus
from .contours import contours, polished

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

#: Cells across a solid whose slice has no closed form (a tilted cone): its corners are cut by about a cell.
_CELLS = 256


def moved(solid: Solid, matrix: tuple[float, ...] | None) -> Solid:
    """The solid with a further transform applied after its own."""
    if matrix is None:
        return solid
    if solid.matrix is None:
        return replace(solid, matrix=matrix)
    last = (0.0, 0.0, 0.0, 1.0)
    both = np.array([*matrix, *last]).reshape(4, 4) @ np.array([*solid.matrix, *last]).reshape(4, 4)
    return replace(solid, matrix=tuple(float(v) for v in both[:3].reshape(-1)))


def slice_solid(solid: Solid, z_um: float, tolerance_um: float) -> BaseGeometry:
    """The area of the placed solid at a height: empty, a polygon with holes or several. Round edges lie within
    `tolerance_um` of the true ones, corners on them.
    """
    kind: Any = solids.SOLIDS[solid.kind]
    if isinstance(kind, Boolean):
        parts = [slice_solid(moved(c, solid.matrix), z_um, tolerance_um) for c in solid.children]
        if kind.name == "union":
            return shapely.union_all(parts)
        if kind.name == "intersection":
            return shapely.intersection_all(parts)
        return shapely.difference(parts[0], shapely.union_all(parts[1:])) if parts[1:] else parts[0]
    if isinstance(kind, ConvexPolyhedron):
        return _convex(kind, solid, z_um)
    if isinstance(kind, MeshSolid):
        return _faceted(kind, solid, z_um)
    m = solid.matrix
    if m is None:
        return _upright(kind, solid, z_um, tolerance_um)
    if max(abs(m[2]), abs(m[6]), abs(m[8]), abs(m[9])) < 1e-12 * abs(m[10]):
        flat = _upright(
            kind, solid, (z_um - m[11]) / m[10], tolerance_um / max(1.0, math.hypot(m[0], m[1], m[4], m[5]))
        )
        return affinity.affine_transform(flat, [m[0], m[1], m[4], m[5], m[3], m[7]])
    return _sampled(solid, z_um)


def _convex(kind: ConvexPolyhedron, solid: Solid, z: float) -> BaseGeometry:
    m = solid.matrix or (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    corners: list[tuple[float, float]] = []
    for face in kind.faces(solid):
        ring = [
            (
                m[0] * x + m[1] * y + m[2] * w + m[3],
                m[4] * x + m[5] * y + m[6] * w + m[7],
                m[8] * x + m[9] * y + m[10] * w + m[11],
            )
            for x, y, w in face
        ]
        for a, b in pairwise([*ring, ring[0]]):
            if (a[2] - z) * (b[2] - z) <= 0:
                t = (z - a[2]) / (b[2] - a[2]) if a[2] != b[2] else 0.0
                corners.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
                if a[2] == b[2]:
                    corners.append((b[0], b[1]))
    hull = shapely.MultiPoint(corners).convex_hull if corners else shapely.Polygon()
    return hull if hull.geom_type == "Polygon" else shapely.Polygon()


def _faceted(kind: MeshSolid, solid: Solid, z: float) -> BaseGeometry:
    """The even-odd area between the lines in which the triangles meet the plane."""
    t = kind.triangles(solid)
    if solid.matrix is not None:
        m = np.array(solid.matrix).reshape(3, 4)
        t = t @ m[:, :3].T + m[:, 3]
    low, high = t[..., 2].min(axis=1), t[..., 2].max(axis=1)
    # A plane through a corner would give lines that end there: just above it does not.
    while (t[..., 2] == z).any():
        z += 1e-9
    t = t[(low < z) & (high > z)]
    if not len(t):
        return shapely.Polygon()
    ends = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        p, q = t[:, a], t[:, b]
        # Both triangles at an edge must find the same point, to the last bit.
        first = (p != q).argmax(axis=1)
        rows = np.arange(len(p))
        back = p[rows, first] > q[rows, first]
        p, q = np.where(back[:, None], q, p), np.where(back[:, None], p, q)
        with np.errstate(all="ignore"):
            way = (z - p[:, 2]) / (q[:, 2] - p[:, 2])
            point = p[:, :2] + way[:, None] * (q[:, :2] - p[:, :2])
        point[(p[:, 2] < z) == (q[:, 2] < z)] = np.nan
        ends.append(point)
    three = np.stack(ends, axis=1)
    known = ~np.isnan(three[..., 0])
    lines = three[known].reshape(-1, 2, 2)
    lines = lines[(lines[:, 0] != lines[:, 1]).any(axis=1)]
    area = shapely.build_area(shapely.multilinestrings(shapely.linestrings(lines)))
    return shapely.Polygon() if area is None else area


def _upright(kind: Any, solid: Solid, z: float, tolerance: float) -> BaseGeometry:
    x0, y0, z0 = foot(solid)
    if isinstance(kind, Extrude):
        if not z0 <= z <= z0 + solid.fields["height"]:
            return shapely.Polygon()
        area: BaseGeometry = shapely.Polygon()
        for ring in kind.rings(solid):
            area = area.symmetric_difference(shapely.Polygon(ring))
        return affinity.translate(area, x0, y0)
    if isinstance(kind, Round):
        rings = sorted(_radii(kind.profile(solid), z - z0))
    elif isinstance(kind, Sphere):
        r = solid.fields["radius"]
        rings = [math.sqrt(max(0.0, r * r - (z - z0 - r) ** 2))]
    elif isinstance(kind, Torus):
        tube = solid.fields["tube"]
        half = math.sqrt(max(0.0, tube * tube - (z - z0 - tube) ** 2))
        rings = [solid.fields["radius"] - half, solid.fields["radius"] + half] if half else []
    else:
        return _sampled(solid, z)
    area = shapely.Polygon()
    for r in rings:
        area = area.symmetric_difference(disc(x0, y0, r, tolerance))
    return area


def disc(x: float, y: float, r: float, tolerance: float) -> BaseGeometry:
    """A disc as a polygon with its corners on the circle."""
    from ..paths import steps_for

    if r <= 0:
        return shapely.Polygon()
    turn = (
        2
        * math.pi
        * np.arange(max(8, steps_for(r, 2 * math.pi, tolerance)))
        / max(8, steps_for(r, 2 * math.pi, tolerance))
    )
    return shapely.Polygon(np.column_stack([x + r * np.cos(turn), y + r * np.sin(turn)]))


def _radii(profile: list[tuple[float, float]], z: float) -> list[float]:
    """Where a level line crosses a profile; at its lower rim the inside is above, at its upper rim below."""
    heights = [h for _, h in profile]
    z = min(max(z, min(heights)), max(heights)) if min(heights) <= z <= max(heights) else math.inf
    if z == max(heights):
        z = math.nextafter(z, -math.inf)
    out = []
    for (r0, z0), (r1, z1) in pairwise([*profile, profile[0]]):
        if (z0 <= z) != (z1 <= z):
            out.append(r0 + (z - z0) / (z1 - z0) * (r1 - r0))
    return out


def _sampled(solid: Solid, z: float) -> BaseGeometry:
    low, high = solids.bounds(solid)
    if not low[2] <= z <= high[2]:
        return shapely.Polygon()
    pad = [(high[i] - low[i]) / _CELLS for i in (0, 1)]
    x, y = (np.linspace(low[i] - pad[i], high[i] + pad[i], _CELLS + 1) for i in (0, 1))

    def field(p: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return solids.distance(solid, np.column_stack([p, np.full(len(p), z)]))

    grid = np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x))])
    points, counts = contours(field(grid).reshape(len(y), len(x)), x, y)
    points = polished(points, field, 1e-3 * min(pad), 2 * max(pad), (x[0], y[0], x[-1], y[-1]))
    area: BaseGeometry = shapely.Polygon()
    for ring in np.split(points, np.cumsum(counts)[:-1]):
        if len(ring) >= 4:
            area = area.symmetric_difference(shapely.Polygon(ring).buffer(0))
    return area


def rings_of(
    area: BaseGeometry,
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.int64]]]:
    """All boundaries of an area as closed lines: points [P,2] and the number of each line's points."""
    polygons = [g for g in shapely.get_parts(area) if g.geom_type == "Polygon" and not g.is_empty]
    rings = [np.array(r.coords)[:, :2] for g in polygons for r in (g.exterior, *g.interiors)]
    if not rings:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    return np.concatenate(rings), np.array([len(r) for r in rings], dtype=np.int64)
