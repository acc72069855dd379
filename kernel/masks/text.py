"""Text: broad letters from the outlines of the font."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mask import mask_construct, too_fine
from ..quantity import FieldSpec, Length
from ..scene import Mask
from ..shapes import letters
from .round import TOLERANCE

if TYPE_CHECKING:
    from ..flat import Flat

CAPITAL = FieldSpec("capital", Length, letters.CAPITAL.doc, low=0.0, above=True)


class TextMask:
    construct = mask_construct(
        "text", "broad letters", letters.TEXT, CAPITAL, letters.SPACING, letters.ALIGNED, TOLERANCE
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        return letters.fault(dict(mask.fields), "outlines") or too_fine(mask, "capital")

    def draw(self, mask: Mask) -> Flat:
        f = mask.fields
        return written(f["text"], f["capital"], tuple(f["at"]), f["spacing"], f["align"], f["tolerance"])


def written(
    text: str,
    capital_um: float,
    at_um: tuple[float, float],
    spacing: float = 1.0,
    align: str = "centre",
    tolerance_um: float = 0.0,
) -> Flat:
    """A text about its middle. Without a tolerance, a hundredth of its capitals."""
    from ..flat import from_rings

    rings = letters.outlines(text, capital_um, spacing, align, tolerance_um or capital_um / 100)
    return from_rings([[(x + at_um[0], y + at_um[1]) for x, y in ring] for ring in rings])


TEXT = TextMask()
