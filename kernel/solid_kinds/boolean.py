"""Solids made of solids: union, difference and intersection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import solids
from ..scene import Solid
from ..solids import Vector, solid_construct

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]


class Boolean:
    """What the three share: every surface of a child may be one of the whole."""

    name = ""
    doc = ""

    def __init__(self) -> None:
        self.construct = solid_construct(self.name, self.doc, children="solid")

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        if not solid.children:
            return "", f"{self.name} of no solids"
        return None

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        import numpy as np

        found = [solids.crossings(c, start_um, step_um) for c in solid.children]
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


class Union(Boolean):
    name, doc = "union", "all that lies in any of the solids"

    def support(self, solid: Solid, direction: Vector) -> float:
        return max(solids.support(c, direction) for c in solid.children)

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        import numpy as np

        return np.asarray(
            np.logical_or.reduce([solids.contains(c, points_um, grow_um) for c in solid.children])
        )

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        return np.asarray(np.minimum.reduce([solids.distance(c, points_um) for c in solid.children]))


class Intersection(Boolean):
    name, doc = "intersection", "what lies in all of the solids"

    def support(self, solid: Solid, direction: Vector) -> float:
        return min(solids.support(c, direction) for c in solid.children)

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        import numpy as np

        return np.asarray(
            np.logical_and.reduce([solids.contains(c, points_um, grow_um) for c in solid.children])
        )

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        return np.asarray(np.maximum.reduce([solids.distance(c, points_um) for c in solid.children]))


class Difference(Boolean):
    name, doc = "difference", "what lies in the first solid and in none of the others"

    def support(self, solid: Solid, direction: Vector) -> float:
        return solids.support(solid.children[0], direction)

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        # The wall of a hole belongs to what is left, so the holes shrink where the rest grows.
        inside = solids.contains(solid.children[0], points_um, grow_um)
        for child in solid.children[1:]:
            inside = inside & ~solids.contains(child, points_um, -grow_um)
        return inside

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        first, *rest = (solids.distance(c, points_um) for c in solid.children)
        return np.asarray(np.maximum.reduce([first, *(-d for d in rest)]))


UNION, INTERSECTION, DIFFERENCE = Union(), Intersection(), Difference()
