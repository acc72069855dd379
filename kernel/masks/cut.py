"""Slice: what a solid covers of the plane at one height."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mask import GRID_UM, mask_construct
from ..scene import Mask

if TYPE_CHECKING:
    from ..flat import Flat


class Slice:
    """Fields: `solid`, and `at`, the height (um)."""

    construct = mask_construct("slice", "a solid's cut at one height", children="solid")

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        from ..solids import bounds, complaint

        solid, z = mask.fields["solid"], mask.fields["at"]
        if complaint(solid) is not None:
            return None  # the solid itself has been complained of
        low, high = bounds(solid)
        if not low[2] <= z <= high[2]:
            return "at", f"{z:g} um is outside the solid, which reaches from {low[2]:g} um to {high[2]:g} um"
        return None

    def count(self, mask: Mask) -> int:
        return 1

    def draw(self, mask: Mask) -> Flat:
        import shapely
        from shapely.affinity import scale

        from ..flat import from_shapely
        from ..shapes.slices import slice_solid

        area = slice_solid(mask.fields["solid"], mask.fields["at"], GRID_UM)
        return from_shapely(shapely.make_valid(scale(area, 1 / GRID_UM, 1 / GRID_UM, origin=(0, 0))))


SLICE = Slice()
