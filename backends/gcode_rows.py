"""Rows of a toolpath as lines of G-code: the numbers of many rows at once, words only where they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import Floats, Ints
from ..kernel.motion import DWELL, Toolpath
from ..kernel.rig import Rig
from ..kernel.toolpath.frames import to_stage
from .arcs import NONE, Arcs, Round, find, ranges, wanted
from .digits import Bytes, number_lines, squeeze

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
    """Text of rows low..high-1 in parts, and how many lines each row takes; all lines of an arc are its last row's."""
    rows = slice(low, high)
    n = high - low
    nozzle = toolpath.nozzle[rows]
    stage = to_stage(rig, toolpath.position_um[rows], nozzle if nozzle.any() else 0)
    stage *= 10.0 ** (dialect.decimals - 3)
    columns: list[Floats] = list(np.rint(stage, out=stage).T)
    still = toolpath.kind[rows] == DWELL
    feed = dialect.feeds(toolpath.speed_um_s[rows])
    # A dwell leaves the feed as it was: carry the last move's over it.
    if still.any():
        last = np.maximum.accumulate(np.where(still, -1, np.arange(n)))
        feed = np.where(last >= 0, feed[last], state.feed)
    valve = toolpath.valve[rows]
    # Rows that have lines of their own, and where the extra lines of each are to be found.
    own = lead = np.arange(low, high)
    arc_text: Bytes | None = None
    bow = wanted(rig, dialect.round)
    arcs = (
        NONE
        if bow is None
        else find(toolpath, rig, low, high, feed, extra, bool(bow.helix), dialect.decimals)
    )
    if bow is not None and len(arcs.first):
        kept = np.ones(n, bool)
        kept[ranges(arcs.first - low, arcs.last - arcs.first)] = False
        arc_text = arc_lines(bow, arcs, [column[arcs.last - low] for column in columns], dialect.decimals)
        columns = [column[kept] for column in columns]
        still, feed, valve, nozzle, own = still[kept], feed[kept], valve[kept], nozzle[kept], own[kept]
        lead, n = own.copy(), len(own)
        lead[np.searchsorted(own, arcs.last)] = arcs.first
    bent = np.searchsorted(own, arcs.last)
    new_feed = np.empty(n, bool)
    new_feed[0] = feed[0] != state.feed and not still[0]
    np.not_equal(feed[1:], feed[:-1], out=new_feed[1:])
    if dialect.feed_always:
        new_feed = ~still
    turns = np.empty(n, bool)
    turns[0] = valve[0] != state.valve
    np.not_equal(valve[1:], valve[:-1], out=turns[1:])
    special = new_feed | turns | still
    mine = np.searchsorted(own, [row for row in extra if low <= row < high])
    special[mine] = True
    special[bent] = True
    inline = dialect.valve_word is not None
    lines = np.ones(n, np.int64)
    lines += turns & still if inline else turns
    for i in mine.tolist():
        lines[i] += len(extra[int(lead[i])])
    of_rows = np.zeros(high - low, np.int64)
    of_rows[own - low] = lines

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
        row = int(lead[i])
        text = ascii_lines(extra[row]) if row in extra else b""
        if turns[i] and not (inline and not still[i]):
            text += switch(int(nozzle[i]), bool(valve[i]), not still[i])
        if still[i]:
            text += ascii_lines([dialect.dwell(float(toolpath.dwell_s[row]))])
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
            if arc_text is not None:
                wider = max(arc_text.shape[1] - body.shape[1], 0)
                body = np.pad(body, ((0, 0), (0, wider)))
                body[bent] = 0
                body[bent, : arc_text.shape[1]] = arc_text
            text, _ = squeeze(np.concatenate([heads[which], body, tails[which]], axis=1))
            return [text], of_rows
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
    curves = {} if arc_text is None else dict(zip(bent.tolist(), arc_text, strict=True))
    for i, begin, stop in zip(where.tolist(), begins, ends, strict=True):
        parts += (view[done:begin], before(i))  # type: ignore[arg-type]
        if i in curves:
            parts += (curves[i][curves[i] != 0].tobytes(), after(i))
        elif not still[i]:
            parts += (view[begin : stop - cut], after(i))  # type: ignore[arg-type]
        done = stop
    parts.append(view[done:])  # type: ignore[arg-type]
    return parts, of_rows


def arc_lines(form: Round, arcs: Arcs, ends: Sequence[Floats], decimals: int) -> Bytes:
    """Lines of arcs up to their feed, one a row, padded with NUL; `ends` x, y and z as whole numbers of the last decimal. A centre has two
    decimals more: rounded like the ends it would lie on no circle through both."""
    fine = decimals + 2
    centre = np.rint(arcs.centre_um.T * 10.0 ** (fine - 3))
    columns = dict(zip("xyzij", (*ends, *centre), strict=True))
    texts: list[tuple[npt.NDArray[np.bool_], Bytes]] = []
    for climbs in (False, True):
        for left in (False, True):
            mine = (arcs.climbs == climbs) & (arcs.left == left)
            if not mine.any():
                continue
            cells = []
            for places, group in groupby(
                form.labels(climbs, left), lambda pair: fine if pair[1] in "ij" else decimals
            ):
                words = list(group)
                labels = [*(label.encode() for label, _ in words), b""]
                cells.append(number_lines([columns[name][mine] for _, name in words], labels, places)[0])
            if form.end:
                cells.append(np.tile(np.frombuffer(form.end.encode(), np.uint8), (len(cells[0]), 1)))
            texts.append((mine, np.concatenate(cells, axis=1)))
    out = np.zeros((len(arcs.first), max(text.shape[1] for _, text in texts)), np.uint8)
    for mine, text in texts:
        out[np.flatnonzero(mine)[:, None], np.arange(text.shape[1])] = text
    return out


def _decimal(value: int, decimals: int) -> str:
    whole, rest = divmod(value, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}"


def _table(texts: list[bytes]) -> npt.NDArray[np.uint8]:
    """Texts as rows of equal width, padded with NUL."""
    width = max(1, max(map(len, texts)))
    return np.array(texts, dtype=f"S{width}").view(np.uint8).reshape(len(texts), width)
