"""Marks that later passes are aligned to, and that tell how far they are off: cross, box in box, vernier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mask import GRID_UM, Box, box_of, mask_construct, too_fine
from ..quantity import Count, FieldSpec, Length, Text
from ..scene import Mask

if TYPE_CHECKING:
    from ..flat import Flat


def _length(name: str, doc: str) -> FieldSpec:
    return FieldSpec(name, Length, doc, low=0.0, above=True)


class Cross:
    construct = mask_construct(
        "cross", "a cross", _length("size", "from end to end of its arms"), _length("width", "of an arm")
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        if mask.fields["width"] >= mask.fields["size"]:
            return "width", f"arms {mask.fields['width']:g} um wide are as wide as the cross"
        return too_fine(mask, "size", "width")

    def bounds(self, mask: Mask) -> Box:
        return box_of(mask.fields["at"], mask.fields["size"], mask.fields["size"])

    def draw(self, mask: Mask) -> Flat:
        from ..flat import from_rings

        (x, y), a, b = mask.fields["at"], mask.fields["size"] / 2, mask.fields["width"] / 2
        corners = [(b, b), (b, a), (-b, a), (-b, b), (-a, b), (-a, -b), (-b, -b), (-b, -a)]
        corners += [(b, -a), (b, -b), (a, -b), (a, b)]
        return from_rings([[(x + u, y + v) for u, v in corners]])


class BoxInBox:
    PARTS = ("both", "outer", "inner")
    construct = mask_construct(
        "box_in_box",
        "a box within a frame: the frame in one pass, the box in a later one, and their gaps tell the overlay",
        _length("outer", "outer side of the frame"),
        _length("width", "of the frame"),
        _length("inner", "side of the box"),
        FieldSpec("part", Text, "`outer` and `inner` in their passes, or `both`", default="both"),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        f = mask.fields
        if f["part"] not in self.PARTS:
            return "part", f'"{f["part"]}" is no part of it; one of {", ".join(self.PARTS)} was expected'
        if f["inner"] > f["outer"] - 2 * f["width"] - 2 * GRID_UM:
            return (
                "inner",
                f"a box of {f['inner']:g} um leaves no gap in a frame of {f['outer'] - 2 * f['width']:g} um inside",
            )
        return too_fine(mask, "outer", "width", "inner")

    def bounds(self, mask: Mask) -> Box:
        side = mask.fields["inner" if mask.fields["part"] == "inner" else "outer"]
        return box_of(mask.fields["at"], side, side)

    def draw(self, mask: Mask) -> Flat:
        from ..flat import from_rings

        f = mask.fields
        sides = [] if f["part"] == "inner" else [f["outer"], f["outer"] - 2 * f["width"]]
        sides += [] if f["part"] == "outer" else [f["inner"]]
        return from_rings([_square(f["at"], side) for side in sides])


def _square(at: tuple[float, ...], side: float) -> list[tuple[float, float]]:
    x0, y0, x1, y1 = box_of(at, side, side)
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


class Vernier:
    PARTS = ("both", "fixed", "moving")
    construct = mask_construct(
        "vernier",
        "two rows of lines of slightly different pitch, one in each pass: the pair that is in line tells the overlay along x",
        _length("pitch", "of the lines of the fixed row"),
        _length("step", "by which the pitch of the moving row is less: what one line tells"),
        _length("width", "of a line"),
        _length("length", "of a line"),
        FieldSpec("lines", Count, "to each side of the middle one", default=5, low=1.0, high=1000.0),
        FieldSpec("part", Text, "`fixed` and `moving` in their passes, or `both`", default="both"),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        f = mask.fields
        if f["part"] not in self.PARTS:
            return "part", f'"{f["part"]}" is no part of it; one of {", ".join(self.PARTS)} was expected'
        if f["pitch"] - f["step"] < f["width"] + GRID_UM:
            return (
                "width",
                f"lines {f['width']:g} um wide leave no gap with a pitch of {f['pitch'] - f['step']:g} um",
            )
        return too_fine(mask, "pitch", "step", "width", "length")

    def draw(self, mask: Mask) -> Flat:
        from ..flat import boxes_nm, rectangles

        f, (x, y) = mask.fields, mask.fields["at"]
        boxes = []
        for part, pitch, up in (("fixed", f["pitch"], 1), ("moving", f["pitch"] - f["step"], -1)):
            if f["part"] in ("both", part):
                for k in range(-f["lines"], f["lines"] + 1):
                    # The middle line is half as long again.
                    long = f["length"] * (1.5 if k == 0 else 1.0)
                    boxes.append(box_of((x + k * pitch, y + up * long / 2), f["width"], long))
        return rectangles(boxes_nm(boxes))


CROSS = Cross()
BOX_IN_BOX = BoxInBox()
VERNIER = Vernier()
