"""Mesh: a solid from a file of triangles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..quantity import Bool, FieldSpec, Length, Text
from ..scene import Solid
from ..solids import Vector, solid_construct
from .convex import foot

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from shapely import STRtree

    from ..diagnostics import Span
    from ..shapes.mesh_files import Mesh

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]

#: Pairs of point or segment and triangle looked at in one go: bounds the memory.
_PAIRS = 2_000_000


class MeshSolid:
    construct = solid_construct(
        "mesh",
        "a closed mesh from an STL, OBJ or 3MF file, beside the design",
        FieldSpec("file", Text, "the file, relative to the design"),
        FieldSpec(
            "unit",
            Length,
            "length of one unit of the file",
            default=None,
            default_doc="what the file says (3MF), otherwise 1 um (assumed)",
            state=True,
            low=0.0,
        ),
        FieldSpec(
            "centred",
            Bool,
            "stands with the middle of its foot at `at`; false keeps the file's own origin there",
            default=True,
        ),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        from ..shapes.mesh_files import MeshError

        unit = solid.fields.get("unit")
        if unit is not None and not 0 < unit < float("inf"):
            return "unit", f"unit is {unit:g} um, it must be above zero"
        try:
            self.triangles(solid)
        except MeshError as fault:
            return "file", str(fault)
        return None

    def _read(self, solid: Solid) -> Mesh:
        from ..shapes.mesh_files import read_mesh

        place: Span | None = solid.span
        beside = Path() if place is None else Path(place.source.name).parent
        return read_mesh(beside / solid.fields["file"])

    def _prepared(self, solid: Solid) -> Prepared:
        mesh = self._read(solid)
        unit = solid.fields.get("unit") or mesh.unit_um or 1.0
        return _prepare(mesh, unit, foot(solid), bool(solid.fields.get("centred", True)))

    def mended(self, solid: Solid) -> tuple[str, ...]:
        """What of the file was repaired."""
        from ..shapes.mesh_files import MeshError

        try:
            return self._read(solid).mended
        except MeshError:
            return ()

    def triangles(self, solid: Solid) -> Floats:
        """Triangles [T,3 corners,3] in the solid's own coordinates, um."""
        return self._prepared(solid).triangles_um

    def support(self, solid: Solid, direction: Vector) -> float:
        import numpy as np

        from ..shapes.mesh_files import MeshError

        try:
            return float((self.triangles(solid).reshape(-1, 3) @ np.array(direction)).max())
        except MeshError as fault:
            raise ValueError(str(fault)) from None

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        """Even-odd count of the faces above four places about each point: any of them inside is near enough where the
        solid grows, all of them where it shrinks.
        """
        import numpy as np

        mesh = self._prepared(solid)
        # No plane leaves all four on one side; uneven, so that a line up from them meets no edge of a drawn mesh.
        about = np.array(
            [[0.83, 0.71, 0.62], [0.79, -0.91, -0.73], [-0.87, 0.77, -0.93], [-0.89, -0.67, 0.81]]
        )
        about = about * (abs(grow_um) if grow_um else 1e-9)
        out = np.zeros(len(points_um), dtype=bool)
        step = max(1, _PAIRS // 256)
        for at in range(0, len(points_um), step):
            some = points_um[at : at + step]
            row, face = _under(mesh.tree, some)
            odd = [
                _faces_above(some + a, mesh.triangles_um, row, face) % 2 == 1
                for a in about[: 4 if grow_um else 1]
            ]
            out[at : at + step] = np.logical_or.reduce(odd) if grow_um > 0 else np.logical_and.reduce(odd)
        return out

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        """Moeller and Trumbore 1997, over pairs whose boxes meet seen from above."""
        import numpy as np

        mesh = self._prepared(solid)
        triangles = mesh.triangles_um
        low, high = triangles[..., 2].min(), triangles[..., 2].max()
        rows, ts = [np.empty(0, dtype=np.int64)], [np.empty(0)]
        z0, z1 = start_um[:, 2], start_um[:, 2] + step_um[:, 2]
        reach = np.flatnonzero((np.maximum(z0, z1) >= low) & (np.minimum(z0, z1) <= high))
        size = max(1, _PAIRS // 1024)
        for at in range(0, len(reach), size):
            some = reach[at : at + size]
            row, face = _crossed(mesh.tree, start_um[some], start_um[some] + step_um[some])
            s, d, corner = start_um[some][row], step_um[some][row], triangles[face]
            flat = (np.minimum(s[:, 2], s[:, 2] + d[:, 2]) <= corner[..., 2].max(axis=1)) & (
                np.maximum(s[:, 2], s[:, 2] + d[:, 2]) >= corner[..., 2].min(axis=1)
            )
            row, s, d, corner = row[flat], s[flat], d[flat], corner[flat]
            e1, e2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
            with np.errstate(all="ignore"):
                h = np.cross(d, e2)
                det = np.einsum("ij,ij->i", e1, h)
                to = s - corner[:, 0]
                u = np.einsum("ij,ij->i", to, h) / det
                q = np.cross(to, e1)
                v = np.einsum("ij,ij->i", d, q) / det
                t = np.einsum("ij,ij->i", e2, q) / det
                # Room for rounding at the edges of a face: its neighbour's crossing may come twice.
                hit = (u > -1e-7) & (v > -1e-7) & (u + v < 1 + 1e-7) & (t > 0) & (t < 1)
            rows.append(some[row[hit]])
            ts.append(t[hit])
        return np.concatenate(rows), np.concatenate(ts)

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        from ..shapes.triangles import distance_to_triangles

        far = distance_to_triangles(points_um, self.triangles(solid))
        return np.asarray(np.where(self.contains(solid, points_um, 0.0), -far, far))


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A mesh where it stands, and the boxes of its triangles seen from above."""

    triangles_um: Floats
    tree: STRtree


@lru_cache(maxsize=8)
def _prepare(mesh: Mesh, unit_um: float, at: Vector, centred: bool) -> Prepared:
    import numpy as np
    import shapely

    triangles = mesh.triangles * unit_um
    low, high = triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))
    middle = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]]) if centred else np.zeros(3)
    triangles = triangles - middle + np.array(at)
    low, high = triangles[..., :2].min(axis=1), triangles[..., :2].max(axis=1)
    return Prepared(triangles, shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])))


Pairs = tuple["npt.NDArray[np.int64]", "npt.NDArray[np.int64]"]


def _under(tree: STRtree, points: Floats) -> Pairs:
    """(point, triangle) of all pairs that meet seen from above, or nearly."""
    import shapely

    x, y = points[:, 0], points[:, 1]
    found = tree.query(shapely.box(x - 2e-6, y - 2e-6, x + 2e-6, y + 2e-6))
    return found[0].astype("int64"), found[1].astype("int64")


def _crossed(tree: STRtree, start: Floats, end: Floats) -> Pairs:
    """(segment, triangle) of all pairs of a segment and a triangle's box that meet seen from above."""
    import numpy as np
    import shapely

    ends = np.stack([start[:, :2], end[:, :2]], axis=1)
    # The box of a slanted line is large, so the line itself is tested against the boxes.
    found = tree.query(shapely.linestrings(ends), predicate="intersects")
    return found[0].astype("int64"), found[1].astype("int64")


def _faces_above(
    p: Floats, triangles: Floats, row: npt.NDArray[np.int64], face: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """How many of the paired triangles lie above each point [N]."""
    import numpy as np

    x, y = p[row, 0], p[row, 1]
    corner = triangles[face]
    inside = np.zeros(len(row), dtype=bool)
    for i in range(3):
        a, b = corner[:, i], corner[:, (i + 1) % 3]
        between = (a[:, 1] <= y) != (b[:, 1] <= y)
        with np.errstate(all="ignore"):
            inside ^= between & (a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0]) > x)
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    with np.errstate(all="ignore"):
        height = (
            corner[:, 0, 2]
            - (normal[:, 0] * (x - corner[:, 0, 0]) + normal[:, 1] * (y - corner[:, 0, 1])) / normal[:, 2]
        )
    above = inside & (height > p[row, 2])
    return np.bincount(row[above], minlength=len(p))


MESH = MeshSolid()
