"""Curve: a path whose coordinates, and width, are expressions of a parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..paths import path_construct
from ..quantity import ANGLE, LENGTH, NONE, Dim
from ..scene import Expr

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Curve:
    """Fields that no block gives: `over` (first, last) of the parameter, `of` its Dim, `point` the three coordinates and
    `width` the filament width where it varies: numbers, or expressions of the coordinate "t". `filament` is then any
    width of it."""

    construct = path_construct(
        "curve",
        "a path by its coordinates: `curve(t in 0deg..360deg: [x, y, z]) { ... }`; `filament` may vary with t too",
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        low, high = fields.get("over") or (0.0, 0.0)
        if not (math.isfinite(low) and math.isfinite(high)) or low == high:
            return "over", "the range of its parameter is empty or infinite"
        if len(fields.get("point") or ()) != 3:
            return "point", "it needs three coordinates"
        return None

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        import numpy as np

        from ..shapes.curves import sampled

        width = fields.get("width")
        point = fields["point"]
        columns = [*point, *([] if width is None else [width])]
        rows = sampled(
            lambda t: np.stack([_on(c, t) for c in columns], axis=1),
            fields["over"],
            fields["tolerance"],
            lambda t: parameter(t, fields.get("of", NONE)),
        )
        return rows[:, :3], None if width is None else rows[:, 3]


def _on(expression: Any, t: Floats) -> Floats:
    import numpy as np

    from ..fields import evaluate

    if isinstance(expression, Expr):
        return np.asarray(evaluate(expression, t[:, None]), dtype=float)
    return np.full(len(t), float(expression))


def parameter(t: float, dim: Dim) -> str:
    """A value of the parameter as its user would write it."""
    if dim == ANGLE:
        return f"{math.degrees(t):.9g}deg"
    return f"{t:.9g}um" if dim == LENGTH else f"{t:.9g}"


CURVE = Curve()
