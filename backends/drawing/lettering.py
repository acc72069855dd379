"""Letters, scale bar and legend, laid over a picture."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tubes import Floats32
from .camera import length_label
from .change import Bar
from .change import colours as bar_colours
from .picture import Picture

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont


@cache
def _font(px: int) -> FreeTypeFont:
    """Aileron (CC0), the face that Pillow carries, so that pictures are lettered alike on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(px)  # type: ignore[return-value]


@cache
def _wide_font(px: int) -> FreeTypeFont | None:
    """DejaVu Sans, which matplotlib carries, for the signs that Aileron lacks."""
    from PIL import ImageFont

    found = importlib.util.find_spec("matplotlib")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), round(px * 0.93))
    return None


def _mask(font: Any, text: str) -> Floats32:
    """Coverage 0..1 of `text` in a box as high as the font, float32[h,w]."""
    ascent, descent = font.getmetrics()
    width = max(1, int(np.ceil(font.getlength(text))))
    from PIL import Image, ImageDraw

    image = Image.new("L", (width + 2, ascent + descent))
    ImageDraw.Draw(image).text((0, ascent), text, fill=255, font=font, anchor="ls")
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def text_mask(text: str, px: int) -> tuple[Floats32, int]:
    """Coverage of `text` in letters `px` high, float32[h,w], and the row of its base line."""
    font, wide, small = _font(px), _wide_font(px), _font(max(6, round(px * 0.68)))
    missing = _mask(font, "\uffff")
    runs: list[tuple[Any, str, int]] = []  # face, signs, how far below the base line
    for sign in text:
        face, below = font, 0
        if sign in _SUBSCRIPTS:
            face, below, sign = small, round(px * 0.16), str(_SUBSCRIPTS.index(sign))
        elif ord(sign) > 126 and wide is not None and np.array_equal(_mask(font, sign), missing):
            face = wide
        if runs and runs[-1][0] is face:
            runs[-1] = (face, runs[-1][1] + sign, below)
        else:
            runs.append((face, sign, below))
    masks = [_mask(face, run) for face, run, _ in runs] or [np.zeros((1, 1), dtype=np.float32)]
    bases = [face.getmetrics()[0] - below for face, _, below in runs] or [0]
    base = max(bases)
    below = max(m.shape[0] - b for m, b in zip(masks, bases, strict=False))
    out = np.zeros((base + below, sum(m.shape[1] - 2 for m in masks) + 2), dtype=np.float32)
    x = 0
    for m, b in zip(masks, bases, strict=False):
        part = out[base - b : base - b + m.shape[0], x : x + m.shape[1]]
        np.maximum(part, m[:, : part.shape[1]], out=part)
        x += m.shape[1] - 2
    return out, base


_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"


class Overlay:
    """What is laid over a picture: `paint(mask, left, top, light)` collects layers, later ones above."""

    def __init__(self, width: int, height: int) -> None:
        self.light = np.zeros((height, width, 3), dtype=np.float32)
        self.cover = np.zeros((height, width), dtype=np.float32)

    def paint(self, mask: Floats32, left: int, top: int, light: Floats32) -> None:
        """Lay linear `light` (float32[3], or [h,w,3] like `mask`) at (left, top) where `mask` covers; what sticks out is cut off."""
        h, w = self.cover.shape
        y0, x0, y1, x1 = max(0, top), max(0, left), min(h, top + mask.shape[0]), min(w, left + mask.shape[1])
        if y0 >= y1 or x0 >= x1:
            return
        m = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        colour = light[y0 - top : y1 - top, x0 - left : x1 - left] if light.ndim == 3 else light
        self.light[y0:y1, x0:x1] *= (1 - m)[..., None]
        self.light[y0:y1, x0:x1] += m[..., None] * colour
        self.cover[y0:y1, x0:x1] = m + self.cover[y0:y1, x0:x1] * (1 - m)


