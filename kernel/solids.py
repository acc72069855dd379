"""Solids: what they are to the language (named fields) and to the kernel (inside, crossings, distance, bounds)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from .quantity import Construct, FieldSpec, Length, list_of
from .registry import Registry
from .scene import Solid

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]

Vector = tuple[float, float, float]


class SolidKind(Protocol):
    """A member of the register of solids. All take a Solid in its own coordinates, before `matrix`; importing a member
    loads no numpy, and `support` needs none (the language asks for bounds).
    """

    construct: Construct

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        """(field, what is wrong with its value), None for a solid that can be built. Never raises."""
        ...

    def support(self, solid: Solid, direction: Vector) -> float:
        """Largest dot product of a point of the solid with `direction` (need not be a unit vector), um; an upper bound
        for some booleans.
        """
        ...

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        """Which of `points_um[N,3]` lie in the solid, its surface moved outwards by about `grow_um` (1e-6 or so: it
        decides for points on the surface).
        """
        ...

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        """Where the segments start + t * step ([N,3] each), 0 < t < 1, may pass the surface: (segment, t), unordered.
        May hold more than the true crossings (all are tested afterwards) but never misses one.
        """
        ...

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        """Signed distance to the surface, um, negative inside; for booleans a bound of it that has the right sign."""
        ...


SOLIDS: Registry[SolidKind] = Registry(
    "solids",
    "wetprint.kernel",
    {
        "box": ".solid_kinds.prism:BOX",
        "cylinder": ".solid_kinds.cone:CYLINDER",
        "annulus": ".solid_kinds.cone:ANNULUS",
        "cone": ".solid_kinds.cone:CONE",
        "sphere": ".solid_kinds.sphere:SPHERE",
        "prism": ".solid_kinds.prism:PRISM",
        "pyramid": ".solid_kinds.prism:PYRAMID",
        "torus": ".solid_kinds.torus:TORUS",
        "extrude": ".solid_kinds.extrude:EXTRUDE",
        "letters": ".solid_kinds.letters:LETTERS",
        "revolve": ".solid_kinds.cone:REVOLVE",
        "mesh": ".solid_kinds.mesh:MESH",
        "union": ".solid_kinds.boolean:UNION",
        "difference": ".solid_kinds.boolean:DIFFERENCE",
        "intersection": ".solid_kinds.boolean:INTERSECTION",
    },
)

#: Where a solid stands: the middle of its foot, so that z = 0 is the substrate.
AT = FieldSpec(
    "at",
    list_of(Length, 3),
    "place of the middle of its foot",
    default=(0.0, 0.0, 0.0),
    default_doc="the middle of the substrate",
    state=True,
)


def solid_construct(name: str, doc: str, *fields: FieldSpec, children: str = "") -> Construct:
    """A solid's Construct: its own fields and `at` (solids made of others have none)."""
    return Construct("solid", name, doc, fields if children else (*fields, AT), children)


def support(solid: Solid, direction: Vector) -> float:
    """Largest dot product of a point of the placed solid with `direction`."""
    kind = SOLIDS[solid.kind]
    m = solid.matrix
    if m is None:
        return kind.support(solid, direction)
    a, b, c = direction
    local = tuple(m[j] * a + m[4 + j] * b + m[8 + j] * c for j in range(3))
    return kind.support(solid, (local[0], local[1], local[2])) + m[3] * a + m[7] * b + m[11] * c


def bounds(solid: Solid) -> tuple[Vector, Vector]:
    """Bounding box of the placed solid, um: (low, high). Without numpy."""
    low, high = [], []
    for j in range(3):
        axis = [0.0, 0.0, 0.0]
        axis[j] = 1.0
        high.append(support(solid, (axis[0], axis[1], axis[2])) + 0.0)
        axis[j] = -1.0
        low.append(0.0 - support(solid, (axis[0], axis[1], axis[2])))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


#: Points nearer to a surface than this lie on it, um: far above rounding, far below the quantum of 1 nm.
SURFACE_UM = 1e-6


def contains(solid: Solid, points_um: Floats, grow_um: float = SURFACE_UM) -> Bools:
    """Which of `points_um[N,3]` lie in the placed solid; its surface belongs to it."""
    return SOLIDS[solid.kind].contains(solid, _to_local(solid, points_um), grow_um)


def crossings(solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
    """Where the segments start + t * step, 0 < t < 1, may pass the surface of the placed solid: (segment, t)."""
    return SOLIDS[solid.kind].crossings(
        solid, _to_local(solid, start_um), _to_local(solid, step_um, vector=True)
    )


def listed(t: Floats) -> Crossings:
    """(segment, t) of those of t[N,K] that lie on their segment."""
    import numpy as np

    rows, columns = np.nonzero((t > 0) & (t < 1))
    return rows.astype(np.int64), t[rows, columns]


def distance(solid: Solid, points_um: Floats) -> Floats:
    """Signed distance to the surface of the placed solid, um, negative inside. Exact for rigid and evenly scaled
    solids; where x, y and z are scaled differently, or in booleans, a lower bound of its size with the right sign.
    """
    return SOLIDS[solid.kind].distance(solid, _to_local(solid, points_um)) * _least_scale(solid)


def complaint(solid: Solid) -> tuple[Solid, str, str] | None:
    """(the solid at fault, field or "", what is wrong), None for a solid that can be built."""
    for child in solid.children:
        found = complaint(child)
        if found is not None:
            return found
    if solid.kind not in SOLIDS:
        return solid, "", f"there is no solid called '{solid.kind}'"
    m = solid.matrix
    if m is not None:
        det = _determinant(m)
        if not (all(map(math.isfinite, m)) and abs(det) > 1e-30):
            return solid, "", "it is squeezed flat by its transform"
    at = solid.fields.get("at")
    if at is not None and not all(map(math.isfinite, at)):
        return solid, "at", "its place is not finite"
    own = SOLIDS[solid.kind].complaint(solid)
    return None if own is None else (solid, *own)


def _determinant(m: tuple[float, ...]) -> float:
    return (
        m[0] * (m[5] * m[10] - m[6] * m[9])
        - m[1] * (m[4] * m[10] - m[6] * m[8])
        + m[2] * (m[4] * m[9] - m[5] * m[8])
    )


def _to_local(solid: Solid, vectors: Floats, vector: bool = False) -> Floats:
    if solid.matrix is None:
        return vectors
    import numpy as np

    m = np.array(solid.matrix).reshape(3, 4)
    moved = vectors if vector else vectors - m[:, 3]
    return np.asarray(moved @ np.linalg.inv(m[:, :3]).T)


def _least_scale(solid: Solid) -> float:
    if solid.matrix is None:
        return 1.0
    import numpy as np

    m = np.array(solid.matrix).reshape(3, 4)[:, :3]
    return float(np.linalg.svd(m, compute_uv=False)[-1])
