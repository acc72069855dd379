"""Klipper: valves as output pins `valve0`, `valve1` ... of printer.cfg, pressures as `pressure0` ...; acceleration and corners set from the rig."""

from __future__ import annotations

import math
import re

from ...kernel.rig import Rig
from ..arcs import WORDS, Round
from ..gcode import Gcode, plain


def header(rig: Rig) -> tuple[str, ...]:
    """mm, absolute, and limits. Klipper turns its square corner velocity v into a junction deviation v^2 (sqrt 2 - 1) / a."""
    a = min(axis.acceleration_um_s2 for axis in rig.axes.values()) / 1000.0
    corner = math.sqrt(rig.speeds.corner_um / 1000.0 * a / (math.sqrt(2.0) - 1.0))
    return ("G21", "G90", f"SET_VELOCITY_LIMIT ACCEL={a:.2f} SQUARE_CORNER_VELOCITY={corner:.4f}")


KLIPPER = Gcode(
    name="klipper",
    doc="Klipper ([output_pin valve0] ... in printer.cfg)",
    # Its files end in .gcode like Marlin's: ask for it by name.
    suffixes=(),
    header=header,
    footer=("M400",),
    per_minute=True,
    feed_decimals=4,
    switch=lambda output, on, moving: f"SET_PIN PIN=valve{output} VALUE={int(on)}",
    dwell=lambda time_s: f"G4 P{round(time_s * 1000)}",
    comment=lambda text: f"; {plain(text)}",
    stop=lambda text: (f"M117 {plain(text)}", "PAUSE"),
    dwell_unit_s=0.001,
    # Klipper ([gcode_arcs]) cuts arcs into pieces of `resolution`, 1 mm as delivered.
    round=Round("G2", "G3", WORDS, WORDS, usual=False),
    switch_pattern=re.compile(r"SET_PIN PIN=valve(?P<output>\d+) VALUE=(?:(?P<on>1)|0)"),
    dwell_pattern=re.compile(r"G4 P(\d+)"),
    analog=lambda output, value, moving: f"SET_PIN PIN=pressure{output} VALUE={value}",
    analog_pattern=re.compile(r"SET_PIN PIN=pressure(?P<output>\d+) VALUE=(?P<value>[\d.]+)"),
    comment_pattern=re.compile(r";.*"),
    known_pattern=re.compile(r"G21|G90|SET_VELOCITY_LIMIT .*|M117 .*|PAUSE"),
)
