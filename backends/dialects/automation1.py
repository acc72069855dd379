"""Aerotech Automation1, AeroScript: MoveLinear with the feed per second in every call, outputs of the X drive."""

from __future__ import annotations

import re

from ...kernel.rig import Rig
from ..arcs import Round
from ..gcode import Gcode, plain

_NUMBER = r"-?[\d.]+"


def header(rig: Rig) -> tuple[str, ...]:
    """Absolute, mm (the axes' own unit) and mm per second, by name, because G70 to G76 mean other things on an A3200; one constant acceleration,
    as velocity blending wants it and the plan is timed; gently turning moves run through."""
    a = min(axis.acceleration_um_s2 for axis in rig.axes.values()) / 1000.0
    return (
        "program",
        "SetupTaskTargetMode(TargetMode.Absolute)",
        "SetupTaskDistanceUnits(DistanceUnits.Primary)",
        "SetupTaskTimeUnits(TimeUnits.Seconds)",
        "SetupCoordinatedRampType(RampType.Linear)",
        f"SetupCoordinatedRampValue(RampMode.Rate, {a:.3f})",
        "VelocityBlendingOn()",
    )


ARC = (("{0}([X, Y], [", "x"), (", ", "y"), ("], [", "i"), (", ", "j"))

AUTOMATION1 = Gcode(
    name="automation1",
    doc="Aerotech Automation1 (AeroScript)",
    suffixes=(".ascript",),
    header=header,
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
    # The centre is told from where the arc starts. What an arc that climbs looks like is not known here: it stays straight.
    round=Round("MoveCw", "MoveCcw", ARC, (), usual=True, end="]"),
    arc_pattern=re.compile(
        rf"MoveC(?P<left>c?)w\(\[X, Y\], \[(?P<x>{_NUMBER}), (?P<y>{_NUMBER})\], \[(?P<i>{_NUMBER}), (?P<j>{_NUMBER})\],"
        rf" (?P<f>{_NUMBER})\)"
    ),
    comment_pattern=re.compile(r"//.*"),
    known_pattern=re.compile(
        r'program|Setup(?:Task|Coordinated)\w+\([^()"]*\)|VelocityBlendingOn\(\)|AppMessageDisplay\("[^"]*"\)|ProgramPause\(\)'
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
