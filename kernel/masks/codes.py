"""Codes of masks (E420 to E439), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..diagnostics import Code

#: How the examples begin.
USE = "wp 1;\n"

CODES: tuple[Code, ...] = (
    Code(
        "E420",
        "a measure that no mask can have",
        "Masks lie on a grid of 1 nm: nothing is narrower. Sizes, counts and pitches are above zero, sub-pixels do not overlap "
        "each other, and what is left of a region is not nothing. The message names the field that does not fit.",
        USE + "mask dot = rectangle { size: [0.2nm, 1um]; }\n",
    ),
    Code(
        "E421",
        "more polygons than are worked on",
        "A million pixels are one polygon that is repeated, and cost nothing. Booleans and sizing of millions of polygons one by "
        "one are refused: make what one pixel is to look like, and repeat that with `array`. An image has at most 50 million "
        "pixels.",
        USE + "mask dots = pixels { ppi: 500; count: [10000, 10000]; subpixel: [10um, 10um]; }\n"
        "mask frame = difference(rectangle { size: [600mm, 600mm]; }, dots);\n",
    ),
    Code(
        "E422",
        "a pitch that is no whole number of nm",
        "Arrays are drawn on the grid of 1 nm. A pitch such as 84.6667 um (300 ppi) is held by three rows of every third pixel, "
        "254 um apart, and nothing is off by more than half a nm. Where that does not come out even, the pitch is rounded and "
        "what is off grows along the array: the message says how far. `pitch` in whole nm is exact.",
        USE
        + "mask dots = pixels { pitch: [1.23456789um, 2um]; count: [1000, 1000]; subpixel: [400nm, 400nm]; }\n",
    ),
    Code(
        "E423",
        "an outline that crosses itself",
        "The corners of a polygon follow its outline, one after another, to the left or to the right; edges do not cross, and "
        "they enclose something. Holes lie inside.",
        USE + "mask bow = polygon { points: [[0um, 0um], [3um, 2um], [3um, 0um], [0um, 1um]]; }\n",
    ),
    Code(
        "E424",
        "an image that cannot be read",
        "The file stands beside the design, under the name that the design gives, and is an image that Pillow reads: PNG, TIFF, "
        "BMP, GIF, JPEG.",
        USE + 'mask logo = image { file: "logo.png"; pixel: 500nm; }\n',
    ),
)
