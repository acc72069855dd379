"""LinuxCNC, RS-274: feed per minute, corners within the rig's tolerance, outputs that change with the motion."""

from __future__ import annotations

import re

from ...kernel.rig import Rig
from ..arcs import WORDS, Round
from ..gcode import Gcode, plain

AT_REST = {True: "M64", False: "M65"}
WITH_MOTION = {True: "M62", False: "M63"}


def header(rig: Rig) -> tuple[str, ...]:
    """mm, absolute, plane XY, feed per minute, no offsets left over from other work (G40 cutter radius, G49 tool length, G80
    canned cycles). Corners are rounded by what the rig allows (G64 P); exact path (G61) where it allows nothing, at the price of
    a stop at every point of a curve. Points of a curve that lie within a fifth of that of a straight line are merged (Q):
    a move takes LinuxCNC one servo cycle or more, 1.2 um at 1.2 mm/s and 1 ms, so that finer ones would slow the print down."""
    corner = rig.speeds.corner_um / 1000.0
    path = f"G64 P{corner:.5f} Q{0.2 * corner:.6f}" if corner >= 1e-5 else "G61"
    return (f"G21 G90 G17 G94 G40 G49 G80 {path}",)


LINUXCNC = Gcode(
    name="linuxcnc",
    doc="LinuxCNC (RS-274/NGC)",
    suffixes=(".ngc",),
    header=header,
    footer=("M2",),
    per_minute=True,
    switch=lambda output, on, moving: f"{(WITH_MOTION if moving else AT_REST)[on]} P{output}",
    dwell=lambda time_s: f"G4 P{time_s:.4f}",
    comment=lambda text: f"({plain(text)})",
    stop=lambda text: (f"(MSG, {plain(text)})", "M0"),
    switch_pattern=re.compile(r"(?:(?P<on>M62|M64)|M63|M65) P(?P<output>\d+)"),
    dwell_pattern=re.compile(r"G4 P([\d.]+)"),
    round=Round("G2", "G3", WORDS, WORDS, usual=True),
    # M67 changes with the next move, M68 at once (at rest: it ends a blended path).
    analog=lambda output, value, moving: f"{'M67' if moving else 'M68'} E{output} Q{value}",
    analog_pattern=re.compile(r"M6[78] E(?P<output>\d+) Q(?P<value>[\d.]+)"),
    comment_pattern=re.compile(r"\([^)]*\)"),
    known_pattern=re.compile(r"G21 .*|M0"),
)
