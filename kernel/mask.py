"""Masks: what a region of the plane is to the language (named fields) and how it is drawn as polygons.

Beside what MaskKind asks for, a kind may have

- `bounds(mask) -> (x0, y0, x1, y1) | None`, um, before `matrix`, without numpy: what a design reads as `dots.x`;
- `count(mask) -> int`: about how many polygons it is when all copies are counted, without numpy;
- `remarks(mask) -> ((field, text), ...)`: what is not as the design says, though it can be drawn (a warning, E422);
- `doses(mask) -> ((factor, Flat), ...) | None`: regions of different doses, each `factor` times that of the pattern, before
  `matrix`. They do not overlap; None where the dose is the pattern's everywhere. `draw` then gives them all together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from .quantity import Construct, FieldSpec, Length, list_of
from .registry import Registry
from .scene import Mask

if TYPE_CHECKING:
    from .flat import Flat

#: (x0, y0, x1, y1) in um.
Box = tuple[float, float, float, float]

#: The grid that masks lie on, um.
GRID_UM = 1e-3


class MaskKind(Protocol):
    """A member of the register of masks. Importing it loads no numpy."""

    construct: Construct

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        """(field, what is wrong with its value) of a mask whose fields are complete, None for one that can be drawn. A text
        that begins with a code (`E421 ...`) is told under that code, others under E420. Never raises."""
        ...

    def draw(self, mask: Mask) -> Flat:
        """The region in its own coordinates, before `matrix`. Children are drawn by `drawn`."""
        ...


MASKS: Registry[MaskKind] = Registry(
    "masks",
    "wetprint.kernel",
    {
        "rectangle": ".masks.rectangle:RECTANGLE",
        "circle": ".masks.round:CIRCLE",
        "ring": ".masks.round:RING",
        "polygon": ".masks.polygon:POLYGON",
        "text": ".masks.text:TEXT",
        "pixels": ".masks.pixels:PIXELS",
        "barriers": ".masks.pixels:BARRIERS",
        "grating": ".masks.grating:GRATING",
        "siemens": ".masks.target:SIEMENS",
        "resolution": ".masks.target:RESOLUTION",
        "cross": ".masks.marks:CROSS",
        "box_in_box": ".masks.marks:BOX_IN_BOX",
        "vernier": ".masks.marks:VERNIER",
        "dose_matrix": ".masks.dose_matrix:DOSE_MATRIX",
        "image": ".masks.image:IMAGE",
        "slice": ".masks.cut:SLICE",
        "union": ".masks.boolean:UNION",
        "difference": ".masks.boolean:DIFFERENCE",
        "intersection": ".masks.boolean:INTERSECTION",
        "invert": ".masks.boolean:INVERT",
        "grow": ".masks.grow:GROW",
        "array": ".masks.array:ARRAY",
    },
)

#: How far from the origin a mask may reach, um (10 m): no substrate is so large, and whole nanometres stay exact.
FARTHEST_UM = 1e7

#: Where a mask stands: its middle.
CENTRE = FieldSpec(
    "at",
    list_of(Length, 2),
    "place of its middle",
    default=(0.0, 0.0),
    default_doc="the middle of the substrate",
)


def mask_construct(name: str, doc: str, *fields: FieldSpec, children: str = "") -> Construct:
    """A mask's Construct: its own fields and `at` (masks made of others have none)."""
    return Construct("mask", name, doc, fields if children else (*fields, CENTRE), children)


def drawn(mask: Mask) -> Flat:
    """The mask as polygons on the grid, moved to its place."""
    from .flat import moved

    return moved(MASKS[mask.kind].draw(mask), mask.matrix)


def classes(mask: Mask) -> tuple[tuple[float, Flat], ...]:
    """The mask as regions of one dose each: (factor on the pattern's dose, region), moved to its place. Regions of different doses
    do not overlap (but where copies of an array are laid over each other)."""
    from .flat import moved

    doses: Any = getattr(MASKS[mask.kind], "doses", None)
    found = doses(mask) if doses is not None else None
    if found is None:
        return ((1.0, drawn(mask)),)
    return tuple((factor, moved(flat, mask.matrix)) for factor, flat in found)


def is_plain(mask: Mask) -> bool:
    """Whether the whole mask takes the pattern's dose; draws nothing."""
    return mask.kind not in ("dose_matrix", "image") and all(is_plain(c) for c in mask.children)


def polygons(mask: Mask) -> int:
    """About how many polygons a mask is, all copies counted. Draws nothing."""
    count: Any = getattr(MASKS[mask.kind], "count", None)
    if count is not None:
        return int(count(mask))
    return max(1, sum(polygons(c) for c in mask.children))


def extent(mask: Mask) -> Box | None:
    """(x0, y0, x1, y1) of a mask in um, None of an empty one. Kinds that know their bounds are not drawn for it, unless they are
    turned by other than quarter turns."""
    bounds: Any = getattr(MASKS[mask.kind], "bounds", None)
    m = mask.matrix
    if bounds is not None and _level(m):
        box: Box | None = bounds(mask)
        return box if m is None or box is None else placed_box(box, m)
    found = drawn(mask).bounds_nm()
    return None if found is None else tuple(v * GRID_UM for v in found)  # type: ignore[return-value]


def _level(m: tuple[float, ...] | None) -> bool:
    """Whether a map turns by quarter turns alone."""
    return m is None or m[0] == m[5] == 0 or m[1] == m[4] == 0


def _known(mask: Mask) -> bool:
    """Whether its extent is known without drawing it."""
    return (
        _level(mask.matrix) and hasattr(MASKS[mask.kind], "bounds") and all(_known(c) for c in mask.children)
    )


def too_far(mask: Mask) -> str | None:
    """What is wrong with how far a mask reaches; None where nothing is, or where it had to be drawn to know."""
    m, still = mask.matrix, replace(mask, matrix=None)
    if not _known(still):
        return None
    box = extent(still)
    if box is None:
        return None
    far = max(map(abs, box if m is None else placed_box(box, m)))
    return (
        None
        if far <= FARTHEST_UM
        else f"it reaches {far:.4g} um from the origin; at most {FARTHEST_UM:g} um was expected"
    )


def placed_box(box: Box, m: tuple[float, ...]) -> Box:
    """The box around a box under an affine map."""
    corners = [(m[0] * x + m[1] * y + m[3], m[4] * x + m[5] * y + m[7]) for x in box[::2] for y in box[1::2]]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def joined_box(boxes: list[Box | None]) -> Box | None:
    """The box around boxes, None of none."""
    known = [b for b in boxes if b is not None]
    if not known:
        return None
    x0, y0, x1, y1 = zip(*known, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def box_of(at: tuple[float, ...], width_um: float, height_um: float) -> Box:
    """The box of a size about its middle."""
    return at[0] - width_um / 2, at[1] - height_um / 2, at[0] + width_um / 2, at[1] + height_um / 2


def too_fine(mask: Mask, *names: str) -> tuple[str, str] | None:
    """Of the fields that are lengths or lists of lengths, the first that is below the grid."""
    for name in names:
        value = mask.fields.get(name)
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None and not GRID_UM <= one < float("inf"):
                return name, f"{one:g} um is below the grid of 1 nm"
    return None
