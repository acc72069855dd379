"""Sphere, resting on z = 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..quantity import FieldSpec, Length
from ..scene import Solid
from ..solids import Vector, listed, solid_construct
from .convex import foot, not_positive
from .round import quadratic

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]


class Sphere:
    construct = solid_construct(
        "sphere",
        "a sphere that rests on z = 0, its centre at z = radius",
        FieldSpec("radius", Length, "radius", state=True, low=0.0, above=True),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        return not_positive(solid, "radius")

    def _centre(self, solid: Solid) -> Vector:
        x, y, z = foot(solid)
        return x, y, z + solid.fields["radius"]

    def support(self, solid: Solid, direction: Vector) -> float:
        along = sum(a * b for a, b in zip(direction, self._centre(solid), strict=True))
        return along + float(solid.fields["radius"]) * math.hypot(*direction)

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        return np.asarray(
            np.linalg.norm(points_um - np.array(self._centre(solid)), axis=1) - solid.fields["radius"]
        )

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        import numpy as np

        return np.asarray(self.distance(solid, points_um) <= grow_um)

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        import numpy as np

        p, d = start_um - np.array(self._centre(solid)), step_um
        r = solid.fields["radius"]
        roots = quadratic((d * d).sum(axis=1), 2 * (p * d).sum(axis=1), (p * p).sum(axis=1) - r * r)
        return listed(np.stack(roots, axis=1))


SPHERE = Sphere()
