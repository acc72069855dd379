"""The common part of dialects that speak G-code: words and codes differ, the order of things does not.

Every row of a toolpath becomes a G1 in stage coordinates with all three axes, or a dwell. Travels are G1 too: a rapid need not be
straight, nor as slow as a glass tip wants. Feed is written where it changes, an output where the valve changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import numpy.typing as npt

from ..kernel.ahead import ahead
from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import Floats, Ints
from ..kernel.frames import to_stage
from ..kernel.motion import DWELL, FLOWING, Program, Toolpath
from ..kernel.rig import Rig
from .dialect import Decoded
from .digits import number_lines, squeeze

#: Rows written at once, small enough to stay in the processor's cache.
CHUNK = 1 << 16

#: More different feeds and outputs than this in a chunk are spliced in one by one.
MOST_FORMS = 64

_WORD = re.compile(r"([A-Z])\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:E[-+]?\d+)?)")


@dataclass(frozen=True)
class Gcode:
    """One G-code dialect. `switch(output, on, moving)` is the line that sets a digital output, before a move or at rest;
    `dwell(s)`, `comment(text)` one line; `stop(text)` the lines that wait for an operator. `valve_word(on)`, where there is
    one, sets the only output within a move's own line. The patterns read these lines back: `switch_pattern` has groups
    `output` and `on`, which is empty where it goes off; `dwell_pattern` one for the time in units of `dwell_unit_s`;
    `known_pattern` takes lines that move nothing: the header and the stops. A move is `move[0]` x `move[1]` y `move[2]` z
    `move[3]`, the feed where it changes, `move_end`; one that is not made of G-code words has a `move_pattern` with groups
    x, y, z and f.
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
        if whole:
            top += [self.comment(text) for text in self._about(toolpath, rig)]
        top += self.header(rig)
        top += [self.switch(output, False, False) for output in outputs]
        if whole and high > low:
            # Up before across: nobody knows where the tip is when the program starts.
            at = to_stage(rig, toolpath.position_um[:1], toolpath.nozzle[:1])[0]
            slow = min(rig.speeds.travel_um_s, rig.axes["z"].max_speed_um_s) * self.feed_per_um_s
            top.append(
                self.raise_line(f"{at[2] / 1000.0:.{self.decimals}f}", f"{slow:.{self.feed_decimals}f}")
            )
        extra = self._between(toolpath, rig) if whole else {}
        yield [_lines(top)], -1, np.array([len(top)])

        def piece(begin: int) -> tuple[list[bytes], int, Ints]:
            before = _State(-1, False) if begin == low else self._state(toolpath, low, begin)
            text, lines = self._chunk(toolpath, rig, begin, min(begin + CHUNK, high), extra, before)
            return text, begin, lines

        yield from ahead(piece, range(low, high, CHUNK))
        tail = [self.switch(output, False, False) for output in outputs]
        tail += self.footer
        yield [_lines(tail)], -1, np.array([len(tail)])

    def _state(self, toolpath: Toolpath, low: int, begin: int) -> _State:
        """What the rows from `low` on have set before row `begin`."""
        row = begin - 1
        while row >= low and toolpath.kind[row] == DWELL:
            row -= 1
        feed = -1 if row < low else int(self._feeds(toolpath.speed_um_s[row : row + 1])[0])
        return _State(feed, bool(toolpath.valve[begin - 1]))

    def _feeds(self, speed_um_s: Floats) -> Ints:
        """Feeds in units of their last decimal, never 0."""
        feed: Ints = np.rint(speed_um_s * (self.feed_per_um_s * 10.0**self.feed_decimals)).astype(np.int64)
        return np.maximum(feed, 1, out=feed)

    def _about(self, toolpath: Toolpath, rig: Rig) -> list[str]:
        filaments = toolpath.plan.filaments
        # The file's own name: where it lies on one computer must not change the bytes.
        names = sorted({PurePath(span.source.name).name for span in filaments.spans})
        about = [f"{len(filaments)} filaments, {toolpath.time_s[-1]:.0f} s planned"] if len(toolpath) else []
        about += [f"design {name}" for name in names]
        seen: set[int] = set()
        for block in toolpath.blocks():
            n = int(toolpath.nozzle[block.start])
            kpa = float(toolpath.pressure_kpa[block.start, n])
            if n not in seen and kpa > 0:
                seen.add(n)
                about.append(f"nozzle {rig.nozzles[n].name}: set {kpa:g} kPa before the start")
        return about

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
        known: dict[int, float] = {}
        for block in toolpath.blocks():
            n = int(toolpath.nozzle[block.start])
            kpa = float(toolpath.pressure_kpa[block.start, n])
            if kpa > 0 and known.setdefault(n, kpa) != kpa:
                known[n] = kpa
                lines.setdefault(block.start, []).extend(
                    self.stop(f"Set the pressure of nozzle {rig.nozzles[n].name} to {kpa:g} kPa.")
                )
        return {row: text for row, text in lines.items() if text}

    def _chunk(
        self, toolpath: Toolpath, rig: Rig, low: int, high: int, extra: dict[int, list[str]], state: _State
    ) -> tuple[list[bytes], Ints]:
        """Text of rows low..high-1 in parts, and how many lines each row takes."""
        rows = slice(low, high)
        n = high - low
        nozzle = toolpath.nozzle[rows]
        stage = to_stage(rig, toolpath.position_um[rows], nozzle if nozzle.any() else 0)
        stage *= 10.0 ** (self.decimals - 3)
        axes = np.rint(stage, out=stage).astype(np.int64)
        still = toolpath.kind[rows] == DWELL
        feed = self._feeds(toolpath.speed_um_s[rows])
        # A dwell leaves the feed as it was: carry the last move's over it.
        if still.any():
            last = np.maximum.accumulate(np.where(still, -1, np.arange(n)))
            feed = np.where(last >= 0, feed[last], state.feed)
        new_feed = np.empty(n, bool)
        new_feed[0] = feed[0] != state.feed and not still[0]
        np.not_equal(feed[1:], feed[:-1], out=new_feed[1:])
        if self.feed_always:
            new_feed = ~still
        valve = toolpath.valve[rows]
        turns = np.empty(n, bool)
        turns[0] = valve[0] != state.valve
        np.not_equal(valve[1:], valve[:-1], out=turns[1:])
        special = new_feed | turns | still
        mine = [row - low for row in extra if low <= row < high]
        special[mine] = True
        inline = self.valve_word is not None
        lines = np.ones(n, np.int64)
        lines += turns & still if inline else turns
        for row in mine:
            lines[row] += len(extra[row + low])

        def before(i: int) -> bytes:
            text = extra.get(i + low, [])
            if turns[i] and not (inline and not still[i]):
                output = rig.nozzles[int(nozzle[i])].output
                text = [*text, self.switch(output, bool(valve[i]), not still[i])]
            if still[i]:
                text = [*text, self.dwell(float(toolpath.dwell_s[i + low]))]
            return _lines(text)

        def after(i: int) -> bytes:
            if still[i]:
                return b""
            word = ""
            if turns[i] and self.valve_word is not None:
                word = " " + self.valve_word(bool(valve[i]))
            if new_feed[i]:
                word += self.feed_word(_decimal(int(feed[i]), self.feed_decimals))
            return f"{word}{self.move_end}\n".encode()

        where = np.flatnonzero(special)
        columns = [axes[:, k] for k in range(3)]
        labels = [part.encode() for part in self.move]
        if 10 * len(where) > n:
            # Rows that are alike in all but their numbers share their words.
            form = np.stack([nozzle, turns, valve, np.where(new_feed, feed, -1), still], axis=1).astype(
                np.int64
            )
            form[mine, 0] = -1 - np.array(mine, dtype=np.int64) if mine else 0
            form[still, 3] = -1 - np.flatnonzero(still)
            kinds, first, which = np.unique(_keys(form), return_index=True, return_inverse=True)
            if len(kinds) <= MOST_FORMS:
                body, _ = number_lines(columns, labels, self.decimals)
                heads = _table([before(int(i)) for i in first])
                tails = _table([after(int(i)) for i in first])
                body[still] = 0
                text, _ = squeeze(np.concatenate([heads[which], body, tails[which]], axis=1))
                return [text], lines
        labels[3] += f"{self.move_end}\n".encode()
        body, ragged = number_lines(columns, labels, self.decimals)
        if ragged:
            text, offsets = squeeze(body)
        else:
            text, offsets = body.tobytes(), np.arange(n + 1, dtype=np.int64) * body.shape[1]
        parts: list[bytes] = []
        view = memoryview(text)
        done, cut = 0, len(self.move_end) + 1
        ends = offsets.tolist()
        for i in where.tolist():
            parts += (view[done : ends[i]], before(i))  # type: ignore[arg-type]
            if not still[i]:
                parts += (view[ends[i] : ends[i + 1] - cut], after(i))  # type: ignore[arg-type]
            done = ends[i + 1]
        parts.append(view[done:])  # type: ignore[arg-type]
        return parts, lines

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
        for number, raw in enumerate(data.decode("ascii").split("\n"), 1):
            line = self.comment_pattern.sub("", raw).strip()
            if not line or line in self.footer:
                continue
            if found := self.switch_pattern.fullmatch(line):
                groups = found.groupdict()
                bit = 1 << int(groups.get("output") or 0)
                bits = bits | bit if groups.get("on") else bits & ~bit
                continue
            if found := self.dwell_pattern.fullmatch(line):
                if not np.isnan(at).any():
                    stage.append((at[0], at[1], at[2]))
                    speed.append(0.0)
                    outputs.append(bits)
                    dwell.append(float(found[1]) * self.dwell_unit_s)
                    numbers.append(number)
                continue
            if self.known_pattern.fullmatch(line):
                continue
            if self.move_pattern is not None and (found := self.move_pattern.fullmatch(line)):
                line = "G1 " + " ".join(f"{k.upper()}{v}" for k, v in found.groupdict().items() if v)
            words = _WORD.findall(line)
            if not words or words[0] not in (("G", "1"), ("G", "01")) or _WORD.sub("", line).strip():
                raise ValueError(f"line {number}: `{raw}` is no line of {self.name} that wetprint writes")
            for letter, value in words[1:]:
                if letter in "XYZ":
                    at["XYZ".index(letter)] = float(value) * 1000.0
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
        return Decoded(
            np.array(stage, dtype=np.float64).reshape(-1, 3),
            np.array(speed, dtype=np.float64),
            np.array(outputs, dtype=np.int64),
            np.array(dwell, dtype=np.float64),
            np.array(numbers, dtype=np.int64),
            bits,
        )


@dataclass
class _State:
    """What the rows before have set: feed in its last decimal (-1: none yet), and the valve."""

    feed: int
    valve: bool


def _lines(text: list[str]) -> bytes:
    """ASCII lines: what a rig or a design is called may hold other letters."""
    return "".join(line + "\n" for line in text).encode("ascii", "replace")


def plain(text: str) -> str:
    """A text that cannot end a comment or a string early."""
    return re.sub(r"[\"'();\x00-\x1f]", " ", text)


def _decimal(value: int, decimals: int) -> str:
    whole, rest = divmod(value, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}"


def _keys(form: Ints) -> npt.NDArray[np.int64]:
    """One number for each different row of a small table of numbers."""
    key = np.zeros(len(form), np.int64)
    for column in form.T:
        values, number = np.unique(column, return_inverse=True)
        key = key * len(values) + number
    return key


def _table(texts: list[bytes]) -> npt.NDArray[np.uint8]:
    """Texts as rows of equal width, padded with NUL."""
    width = max(1, max(map(len, texts)))
    return np.array(texts, dtype=f"S{width}").view(np.uint8).reshape(len(texts), width)
