"""Grating: lines, or squares and discs in rows, with a pitch and a duty."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..mask import GRID_UM, Box, box_of, mask_construct, too_fine
from ..quantity import FieldSpec, Length, Ratio, Text, list_of
from ..scene import Mask
from .round import circle
from .rows import laid, remark, runs

if TYPE_CHECKING:
    from ..flat import Flat

SHAPES = ("lines", "squares", "discs")


class Grating:
    construct = mask_construct(
        "grating",
        "lines along y, or squares or discs, with a pitch",
        FieldSpec("pitch", Length, "from line to line", low=0.0, above=True),
        FieldSpec("size", list_of(Length, 2), "of all of it, along x and y"),
        FieldSpec(
            "duty", Ratio, "width of a line over the pitch", default=0.5, low=0.0, high=1.0, above=True
        ),
        FieldSpec("shape", Text, "`lines`, or `squares` or `discs` in rows and columns", default="lines"),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        f = mask.fields
        if f["shape"] not in SHAPES:
            return "shape", f'"{f["shape"]}" is no grating; one of {", ".join(SHAPES)} was expected'
        fault = too_fine(mask, "pitch", "size")
        if fault is not None:
            return fault
        width = f["pitch"] * f["duty"]
        if width < GRID_UM or (f["pitch"] - width < GRID_UM and f["shape"] != "discs"):
            return (
                "duty",
                f"lines of {width:g} um with a pitch of {f['pitch']:g} um leave nothing of lines or of gaps",
            )
        nx, ny = self.copies(mask)
        if nx < 1 or ny < 1:
            return "size", f"no period of {f['pitch']:g} um fits in {min(f['size']):g} um"
        return None

    def copies(self, mask: Mask) -> tuple[int, int]:
        f = mask.fields
        nx, ny = (math.floor(s / f["pitch"] + 1e-6) for s in f["size"])
        return (nx, 1) if f["shape"] == "lines" else (nx, ny)

    def remarks(self, mask: Mask) -> tuple[tuple[str, str], ...]:
        found = remark("pitch", mask.fields["pitch"], max(self.copies(mask)))
        return () if found is None else (found,)

    def count(self, mask: Mask) -> int:
        nx, ny = self.copies(mask)
        return nx * ny

    def bounds(self, mask: Mask) -> Box:
        f = mask.fields
        (nx, ny), p, w = self.copies(mask), f["pitch"], f["pitch"] * f["duty"]
        return box_of(f["at"], (nx - 1) * p + w, f["size"][1] if f["shape"] == "lines" else (ny - 1) * p + w)

    def draw(self, mask: Mask) -> Flat:
        from ..flat import boxes_nm, from_rings, rectangles

        f = mask.fields
        (nx, ny), w = self.copies(mask), f["pitch"] * f["duty"]
        if f["shape"] == "discs":
            one = from_rings([circle((0.0, 0.0), w / 2, GRID_UM)])
        else:
            one = rectangles(boxes_nm(box_of((0.0, 0.0), w, f["size"][1] if f["shape"] == "lines" else w)))
        x, y = f["at"]
        return laid(one, runs(f["pitch"], nx, x), runs(f["pitch"], ny, y))


GRATING = Grating()
