"""Doses on contrast curves: what stays of a film, and where the doses of its passes lie on that."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...kernel.films.checked import CoatDose, Films
from .blocks import Beside, Drawing
from .charts import DRIED, WET, Series, chart

if TYPE_CHECKING:
    from ...kernel.scene import Scene

#: So far beyond the doses that matter the axis goes, in decades.
_ROOM = 0.25
_WINDOW, _MARK = "#3c7d4e", "#55616d"


def window(low: float, high: float, top: float) -> Series:
    """The window of doses, decimal logarithms, up to `top`."""
    return Series("", _WINDOW, [low, high], [top / 2] * 2, "band", y_error=[top / 2] * 2)


def upright(label: str, dose: float, side: str) -> Series:
    """A dose that has a name; its name stands on that side."""
    return Series(label, _MARK, [math.log10(dose)], [0.0], "uprights", dash="4 3", mark=side)


def contrast_blocks(scene: Scene) -> tuple[Beside, ...]:
    """A plot for every coat whose film has a contrast curve, two beside each other."""
    drawn = [d for d in map(_drawn, Films(scene).doses) if d is not None]
    return tuple(Beside(tuple(drawn[k : k + 2])) for k in range(0, len(drawn), 2))


def _drawn(given: CoatDose) -> Drawing | None:
    curve = given.curve
    d0, d100, damage = curve.d0, curve.d100, curve.damage
    if d0 is None or d100 is None:
        return None
    doses = [d for d in (given.low, given.high) if math.isfinite(d)]
    low, high = _ends([d0, d100, *([] if damage is None else [damage]), *doses])
    # The curve has corners at D0 and D100 and is straight over the logarithm of the dose.
    corners = [low, math.log10(d0), math.log10(d100), high]
    factor = 1.0 / curve.unit
    shift = math.log10(factor)
    series = [
        window(math.log10(d100) + shift, (high if damage is None else math.log10(damage)) + shift, 100.0),
        Series("", WET, [v + shift for v in corners], [0.0, 0.0, 100.0, 100.0], "line"),
        upright("D0", d0 * factor, "left"),
        upright("D100", d100 * factor, "right"),
    ]
    if damage is not None:
        series.append(upright("damage", damage * factor, "right"))
    marks = sorted(set(doses))
    series.append(
        Series(
            "dose",
            DRIED,
            [math.log10(d * factor) for d in marks],
            [100.0 * curve.retention(d) for d in marks],
            "marks",
        )
    )
    told = " to ".join(curve.told(d) for d in marks)
    film = given.coat.film.name
    return Drawing(
        chart(f"dose, {curve.unit_name}", "of the film stays, %", series, zero_y=True, x_format="log"),
        f"What stays of film {film} after a dose, its window, and the dose that it gets: {told}.",
        f"contrast of {film}: D0 {curve.told(d0)}, D100 {curve.told(d100)}; it gets {told}",
    )


def _ends(doses: Iterable[float]) -> tuple[float, float]:
    logs = [math.log10(d) for d in doses]
    return min(logs) - _ROOM, max(logs) + _ROOM