def letter(picture: Picture, linear: Any, rod: Any) -> Overlay:
    """Captions, scale bar and legend of `picture`.

    `linear` turns "#rrggbb" into linear light, `rod(colour, w, h)` draws a short filament of a colour for the legend.
    """
    width, height = picture.size
    over = Overlay(width, height)
    if not picture.lettering:
        return over
    px, margin = picture.letter_px, picture.margin_px
    ink = linear(picture.style.letters)
    if picture.style.strip:
        band = margin + round(1.9 * px)
        over.paint(np.ones((band, width), dtype=np.float32), 0, height - band, linear("#0b0b0b"))
        mask, base = text_mask(picture.style.note, round(0.8 * px))
        over.paint(mask, width - margin - mask.shape[1], height - margin - base, linear("#a8a8a8"))
    for panel in picture.panels:
        if panel.caption:
            mask, _ = text_mask(panel.caption, px)
            over.paint(
                mask, panel.box.left + (panel.box.width - mask.shape[1]) // 2, max(4, margin // 2), ink
            )

    # The scale bar lies in the picture's plane: parallel projection makes it hold everywhere in the picture.
    bar = round(picture.bar_um / picture.um_per_px)
    thick = max(2, round(px * 0.2))
    foot = height - margin
    over.paint(np.ones((thick, bar), dtype=np.float32), margin, foot - thick, ink)
    mask, base = text_mask(length_label(picture.bar_um), px)
    over.paint(mask, margin + (bar - mask.shape[1]) // 2 if mask.shape[1] < bar else margin, foot - thick - round(px * 0.35) - base, ink)  # fmt: skip

    right = width - margin
    if picture.bar is not None:
        right = _colour_bar(over, picture, picture.bar, ink, linear) - 2 * px
    entries = [(text_mask(label, px), colour) for label, colour in picture.legend]
    swatch_w, swatch_h, gap, between = (
        round(px * 1.15),
        max(4, round(px * 0.5)),
        round(px * 0.4),
        round(px * 1.1),
    )
    wide = [swatch_w + gap + m.shape[1] for (m, _), _ in entries]
    room = right - 2 * margin - bar
    rows: list[list[int]] = [[]]
    for k, w in enumerate(wide):
        if rows[-1] and sum(wide[j] + between for j in rows[-1]) + w > room:
            rows.append([])
        rows[-1].append(k)
    line = round(px * 1.4)
    for n, row in enumerate(rows):
        y = foot - (len(rows) - 1 - n) * line
        x = right - sum(wide[k] for k in row) - between * (len(row) - 1)
        for k in row:
            (mask, base), colour = entries[k]
            light, shape = rod(colour, swatch_w, swatch_h)
            over.paint(shape, x, y - round(px * 0.36) - swatch_h // 2, light)
            over.paint(mask, x + swatch_w + gap, y - base, ink)
            x += wide[k] + between
    return over


def _colour_bar(over: Overlay, picture: Picture, bar: Bar, ink: Floats32, linear: Any) -> int:
    """The bar of colours at the foot on the right: what it tells above, figures at its ends and middle below. Where it begins."""
    px, margin = picture.letter_px, picture.margin_px
    small = round(0.8 * px)
    wide, high = round(9.5 * px), max(4, round(0.55 * px))
    # Above the dark strip of a style that has one.
    foot = picture.size[1] - margin - (round(2.2 * px) + margin if picture.style.strip else 0)
    left, top = picture.size[0] - margin - wide, foot - round(0.95 * px) - high
    at = np.linspace(0, len(bar_colours()) - 1, wide).round().astype(int)
    row = np.array([linear(c) for c in bar_colours()], dtype=np.float32)[at]
    over.paint(np.ones((high, wide), dtype=np.float32), left, top, np.repeat(row[None], high, axis=0))
    mask, base = text_mask(bar.label, small)
    over.paint(mask, left + wide - mask.shape[1], top - round(0.35 * px) - base, ink)
    for share in (0.0, 0.5, 1.0):
        value = bar.low + share * (bar.high - bar.low)
        mask, base = text_mask(f"{value:.3g}", small)
        x = left + round(share * wide - 0.5 * mask.shape[1])
        x = min(max(x, left), left + wide - mask.shape[1])
        over.paint(mask, x, foot - base + round(0.1 * px), ink)
    return left
