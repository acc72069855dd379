"""Cylinder and cone, upright on z = 0."""

from __future__ import annotations

from ..quantity import FieldSpec, Length
from ..scene import Solid
from ..solids import solid_construct
from .convex import not_positive
from .round import Profile, Round

_RADIUS = FieldSpec("radius", Length, "radius of the foot", state=True, low=0.0)
_HEIGHT = FieldSpec("height", Length, "from foot to top", state=True, low=0.0)


class Cylinder(Round):
    construct = solid_construct("cylinder", "a cylinder that stands on z = 0", _RADIUS, _HEIGHT)

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        return not_positive(solid, "radius", "height")

    def profile(self, solid: Solid) -> Profile:
        r, h = solid.fields["radius"], solid.fields["height"]
        return [(0.0, 0.0), (r, 0.0), (r, h), (0.0, h)]


class Cone(Round):
    construct = solid_construct(
        "cone",
        "a cone that stands on z = 0; with `top_radius` a frustum",
        _RADIUS,
        _HEIGHT,
        FieldSpec("top_radius", Length, "radius of the top", default=0.0, state=True, low=0.0),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        if solid.fields.get("top_radius", 0.0) < 0:
            return "top_radius", f"top_radius is {solid.fields['top_radius']:g} um, it must not be below zero"
        return not_positive(solid, "radius", "height")

    def profile(self, solid: Solid) -> Profile:
        r, h, top = solid.fields["radius"], solid.fields["height"], solid.fields.get("top_radius") or 0.0
        return [(0.0, 0.0), (r, 0.0), *([(top, h)] if top > 0 else []), (0.0, h)]


CYLINDER, CONE = Cylinder(), Cone()
