"""Convex polyhedra: what box, prism and pyramid share, from their corners and faces alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..quantity import Construct
from ..scene import Solid
from ..solids import SURFACE_UM, Vector, listed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]


def not_positive(solid: Solid, *names: str) -> tuple[str, str] | None:
    """The first of the fields that is not a positive finite length (or list of them), as a complaint."""
    for name in names:
        value: Any = solid.fields.get(name)
        for v in value if isinstance(value, tuple | list) else (value,):
            if not (isinstance(v, int | float) and math.isfinite(v) and v > 0):
                return name, f"{name} is {'not given' if v is None else f'{v:g}'}, it must be above zero"
    return None


def foot(solid: Solid) -> Vector:
    """The middle of the solid's foot: its field `at`."""
    x, y, z = solid.fields.get("at") or (0.0, 0.0, 0.0)
    return float(x), float(y), float(z)


class ConvexPolyhedron:
    """A solid given by its rings of corners, bottom and top, each counter-clockwise seen from above; a ring of one
    corner is an apex. Both rings have as many corners unless one is an apex.
    """

    construct: Construct

    def rings(self, solid: Solid) -> tuple[list[Vector], list[Vector]]:
        raise NotImplementedError

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        raise NotImplementedError

    def support(self, solid: Solid, direction: Vector) -> float:
        bottom, top = self.rings(solid)
        a, b, c = direction
        return max(a * x + b * y + c * z for x, y, z in bottom + top)

    def faces(self, solid: Solid) -> list[list[Vector]]:
        """Faces as rings of corners, counter-clockwise seen from outside."""
        bottom, top = self.rings(solid)
        n = max(len(bottom), len(top))
        low = bottom if len(bottom) > 1 else bottom * n
        high = top if len(top) > 1 else top * n
        faces = [[low[i], low[(i + 1) % n], high[(i + 1) % n], high[i]] for i in range(n)]
        faces += [bottom[::-1]] if len(bottom) > 1 else []
        faces += [top] if len(top) > 1 else []
        return faces

    def _planes(self, solid: Solid) -> tuple[Floats, Floats]:
        """Outward unit normals [M,3] and offsets [M] of the faces."""
        import numpy as np

        normals, offsets = [], []
        for face in self.faces(solid):
            p = np.array(face)
            q = np.roll(p, -1, axis=0)
            # Newell's normal: right even where an apex makes two corners of a side one.
            normal = np.cross(p, q).sum(axis=0)
            normal = normal / np.linalg.norm(normal)
            normals.append(normal)
            offsets.append(float(np.mean(p @ normal)))
        return np.array(normals), np.array(offsets)

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        import numpy as np

        normals, offsets = self._planes(solid)
        inside = np.ones(len(points_um), dtype=bool)
        for normal, offset in zip(normals, offsets, strict=True):
            inside &= points_um @ normal <= offset + grow_um
        return inside

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        """Entry and exit of each line (Cyrus-Beck)."""
        import numpy as np

        normals, offsets = self._planes(solid)
        n = len(start_um)
        enter, leave = np.full(n, -np.inf), np.full(n, np.inf)
        miss = np.zeros(n, dtype=bool)
        for normal, offset in zip(normals, offsets, strict=True):
            speed, room = step_um @ normal, offset - start_um @ normal
            along = np.abs(speed) <= 1e-12 * np.linalg.norm(step_um, axis=1)
            miss |= along & (room < -SURFACE_UM)
            with np.errstate(all="ignore"):
                t = room / speed
            leave = np.where(~along & (speed > 0), np.minimum(leave, t), leave)
            enter = np.where(~along & (speed < 0), np.maximum(enter, t), enter)
        miss |= enter > leave
        out = np.stack([enter, leave], axis=1)
        out[miss | ~np.isfinite(out).all(axis=1)] = np.inf
        return listed(out)

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        from ..shapes.triangles import distance_to_triangles

        triangles = np.array(
            [[f[0], f[i], f[i + 1]] for f in self.faces(solid) for i in range(1, len(f) - 1)]
        )
        far = distance_to_triangles(points_um, triangles)
        return np.asarray(np.where(self.contains(solid, points_um, 0.0), -far, far))
