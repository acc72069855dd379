"""Arc and circle, lying flat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..paths import number_fault, path_construct, positive_fault, steps_for
from ..quantity import Angle, FieldSpec, Length, list_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

CENTRE = FieldSpec(
    "centre",
    list_of(Length, 3),
    "centre, at the height of the centreline",
    default=None,
    default_doc="on the axis, filament / 2 above the substrate",
    state=True,
)
RADIUS = FieldSpec("radius", Length, "radius of the centreline", state=True, low=0.0, above=True)
START = FieldSpec("start", Angle, "direction of the first point from x", default=0.0)


WIDTHS = FieldSpec(
    "widths",
    list_of(Length),
    "filament widths at evenly spaced angles from start to end, linear between them",
    default=None,
    default_doc="filament, everywhere",
    state=True,
    low=0.0,
    above=True,
)


def widths_fault(fields: dict[str, Any]) -> tuple[str, str] | None:
    """What is wrong with `widths` along a curve."""
    widths = fields.get("widths")
    if widths is None:
        return None
    if len(widths) < 2:
        return (
            "widths",
            f"{len(widths)} widths, a curve takes at least two: one where it begins, one where it ends",
        )
    if not all(isinstance(w, int | float) and math.isfinite(w) and w > 0 for w in widths):
        return "widths", "a width that is not above zero"
    return None


def with_knots(part: Floats, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
    """Samples of a curve at `part` of its angle, those put in where a width stands, and the width at each."""
    import numpy as np

    widths = fields.get("widths")
    if widths is None:
        return part, None
    knots = np.linspace(0.0, 1.0, len(widths))
    near = np.searchsorted(part, knots)
    known = (
        np.minimum(np.abs(part[near - 1] - knots), np.abs(part[np.minimum(near, len(part) - 1)] - knots))
        < 1e-9
    )
    part = np.sort(np.concatenate([part, knots[~known]]))
    return part, np.interp(part, knots, np.array(widths, dtype=float))


class Arc:
    construct = path_construct(
        "arc",
        "part of a circle",
        CENTRE,
        RADIUS,
        START,
        FieldSpec("sweep", Angle, "how far it turns; above zero is counter-clockwise"),
        WIDTHS,
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        bad = positive_fault(fields, "radius") or number_fault(fields, "centre", "start", "sweep")
        if bad is None and fields["sweep"] == 0:
            return "sweep", "sweep is 0, the arc has no length"
        return bad or widths_fault(fields)

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        return flat_arc(fields, fields["sweep"])


class Circle:
    construct = path_construct("circle", "a closed circle", CENTRE, RADIUS, START, WIDTHS)

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        return (
            positive_fault(fields, "radius")
            or number_fault(fields, "centre", "start")
            or widths_fault(fields)
        )

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        points, widths = flat_arc(fields, 2 * math.pi)
        points[-1] = points[0]
        return points, widths


def flat_arc(fields: dict[str, Any], sweep: float) -> tuple[Floats, Floats | None]:
    """Points on the arc itself, evenly spaced but for those where a width stands, and their widths."""
    import numpy as np

    r = fields["radius"]
    n = steps_for(r, sweep, fields["tolerance"])
    part, widths = with_knots(np.arange(n + 1) / n, fields)
    turn = fields["start"] + sweep * part
    x, y, z = fields["centre"]
    return np.stack(
        [x + r * np.cos(turn), y + r * np.sin(turn), np.full(len(turn), float(z))], axis=1
    ), widths


ARC, CIRCLE = Arc(), Circle()
