"""Smooth curves: Catmull-Rom through points, or a cubic B-spline near them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..paths import TooManyPointsError, path_construct
from ..quantity import Bool, FieldSpec
from .polyline import CLOSED, POINTS, WIDTHS, points_fault

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Spline:
    construct = path_construct(
        "spline",
        "a smooth curve through points (centripetal Catmull-Rom), or near them (cubic B-spline)",
        POINTS,
        CLOSED,
        WIDTHS,
        FieldSpec("through", Bool, "goes through the points; otherwise they only pull it", default=True),
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        fault = points_fault(fields, 3 if fields["closed"] else 2)
        if fault is not None:
            return fault
        p = fields["points"]
        pairs = [*pairwise(p)] + ([(p[-1], p[0])] if fields["closed"] else [])
        if any(tuple(a) == tuple(b) for a, b in pairs):
            return "points", "two neighbouring points are one, the curve has no direction there"
        return None

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        import numpy as np

        from ..lattice import MOST_POINTS

        points = np.array(fields["points"], dtype=float)
        closed = fields["closed"]
        widths = None if fields["widths"] is None else np.array(fields["widths"], dtype=float)
        bezier = (through if fields["through"] else near)(points, closed)
        # A cubic's chord error is at most |P''| / 8 of a step squared, and |P''| at most that of its ends.
        bend = 6 * np.linalg.norm(bezier[:, :-2] - 2 * bezier[:, 1:-1] + bezier[:, 2:], axis=2).max(axis=1)
        counts = np.maximum(4, np.ceil(np.sqrt(bend / (8 * fields["tolerance"]))))
        if counts.sum() > MOST_POINTS:
            raise TooManyPointsError(float(counts.sum()))
        n = counts.astype(np.int64)
        span = np.repeat(np.arange(len(n)), n)
        t = (np.arange(len(span)) - np.repeat(np.cumsum(n) - n, n)) / n[span]
        span, t = np.append(span, len(n) - 1), np.append(t, 1.0)
        s = 1 - t
        weights = np.stack([s**3, 3 * s * s * t, 3 * s * t * t, t**3], axis=1)
        curve = np.einsum("ni,nij->nj", weights, bezier[span])
        if closed:
            curve[-1] = curve[0]
        if widths is None:
            return curve, None
        after = np.append(widths[1:], widths[0] if closed else widths[-1])
        return curve, widths[span] * s + after[span] * t


def through(points: Floats, closed: bool) -> Floats:
    """Bezier points [spans, 4, 3] of the centripetal Catmull-Rom curve (Barry and Goldman 1988, knots by sqrt of chord)."""
    import numpy as np

    if closed:
        p = np.concatenate([points[-1:], points, points[:2]])
    else:
        # The ends are mirrored, so that the curve leaves them straight.
        p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    knots = np.sqrt(np.linalg.norm(np.diff(p, axis=0), axis=1))[:, None]
    d0, d1, d2 = knots[:-2], knots[1:-1], knots[2:]
    p0, p1, p2, p3 = p[:-3], p[1:-2], p[2:-1], p[3:]
    leave = (d1 * d1 * (p1 - p0) + d0 * d0 * (p2 - p1)) / (3 * d0 * d1 * (d0 + d1)) * d1
    arrive = (d1 * d1 * (p3 - p2) + d2 * d2 * (p2 - p1)) / (3 * d2 * d1 * (d2 + d1)) * d1
    return np.stack([p1, p1 + leave, p2 - arrive, p2], axis=1)


def near(points: Floats, closed: bool) -> Floats:
    """Bezier points of the uniform cubic B-spline; an open one begins and ends at its end points."""
    import numpy as np

    if closed:
        p = np.concatenate([points[-1:], points, points[:2]])
    else:
        p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    return np.stack([(a + 4 * b + c) / 6, (2 * b + c) / 3, (b + 2 * c) / 3, (b + 4 * c + d) / 6], axis=1)


SPLINE = Spline()
