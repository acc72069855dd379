"""Codes of masks (E420 to E439), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..diagnostics import Code

#: How the examples begin.
USE = "wp 1;\n"

CODES: tuple[Code, ...] = (
    Code(
        "E420",
        "a measure that no mask can have",
        "Masks lie on a grid of 1 nm: nothing is narrower. Sizes, counts and pitches are above zero, what repeats does not "
        "overlap itself, and the message names the field that does not fit.",
        USE + "mask dot = rectangle { size: [0.2nm, 1um]; }\n",
    ),
)
