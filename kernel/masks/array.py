"""Array: copies of a mask in rows, or at any places; rows stay rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mask import Box, classes, drawn, extent, is_plain, joined_box, mask_construct, placed_box, polygons
from ..scene import Mask
from .rows import laid, remark, runs

if TYPE_CHECKING:
    from ..flat import Flat


class Array:
    """Fields: `n` and `pitch` (two each, um), or `to`: affine maps as a mask's `matrix`."""

    construct = mask_construct("array", "copies of a mask", children="mask")

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        return None

    def remarks(self, mask: Mask) -> tuple[tuple[str, str], ...]:
        if "to" in mask.fields:
            return ()
        found = [remark("pitch", p, n) for p, n in zip(mask.fields["pitch"], mask.fields["n"], strict=True)]
        return tuple(r for r in found if r is not None)

    def count(self, mask: Mask) -> int:
        f = mask.fields
        copies = len(f["to"]) if "to" in f else f["n"][0] * f["n"][1]
        return int(copies * polygons(mask.children[0]))

    def bounds(self, mask: Mask) -> Box | None:
        f, box = mask.fields, extent(mask.children[0])
        if box is None:
            return None
        if "to" in f:
            return joined_box([placed_box(box, m) for m in f["to"]])
        x, y = ((n - 1) / 2 * p for n, p in zip(f["n"], f["pitch"], strict=True))
        return box[0] - abs(x), box[1] - abs(y), box[2] + abs(x), box[3] + abs(y)

    def draw(self, mask: Mask) -> Flat:
        return self._copies(mask, drawn(mask.children[0]))

    def doses(self, mask: Mask) -> tuple[tuple[float, Flat], ...] | None:
        if is_plain(mask):
            return None
        return tuple((k, self._copies(mask, flat)) for k, flat in classes(mask.children[0]))

    def _copies(self, mask: Mask, flat: Flat) -> Flat:
        from ..flat import joined, moved

        f: Any = mask.fields
        if "to" in f:
            return joined(moved(flat, m) for m in f["to"])
        across, up = (runs(p, n) for p, n in zip(f["pitch"], f["n"], strict=True))
        return laid(flat, across, up)


ARRAY = Array()
