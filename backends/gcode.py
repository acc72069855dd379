"""The common part of dialects that speak G-code: words and codes differ, the order of things does not.

Every row of a toolpath becomes a G1 in stage coordinates with all three axes, or a dwell; rows that are an arc together become one where
the rig wants that (arcs.py). Travels are G1 too: a rapid need not be straight, nor as slow as a glass tip wants. Feed is written where it
changes, an output where the valve changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import Floats, Ints
from ..kernel.motion import CHUNK, DWELL, FLOWING, Program, Toolpath
from ..kernel.plan import Plan
from ..kernel.rig import Rig
from ..kernel.toolpath.ahead import ahead
from ..kernel.toolpath.frames import to_stage
from .analog import Setting, by_hand, cannot_drive, lines_before, off_lines
from .arcs import Round, edges, swept, wanted
from .dialect import About, Decoded, about, levels
from .gcode_rows import NOTHING_SET, State, ascii_lines, rows_text

#: The G-codes of moves, and which way an arc turns.
_MOVES = {"1": "line", "2": "right", "3": "left"}
_WORD = re.compile(r"([A-Z])\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:E[-+]?\d+)?)")


@dataclass(frozen=True)
class Gcode:
    """One G-code dialect. `switch(output, on, moving)` is the line that sets a digital output, before a move or at rest;
    `dwell(s)`, `comment(text)` one line; `stop(text)` the lines that wait for an operator. `valve_word(on)`, where there is
    one, sets the only output within a move's own line; `analog(output, value, moving)`, where there is one, the line that sets an
    analog output, read back by `analog_pattern` with groups `output` and `value`. The patterns read these lines back: `switch_pattern` has groups
    `output` and `on`, which is empty where it goes off; `dwell_pattern` one for the time in units of `dwell_unit_s`;
    `known_pattern` takes lines that move nothing: the header and the stops. A move is `move[0]` x `move[1]` y `move[2]` z
    `move[3]`, the feed where it changes, `move_end`; one that is not made of G-code words has a `move_pattern` with groups
    x, y, z and f. `round` is how it writes an arc; one that is not made of words has an `arc_pattern` with groups left (empty for a
    clockwise one), x, y, i, j and f.
    """

    name: str
    doc: str
    suffixes: tuple[str, ...]
    header: Callable[[Rig], tuple[str, ...]]
    footer: tuple[str, ...]
    per_minute: bool
    switch: Callable[[int, bool, bool], str]
    dwell: Callable[[float], str]
    comment: Callable[[str], str]
    stop: Callable[[str], tuple[str, ...]]
    switch_pattern: re.Pattern[str]
    dwell_pattern: re.Pattern[str]
    comment_pattern: re.Pattern[str]
    known_pattern: re.Pattern[str]
    decimals: int = 5
    feed_decimals: int = 4
    dwell_unit_s: float = 1.0
    valve_word: Callable[[bool], str] | None = None
    most_outputs: int = 64
    move: tuple[str, str, str, str] = ("G1 X", " Y", " Z", "")
    feed_word: Callable[[str], str] = " F{}".format
    feed_always: bool = False
    move_end: str = ""
    move_pattern: re.Pattern[str] | None = None
    analog: Setting | None = None
    analog_pattern: re.Pattern[str] | None = None
    round: Round | None = None
    arc_pattern: re.Pattern[str] | None = None

    @property
    def feed_per_um_s(self) -> float:
        """Feed units (mm/s or mm/min) in one um/s."""
        return 0.06 if self.per_minute else 0.001

    def raise_line(self, z: str, feed: str) -> str:
        """The move of the z axis alone with which a program begins."""
        if self.move_pattern is None:
            return f"G1 Z{z} F{feed}"
        return f"MoveLinear([Z], [{z}], {feed})"

    # -- writing --------------------------------------------------------------------------------------------------

    def write(self, toolpath: Toolpath, rig: Rig, rows: slice | None = None) -> Program:
        text, samples = [], []
        for parts, begin, lines in self.pieces(toolpath, rig, rows):
            text += parts
            samples.append(
                np.full(int(lines.sum()), -1, np.int64)
                if begin < 0
                else np.repeat(np.arange(begin, begin + len(lines)), lines)
            )
        return Program(self.name, b"".join(text), np.concatenate(samples), toolpath)

    def pieces(
        self, toolpath: Toolpath, rig: Rig, rows: slice | None = None
    ) -> Iterator[tuple[list[bytes], int, Ints]]:
        """The program piece by piece: text in parts, the first row of the toolpath behind it (-1: no row), and how many lines
        each row takes. What has been taken need not be kept: a program of any length is written in little memory."""
        whole = rows is None
        low, high, _ = (rows or slice(None)).indices(len(toolpath))
        hand = by_hand(toolpath, rig)
        top = self.top(toolpath.plan, rig, about(hand) if whole else None)
        yield [top], -1, np.array([top.count(b"\n")])
        extra = self._between(hand, rig) if whole else {}
        for row, text in lines_before(toolpath, rig, low, high, self.analog).items():
            extra[row] = extra.get(row, []) + text

        def piece(ends: tuple[int, int]) -> tuple[list[bytes], int, Ints]:
            before = NOTHING_SET if ends[0] == low else self._state(toolpath, low, ends[0])
            text, lines = rows_text(self, toolpath, rig, *ends, extra, before)
            return text, ends[0], lines

        yield from ahead(piece, self._pieces(toolpath, rig, low, high))
        tail = self.tail(rig)
        yield [tail], -1, np.array([tail.count(b"\n")])

    def body(self, part: Toolpath, rig: Rig) -> list[bytes]:
        extra, text = self._between(part, rig), []
        for begin, end in self._pieces(part, rig, int(part.follows), len(part)):
            before = self._state(part, 0, begin) if begin else NOTHING_SET
            text += rows_text(self, part, rig, begin, end, extra, before)[0]
        return text

    def _pieces(self, toolpath: Toolpath, rig: Rig, low: int, high: int) -> list[tuple[int, int]]:
        """Rows as they are written at once: chunks, which cut no filament that may hold arcs."""
        if wanted(rig, self.round) is not None:
            return list(edges(toolpath, low, high, CHUNK))
        return [(begin, min(begin + CHUNK, high)) for begin in range(low, high, CHUNK)]

    def top(self, plan: Plan, rig: Rig, known: About | None) -> bytes:
        if refused := cannot_drive(rig, self.name, self.analog):
            raise WetprintError(*refused)
        outputs = sorted({nozzle.output for nozzle in rig.nozzles})
        if outputs and (outputs[-1] >= self.most_outputs):
            raise WetprintError(
                error(
                    "R523",
                    f"rig `{rig.name}` opens a valve with output {outputs[-1]}; {self.name} drives "
                    + (
                        "output 0 alone"
                        if self.most_outputs == 1
                        else f"outputs 0 to {self.most_outputs - 1}"
                    ),
                )
            )
        top: list[str] = [self.comment(f"{self.name} program for rig {rig.name}")]
        if known is not None:
            top.append(self.comment(f"{len(plan.filaments)} filaments, {known.time_s:.0f} s planned"))
            # The file's own name: where it lies on one computer must not change the bytes.
            names = sorted({PurePath(span.source.name).name for span in plan.filaments.spans})
            top += [self.comment(f"design {name}") for name in names]
            for n, kpa in known.kpa.items():
                top.append(self.comment(f"nozzle {rig.nozzles[n].name}: set {kpa:g} kPa before the start"))
        top += self.header(rig)
        top += [self.switch(output, False, False) for output in outputs]
        top += off_lines(rig, self.analog)
        if known is not None:
            # Up before across: nobody knows where the tip is when the program starts.
            at = to_stage(rig, known.start_um, known.nozzle)
            slow = min(rig.speeds.travel_um_s, rig.axes["z"].max_speed_um_s) * self.feed_per_um_s
            top.append(
                self.raise_line(f"{at[2] / 1000.0:.{self.decimals}f}", f"{slow:.{self.feed_decimals}f}")
            )
        return ascii_lines(top)

    def tail(self, rig: Rig) -> bytes:
        outputs = sorted({nozzle.output for nozzle in rig.nozzles})
        off = [self.switch(output, False, False) for output in outputs]
        return ascii_lines([*off, *off_lines(rig, self.analog), *self.footer])

    def _state(self, toolpath: Toolpath, low: int, begin: int) -> State:
        """What the rows from `low` on have set before row `begin`."""
        row = begin - 1
        while row >= low and toolpath.kind[row] == DWELL:
            row -= 1
        feed = -1 if row < low else int(self.feeds(toolpath.speed_um_s[row : row + 1])[0])
        return State(feed, bool(toolpath.valve[begin - 1]))

    def feeds(self, speed_um_s: Floats) -> Ints:
        """Feeds in units of their last decimal, never 0."""
        feed: Ints = np.rint(speed_um_s * (self.feed_per_um_s * 10.0**self.feed_decimals)).astype(np.int64)
        return np.maximum(feed, 1, out=feed)

    def _between(self, toolpath: Toolpath, rig: Rig) -> dict[int, list[str]]:
        """Lines before a row that a program standing alone needs: exchanges, and pressures that change on the way."""
        lines: dict[int, list[str]] = {}
        for row, event in toolpath.events:
            here = lines.setdefault(row, [])
            if event.kind == "operator":
                here += self.stop(event.text)
            elif event.kind == "wait":
                here.append(self.dwell(event.time_s))
            elif event.kind not in FLOWING:
                here.append(self.comment(f"{event.kind.replace('_', ' ')}: {event.name}"))
        known = {
            n: float(kpa) for n, kpa in enumerate(toolpath.pressure_kpa[0]) if toolpath.follows and kpa > 0
        }
        for block in toolpath.blocks():
            n = int(toolpath.nozzle[block.start])
            kpa = float(toolpath.pressure_kpa[block.start, n])
            if kpa > 0 and known.setdefault(n, kpa) != kpa:
                known[n] = kpa
                lines.setdefault(block.start, []).extend(
                    self.stop(f"Set the pressure of nozzle {rig.nozzles[n].name} to {kpa:g} kPa.")
                )
        return {row: text for row, text in lines.items() if text}

    # -- reading --------------------------------------------------------------------------------------------------

    def read(self, data: bytes) -> Decoded:
        stage: list[tuple[float, float, float]] = []
        speed: list[float] = []
        outputs: list[int] = []
        dwell: list[float] = []
        numbers: list[int] = []
        at = [np.nan] * 3
        feed = np.nan
        bits = 0
        analog: list[tuple[int, int, float]] = []
        centres: list[tuple[float, float]] = []
        sweeps: list[float] = []
        for number, raw in enumerate(data.decode("ascii").split("\n"), 1):
            line = self.comment_pattern.sub("", raw).strip()
            if not line or line in self.footer:
                continue
            if found := self.switch_pattern.fullmatch(line):
                groups = found.groupdict()
                bit = 1 << int(groups.get("output") or 0)
                bits = bits | bit if groups.get("on") else bits & ~bit
                continue
            if self.analog_pattern is not None and (found := self.analog_pattern.fullmatch(line)):
                analog.append((len(stage), int(found["output"]), float(found["value"])))
                continue
            if found := self.dwell_pattern.fullmatch(line):
                if not np.isnan(at).any():
                    stage.append((at[0], at[1], at[2]))
                    speed.append(0.0)
                    outputs.append(bits)
                    dwell.append(float(found[1]) * self.dwell_unit_s)
                    numbers.append(number)
                    centres.append((np.nan, np.nan))
                    sweeps.append(0.0)
                continue
            if self.known_pattern.fullmatch(line):
                continue
            if self.move_pattern is not None and (found := self.move_pattern.fullmatch(line)):
                line = "G1 " + " ".join(f"{k.upper()}{v}" for k, v in found.groupdict().items() if v)
            elif self.arc_pattern is not None and (found := self.arc_pattern.fullmatch(line)):
                line = "G3 " if found["left"] else "G2 "
                line += " ".join(f"{k.upper()}{found[k]}" for k in "xyijf")
            words = _WORD.findall(line)
            code = _MOVES.get(words[0][1].lstrip("0"), "") if words and words[0][0] == "G" else ""
            if not code or (code != "line" and self.round is None) or _WORD.sub("", line).strip():
                raise ValueError(f"line {number}: `{raw}` is no line of {self.name} that wetprint writes")
            start, offset = list(at), [0.0, 0.0]
            for letter, value in words[1:]:
                if letter in "XYZ":
                    at["XYZ".index(letter)] = float(value) * 1000.0
                elif letter in "IJ" and code != "line":
                    offset["IJ".index(letter)] = float(value) * 1000.0
                elif (letter, value) == ("G", "1") and code != "line":
                    # What follows goes straight while the arc is drawn.
                    continue
                elif letter == "F":
                    feed = float(value) / self.feed_per_um_s
                elif letter == "S" and self.valve_word is not None:
                    bits = int(float(value) > 0)
                else:
                    raise ValueError(
                        f"line {number}: `{letter}{value}` is no word of {self.name} that wetprint writes"
                    )
            if not np.isnan(at).any():
                stage.append((at[0], at[1], at[2]))
                speed.append(feed)
                outputs.append(bits)
                dwell.append(0.0)
                numbers.append(number)
                centre, sweep = (np.nan, np.nan), 0.0
                if code != "line":
                    centre = (start[0] + offset[0], start[1] + offset[1])
                    sweep = swept(start, at, centre, code == "left")
                centres.append(centre)
                sweeps.append(sweep)
        return Decoded(
            np.array(stage, dtype=np.float64).reshape(-1, 3),
            np.array(speed, dtype=np.float64),
            np.array(outputs, dtype=np.int64),
            np.array(dwell, dtype=np.float64),
            np.array(numbers, dtype=np.int64),
            bits,
            levels(analog, len(stage)),
            np.array(centres, dtype=np.float64).reshape(-1, 2),
            np.array(sweeps, dtype=np.float64),
        )


def plain(text: str) -> str:
    """A text that cannot end a comment or a string early."""
    return re.sub(r"[\"'();\x00-\x1f]", " ", text)
