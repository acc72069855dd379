"""Small cards of text for the window: the legend and the list of keys, as images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import Floats
from .lettering import text_mask

INK = (22, 24, 29)


def legend_card(
    entries: Sequence[tuple[str, Floats]], px: int, ink: tuple[int, int, int] = INK
) -> npt.NDArray[np.uint8]:
    """Rows of a colour and a label, uint8[h,w,4]."""
    masks = [text_mask(label, px)[0] for label, _ in entries]
    line, swatch = round(1.45 * px), round(1.1 * px)
    wide = swatch + px // 2 + max(m.shape[1] for m in masks)
    out = np.zeros((line * len(entries), wide, 4), dtype=np.uint8)
    for k, (mask, (_, colour)) in enumerate(zip(masks, entries, strict=True)):
        at = k * line
        middle = at + round(0.62 * px)
        out[middle - px // 4 : middle + px // 4, :swatch] = (
            *np.rint(np.asarray(colour) * 255).astype(int),
            255,
        )
        out[at : at + line, swatch + px // 2 :, :3] = ink
        rows = min(mask.shape[0], line)
        x = swatch + px // 2
        out[at : at + rows, x : x + mask.shape[1], 3] = np.rint(mask[:rows] * 255)
    return out


def table_card(rows: Sequence[tuple[str, str]], px: int) -> npt.NDArray[np.uint8]:
    """Two columns of text on a white card, uint8[h,w,4]."""
    left = [text_mask(a, px)[0] for a, _ in rows]
    right = [text_mask(b, px)[0] for _, b in rows]
    line, gap = round(1.4 * px), px
    start = gap + max(m.shape[1] for m in left) + 2 * gap
    out = np.full(
        (line * len(rows) + gap, start + max(m.shape[1] for m in right) + gap, 4), 255, dtype=np.uint8
    )
    out[..., 3] = 235
    for k, pair in enumerate(zip(left, right, strict=True)):
        for mask, x in zip(pair, (gap, start), strict=True):
            at = gap // 2 + k * line
            part = out[at : at + mask.shape[0], x : x + mask.shape[1], :3]
            m = mask[: part.shape[0], :, None]
            part[:] = np.rint(part * (1 - m) + np.array(INK) * m)
    return out
