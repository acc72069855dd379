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


class Arc:
    construct = path_construct(
        "arc",
        "part of a circle",
        CENTRE,
        RADIUS,
        START,
        FieldSpec("sweep", Angle, "how far it turns; above zero is counter-clockwise"),
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        bad = positive_fault(fields, "radius") or number_fault(fields, "centre", "start", "sweep")
        if bad is None and fields["sweep"] == 0:
            return "sweep", "sweep is 0, the arc has no length"
        return bad

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        return flat_arc(fields, fields["sweep"]), None


class Circle:
    construct = path_construct("circle", "a closed circle", CENTRE, RADIUS, START)

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        return positive_fault(fields, "radius") or number_fault(fields, "centre", "start")

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        points = flat_arc(fields, 2 * math.pi)
        points[-1] = points[0]
        return points, None


def flat_arc(fields: dict[str, Any], sweep: float) -> Floats:
    """Points on the arc itself, evenly spaced."""
    import numpy as np

    r = fields["radius"]
    n = steps_for(r, sweep, fields["tolerance"])
    turn = fields["start"] + sweep * np.arange(n + 1) / n
    x, y, z = fields["centre"]
    return np.stack([x + r * np.cos(turn), y + r * np.sin(turn), np.full(n + 1, float(z))], axis=1)


ARC, CIRCLE = Arc(), Circle()
