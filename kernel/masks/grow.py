"""Sizing: a mask whose edges are moved outwards, or inwards, with sharp corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mask import Box, classes, drawn, extent, is_plain, mask_construct, polygons
from ..quantity import FieldSpec, Length
from ..scene import Mask
from .boolean import MOST

if TYPE_CHECKING:
    from ..flat import Cell, Flat

#: Corners sharper than 60 degrees are cut at so many times the distance, so that no spike shoots out.
MITRE = 2.0


class Grow:
    construct = mask_construct(
        "grow",
        "a mask with its edges moved",
        FieldSpec("by", Length, "outwards; inwards where it is below zero"),
        children="mask",
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        count = polygons(mask.children[0])
        if count > 50 * MOST:
            return "", f"E421 {count} polygons are more than `grow` works on"
        box = extent(mask.children[0]) if polygons(mask.children[0]) < 1000 else None
        by = mask.fields["by"]
        if box is not None and by < 0 and min(box[2] - box[0], box[3] - box[1]) + 2 * by <= 0:
            return (
                "by",
                f"{-by:g} um inwards from all sides leave nothing of {min(box[2] - box[0], box[3] - box[1]):g} um",
            )
        return None

    def bounds(self, mask: Mask) -> Box | None:
        box, by = extent(mask.children[0]), mask.fields["by"]
        return None if box is None else (box[0] - by, box[1] - by, box[2] + by, box[3] + by)

    def draw(self, mask: Mask) -> Flat:
        return grown(drawn(mask.children[0]), mask.fields["by"] * 1e3)

    def doses(self, mask: Mask) -> tuple[tuple[float, Flat], ...] | None:
        if is_plain(mask):
            return None
        return tuple((k, grown(flat, mask.fields["by"] * 1e3)) for k, flat in classes(mask.children[0]))


def grown(flat: Flat, by_nm: float) -> Flat:
    """The region with its edges moved. A cell whose copies stay clear of each other and of all else keeps its repeats."""
    import shapely

    from ..flat import Flat as Region
    from ..flat import from_shapely, joined, merged, repeated, united
    from .boolean import _apart, _first

    def sized(of: Flat) -> Flat:
        whole = united(of)
        return from_shapely(shapely.buffer(whole, by_nm, join_style="mitre", mitre_limit=MITRE))

    if not flat.count:
        return flat
    reach = max(0.0, by_nm) + 1
    boxes = [_wide(Region((c,)).bounds_nm(), reach) for c in flat.cells]
    alone: list[Flat] = []
    rest: list[Cell] = []
    for i, cell in enumerate(flat.cells):
        clear = all(_apart(boxes[i], b) for j, b in enumerate(boxes) if j != i) and _clear(cell, reach)
        if clear:
            r = cell.repeat
            alone.append(repeated(sized(_first(Region((cell,)))), r.columns, r.rows, r.a_nm, r.b_nm))
        else:
            rest.append(cell)
    if rest:
        count = sum(len(c) * c.repeat.count for c in rest)
        if count > MOST:
            raise ValueError(f"{count} polygons that come near each other are more than `grow` works on")
        alone.append(sized(merged(Region(tuple(rest)))))
    return joined(alone)


def _wide(box: tuple[int, int, int, int] | None, by: float) -> tuple[float, float, float, float]:
    assert box is not None
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _clear(cell: Cell, reach: float) -> bool:
    """Whether the copies of a cell stay clear of each other once each has grown."""
    r = cell.repeat
    if r.count == 1:
        return True
    if r.a_nm[1] or r.b_nm[0]:
        return False
    size = cell.points_nm.max(axis=0) - cell.points_nm.min(axis=0) + 2 * reach
    return (r.columns == 1 or size[0] < abs(r.a_nm[0])) and (r.rows == 1 or size[1] < abs(r.b_nm[1]))


GROW = Grow()
