"""Aerotech Automation1, AeroScript: MoveLinear with the feed per second in every call, outputs of the X drive."""

from __future__ import annotations

import re

from ..gcode import Gcode, plain

_NUMBER = r"-?[\d.]+"

AUTOMATION1 = Gcode(
    name="automation1",
    doc="Aerotech Automation1 (AeroScript)",
    suffixes=(".ascript",),
    # Absolute, feed in mm per second; gently turning moves run through.
    header=lambda rig: ("program", "G90 G76", "VelocityBlendingOn()"),
    footer=("VelocityBlendingOff()", "end"),
    per_minute=False,
    feed_decimals=5,
    switch=lambda output, on, moving: f"DigitalOutputSet(X, {output}, {int(on)})",
    dwell=lambda time_s: f"Dwell({time_s:.4f})",
    comment=lambda text: f"// {plain(text)}",
    stop=lambda text: (f'AppMessageDisplay("{plain(text)}")', "ProgramPause()"),
    switch_pattern=re.compile(r"DigitalOutputSet\(X, (?P<output>\d+), (?:(?P<on>1)|0)\)"),
    dwell_pattern=re.compile(r"Dwell\(([\d.]+)\)"),
    analog=lambda output, value, moving: f"AnalogOutputSet(X, {output}, {value})",
    analog_pattern=re.compile(r"AnalogOutputSet\(X, (?P<output>\d+), (?P<value>[\d.]+)\)"),
    comment_pattern=re.compile(r"//.*"),
    known_pattern=re.compile(
        r'program|G90 G76|VelocityBlendingOn\(\)|AppMessageDisplay\("[^"]*"\)|ProgramPause\(\)'
        rf"|MoveLinear\(\[Z\], \[{_NUMBER}\], {_NUMBER}\)"
    ),
    move=("MoveLinear([X, Y, Z], [", ", ", ", ", "]"),
    feed_word=", {}".format,
    feed_always=True,
    move_end=")",
    move_pattern=re.compile(
        rf"MoveLinear\(\[X, Y, Z\], \[(?P<x>{_NUMBER}), (?P<y>{_NUMBER}), (?P<z>{_NUMBER})\], (?P<f>{_NUMBER})\)"
    ),
)
