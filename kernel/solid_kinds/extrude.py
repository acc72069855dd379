"""Extrude: any outline, with holes, drawn upwards from z = 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ..quantity import FieldSpec, Length, list_of
from ..records import dataclass
from ..scene import Solid
from ..solids import Vector, listed, solid_construct
from .convex import foot, not_positive

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from shapely import STRtree
    from shapely.geometry.base import BaseGeometry

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]

Corner = tuple[float, float]

#: An outline of more corners is not looked at for crossings of its own edges, which takes corners squared.
_CHECKED_CORNERS = 2000
#: Outlines of more edges are looked at through a tree.
_FEW_EDGES = 48


def outline_fault(name: str, outline: Sequence[Corner]) -> tuple[str, str] | None:
    """What is wrong with a closed outline: too few corners, no area, or edges that cross."""
    if len(outline) < 3:
        return name, f"{len(outline)} corners, an outline has at least 3"
    if not all(math.isfinite(v) for corner in outline for v in corner):
        return name, "a corner that is not finite"
    if len(set(map(tuple, outline))) < len(outline):
        return name, "two corners at one place"
    if len(outline) > _CHECKED_CORNERS:
        return None
    edges = [(*outline[i], *outline[(i + 1) % len(outline)]) for i in range(len(outline))]
    extent = max(max(abs(v) for v in corner) for corner in outline)
    area = sum(x0 * y1 - x1 * y0 for x0, y0, x1, y1 in edges) / 2
    if abs(area) <= 1e-12 * extent * extent:
        return name, "an outline without area"
    for i, a in enumerate(edges):
        for j in range(i + 2, len(edges) - (i == 0)):
            if _cross(a, edges[j]):
                x, y = edges[j][:2]
                return name, f"edges {i + 1} and {j + 1} cross, near ({x:g}, {y:g}) um"
    return None


def _cross(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    def side(p: tuple[float, ...], x: float, y: float) -> float:
        return (p[2] - p[0]) * (y - p[1]) - (p[3] - p[1]) * (x - p[0])

    one, two = side(a, b[0], b[1]), side(a, b[2], b[3])
    three, four = side(b, a[0], a[1]), side(b, a[2], a[3])
    return one * two < 0 and three * four < 0


class Extrude:
    construct = solid_construct(
        "extrude",
        "an outline drawn upwards from z = 0",
        FieldSpec(
            "outline", list_of(list_of(Length, 2)), "corners of the outline, which is closed", state=True
        ),
        FieldSpec("height", Length, "from foot to top", state=True, low=0.0, above=True),
        FieldSpec(
            "holes",
            list_of(list_of(list_of(Length, 2))),
            "outlines that are cut out",
            default=(),
            default_doc="none",
            state=True,
        ),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        fault = outline_fault("outline", solid.fields.get("outline") or ())
        for hole in solid.fields.get("holes") or ():
            fault = fault or outline_fault("holes", hole)
        return fault or not_positive(solid, "height")

    def support(self, solid: Solid, direction: Vector) -> float:
        a, b, c = direction
        x0, y0, z0 = foot(solid)
        flat = max(float(a) * x + b * y for ring in self.rings(solid) for x, y in ring)
        return float(flat) + a * x0 + b * y0 + c * z0 + max(0.0, c * float(solid.fields["height"]))

    def rings(self, solid: Solid) -> Sequence[Sequence[Corner]]:
        """Closed outlines about the foot, filled by the even-odd rule; no first corner twice."""
        return (solid.fields["outline"], *(solid.fields.get("holes") or ()))

    def _edges(self, solid: Solid) -> tuple[Floats, Floats]:
        """Start and end of every edge of outline and holes, [M,2] each."""
        import numpy as np

        rings = [np.array(r, dtype=float) for r in self.rings(solid)]
        return np.concatenate(rings), np.concatenate([np.roll(r, -1, axis=0) for r in rings])

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        import numpy as np

        rings = self.rings(solid)
        if sum(map(len, rings)) <= _FEW_EDGES:
            return np.asarray(self.distance(solid, points_um) <= grow_um)
        import shapely

        area = _indexed(_frozen(rings)).area
        p = points_um - np.array(foot(solid))
        flat = shapely.points(p[:, :2])
        near = shapely.dwithin(area.boundary, flat, abs(grow_um))
        inside = shapely.contains_xy(area, p[:, 0], p[:, 1])
        inside = inside | near if grow_um > 0 else inside & ~near
        return np.asarray(inside & (p[:, 2] >= -grow_um) & (p[:, 2] <= solid.fields["height"] + grow_um))

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        p = points_um - np.array(foot(solid))
        flat = outline_distance(p[:, :2], *self._edges(solid))
        half = solid.fields["height"] / 2
        rise = np.abs(p[:, 2] - half) - half
        outside = np.hypot(np.maximum(flat, 0.0), np.maximum(rise, 0.0))
        return np.asarray(np.where(np.maximum(flat, rise) > 0, outside, np.maximum(flat, rise)))

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        import numpy as np

        p = start_um - np.array(foot(solid))
        rows, ts = [], []
        rings = self.rings(solid)
        if sum(map(len, rings)) > _FEW_EDGES:
            row, t = _crossed(_indexed(_frozen(rings)), p[:, :2], step_um[:, :2])
            with np.errstate(all="ignore"):
                lids = np.stack(
                    [(z - p[:, 2]) / step_um[:, 2] for z in (0.0, solid.fields["height"])], axis=1
                )
            lid, at = listed(lids)
            return np.concatenate([row, lid]), np.concatenate([t, at])
        with np.errstate(all="ignore"):
            for a, b in zip(*self._edges(solid), strict=True):
                normal = np.array([b[1] - a[1], a[0] - b[0]])
                t = ((a - p[:, :2]) @ normal) / (step_um[:, :2] @ normal)
                # How far along the edge, with room for rounding at its corners.
                at = ((p[:, :2] + t[:, None] * step_um[:, :2] - a) @ (b - a)) / ((b - a) @ (b - a))
                hit = np.flatnonzero((t > 0) & (t < 1) & (at > -1e-6) & (at < 1 + 1e-6))
                rows.append(hit)
                ts.append(t[hit])
            lids = np.stack([(z - p[:, 2]) / step_um[:, 2] for z in (0.0, solid.fields["height"])], axis=1)
        row, t = listed(lids)
        return np.concatenate([*rows, row]), np.concatenate([*ts, t])


@dataclass(frozen=True, slots=True, eq=False)
class _Indexed:
    """Many edges: start and end [M,2] of each, a tree of them, and the area that they enclose, prepared."""

    start: Floats
    end: Floats
    tree: STRtree
    area: BaseGeometry


Rings = tuple[tuple[Corner, ...], ...]


def _frozen(rings: Sequence[Sequence[Corner]]) -> Rings:
    return tuple(tuple((x, y) for x, y in ring) for ring in rings)


@lru_cache(maxsize=8)
def _indexed(rings: Rings) -> _Indexed:
    import numpy as np
    import shapely

    arrays = [np.array(r, dtype=float) for r in rings]
    start, end = np.concatenate(arrays), np.concatenate([np.roll(r, -1, axis=0) for r in arrays])
    area: BaseGeometry = shapely.Polygon()
    for r in arrays:
        area = area.symmetric_difference(shapely.Polygon(r))
    shapely.prepare(area)
    shapely.prepare(area.boundary)
    tree = shapely.STRtree(np.asarray(shapely.linestrings(np.stack([start, end], axis=1))))
    return _Indexed(start, end, tree, area)


def _crossed(edges: _Indexed, start: Floats, step: Floats) -> Crossings:
    """(segment, t) of all crossings of segments start + t * step, [N,2] each, with the edges near them."""
    import numpy as np
    import shapely

    lines = shapely.linestrings(np.stack([start, start + step], axis=1))
    row, edge = edges.tree.query(lines, predicate="dwithin", distance=1e-6)
    a, b, p, d = edges.start[edge], edges.end[edge], start[row], step[row]
    along = b - a
    with np.errstate(all="ignore"):
        t = ((a[:, 0] - p[:, 0]) * along[:, 1] - (a[:, 1] - p[:, 1]) * along[:, 0]) / (
            d[:, 0] * along[:, 1] - d[:, 1] * along[:, 0]
        )
        hit = (t > 0) & (t < 1)
    return row[hit].astype(np.int64), t[hit]


def outline_distance(points: Floats, start: Floats, end: Floats) -> Floats:
    """Signed distance [N] of `points[N,2]` to closed outlines given by their edges, negative inside (even-odd)."""
    import numpy as np

    near = np.full(len(points), np.inf)
    odd = np.zeros(len(points), dtype=bool)
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(start, end, strict=True):
        dx, dy = x1 - x0, y1 - y0
        t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        near = np.minimum(near, np.hypot(x - x0 - t * dx, y - y0 - t * dy))
        if dy != 0:
            odd ^= ((y0 <= y) != (y1 <= y)) & (x0 + (y - y0) * (dx / dy) > x)
    return np.where(odd, -near, near)


EXTRUDE = Extrude()
