"""Circle and ring: polygons whose chords are no farther from the curve than a tolerance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..mask import GRID_UM, Box, box_of, mask_construct, too_fine
from ..quantity import FieldSpec, Length
from ..scene import Mask

if TYPE_CHECKING:
    from ..flat import Flat

TOLERANCE = FieldSpec(
    "tolerance", Length, "farthest that a chord may be from its curve", default=1e-3, low=0.0, above=True
)

Point = tuple[float, float]


def corners(radius_um: float, tolerance_um: float) -> tuple[int, float]:
    """How many corners a circle has, a multiple of four, so that quarter turns and mirrors keep it; and how far they stand from
    its middle: a little outside, so that its area is that of the circle."""
    share = min(1.0, tolerance_um / radius_um)
    n = 4 * max(4, math.ceil(math.pi / math.acos(max(0.0, 1 - share)) / 4))
    return n, radius_um * math.sqrt(2 * math.pi / n / math.sin(2 * math.pi / n))


def circle(at: tuple[float, ...], radius_um: float, tolerance_um: float) -> list[Point]:
    """Corners of a polygon about a circle's curve, the error of its chords to either side."""
    n, r = corners(radius_um, tolerance_um)
    return [
        (at[0] + r * math.cos(t), at[1] + r * math.sin(t)) for t in (2 * math.pi * k / n for k in range(n))
    ]


class Circle:
    construct = mask_construct(
        "circle", "a disc", FieldSpec("radius", Length, "of the disc", low=0.0, above=True), TOLERANCE
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        return too_fine(mask, "radius")

    def bounds(self, mask: Mask) -> Box:
        _, r = corners(mask.fields["radius"], mask.fields["tolerance"])
        return box_of(mask.fields["at"], 2 * r, 2 * r)

    def draw(self, mask: Mask) -> Flat:
        from ..flat import from_rings

        f = mask.fields
        return from_rings([circle(f["at"], f["radius"], f["tolerance"])])


class Ring:
    construct = mask_construct(
        "ring",
        "a ring",
        FieldSpec("inner", Length, "radius of its hole", low=0.0, above=True),
        FieldSpec("outer", Length, "radius of its outside", low=0.0, above=True),
        TOLERANCE,
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        inner, outer = mask.fields["inner"], mask.fields["outer"]
        if outer - inner < GRID_UM:
            return (
                "inner",
                f"a hole of {inner:g} um leaves nothing of {outer:g} um; less than `outer` was expected",
            )
        return too_fine(mask, "inner", "outer")

    def bounds(self, mask: Mask) -> Box:
        _, r = corners(mask.fields["outer"], mask.fields["tolerance"])
        return box_of(mask.fields["at"], 2 * r, 2 * r)

    def draw(self, mask: Mask) -> Flat:
        from ..flat import from_rings

        f = mask.fields
        return from_rings([circle(f["at"], f[k], f["tolerance"]) for k in ("outer", "inner")])


CIRCLE = Circle()
RING = Ring()
