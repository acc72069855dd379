"""Write fields: which shapes lie across their borders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..flat import GRID_UM, Flat, Floats

Bools = npt.NDArray[np.bool_]


def across(flat: Flat, side_um: float) -> tuple[int, int, tuple[float, float]]:
    """How many polygons lie across a border of fields of that side, counted from the lower left corner of the region; of how many; and
    the middle of the first, um. A polygon that ends at a border does not lie across it."""
    box = flat.bounds_nm()
    if box is None:
        return 0, 0, (0.0, 0.0)
    side = side_um / GRID_UM
    start = np.array(box[:2], dtype=float)
    cut, at = 0, (0.0, 0.0)
    for cell in flat.cells:
        if not len(cell):
            continue
        ring = cell.rings[cell.polygons[:-1]]
        low = np.minimum.reduceat(cell.points_nm, ring, axis=0) - start
        high = np.maximum.reduceat(cell.points_nm, ring, axis=0) - start
        r = cell.repeat
        # Along x and y, what lies across an upright border is one column, across a lying one a row: a million copies cost a thousand.
        upright = r.a_nm[1] == 0 and r.b_nm[0] == 0
        origins = (np.zeros((0, 2)) if upright else r.origins_nm()).astype(float)
        xs, ys = (
            at0 + np.arange(n, dtype=float) * step
            for at0, n, step in zip(r.origin_nm, (r.columns, r.rows), (r.a_nm[0], r.b_nm[1]), strict=True)
        )
        for lo, hi in zip(low, high, strict=True):
            if upright:
                i, j = (_across(v + a, v + b, side) for v, a, b in zip((xs, ys), lo, hi, strict=True))
                found = int(i.sum()) * r.rows + int(j.sum()) * r.columns - int(i.sum()) * int(j.sum())
                row = 0 if i.any() else int(np.argmax(j))
                here = np.array([xs[0 if j[row] else int(np.argmax(i))], ys[row]])
            else:
                crossing = _across(origins + lo, origins + hi, side).any(axis=1)
                found, here = int(crossing.sum()), origins[int(np.argmax(crossing))]
            if found and not cut:
                middle = here + 0.5 * (lo + hi) + start
                at = (float(middle[0]) * GRID_UM, float(middle[1]) * GRID_UM)
            cut += found
    return cut, flat.count, at


def _across(low: Floats, high: Floats, side: float) -> Bools:
    """Whether spans lie across a border of fields."""
    out: Bools = np.ceil(high / side) - 1 > np.floor(low / side)
    return out
