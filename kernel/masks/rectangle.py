"""Rectangle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mask import Box, box_of, mask_construct, too_fine
from ..quantity import FieldSpec, Length, list_of
from ..scene import Mask

if TYPE_CHECKING:
    from ..flat import Flat


class Rectangle:
    construct = mask_construct(
        "rectangle", "a rectangle along x and y", FieldSpec("size", list_of(Length, 2), "along x and y")
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        return too_fine(mask, "size")

    def bounds(self, mask: Mask) -> Box:
        return box_of(mask.fields["at"], *mask.fields["size"])

    def draw(self, mask: Mask) -> Flat:
        from ..flat import boxes_nm, rectangles

        return rectangles(boxes_nm(self.bounds(mask)))


RECTANGLE = Rectangle()
