"""AeroBasic as the emulated A3200 runs it: our dialect parsed into steps, and steps laid out in time as motion and outputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from .profile import Floats, Pieces, join, profile
from .rounds import ArcError, chords, measure
from .world import Stage

MM = 1000.0

_WORD = re.compile(r"([A-Z])\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:E[-+]?\d+)?)")
_OUTPUT = re.compile(r"\$DO\[?(\d+)\]?\.(\w+)\s*=\s*([01])")
_ANALOG = re.compile(r"\$AO\[?(\d+)\]?\.\w+\s*=\s*([\d.]+)")
_DWELL = re.compile(r"(?:G4|G04)\s*P\s*([\d.]+)|DWELL\s+([\d.]+)")
#: Words that set a mode which the emulated stage has anyway, or that change nothing here: metric (G71), feed per second
#: (G76), absolute (G90), no waiting for in-position (G359), plane XY (G17), look-ahead and ramp settings.
_MODES = {"G71", "G76", "G90", "G359", "G17"}
_SPELLED = {"METRIC": "G71", "SECONDS": "G76", "ABSOLUTE": "G90", "WAIT MODE NOWAIT": "G359"}
_WORDED = {"LINEAR": "G1", "RAPID": "G0", "CW": "G2", "CCW": "G3"}
_IGNORED = ("RAMP ", "LOOKAHEAD ", "ENABLE", "WAIT MODE", "ACKNOWLEDGEALL", "DVAR ", "PRIMARY", "G92 ")


class ProgramError(Exception):
    """A line that the controller does not take; `line` from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a program does: `move` (target in mm, NaN where an axis stays; feed in mm/s or NaN), `output`, `dwell`. A move is an arc where
    it turns: -1 clockwise, 1 counter-clockwise, about the place `centre` mm from where it starts; in `chords` pieces where the machine cuts
    it into so many for an arc of a length in um."""

    kind: Literal["rapid", "move", "output", "analog", "dwell", "end"]
    line: int
    target: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    feed: float = np.nan
    output: int = 0
    level: bool = False
    seconds: float = 0.0
    value: float = 0.0
    blended: bool = False
    turn: int = 0
    centre: tuple[float, float] = (0.0, 0.0)
    chords: Callable[[float], int] | None = None


def output_number(bit: str, bank: str) -> int:
    """`$DO0.2` and `$DO[2].X` are one output each; the emulated drive has one bank, so one of the two numbers is 0."""
    return int(bit) if not bank.isdigit() or bank == "0" else int(bank)


def parse(text: str) -> list[Step]:
    """Steps of a program. Raises ProgramError at the first line that is not understood."""
    steps: list[Step] = []
    absolute, blended, motion, modes = False, False, "", set[str]()
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.split(r"'|//|;", raw, maxsplit=1)[0].strip().upper()
        if not line:
            continue
        if found := _OUTPUT.fullmatch(line):
            which = output_number(found[1], found[2])
            steps.append(Step("output", number, output=which, level=found[3] == "1"))
            continue
        if found := _ANALOG.fullmatch(line):
            steps.append(Step("analog", number, output=int(found[1]), value=float(found[2])))
            continue
        if found := _DWELL.fullmatch(line):
            steps.append(Step("dwell", number, seconds=float(found[1] or found[2])))
            continue
        if line in ("END PROGRAM", "M2", "M02", "M30"):
            steps.append(Step("end", number))
            continue
        if line.startswith("VELOCITY "):
            blended = line.endswith("ON")
            continue
        if line in _SPELLED:
            line = _SPELLED[line]
        elif line.startswith(_IGNORED):
            continue
        for word, code in _WORDED.items():
            line = re.sub(rf"^{word}\b", code, line)
        rest = _WORD.sub("", line).strip()
        words = _WORD.findall(line)
        if rest or not words:
            raise ProgramError(number, f"`{raw.strip()}` is not understood")
        target, feed, offset, turn = [np.nan] * 3, np.nan, [0.0, 0.0], 0
        for letter, value in words:
            if letter == "G":
                code = f"G{int(float(value))}"
                if code in ("G2", "G3"):
                    turn, motion = (-1 if code == "G2" else 1), ""
                elif code == "G1" and turn:
                    # A straight move beside the arc, on the same line: the third axis of a helix.
                    continue
                elif code in ("G0", "G1"):
                    motion = code
                elif code in ("G108", "G109"):
                    blended = code == "G108"
                elif code in _MODES:
                    modes.add(code)
                    absolute = absolute or code == "G90"
                else:
                    raise ProgramError(number, f"{code} is not known to this controller")
            elif letter in "XYZ":
                target["XYZ".index(letter)] = float(value)
            elif letter in "IJ" and turn:
                offset["IJ".index(letter)] = float(value)
            elif letter == "F":
                feed = float(value)
            else:
                raise ProgramError(number, f"`{letter}{value}` is not understood")
        moves = any(t == t for t in target)
        if moves and not motion and not turn:
            raise ProgramError(number, "a position before any G0 or G1")
        if moves and not {"G71", "G76", "G90"} <= modes:
            raise ProgramError(number, "a move before G71, G76 and G90: its units are not what was meant")
        if moves or feed == feed:
            kind: Literal["rapid", "move"] = "rapid" if motion == "G0" else "move"
            goal = (target[0], target[1], target[2])
            steps.append(
                Step(kind, number, goal, feed, blended=blended, turn=turn, centre=(offset[0], offset[1]))
            )
    return steps


@dataclass
class Schedule:
    """A program laid out in time: its motion, its outputs (time, output, level; of analog ones the value), the instants its lines begin, its end.

    `fault`: the line that stops it (a position beyond the limits) and why; nothing after it happens.
    """

    path: Pieces | None
    outputs: list[tuple[float, int, bool]]
    line_time: Floats
    line_number: list[int]
    end_s: float
    fault: tuple[int, str] | None = None
    analog: list[tuple[float, int, float]] = field(default_factory=list)

    def later(self, by_s: float) -> Schedule:
        """The same, so much later."""
        return Schedule(
            None if self.path is None else replace(self.path, time_s=self.path.time_s + by_s),
            [(t + by_s, output, level) for t, output, level in self.outputs],
            self.line_time + by_s,
            self.line_number,
            self.end_s + by_s,
            self.fault,
            [(t + by_s, output, value) for t, output, value in self.analog],
        )


@dataclass
class _Batch:
    """Blended moves that are planned together."""

    points: list[Floats] = field(default_factory=list)
    feeds: list[float] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    #: (how many moves come before it, output, level)
    outputs: list[tuple[int, int, bool | float, int]] = field(default_factory=list)


def schedule(
    steps: list[Step], begin_s: float, start_um: Floats, stage: Stage, pace: float = 1.0
) -> Schedule:
    """Lay `steps` out from `begin_s` with the stage at rest at `start_um`; feeds are `pace` times what they say.

    Blended moves (G108) run through their corners at the speed the profile allows; G0, G4 and the end are stops. An output
    between two blended moves changes when the stage passes their common corner, without a stop (assumed).
    """
    now, here, feed = begin_s, np.array(start_um, dtype=float), 0.0
    parts: list[Pieces] = []
    outputs: list[tuple[float, int, bool]] = []
    analog: list[tuple[float, int, float]] = []
    begins: list[tuple[float, int]] = []
    batch = _Batch()
    moves = 0
    fault: tuple[int, str] | None = None

    def turn(at_s: float, which: int, level: bool | float) -> None:
        if isinstance(level, bool):
            outputs.append((at_s, which, level))
        else:
            analog.append((at_s, which, level))

    def flush() -> None:
        nonlocal now, batch, moves
        if batch.feeds:
            pieces, ends = profile(
                np.array([batch.points[0], *batch.points[1:]]),
                np.array(batch.feeds),
                acceleration_um_s2=stage.acceleration_um_s2,
                max_speed_um_s=stage.max_speed_um_s,
                corner_um=stage.corner_um,
                begin_s=now,
                first_move=moves,
            )
            if len(pieces.time_s):
                parts.append(pieces)
            starts = np.concatenate([[now], ends[:-1]])
            begins.extend(zip(starts.tolist(), batch.lines, strict=True))
            marks = np.concatenate([[now], ends])
            for before, which, level, line in batch.outputs:
                turn(float(marks[before]), which, level)
                begins.append((float(marks[before]), line))
            moves += len(batch.feeds)
            now = float(ends[-1])
        else:
            for _, which, level, line in batch.outputs:
                turn(now, which, level)
                begins.append((now, line))
        batch = _Batch()

    for step in steps:
        if step.kind in ("rapid", "move"):
            if step.feed == step.feed and step.kind == "move":
                feed = step.feed * MM * pace
            target = np.where(np.isnan(step.target), here, np.array(step.target) * MM)
            try:
                points = _points(step, here, target)
            except ArcError as reason:
                fault = (step.line, str(reason))
                break
            outside = (points < stage.min_um - 1e-6) | (points > stage.max_um + 1e-6)
            if outside.any():
                axis = "XYZ"[int(np.flatnonzero(outside.any(axis=0))[0])]
                fault = (step.line, f"axis {axis} would pass its software limit")
                break
            if all(t != t for t in step.target):
                continue
            if step.kind == "move" and feed <= 0.0:
                fault = (step.line, "a G1 with no feed")
                break
            alone = step.kind == "rapid" or not step.blended
            if alone:
                flush()
            if not batch.points:
                batch.points.append(here)
            batch.points.extend(points)
            most = float(stage.max_speed_um_s.max()) * 2 if step.kind == "rapid" else feed
            batch.feeds += [most] * len(points)
            batch.lines += [step.line] * len(points)
            here = target
            if alone:
                flush()
        elif step.kind == "output":
            batch.outputs.append((len(batch.feeds), step.output, step.level, step.line))
        elif step.kind == "analog":
            batch.outputs.append((len(batch.feeds), step.output, step.value, step.line))
        elif step.kind == "dwell":
            flush()
            begins.append((now, step.line))
            now += step.seconds
        else:
            break
    flush()
    begins.sort()
    return Schedule(
        join(parts) if parts else None,
        outputs,
        np.array([b[0] for b in begins]),
        [b[1] for b in begins],
        now,
        fault,
        analog,
    )


def _points(step: Step, here_um: Floats, target_um: Floats) -> Floats:
    """Where a move goes [N,3]: its target, or the ends of the chords of an arc."""
    if not step.turn:
        return target_um[None, :]
    centre = (float(here_um[0]) + step.centre[0] * MM, float(here_um[1]) + step.centre[1] * MM)
    left = step.turn > 0
    count = None
    if step.chords is not None:
        sweep, radius, _ = measure(here_um, target_um, centre, left)
        count = step.chords(float(np.hypot(abs(sweep) * radius, target_um[2] - here_um[2])))
    return chords(here_um, target_um, centre, left, count)
