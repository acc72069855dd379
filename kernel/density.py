"""The part of space that layers of crossing lines fill, and the filament width that fills a given part. No numpy."""

from __future__ import annotations

import math

#: Points of the midpoint rule; the integrand is smooth and periodic in the angle, so the error is far below 1e-9.
_POINTS = 64


def crossing_volume(d: float, h: float, angle: float = math.pi / 2) -> float:
    """Volume that two round filaments of width d share whose axes lie h apart and cross at `angle`, um^3:
    the integral of 4 sqrt(r^2 - z^2) sqrt(r^2 - (z - h)^2) over their common heights, over the sine of the angle.
    """
    r = d / 2
    half = r - h / 2
    if half <= 0:
        return 0.0
    total = 0.0
    for i in range(_POINTS):
        # z = h / 2 + half * sin(u): the roots at both ends become smooth.
        u = (i + 0.5) / _POINTS * math.pi - math.pi / 2
        z = h / 2 + half * math.sin(u)
        total += math.sqrt(max(0.0, r * r - z * z)) * math.sqrt(max(0.0, r * r - (z - h) ** 2)) * math.cos(u)
    return 4 * total * half * math.pi / _POINTS / math.sin(angle)


def filled(d: float, pitch: float, h: float) -> float:
    """Part of space filled by layers of parallel lines that cross those of the next layer, at any angle: crossings are
    rarer by the sine by which they are longer. For h from d / 2 (no overlap beyond the next layer) and d up to the pitch.
    """
    return math.pi * d * d / (4 * pitch * h) - crossing_volume(d, h) / (pitch * pitch * h)


def width_for(density: float, pitch: float, layer_height: float | None, ratio: float) -> float | None:
    """The filament width that fills `density`; layers lie `layer_height` apart, or `ratio` widths. None for what lines
    that do not touch their neighbours cannot fill.
    """
    widest = pitch if layer_height is None else min(pitch, 2 * layer_height)

    def at(d: float) -> float:
        return filled(d, pitch, ratio * d if layer_height is None else layer_height)

    low, high = 0.0, widest
    if not 0 < density <= at(high):
        return None
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if at(middle) < density else (low, middle)
    return high
