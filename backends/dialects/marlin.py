"""Marlin 2: valves on fan outputs, which change with the moves; acceleration and corners set from the rig.

Fan speeds travel with the planner's blocks, so M106 and M107 take effect where they stand among the moves; M42 does not.
"""

from __future__ import annotations

import re

from ...kernel.rig import Rig
from ..arcs import WORDS, Round
from ..gcode import Gcode, plain


def header(rig: Rig) -> tuple[str, ...]:
    """mm, absolute, acceleration (M204) and junction deviation (M205 J), one command a line."""
    a = min(axis.acceleration_um_s2 for axis in rig.axes.values()) / 1000.0
    return ("G21", "G90", f"M204 P{a:.2f} T{a:.2f}", f"M205 J{rig.speeds.corner_um / 1000.0:.5f}")


MARLIN = Gcode(
    name="marlin",
    doc="Marlin 2 (valves on fan outputs)",
    suffixes=(".gcode",),
    header=header,
    footer=("M400",),
    per_minute=True,
    decimals=4,
    feed_decimals=3,
    switch=lambda output, on, moving: f"M106 P{output} S255" if on else f"M107 P{output}",
    dwell=lambda time_s: f"G4 P{round(time_s * 1000)}",
    comment=lambda text: f"; {plain(text)}",
    stop=lambda text: (f"M0 {plain(text)}",),
    dwell_unit_s=0.001,
    most_outputs=8,
    # Marlin (ARC_SUPPORT) cuts arcs into pieces of MIN_ARC_SEGMENT_MM, 0.1 mm as delivered: coarser than these curves.
    round=Round("G2", "G3", WORDS, WORDS, usual=False, live=False),
    switch_pattern=re.compile(r"M10(?:(?P<on>6)|7) P(?P<output>\d+)(?: S255)?"),
    dwell_pattern=re.compile(r"G4 P(\d+)"),
    comment_pattern=re.compile(r";.*"),
    known_pattern=re.compile(r"G21|G90|M204 .*|M205 .*|M0 .*"),
)
