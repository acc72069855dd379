"""Colours by the print: when a filament is printed, how fast, and at which pressure."""

from __future__ import annotations

import numpy as np

from ..colouring import Planned

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
