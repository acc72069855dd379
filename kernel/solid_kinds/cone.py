"""Cylinder, cone and any other solid of revolution about an upright axis."""

from __future__ import annotations

from ..quantity import FieldSpec, Length, list_of
from ..scene import Solid
from ..solids import solid_construct
from .convex import not_positive
from .extrude import outline_fault
from .round import Profile, Round

_RADIUS = FieldSpec("radius", Length, "radius of the foot", state=True, low=0.0, above=True)
_HEIGHT = FieldSpec("height", Length, "from foot to top", state=True, low=0.0, above=True)


class Cylinder(Round):
    construct = solid_construct("cylinder", "a cylinder that stands on z = 0", _RADIUS, _HEIGHT)

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        return not_positive(solid, "radius", "height")

    def profile(self, solid: Solid) -> Profile:
        r, h = solid.fields["radius"], solid.fields["height"]
        return [(0.0, 0.0), (r, 0.0), (r, h), (0.0, h)]


class Annulus(Round):
    construct = solid_construct(
        "annulus",
        "a cylinder with a hole along its axis, which stands on z = 0",
        FieldSpec("radius", Length, "outer radius", state=True, low=0.0, above=True),
        FieldSpec("inner_radius", Length, "radius of the hole", state=True, low=0.0, above=True),
        _HEIGHT,
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        bad = not_positive(solid, "radius", "inner_radius", "height")
        if bad is not None:
            return bad
        inner, outer = float(solid.fields["inner_radius"]), float(solid.fields["radius"])
        if inner >= outer:
            return (
                "inner_radius",
                f"inner_radius is {inner:g} um, it must be below the radius of {outer:g} um",
            )
        return None

    def profile(self, solid: Solid) -> Profile:
        r, h, inner = solid.fields["radius"], solid.fields["height"], solid.fields["inner_radius"]
        return [(inner, 0.0), (r, 0.0), (r, h), (inner, h)]


class Cone(Round):
    construct = solid_construct(
        "cone",
        "a cone that stands on z = 0; with `top_radius` a frustum",
        _RADIUS,
        _HEIGHT,
        FieldSpec("top_radius", Length, "radius of the top", default=0.0, state=True, low=0.0),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        if (solid.fields.get("top_radius") or 0.0) < 0:
            return "top_radius", f"top_radius is {solid.fields['top_radius']:g} um, it must not be below zero"
        return not_positive(solid, "radius", "height")

    def profile(self, solid: Solid) -> Profile:
        r, h, top = solid.fields["radius"], solid.fields["height"], solid.fields.get("top_radius") or 0.0
        return [(0.0, 0.0), (r, 0.0), *([(top, h)] if top > 0 else []), (0.0, h)]


class Revolve(Round):
    construct = solid_construct(
        "revolve",
        "an outline turned about the upright axis",
        FieldSpec(
            "profile",
            list_of(list_of(Length, 2)),
            "corners [distance from the axis, height] of the outline, which is closed",
            state=True,
        ),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        profile = solid.fields.get("profile") or ()
        fault = outline_fault("profile", profile)
        if fault is None and min(r for r, _ in profile) < 0:
            return "profile", f"a corner at {min(r for r, _ in profile):g} um beyond the axis"
        return fault

    def profile(self, solid: Solid) -> Profile:
        return [(float(r), float(z)) for r, z in solid.fields["profile"]]


CYLINDER, CONE, REVOLVE, ANNULUS = Cylinder(), Cone(), Revolve(), Annulus()
