"""Preflight of streamed controllers: moves that come faster than the serial line carries their lines.

A board that runs dry slows down, while the valve keeps the times of the plan: the ink then lies elsewhere.
"""

from __future__ import annotations

import re

import numpy as np

from ...kernel.diagnostics import Diagnostic, warning
from ...kernel.filaments import Floats
from ...kernel.motion import Toolpath
from ...kernel.rig import Rig
from .preflight_rows import span_at

#: Moves that a board holds ahead of the motion (GRBL 1.1 and Marlin 2 as they come).
AHEAD = 15
#: Bits on the wire for a byte: 8N1.
BITS = 10
#: Bytes of one move with its feed and line end, and what a valve adds; a number and checksum are Marlin's, a tool word and `$G` GRBL's. From the
#: dialects and drivers.
MOVE, VALVE, NUMBERED, TAGGED = 34, 9, 9, 7
#: The shortest answer, `ok` with its line end, and two with what `$G` tells.
ANSWER, TOLD = 4, 59
#: Bytes of a report of GRBL, and how many are asked for in a second.
REPORT, REPORTS = 66, 50
#: From an answer to the next line when one goes at a time: USB and the host's scheduling (assumed).
TURN_S = 0.002
BAUD = 115200


def line_s(rig: Rig) -> float:
    """How long the line takes for one move, in seconds; 0 for a controller that gets whole programs, and for emulators, which have no
    line."""
    entry = rig.controller
    if entry.dialect not in ("grbl", "marlin") or not entry.transport.startswith("serial:") or rig.simulated:
        return 0.0
    found = re.search(r"[?&]baud=(\d+)", entry.transport)
    baud = int(found[1]) if found else BAUD
    if entry.dialect == "marlin":
        return (MOVE + NUMBERED + ANSWER) * BITS / baud + TURN_S
    # Both ways carry at once; what is told shares its way with reports.
    sent, told = (MOVE + TAGGED) * BITS / baud, TOLD / max(baud / BITS - REPORT * REPORTS, REPORT)
    return max(sent, told) if entry.streaming == "characters" else sent + told + TURN_S


def behind_s(toolpath: Toolpath, each_s: float) -> Floats:
    """By how much each row's line comes later than the motion wants it, given AHEAD moves in the board; negative: in time.

    Lines go out one after another, each as soon as the board has room: line k not before the motion has begun row k - AHEAD.
    """
    lines = np.ones(len(toolpath))
    lines[1:] += toolpath.valve[1:] != toolpath.valve[:-1]
    cost = each_s * np.where(lines > 1, 1.0 + VALVE / MOVE, 1.0)
    due = np.concatenate([[0.0], toolpath.time_s[:-1]])
    room = np.concatenate([np.zeros(AHEAD), due[:-AHEAD]])[: len(due)]
    # there[k] = max(there[k-1], room[k]) + cost[k], without a loop: a running maximum of room less what was sent before it.
    sent = np.cumsum(cost)
    there = sent + np.maximum.accumulate(room - (sent - cost))
    # The motion waits for its first lines anyway.
    return np.asarray(there - there[min(AHEAD, len(there)) - 1] - due)


def check_pace(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    each_s = line_s(rig)
    if each_s <= 0.0 or len(toolpath) < 2:
        return []
    late = behind_s(toolpath, each_s)
    starved = np.flatnonzero((late > 0.0) & toolpath.valve & (toolpath.filament >= 0))
    if not len(starved):
        return []
    row = int(starved[0])
    filaments = len(np.unique(toolpath.filament[starved]))
    around = slice(max(row - AHEAD, 0), row + 1)
    rate = (row - around.start) / max(float(np.ptp(toolpath.time_s[around])), 1e-9)
    return [
        warning(
            "M622",
            f"{rate:.0f} moves a second here; the line to the controller carries {1.0 / each_s:.0f}, and it holds {AHEAD} ahead",
            span_at(toolpath, row),
            label=f"the stage would wait in {filaments} filament{'s' if filaments > 1 else ''}, with its valve open",
            notes=(_mend(rig),),
        )
    ]


def _mend(rig: Rig) -> str:
    ways = ["a coarser path (longer pieces of curves)", "a slower print"]
    if rig.controller.dialect == "grbl" and rig.controller.streaming != "characters":
        ways.insert(0, '`streaming = "characters"` in [controller]')
    ways.append("a faster line (`serial:/dev/NAME?baud=250000`, where the board does it)")
    return ", ".join(ways[:-1]) + f" or {ways[-1]}"
