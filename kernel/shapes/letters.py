"""Letters: single strokes for filaments and outlines for solids, laid out as lines of text. Loads no numpy."""

from __future__ import annotations

import math
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from ..quantity import FieldSpec, Length, Ratio, Text

Point = tuple[float, float]
Ring = tuple[Point, ...]

#: Height of capitals, units of the two fonts (their files say where they come from).
_CAPITAL = {"strokes": 21.0, "outlines": 1493.0}
#: From one line of text to the next, in heights of capitals.
LINE = 1.6

ALIGN = ("left", "centre", "right")

TEXT = FieldSpec("text", Text, "what is written; `\\n` begins another line")
CAPITAL = FieldSpec("capital", Length, "height of a capital letter", state=True, low=0.0, above=True)
SPACING = FieldSpec(
    "spacing", Ratio, "from letter to letter, over what the font says", default=1.0, low=0.1, high=10.0
)
ALIGNED = FieldSpec("align", Text, "lines of text are `left`, `centre` or `right`", default="centre")


class _Glyph(NamedTuple):
    advance: float
    parts: str


@cache
def _font(name: str) -> dict[str, _Glyph]:
    text = (files(__package__) / "fonts" / f"{name}.txt").read_text(encoding="utf-8")
    found = {}
    for line in text.split("\n"):
        letter, *rest = line.split("\t")
        if len(rest) == 2:
            found[letter] = _Glyph(float(rest[0]), rest[1])
    return found


def fault(fields: dict[str, Any], font: str) -> tuple[str, str] | None:
    """(field, what is wrong) with a text: nothing to be seen, a letter that the font lacks, a word that aligns nothing."""
    text = unicodedata.normalize("NFC", fields.get("text") or "")
    known = _font(font)
    for letter in text:
        if letter not in known and letter != "\n":
            name = unicodedata.name(letter, "").lower()
            shown = f"`{letter}` " if letter.isprintable() else ""
            return (
                "text",
                f"there is no letter {shown}(U+{ord(letter):04X}{', ' + name if name else ''}) among the {font}",
            )
    if not any(known[letter].parts for letter in text if letter != "\n"):
        return "text", "there is nothing to be seen in its text"
    if fields.get("align") not in ALIGN:
        return "align", f'"{fields.get("align")}" aligns nothing; one of {", ".join(ALIGN)} was expected'
    return None


def strokes(fields: dict[str, Any]) -> list[Ring]:
    """The strokes of a text about the origin, um: the middle of its lines, from the last baseline to the first capital."""
    return [line for part, place in _laid(fields, "strokes") for line in _polyline(part, *place)]


@lru_cache(maxsize=64)
def outlines(
    text: str, capital_um: float, spacing: float, align: str, tolerance_um: float
) -> tuple[Ring, ...]:
    """The closed outlines of a text about the origin, um, filled by the even-odd rule; no chord is farther than the tolerance
    from its curve. The first corner is not repeated."""
    fields = {"text": text, "capital": capital_um, "spacing": spacing, "align": align}
    return tuple(
        ring for part, place in _laid(fields, "outlines") for ring in _rings(part, *place, tolerance_um)
    )


def _laid(fields: dict[str, Any], font: str) -> list[tuple[str, tuple[float, float, float]]]:
    """(parts of a letter, (scale, x, y)) for every letter of a text."""
    known = _font(font)
    scale = fields["capital"] / _CAPITAL[font]
    lines = unicodedata.normalize("NFC", fields["text"]).split("\n")
    height = fields["capital"] * (1 + LINE * (len(lines) - 1))
    wide = [sum(known[letter].advance for letter in line) * scale * fields["spacing"] for line in lines]
    out = []
    for k, (line, width) in enumerate(zip(lines, wide, strict=True)):
        x = {"left": -max(wide) / 2, "centre": -width / 2, "right": max(wide) / 2 - width}[fields["align"]]
        y = height / 2 - fields["capital"] * (1 + LINE * k)
        for letter in line:
            glyph = known[letter]
            step = glyph.advance * scale
            # More room than the font asks for stands on both sides.
            aside = step * (fields["spacing"] - 1) / 2
            if glyph.parts:
                out.append((glyph.parts, (scale, x + aside, y)))
            x += step * fields["spacing"]
    return out


def _point(text: str, scale: float, x: float, y: float) -> Point:
    u, _, v = text.partition(",")
    return float(u) * scale + x, float(v) * scale + y


def _polyline(parts: str, scale: float, x: float, y: float) -> list[Ring]:
    return [tuple(_point(p, scale, x, y) for p in stroke.split(" ")) for stroke in parts.split("|")]


def _rings(parts: str, scale: float, x: float, y: float, tolerance: float) -> list[Ring]:
    out = []
    for contour in parts.split("|"):
        ring: list[Point] = []
        for step in contour.split(" "):
            by, _, to = step.partition("~")
            if not to:
                ring.append(_point(step, scale, x, y))
                continue
            (x0, y0), (x1, y1), (x2, y2) = ring[-1], _point(by, scale, x, y), _point(to, scale, x, y)
            # The chord error of a quadratic curve is a quarter of its second difference over the pieces squared.
            bend = math.hypot(x0 - 2 * x1 + x2, y0 - 2 * y1 + y2) / 4
            n = max(1, math.ceil(math.sqrt(bend / tolerance)))
            for k in range(1, n + 1):
                t = k / n
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
                ring.append((a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2))
        close = max(abs(u - v) for u, v in zip(ring[0], ring[-1], strict=True)) < 1e-9 * max(1.0, abs(scale))
        corners = tuple(ring[:-1] if close else ring)
        # Some glyphs carry a contour of one point, an anchor for hinting.
        if len(corners) > 2:
            out.append(corners)
    return out
