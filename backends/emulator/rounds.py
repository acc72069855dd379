"""Arcs as emulated controllers draw them: chords so fine that nothing tells them from the arc, or those that a firmware makes."""

from __future__ import annotations

import math

import numpy as np

from .profile import Floats

#: A controller that interpolates circles itself is this close to them (um).
FINE_UM = 0.005


class ArcError(Exception):
    """An arc that controllers refuse."""


def chords(
    start_um: Floats, end_um: Floats, centre_um: tuple[float, float], left: bool, count: int | None = None
) -> Floats:
    """Ends [N,3] of the chords of an arc from start[3] to end[3] about `centre_um`, counter-clockwise where `left`, the last of them its end;
    N is `count`, or as many as FINE_UM asks for. Its radius and its height change evenly along it. Raises ArcError where the ends lie at
    different distances from the centre: by more than 5 um and 0.1 % (LinuxCNC; GRBL), or on it."""
    sweep, radius, end_radius = measure(start_um, end_um, centre_um, left)
    if count is None:
        count = math.ceil(abs(sweep) / (2.0 * math.acos(1.0 - min(FINE_UM / radius, 1.0))))
    part = np.arange(1, max(count, 1) + 1) / max(count, 1)
    angle = math.atan2(start_um[1] - centre_um[1], start_um[0] - centre_um[0]) + sweep * part
    size = radius + (end_radius - radius) * part
    points = np.stack(
        [
            centre_um[0] + size * np.cos(angle),
            centre_um[1] + size * np.sin(angle),
            start_um[2] + (end_um[2] - start_um[2]) * part,
        ],
        axis=1,
    )
    points[-1] = end_um
    return points


def measure(
    start_um: Floats, end_um: Floats, centre_um: tuple[float, float], left: bool
) -> tuple[float, float, float]:
    """How far an arc turns (rad, counter-clockwise above zero), and its radius at both ends. Raises ArcError."""
    x0, y0 = start_um[0] - centre_um[0], start_um[1] - centre_um[1]
    x1, y1 = end_um[0] - centre_um[0], end_um[1] - centre_um[1]
    r0, r1 = math.hypot(x0, y0), math.hypot(x1, y1)
    # The inch and millimetre rules of both, to a micrometre.
    if min(r0, r1) < 1.27 or abs(r1 - r0) > 500.0 or (abs(r1 - r0) > 5.0 and abs(r1 - r0) > 1e-3 * r0):
        raise ArcError(f"the radius is {r0:.3f} um at the start of the arc and {r1:.3f} um at its end")
    sweep = math.atan2(x0 * y1 - y0 * x1, x0 * x1 + y0 * y1)
    # Ends that are one point make a whole circle.
    if left and sweep <= 5e-7:
        sweep += 2.0 * math.pi
    elif not left and sweep >= -5e-7:
        sweep -= 2.0 * math.pi
    return sweep, r0, r1
