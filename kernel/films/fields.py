"""Write fields: which shapes lie across their borders."""

from __future__ import annotations

import numpy as np

from ..flat import GRID_UM, Flat


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
        origins = cell.repeat.origins_nm()
        for lo, hi in zip(low, high, strict=True):
            first, last = np.floor((origins + lo) / side), np.ceil((origins + hi) / side) - 1
            crossing = (last > first).any(axis=1)
            if crossing.any() and not cut:
                middle = origins[int(np.argmax(crossing))] + 0.5 * (lo + hi) + start
                at = (float(middle[0]) * GRID_UM, float(middle[1]) * GRID_UM)
            cut += int(crossing.sum())
    return cut, flat.count, at
