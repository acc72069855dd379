"""Masks: what a region of the plane is to the language (named fields) and how it is drawn as polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .quantity import Construct, FieldSpec, Length, list_of
from .registry import Registry
from .scene import Mask

if TYPE_CHECKING:
    from .flat import Flat


class MaskKind(Protocol):
    """A member of the register of masks. Importing it loads no numpy."""

    construct: Construct

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        """(field, what is wrong with its value) of complete fields, None for a mask that can be drawn. Never raises."""
        ...

    def draw(self, mask: Mask) -> Flat:
        """The region in its own coordinates, before `matrix`. Children are drawn by `drawn`."""
        ...


MASKS: Registry[MaskKind] = Registry(
    "masks",
    "wetprint.kernel",
    {
        "rectangle": ".masks.rectangle:RECTANGLE",
    },
)

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
