"""Where a print is: the controller's line and the measured position together, so that executed means confirmed by position."""

from __future__ import annotations

import numpy as np

from ...kernel.filaments import Floats, Ints
from ...kernel.motion import Toolpath
from ...kernel.rig import Rig
from ...kernel.toolpath.frames import to_stage
from ..controller import Position

#: The stage must stand within this distance of where a section ends, or of where a print is resumed.
PLACE_UM = 1.0

#: A measured position belongs to a move when it is so near to it. Beyond servo noise, far below a filament (assumed).
NEAR_UM = 2.0
#: How many moves the reported line may run ahead of the motion.
AHEAD_ROWS = 64
#: How many rows are looked through for the first on which a position lies.
FAR_ROWS = 4096


def last_rows(toolpath: Toolpath) -> tuple[Ints, Ints]:
    """(filament, its last row) for every filament of a toolpath, ordered by that row."""
    rows = np.flatnonzero(toolpath.filament >= 0)
    if not len(rows):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    ids, back = np.unique(toolpath.filament[rows][::-1], return_index=True)
    last = rows[len(rows) - 1 - back]
    order = np.argsort(last)
    return ids[order].astype(np.int64), last[order].astype(np.int64)


class Track:
    """Follows rows [first, last) of a toolpath while its program runs. `row`: rows below it are confirmed done."""

    def __init__(self, toolpath: Toolpath, rig: Rig, first: int, last: int, line_rows: Ints) -> None:
        """`line_rows[l]`: row of the toolpath behind line l + 1 of the program, the last of an arc's; -1 for none."""
        self._stage = to_stage(rig, toolpath.position_um, toolpath.nozzle.astype(np.int64))
        self.first, self.last = first, last
        self.row = first
        self._rows = rows_of_lines(line_rows, first - 1)

    def end_um(self) -> Floats:
        """Stage position at the end of the last row."""
        return np.asarray(self._stage[self.last - 1])

    def hint(self, line: int) -> int:
        """Row that a program line stands for, the last one where it is an arc."""
        return self.span(line)[1]

    def span(self, line: int) -> tuple[int, int]:
        """First and last row that a program line stands for."""
        if not len(self._rows) or line < 1:
            return self.first, self.first
        return span_of(self._rows, line)

    def advance(self, line: int, position_um: Position, *, exact: bool = True) -> int:
        """Take a status in; returns the new `row`, which never falls and never runs ahead of the position."""
        begin, last = self.span(line)
        row = self.find(last, position_um, exact=exact, begin=begin)
        if row is not None and row > self.row:
            self.row = row
        return self.row

    def find(
        self, hint: int, position_um: Position, *, exact: bool = True, begin: int | None = None
    ) -> int | None:
        """The latest row not beyond `hint` + 1 on which the position lies, None where there is none.

        On the row after `hint` it lies only once it has clearly left where that begins: a stage that stopped short of the end
        of a filament has not finished it. Where `hint` is not `exact` but may run far ahead, it is the first such row instead: a
        path can come back to a place. `hint` may be the last of the rows from `begin` on that one arc stands for: on these it lies where it
        is nearest.
        """
        top = min(max(hint + 1, self.first), self.last - 1)
        begin = hint if begin is None else begin
        low = max(self.row, self.first, begin + 1 - AHEAD_ROWS if exact else 0)
        if not exact:
            top = min(top, low + FAR_ROWS)
        if top < low:
            return None
        rows = np.arange(low, top + 1)
        away = distance_um(self._stage[rows - 1], self._stage[rows], np.array(position_um))
        near = away <= NEAR_UM
        if top > hint and top > self.first:
            near[-1] &= bool(np.linalg.norm(np.array(position_um) - self._stage[top - 1]) > NEAR_UM)
        found = np.flatnonzero(near)
        if not len(found):
            return None
        at = int(found[-1 if exact else 0])
        if exact and begin < rows[at] <= hint:
            # Rows of an arc may be shorter than what counts as near: the first of the nearest, so that none is passed unseen.
            mine = np.flatnonzero(rows >= begin)
            at = int(mine[np.argmin(away[mine[rows[mine] <= hint]])])
        return int(rows[at])

    def astray_um(self, line: int, position_um: Position) -> float:
        """How far a position lies from all rows that the stage may be on."""
        low = max(self.row - 1, self.first)
        top = min(max(self.hint(line), self.row) + AHEAD_ROWS, self.last - 1, low + FAR_ROWS)
        rows = np.arange(low, top + 1)
        away = distance_um(self._stage[rows - 1], self._stage[rows], np.array(position_um))
        return float(away.min(initial=np.inf))

    def at_end(self, position_um: Position, within_um: float) -> bool:
        return bool(np.linalg.norm(np.array(position_um) - self.end_um()) <= within_um)

    def finish(self) -> None:
        self.row = self.last


def rows_of_lines(line_rows: Ints, before: int = -1) -> Ints:
    """The row of every line of a program; lines without one (headers, outputs) belong to the last row before them, at the head to `before`."""
    return np.maximum.accumulate(np.where(line_rows >= 0, line_rows, before))


def span_of(rows: Ints, line: int) -> tuple[int, int]:
    """First and last row behind a line (from 1) of a program, given `rows_of_lines`: an arc stands for all rows since the line before."""
    last = int(rows[min(line, len(rows)) - 1])
    earlier = int(np.searchsorted(rows, last, "left"))
    return min(int(rows[earlier - 1]) + 1, last) if earlier else last, last


def distance_um(start: Floats, end: Floats, point: Floats) -> Floats:
    """Distance of `point[3]` to segments start[N,3] -> end[N,3]."""
    step = end - start
    square = np.einsum("ij,ij->i", step, step)
    with np.errstate(invalid="ignore", divide="ignore"):
        at = np.clip(np.nan_to_num(((point - start) * step).sum(axis=1) / square), 0.0, 1.0)
    return np.asarray(np.linalg.norm(start + at[:, None] * step - point, axis=1))
