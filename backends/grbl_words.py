"""What GRBL 1.1 says: its reports, its settings, its numbered errors and alarms (from the project's wiki and doc/csv)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..kernel.rig import Rig
from .controller import Motion, Position
from .dialects.grbl import FULL

UM = 1000.0

ERRORS = {
    1: "a word has no letter before its number",
    2: "a number is missing or not understood",
    3: "this `$` command is not known",
    4: "a setting was given a negative value",
    5: "homing is not enabled ($22)",
    6: "a step pulse must be at least 3 us",
    7: "its settings could not be read and were set back",
    8: "this `$` command is taken only while the board is idle",
    9: "the board is locked by an alarm",
    10: "soft limits ($20) need homing ($22)",
    11: "the line is too long",
    12: "a step rate is too high",
    13: "the safety door is open",
    14: "the start line is too long",
    15: "a jog would leave the machine's travel",
    16: "a jog has no G53, or words that are not allowed",
    17: "laser mode needs an output that is PWM",
    20: "a command that the board does not know",
    21: "two commands of one group in a line",
    22: "no feed was set",
    23: "a command needs a whole number",
    24: "two commands both want the axis words",
    25: "a word stands twice in a line",
    26: "a command lacks its axis words",
    27: "a line number is out of range",
    28: "a command lacks a P or L word",
    29: "there are only the work coordinates G54 to G59",
    30: "G53 needs G0 or G1",
    31: "axis words that no command uses",
    32: "an arc lacks its axis words",
    33: "an arc or a probe has no valid target",
    34: "an arc's radius does not fit",
    35: "an arc lacks its centre",
    36: "words that no command uses",
    37: "the tool length offset goes with another axis",
    38: "the tool number is too high",
}
ALARMS = {
    1: "a limit switch was hit; the position is probably lost",
    2: "a move would leave the machine's travel",
    3: "it was reset while moving; the position is lost",
    4: "the probe was not as expected before the cycle",
    5: "the probe found nothing",
    6: "homing was reset",
    7: "the safety door opened while homing",
    8: "homing could not clear a limit switch",
    9: "homing found no limit switch",
    10: "homing found no second limit switch",
}


def error_text(number: str) -> str:
    """`error:22` in words."""
    return _told("error", number, ERRORS)


def alarm_text(number: str) -> str:
    """`ALARM:3` in words."""
    return _told("alarm", number, ALARMS)


def _told(kind: str, number: str, table: dict[int, str]) -> str:
    words = table.get(int(number)) if number.isdigit() else None
    return f"{kind} {number}" + (f": {words}" if words else "")


STATES = {
    "Idle": Motion.IDLE,
    "Run": Motion.RUNNING,
    "Jog": Motion.RUNNING,
    "Home": Motion.RUNNING,
    "Hold": Motion.HELD,
    "Door": Motion.HELD,
    "Check": Motion.FAILED,
    "Alarm": Motion.FAILED,
    "Sleep": Motion.FAILED,
}


@dataclass(frozen=True, slots=True)
class Report:
    """One `<...>` line: `free` blocks of the planner (-1 where the board does not tell), `accessory`: valve on, None where not told;
    `pace`: of the feed, 1 unless someone overrides it, None where not told; `room`: bytes free in the receive buffer, -1 where not told."""

    state: str
    position_um: Position
    free: int
    accessory: bool | None
    came_s: float
    pace: float | None = None
    room: int = -1


#: There is no checksum: what is not a report to the letter is noise.
_REPORT = re.compile(
    r"<[A-Z][a-z]+(:\d)?\|MPos:-?\d+\.\d{3}(,-?\d+\.\d{3}){2,5}"
    r"(\|(Bf:\d+,\d+|FS?:\d+(,\d+)?|Ln:\d+|Ov:\d+,\d+,\d+|A:[SCFM]+|Pn:\w+|WCO:[-\d.,]+))*>"
)


def read_report(text: str, came_s: float) -> Report | None:
    """A status report; None where it is not whole."""
    if not _REPORT.fullmatch(text):
        return None
    fields = text.strip("<>").split("|")
    state = fields[0].split(":")[0]
    place: Position | None = None
    free = room = -1
    accessory: bool | None = None
    pace: float | None = None
    try:
        for part in fields[1:]:
            name, _, value = part.partition(":")
            if name == "MPos":
                x, y, z = (float(v) * UM for v in value.split(",")[:3])
                place = (x, y, z)
            elif name == "Bf":
                free, room = (int(v) for v in value.split(","))
            elif name == "Ov":
                accessory = accessory or False
                pace = int(value.split(",")[0]) / 100.0
            elif name == "A":
                accessory = "S" in value or "C" in value
    except ValueError:
        return None
    if state not in STATES or place is None:
        return None
    return Report(fields[0], place, free, accessory, came_s, pace, room)


_MODES = re.compile(r"\[GC:(G[\w. ]+) T(\d+) F[\d.]+( S[\d.]+)?\]")
_SETTING = re.compile(r"\$(\d+)=(\d+\.?\d*)( .*)?")


def read_modes(text: str) -> tuple[str, int] | None:
    """What `$G` is answered: the modes, and the tool number of the line that was taken last; None where it is not whole."""
    found = _MODES.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def read_settings(lines: Iterable[str]) -> dict[int, float]:
    """What `$$` is answered, as far as it is whole."""
    return {int(found[1]): float(found[2]) for line in lines if (found := _SETTING.fullmatch(line))}


def differences(have: Mapping[int, float], rig: Rig) -> list[str]:
    """What the plan rests on and the board does otherwise, each with the line that mends it."""
    axes, wrong = rig.axes, []
    if have.get(32) != 1:
        wrong.append("laser mode is off, every valve would stop the motion ($32=1)")
    if have.get(30, FULL) != FULL:
        wrong.append(f"S{FULL} is not the open valve: full scale is {have[30]:g} ($30={FULL})")
    for k, axis in enumerate("xyz"):
        rate, gain = axes[axis].max_speed_um_s * 0.06, axes[axis].acceleration_um_s2 / UM
        if have.get(110 + k, rate) < 0.999 * rate:
            wrong.append(
                f"{axis} reaches {have[110 + k]:g} mm/min, the rig says {rate:g} (${110 + k}={rate:g})"
            )
        if abs(have.get(120 + k, gain) / gain - 1.0) > 0.01:
            wrong.append(
                f"{axis} accelerates by {have[120 + k]:g} mm/s2, the rig says {gain:g} (${120 + k}={gain:g})"
            )
    return wrong
