"""Rectangle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mask import mask_construct
from ..quantity import FieldSpec, Length, list_of
from ..scene import Mask

if TYPE_CHECKING:
    from ..flat import Flat


class Rectangle:
    construct = mask_construct(
        "rectangle", "a rectangle along x and y", FieldSpec("size", list_of(Length, 2), "along x and y")
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        if min(mask.fields["size"]) < 1e-3:
            return "size", f"{min(mask.fields['size']):g} um is below the grid of 1 nm"
        return None

    def draw(self, mask: Mask) -> Flat:
        from ..flat import rectangles, to_nm

        (x, y), (w, h) = mask.fields["at"], mask.fields["size"]
        return rectangles(to_nm([x - w / 2, y - h / 2, x + w / 2, y + h / 2]))


RECTANGLE = Rectangle()
