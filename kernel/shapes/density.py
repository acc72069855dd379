"""The part of space that lattices fill, and the filament width that fills a given part. Numpy for nodes of struts alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

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


def stacked(d: float, pitch: float, h: float, crossed: bool) -> float:
    """Part of space filled by walls of filaments that lie upon each other, h apart, the walls a pitch apart; with `crossed`
    walls in two directions (or around the hexagons of a honeycomb a pitch wide), which share their crossings.

    At a height z from the nearest axis a wall is w = 2 sqrt(r^2 - z^2) wide and w / pitch of the plane is filled, or
    1 - (1 - w / pitch)^2 by crossed ones: both integrate in closed form. For d up to the pitch.
    """
    r = d / 2
    top = min(r, h / 2)
    turn = math.asin(min(1.0, top / r))
    walls = r * r * (2 * turn + math.sin(2 * turn)) / pitch
    if not crossed:
        return walls / h
    return (2 * walls - 8 * (r * r * top - top**3 / 3) / pitch**2) / h


def width_that_fills(density: float, at: Callable[[float], float], widest: float) -> float | None:
    """The filament width, up to the widest, at which `at(width)` is `density`; None for what cannot be filled so."""
    low, high = 0.0, widest
    if not (high > 0 and 0 < density <= at(high)):
        return None
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if at(middle) < density else (low, middle)
    return high


@lru_cache(maxsize=64)
def joints(directions: tuple[tuple[float, float, float], ...]) -> float:
    """Volume that round struts share which begin at one node, over their radius cubed: their sum less their union.

    A half of a cylinder from the node along u holds what lies nearer than r / sin(angle to u) in every direction, ahead of
    its flat end; so what is shared is the integral of (sum - largest) of the cubes of these, over three, over all
    directions. By numpy, on a spiral of points; good to about 1e-4. Holds where no strut's end lies in what others share.
    """
    import numpy as np

    u = np.array(directions, dtype=float)
    u /= np.linalg.norm(u, axis=1)[:, None]
    n = 120_000
    z = 1 - (2 * np.arange(n) + 1) / n
    turn = math.pi * (1 + math.sqrt(5)) * np.arange(n)
    flat = np.sqrt(1 - z * z)
    aim = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)
    cosine = aim @ u.T
    with np.errstate(divide="ignore"):
        reach = np.where(cosine > 0, (1 - np.minimum(cosine, 1.0) ** 2) ** -1.5, 0.0)
    reach.sort(axis=1)
    return float(4 * math.pi / 3 * reach[:, :-1].sum(axis=1).mean())
