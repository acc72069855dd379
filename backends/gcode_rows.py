"""Rows of a toolpath as lines of G-code: the numbers of many rows at once, words only where they change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import Ints
from ..kernel.motion import DWELL, Toolpath
from ..kernel.rig import Rig
from ..kernel.toolpath.frames import to_stage
from .digits import number_lines, squeeze

if TYPE_CHECKING:
    from .gcode import Gcode

#: More different feeds and outputs than this in a chunk are spliced in one by one.
MOST_FORMS = 64


@dataclass(frozen=True)
class State:
    """What the rows before have set: feed in its last decimal (-1: none yet), and the valve."""

    feed: int
    valve: bool


#: Before the first row.
NOTHING_SET = State(-1, False)


def ascii_lines(text: list[str]) -> bytes:
    """ASCII lines: what a rig or a design is called may hold other letters."""
    return "".join(line + "\n" for line in text).encode("ascii", "replace")


def rows_text(
    dialect: Gcode,
    toolpath: Toolpath,
    rig: Rig,
    low: int,
    high: int,
    extra: dict[int, list[str]],
    state: State,
) -> tuple[list[bytes], Ints]:
    """Text of rows low..high-1 in parts, and how many lines each row takes."""
    rows = slice(low, high)
    n = high - low
    nozzle = toolpath.nozzle[rows]
    stage = to_stage(rig, toolpath.position_um[rows], nozzle if nozzle.any() else 0)
    stage *= 10.0 ** (dialect.decimals - 3)
    columns = list(np.rint(stage, out=stage).T)
    still = toolpath.kind[rows] == DWELL
    feed = dialect.feeds(toolpath.speed_um_s[rows])
    # A dwell leaves the feed as it was: carry the last move's over it.
    if still.any():
        last = np.maximum.accumulate(np.where(still, -1, np.arange(n)))
        feed = np.where(last >= 0, feed[last], state.feed)
    new_feed = np.empty(n, bool)
    new_feed[0] = feed[0] != state.feed and not still[0]
    np.not_equal(feed[1:], feed[:-1], out=new_feed[1:])
    if dialect.feed_always:
        new_feed = ~still
    valve = toolpath.valve[rows]
    turns = np.empty(n, bool)
    turns[0] = valve[0] != state.valve
    np.not_equal(valve[1:], valve[:-1], out=turns[1:])
    special = new_feed | turns | still
    mine = [row - low for row in extra if low <= row < high]
    special[mine] = True
    inline = dialect.valve_word is not None
    lines = np.ones(n, np.int64)
    lines += turns & still if inline else turns
    for row in mine:
        lines[row] += len(extra[row + low])

    @cache
    def switch(nozzle: int, on: bool, moving: bool) -> bytes:
        return ascii_lines([dialect.switch(rig.nozzles[nozzle].output, on, moving)])

    @cache
    def end(turns: bool, on: bool, feed: int) -> bytes:
        """Behind the numbers of a move; no `feed` where it stays."""
        word = " " + dialect.valve_word(on) if turns and dialect.valve_word is not None else ""
        if feed >= 0:
            word += dialect.feed_word(_decimal(feed, dialect.feed_decimals))
        return f"{word}{dialect.move_end}\n".encode()

    def before(i: int) -> bytes:
        text = ascii_lines(extra[i + low]) if i + low in extra else b""
        if turns[i] and not (inline and not still[i]):
            text += switch(int(nozzle[i]), bool(valve[i]), not still[i])
        if still[i]:
            text += ascii_lines([dialect.dwell(float(toolpath.dwell_s[i + low]))])
        return text

    def after(i: int) -> bytes:
        if still[i]:
            return b""
        return end(bool(turns[i]), bool(valve[i]), int(feed[i]) if new_feed[i] else -1)

    where = np.flatnonzero(special)
    labels = [part.encode() for part in dialect.move]
    if 10 * len(where) > n:
        # Rows that are alike in all but their numbers share their words.
        form = np.where(new_feed, feed + 1, 0)
        for column, values in ((turns, 2), (valve, 2), (nozzle, len(rig.nozzles))):
            form *= values
            form += column
        # Dwells and rows with lines of their own are like no other.
        alone = still.copy()
        alone[mine] = True
        form[alone] = -1 - np.flatnonzero(alone)
        kinds, first, which = np.unique(form, return_index=True, return_inverse=True)
        if len(kinds) <= MOST_FORMS:
            body, _ = number_lines(columns, labels, dialect.decimals)
            heads = _table([before(int(i)) for i in first])
            tails = _table([after(int(i)) for i in first])
            body[still] = 0
            text, _ = squeeze(np.concatenate([heads[which], body, tails[which]], axis=1))
            return [text], lines
    labels[3] += f"{dialect.move_end}\n".encode()
    body, ragged = number_lines(columns, labels, dialect.decimals)
    if ragged:
        text, offsets = squeeze(body)
        view, begins, ends = memoryview(text), offsets[where].tolist(), offsets[where + 1].tolist()
    else:
        width = body.shape[1]
        view = np.ascontiguousarray(body).data.cast("B")
        begins, ends = (where * width).tolist(), ((where + 1) * width).tolist()
    parts: list[bytes] = []
    done, cut = 0, len(dialect.move_end) + 1
    for i, begin, stop in zip(where.tolist(), begins, ends, strict=True):
        parts += (view[done:begin], before(i))  # type: ignore[arg-type]
        if not still[i]:
            parts += (view[begin : stop - cut], after(i))  # type: ignore[arg-type]
        done = stop
    parts.append(view[done:])  # type: ignore[arg-type]
    return parts, lines


def _decimal(value: int, decimals: int) -> str:
    whole, rest = divmod(value, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}"


def _table(texts: list[bytes]) -> npt.NDArray[np.uint8]:
    """Texts as rows of equal width, padded with NUL."""
    width = max(1, max(map(len, texts)))
    return np.array(texts, dtype=f"S{width}").view(np.uint8).reshape(len(texts), width)
