"""Colours by the print: when a filament is printed, how fast, at which pressure; in which block light writes it, with which power."""

from __future__ import annotations

import numpy as np

from ...kernel.filaments import Floats
from ..colouring import Planned
from ..course import Course


def _lit(course: Course, column: Floats | None) -> Floats:
    """A figure of what is written with light; nan of filaments of ink."""
    return np.full(len(course.part), np.nan) if column is None else column


ORDER = Planned(
    "order",
    "the place in the order of the print, counted from 1",
    "printed as number",
    lambda c: c.place.astype(np.float64) + 1.0,
    whole=True,
)
TIME = Planned("time", "when it is printed", "printed after, s", lambda c: c.end_s)
SPEED = Planned("speed", "the mean speed of the tip", "speed, mm/s", lambda c: c.speed_um_s / 1e3)
PRESSURE = Planned("pressure", "the pressure on the ink", "pressure, kPa", lambda c: c.pressure_kpa)
BLOCK = Planned(
    "block",
    "the block in which light writes it, counted from 1",
    "written in block",
    lambda c: _lit(c, c.block),
    whole=True,
)
POWER = Planned("power", "the mean power of light", "power, mW", lambda c: _lit(c, c.power_mw))
