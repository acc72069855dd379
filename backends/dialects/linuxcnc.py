"""LinuxCNC, RS-274: exact path mode, outputs that change with the motion."""

from __future__ import annotations

import re

from ..gcode import Gcode, plain

AT_REST = {True: "M64", False: "M65"}
WITH_MOTION = {True: "M62", False: "M63"}

LINUXCNC = Gcode(
    name="linuxcnc",
    doc="LinuxCNC (RS-274/NGC)",
    suffixes=(".ngc",),
    # mm, absolute, plane XY, feed per minute, exact path (G61: every point is kept, corners slow down), no offsets left over
    # from other work (G40 cutter radius, G49 tool length, G80 canned cycles).
    header=("G21 G90 G17 G94 G61 G40 G49 G80",),
    footer=("M2",),
    per_minute=True,
    switch=lambda output, on, moving: f"{(WITH_MOTION if moving else AT_REST)[on]} P{output}",
    dwell=lambda time_s: f"G4 P{time_s:.4f}",
    comment=lambda text: f"({plain(text)})",
    stop=lambda text: (f"(MSG, {plain(text)})", "M0"),
    switch_pattern=re.compile(r"(?:(?P<on>M62|M64)|M63|M65) P(?P<output>\d+)"),
    dwell_pattern=re.compile(r"G4 P([\d.]+)"),
    comment_pattern=re.compile(r"\([^)]*\)"),
    known_pattern=re.compile(r"M0"),
)
