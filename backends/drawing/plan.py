"""Films from above, each pixel as much of a film's colour as the film covers of it: for overviews of layouts of any size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...kernel.flat import GRID_UM, Cell, Flat, area_um2, copied_out
from ..tubes import Floats32
from .shading import linear
from .slabs import Slab, Window, bounds_um

#: Polygons are drawn this much finer than pixels, each way.
_SUPER = 4
#: Copies of a cell that lie nearer to each other than so many pixels are told by the share of the area that they cover.
_TOO_FINE_PX = 2.0


def plan_view(slabs: Sequence[Slab], window: Window, side_px: int, *, grey: bool = False) -> Floats32:
    """Linear light float32[h,w,3], the longer side `side_px` long: all films on white with a rim, `window` marked on them."""
    whole = bounds_um(slabs)
    assert whole is not None
    px_um = whole.side_um / (side_px - 4)
    w = max(8, round((whole.x1 - whole.x0) / px_um) + 4)
    h = max(8, round((whole.y1 - whole.y0) / px_um) + 4)
    out = np.ones((h, w, 3), dtype=np.float32)
    for slab in slabs:
        share = np.zeros((h, w), dtype=np.float32)
        for cell in slab.region.cells:
            share = np.maximum(share, _covered(cell, whole, px_um, h, w))
        colour = linear("#707070" if grey else slab.colour)
        out = out * (1 - share)[..., None] + share[..., None] * colour
    _frame(out, 0, 0, w, h, linear("#9aa0a8"))
    left, right = 2 + (window.x0 - whole.x0) / px_um, 2 + (window.x1 - whole.x0) / px_um
    top, foot = 2 + (whole.y1 - window.y1) / px_um, 2 + (whole.y1 - window.y0) / px_um
    least = 6 - min(right - left, foot - top)
    grow = max(0.0, least / 2)
    mark = linear("#16181d")
    x0, x1 = max(0, round(left - grow)), min(w, round(right + grow))
    y0, y1 = max(0, round(top - grow)), min(h, round(foot + grow))
    for k in range(2):
        _frame(out, x0 - k, y0 - k, x1 + k, y1 + k, mark)
    return out


def _frame(image: Floats32, x0: int, y0: int, x1: int, y1: int, colour: Floats32) -> None:
    h, w = image.shape[:2]
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(w, x1), min(h, y1)
    image[y0, x0:x1] = image[y1 - 1, x0:x1] = colour
    image[y0:y1, x0] = image[y0:y1, x1 - 1] = colour


def _covered(cell: Cell, whole: Window, px_um: float, h: int, w: int) -> Floats32:
    """Share of each pixel that the cell's polygons cover."""
    from PIL import Image, ImageDraw

    r = cell.repeat
    steps = [np.hypot(*v) * GRID_UM for v, n in ((r.a_nm, r.columns), (r.b_nm, r.rows)) if n > 1]
    image = Image.new("L", (w * _SUPER, h * _SUPER))
    pen = ImageDraw.Draw(image)

    def to_px(points_nm: np.typing.NDArray[np.float64]) -> list[tuple[float, float]]:
        x = (2 + (points_nm[:, 0] * GRID_UM - whole.x0) / px_um) * _SUPER
        y = (2 + (whole.y1 - points_nm[:, 1] * GRID_UM) / px_um) * _SUPER
        return list(zip(x.tolist(), y.tolist(), strict=True))

    fine = bool(steps) and min(steps) < _TOO_FINE_PX * px_um
    if fine:
        a, b = np.array(r.a_nm) * max(1, r.columns), np.array(r.b_nm) * max(1, r.rows)
        low = cell.points_nm.min(axis=0) + np.array(r.origin_nm)
        if r.columns == 1:
            a = np.array([np.ptp(cell.points_nm[:, 0]), 0])
        if r.rows == 1:
            b = np.array([0, np.ptp(cell.points_nm[:, 1])])
        pen.polygon(to_px(np.array([low, low + a, low + a + b, low + b], dtype=float)), fill=255)
        area = abs(float(a[0] * b[1] - a[1] * b[0])) * GRID_UM**2
        density = area_um2(Flat((cell,))) / area if area else 1.0
    else:
        flat = copied_out(Flat((cell,)))
        first = flat.polygons[:-1]
        is_hole = np.ones(len(flat.rings) - 1, dtype=bool)
        is_hole[first] = False
        for k in range(len(flat.rings) - 1):
            ring = flat.points_nm[flat.rings[k] : flat.rings[k + 1]].astype(float)
            pen.polygon(to_px(ring), fill=0 if is_hole[k] else 255)
        density = 1.0
    share = np.asarray(image, dtype=np.float32).reshape(h, _SUPER, w, _SUPER).mean(axis=(1, 3)) / np.float32(
        255
    )
    return np.asarray(share * np.float32(min(1.0, density)), dtype=np.float32)
