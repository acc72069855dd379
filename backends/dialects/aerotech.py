"""Aerotech A3200, AeroBasic: feed per second, velocity blending, outputs as $DO and $AO."""

from __future__ import annotations

import re

from ..arcs import Round
from ..gcode import Gcode, plain

#: Metric (G71), feed in mm per second (G76), absolute (G90), no waiting for the in-position window (G359), velocity blending
#: (G108: collinear and gently turning moves run through), plane XY (G17).
HEADER = "G71 G76 G90 G359 G108 G17"

ARC = (("{0} X", "x"), (" Y", "y"), (" I", "i"), (" J", "j"))

AEROTECH = Gcode(
    name="aerotech",
    doc="Aerotech A3200 (AeroBasic)",
    suffixes=(".pgm",),
    header=lambda rig: (HEADER,),
    footer=("M2",),
    per_minute=False,
    feed_decimals=5,
    switch=lambda output, on, moving: f"$DO{output}.0={int(on)}",
    dwell=lambda time_s: f"G4 P{time_s:.4f}",
    comment=lambda text: f"; {plain(text)}",
    stop=lambda text: (f'MSGDISPLAY 1, "{plain(text)}"', "M0"),
    switch_pattern=re.compile(r"\$DO(?P<output>\d+)\.0=(?:(?P<on>1)|0)"),
    dwell_pattern=re.compile(r"G4 P([\d.]+)"),
    analog=lambda output, value, moving: f"$AO[{output}].X={value}",
    analog_pattern=re.compile(r"\$AO\[(?P<output>\d+)\]\.X=(?P<value>[\d.]+)"),
    # A third axis goes along as a straight move of the same line.
    round=Round("G2", "G3", ARC, (*ARC, (" G1 Z", "z")), usual=True),
    comment_pattern=re.compile(r";.*"),
    known_pattern=re.compile(HEADER + r'|MSGDISPLAY 1, "[^"]*"|M0'),
)
