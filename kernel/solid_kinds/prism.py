"""Box, prism and pyramid: convex solids with flat faces."""

from __future__ import annotations

import math

from ..quantity import Angle, Count, FieldSpec, Length, list_of
from ..scene import Solid
from ..solids import Vector, solid_construct
from .convex import ConvexPolyhedron, foot, not_positive


def _rectangle(sx: float, sy: float, at: Vector, z: float) -> list[Vector]:
    x, y = sx / 2, sy / 2
    if sx == 0 and sy == 0:
        return [(at[0], at[1], at[2] + z)]
    return [(at[0] + u * x, at[1] + v * y, at[2] + z) for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


class Box(ConvexPolyhedron):
    construct = solid_construct(
        "box",
        "a block that stands on z = 0",
        FieldSpec("size", list_of(Length, 3), "extent in x, y and z", state=True, low=0.0, above=True),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        return not_positive(solid, "size")

    def rings(self, solid: Solid) -> tuple[list[Vector], list[Vector]]:
        sx, sy, sz = solid.fields["size"]
        return _rectangle(sx, sy, foot(solid), 0.0), _rectangle(sx, sy, foot(solid), sz)


class Prism(ConvexPolyhedron):
    construct = solid_construct(
        "prism",
        "a prism on a regular polygon, upright on z = 0",
        FieldSpec("sides", Count, "number of sides", default=6, low=3),
        FieldSpec("radius", Length, "from the axis to a corner of the foot", state=True, low=0.0, above=True),
        FieldSpec("height", Length, "from foot to top", state=True, low=0.0, above=True),
        FieldSpec(
            "top_radius",
            Length,
            "from the axis to a corner of the top; 0 um makes a pyramid",
            default=None,
            default_doc="radius",
            state=True,
            low=0.0,
        ),
        FieldSpec("angle", Angle, "direction of the first corner from x", default=0.0),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        if not (solid.fields.get("sides") or 6) >= 3:
            return "sides", f"{solid.fields['sides']} sides, a prism has at least 3"
        if solid.fields.get("top_radius") is not None and solid.fields["top_radius"] < 0:
            return "top_radius", f"top_radius is {solid.fields['top_radius']:g}, it must not be below zero"
        return not_positive(solid, "radius", "height")

    def rings(self, solid: Solid) -> tuple[list[Vector], list[Vector]]:
        f = solid.fields
        n = f.get("sides") or 6
        x0, y0, z0 = foot(solid)
        first = f.get("angle") or 0.0
        top_radius = f["radius"] if f.get("top_radius") is None else f["top_radius"]

        def ring(r: float, z: float) -> list[Vector]:
            if r == 0:
                return [(x0, y0, z)]
            turns = [first + 2 * math.pi * i / n for i in range(n)]
            return [(x0 + r * math.cos(a), y0 + r * math.sin(a), z) for a in turns]

        return ring(f["radius"], z0), ring(top_radius, z0 + f["height"])


class Pyramid(ConvexPolyhedron):
    construct = solid_construct(
        "pyramid",
        "a pyramid on a rectangle, upright on z = 0; with `top` a frustum",
        FieldSpec(
            "base", list_of(Length, 2), "extent of the foot in x and y", state=True, low=0.0, above=True
        ),
        FieldSpec("height", Length, "from foot to top", state=True, low=0.0, above=True),
        FieldSpec(
            "top",
            list_of(Length, 2),
            "extent of the top in x and y",
            default=(0.0, 0.0),
            default_doc="a point",
            state=True,
            low=0.0,
        ),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        top = solid.fields.get("top") or (0.0, 0.0)
        if min(top) < 0 or not all(map(math.isfinite, top)):
            return "top", f"top is {top[0]:g} x {top[1]:g} um, it must not be below zero"
        if (top[0] == 0) != (top[1] == 0):
            return "top", f"top is {top[0]:g} x {top[1]:g} um, give both above zero or none"
        return not_positive(solid, "base", "height")

    def rings(self, solid: Solid) -> tuple[list[Vector], list[Vector]]:
        f = solid.fields
        (bx, by), (tx, ty) = f["base"], f.get("top") or (0.0, 0.0)
        return _rectangle(bx, by, foot(solid), 0.0), _rectangle(tx, ty, foot(solid), f["height"])


BOX, PRISM, PYRAMID = Box(), Prism(), Pyramid()
