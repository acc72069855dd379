"""Masks joined, cut from each other, and inverted. What repeats alike is worked on once and repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..mask import Box, classes, drawn, extent, is_plain, joined_box, mask_construct, polygons
from ..scene import Mask

if TYPE_CHECKING:
    from ..flat import Cell, Flat

#: Most polygons, all copies counted, that a boolean works on one by one.
MOST = 2_000_000

#: A region made of two.
Binary = Callable[["Flat", "Flat"], "Flat"]


def too_many(mask: Mask, what: str) -> tuple[str, str] | None:
    """More polygons than are ever worked on one by one; where all children are arrays they may repeat alike."""
    count = sum(polygons(c) for c in mask.children)
    arrays = sum(polygons(c) > 1 for c in mask.children)
    if count > MOST and arrays < len(mask.children):
        return "", (
            f"E421 {count} polygons are more than the {MOST} that `{what}` works on; make it of one pixel and repeat that: "
            "`array(of: ..., n: [...], pitch: [...])`"
        )
    return None


class Union:
    construct = mask_construct("union", "masks joined", children="mask")

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        return None

    def bounds(self, mask: Mask) -> Box | None:
        return joined_box([extent(c) for c in mask.children])

    def draw(self, mask: Mask) -> Flat:
        from ..flat import joined

        # What overlaps is merged by who needs it merged: arrays stay arrays.
        return joined(drawn(c) for c in mask.children)

    def doses(self, mask: Mask) -> tuple[tuple[float, Flat], ...] | None:
        from ..flat import joined

        if is_plain(mask):
            return None
        found: dict[float, list[Any]] = {}
        every = [classes(child) for child in mask.children]
        for i, own in enumerate(every):
            for factor, flat in own:
                # Where masks of different doses lie over each other, the largest dose stands.
                stronger = [f for j, other in enumerate(every) if j != i for k, f in other if k > factor]
                left = together(flat, joined(stronger), "difference")
                if left.count:
                    found.setdefault(factor, []).append(left)
        return tuple((k, joined(flats)) for k, flats in sorted(found.items()))


class _Cut:
    """What is left of the first mask; doses are those of the first."""

    op = "difference"

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        return too_many(mask, mask.kind)

    def draw(self, mask: Mask) -> Flat:
        return self._cut(mask, drawn(mask.children[0]))

    def doses(self, mask: Mask) -> tuple[tuple[float, Flat], ...] | None:
        if is_plain(mask.children[0]):
            return None
        return tuple((k, self._cut(mask, flat)) for k, flat in classes(mask.children[0]))

    def _cut(self, mask: Mask, flat: Flat) -> Flat:
        for other in mask.children[1:]:
            flat = together(flat, drawn(other), self.op)
        return flat


class Difference(_Cut):
    construct = mask_construct("difference", "the first mask without the others", children="mask")


class Intersection(_Cut):
    op = "intersection"
    construct = mask_construct("intersection", "what masks have in common", children="mask")


class Invert:
    """Children: what is left out, and within what."""

    construct = mask_construct("invert", "what a mask leaves of another", children="mask")

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        return too_many(mask, "invert")

    def bounds(self, mask: Mask) -> Box | None:
        return extent(mask.children[1])

    def draw(self, mask: Mask) -> Flat:
        return together(drawn(mask.children[1]), drawn(mask.children[0]), "difference")


def together(one: Flat, two: Flat, op: str) -> Flat:
    """The difference or intersection of two regions, on the grid. Arrays of one pitch, of which each copy meets its own partner
    alone, are worked on once."""
    from ..flat import Flat, joined

    if not one.count:
        return one
    if not two.count:
        return one if op == "difference" else Flat()
    if _alike(one, two):
        r = one.cells[0].repeat
        done = _whole(_first(one), _first(two), op)
        from ..flat import repeated

        return repeated(done, r.columns, r.rows, r.a_nm, r.b_nm)
    # Cells of the first that nothing of the second comes near stay as they are.
    box = two.bounds_nm()
    assert box is not None
    near = [c for c in one.cells if not _apart(Flat((c,)).bounds_nm(), box)]
    far = [c for c in one.cells if not any(c is n for n in near)] if op == "difference" else []
    done = _whole(Flat(tuple(near)), two, op) if near else Flat()
    return joined([Flat(tuple(far)), done]) if far else done


def _whole(one: Flat, two: Flat, op: str) -> Flat:
    import shapely

    from ..flat import from_shapely, united

    a, b = united(one), united(two)
    made = (
        shapely.difference(a, b, grid_size=1.0)
        if op == "difference"
        else shapely.intersection(a, b, grid_size=1.0)
    )
    return from_shapely(made)


def _apart(a: Any, b: Any) -> bool:
    return a is None or a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


def _first(flat: Flat) -> Flat:
    """The first copy of each cell."""
    from dataclasses import replace

    from ..flat import Flat as Region
    from ..flat import Repeat

    return Region(tuple(replace(c, repeat=Repeat(origin_nm=c.repeat.origin_nm)) for c in flat.cells))


def _alike(one: Flat, two: Flat) -> bool:
    """Whether all cells repeat alike, and no copy comes near a copy of another place."""
    cells: list[Cell] = [*one.cells, *two.cells]
    r = cells[0].repeat
    if r.count == 1 or any(
        (c.repeat.columns, c.repeat.rows, c.repeat.a_nm, c.repeat.b_nm) != (r.columns, r.rows, r.a_nm, r.b_nm)
        for c in cells
    ):
        return False
    from ..flat import Flat as Region

    a, b = _first(one).bounds_nm(), _first(Region(two.cells)).bounds_nm()
    if a is None or b is None or (r.a_nm[1] or r.b_nm[0]):
        return False
    # Along each way: the first of the one stays clear of the neighbours of the other.
    return all(
        n == 1 or (a[k + 2] < b[k] + abs(step) and b[k + 2] < a[k] + abs(step))
        for k, n, step in ((0, r.columns, r.a_nm[0]), (1, r.rows, r.b_nm[1]))
    )


UNION = Union()
DIFFERENCE = Difference()
INTERSECTION = Intersection()
INVERT = Invert()
