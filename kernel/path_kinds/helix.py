"""Helix and flat spiral."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..paths import TooManyPointsError, number_fault, path_construct, positive_fault
from ..quantity import FieldSpec, Length, Ratio
from .arc import CENTRE, RADIUS, START, WIDTHS, widths_fault, with_knots

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_TURNS = FieldSpec("turns", Ratio, "how many times it goes round; below zero is clockwise")


class Helix:
    construct = path_construct(
        "helix",
        "a spiral that climbs about an upright axis",
        CENTRE,
        RADIUS,
        FieldSpec("rise", Length, "height gained in one turn", state=True, low=0.0),
        _TURNS,
        FieldSpec(
            "top_radius",
            Length,
            "radius at the end",
            default=None,
            default_doc="radius",
            state=True,
            low=0.0,
        ),
        START,
        WIDTHS,
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        bad = positive_fault(fields, "radius") or number_fault(fields, "centre", "rise", "turns", "start")
        if bad is None and fields["turns"] == 0:
            return "turns", "0 turns, the path has no length"
        if bad is None and fields["top_radius"] is not None and not fields["top_radius"] >= 0:
            return "top_radius", f"top_radius is {fields['top_radius']:g} um, it must not be below zero"
        return bad or widths_fault(fields)

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        r0 = fields["radius"]
        r1 = r0 if fields["top_radius"] is None else fields["top_radius"]
        return wound(fields, r0, r1, abs(fields["turns"]) * fields["rise"])


class Spiral:
    construct = path_construct(
        "spiral",
        "a flat Archimedean spiral",
        CENTRE,
        FieldSpec("pitch", Length, "from one turn to the next", state=True, low=0.0, above=True),
        _TURNS,
        FieldSpec("inner_radius", Length, "where it begins", default=0.0, state=True, low=0.0),
        START,
        WIDTHS,
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        bad = positive_fault(fields, "pitch") or number_fault(
            fields, "centre", "turns", "start", "inner_radius"
        )
        if bad is None and fields["turns"] == 0:
            return "turns", "0 turns, the path has no length"
        if bad is None and fields["inner_radius"] < 0:
            return "inner_radius", f"inner_radius is {fields['inner_radius']:g} um, it must not be below zero"
        return bad or widths_fault(fields)

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        r0 = fields["inner_radius"]
        return wound(fields, r0, r0 + abs(fields["turns"]) * fields["pitch"], 0.0)


def wound(fields: dict[str, Any], r0: float, r1: float, climb: float) -> tuple[Floats, Floats | None]:
    """A path whose radius and height grow evenly with its angle, its samples closer where it bends more, and its widths."""
    import numpy as np

    from ..lattice import MOST_POINTS

    sweep = 2 * math.pi * fields["turns"]
    slope = abs((r1 - r0) / sweep)
    u = np.linspace(0.0, 1.0, 4097)
    # Sagitta of a step of angle a at radius r is r a^2 / 8; a spiral through its centre bends no closer than its slope.
    radius = np.maximum(r0 + (r1 - r0) * u, 2 * slope)
    density = abs(sweep) * np.maximum(np.sqrt(radius / (8 * fields["tolerance"])), 3 / math.pi)
    count = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2) / (len(u) - 1)])
    if count[-1] > MOST_POINTS:
        raise TooManyPointsError(float(count[-1]))
    n = max(1, math.ceil(count[-1]))
    t, widths = with_knots(np.interp(np.linspace(0.0, count[-1], n + 1), count, u), fields)
    turn, r = fields["start"] + sweep * t, r0 + (r1 - r0) * t
    x, y, z = fields["centre"]
    return np.stack([x + r * np.cos(turn), y + r * np.sin(turn), z + climb * t], axis=1), widths


HELIX, SPIRAL = Helix(), Spiral()
