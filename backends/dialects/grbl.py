"""GRBL 1.1: one valve on the spindle output, switched within the moves in laser mode, so that nothing stops for it.

With `$32=1` (laser mode) a change of S in a G1 takes effect with that move and without a stop; with `$32=0` GRBL would come to rest
at every valve. The valve's driver is the spindle's enable or PWM pin; `$30` (S at full scale) is 1000 as delivered.
"""

from __future__ import annotations

import re

from ..arcs import WORDS, Round
from ..gcode import Gcode, plain

#: S of an open valve: full scale with GRBL's own setting of $30.
FULL = 1000

GRBL = Gcode(
    name="grbl",
    doc="GRBL 1.1 (laser mode, valve on the spindle output)",
    suffixes=(".nc",),
    header=lambda rig: ("G21 G90 G17 G94",),
    footer=("M5", "M2"),
    per_minute=True,
    # GRBL computes in single precision: 0.1 um at 100 mm is what it can hold.
    decimals=4,
    feed_decimals=3,
    switch=lambda output, on, moving: f"M3 S{FULL if on else 0}",
    dwell=lambda time_s: f"G4 P{time_s:.3f}",
    comment=lambda text: f"({plain(text)[:60]})",
    stop=lambda text: (*(f"({part})" for part in _wrapped(plain(text))), "M0"),
    valve_word=lambda on: f"S{FULL if on else 0}",
    most_outputs=1,
    # GRBL cuts arcs into chords that may lie 2 um off ($12 as delivered): finer than a lathe, coarser than a filament.
    round=Round("G2", "G3", WORDS, WORDS, usual=False, live=False),
    switch_pattern=re.compile(rf"M3 S(?:(?P<on>{FULL})|0)"),
    dwell_pattern=re.compile(r"G4 P([\d.]+)"),
    comment_pattern=re.compile(r"\([^)]*\)"),
    known_pattern=re.compile(r"G21 G90 G17 G94|M0"),
)


def _wrapped(text: str) -> list[str]:
    """Pieces short enough for GRBL's line of 80 characters."""
    from textwrap import wrap

    return wrap(text, 60) or [""]
