"""Writing a pattern with a beam: dose factors of its classes, write fields, and how long the exposure takes."""

from __future__ import annotations

import math

#: Dose factor 1 in a datatype of GDSII, and the largest datatype: a signed integer of two bytes.
FACTOR_UNIT = 1000
MOST_DATATYPE = 32_767


def exposure_time_s(dose: float, area_um2: float, current_a: float) -> float:
    """Time in which a beam of `current_a` (A) brings a charge `dose` (A s/um^2) over an area: dose * area / current. Without what the
    stage, blanking and settling take."""
    return dose * area_um2 / current_a


def datatype_of(factor: float) -> int | None:
    """A dose factor as a datatype, 1000 for factor 1; None where it rounds to 0 or no datatype is that large."""
    number = round(FACTOR_UNIT * factor) if math.isfinite(factor) else 0
    return number if 0 < number <= MOST_DATATYPE else None


def fields_over(bounds_um: tuple[float, float, float, float], field_um: float) -> tuple[int, int]:
    """Write fields of side `field_um` along x and y that cover (x0, y0, x1, y1), one at least; a rim of half the grid of 1 nm is not
    worth a field of its own."""
    x0, y0, x1, y1 = bounds_um
    across, up = (max(1, math.ceil((size - 5e-4) / field_um)) for size in (x1 - x0, y1 - y0))
    return across, up
