"""Polygon: corners in order, with holes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mask import Box, mask_construct
from ..quantity import FieldSpec, Length, list_of
from ..scene import Mask
from ..solid_kinds.extrude import outline_fault

if TYPE_CHECKING:
    from ..flat import Flat

CORNERS = list_of(list_of(Length, 2))


class Polygon:
    construct = mask_construct(
        "polygon",
        "a polygon by its corners",
        FieldSpec("points", CORNERS, "corners, one after another; the last joins the first"),
        FieldSpec("holes", list_of(CORNERS), "corners of holes in it", default=()),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        for name, ring in (("points", mask.fields["points"]), *(("holes", h) for h in mask.fields["holes"])):
            fault = outline_fault(name, ring)
            if fault is not None:
                return fault[0], f"E423 {fault[1]}"
        x0, y0, x1, y1 = box(mask.fields["points"])
        for hole in mask.fields["holes"]:
            hx0, hy0, hx1, hy1 = box(hole)
            if hx0 < x0 or hy0 < y0 or hx1 > x1 or hy1 > y1:
                return "holes", "E423 a hole reaches out of its polygon"
        return None

    def bounds(self, mask: Mask) -> Box:
        x0, y0, x1, y1 = box(mask.fields["points"])
        x, y = mask.fields["at"]
        return x0 + x, y0 + y, x1 + x, y1 + y

    def draw(self, mask: Mask) -> Flat:
        from ..flat import from_rings

        x, y = mask.fields["at"]
        rings = (mask.fields["points"], *mask.fields["holes"])
        return from_rings([[(px + x, py + y) for px, py in ring] for ring in rings])


def box(ring: tuple[tuple[float, ...], ...]) -> Box:
    xs, ys = zip(*ring, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


POLYGON = Polygon()
