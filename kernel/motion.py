"""Motion: the Toolpath, what the nozzle does as arrays, row by row, in part coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .filaments import Floats, Ints
from .plan import Event, Plan

#: `kind` of a row.
TRAVEL, APPROACH, PRINT, RETREAT, DWELL = range(5)


@dataclass(frozen=True, slots=True, eq=False)
class Toolpath:
    """Row i says: set valve, pressure and nozzle, then move in a straight line from position i-1 to position i.

    `position_um[N,3]` nozzle tip in part coordinates (wet state, z of the tip's end); `speed_um_s[N]` commanded speed
    of the move; `time_s[N]` planned time at its end (acceleration-limited); `valve bool[N]`; `pressure_kpa[N,C]` one
    column a nozzle; `filament int64[N]` index printed or -1; `kind int8[N]` TRAVEL APPROACH PRINT RETREAT DWELL;
    `dwell_s[N]` standing time of a DWELL row, else 0; `nozzle int16[N]`. `events` are (row, Event): done before that row.
    Row 0 is the start position.
    """

    plan: Plan
    position_um: Floats
    speed_um_s: Floats
    time_s: Floats
    valve: npt.NDArray[np.bool_]
    pressure_kpa: Floats
    filament: Ints
    kind: npt.NDArray[np.int8]
    dwell_s: Floats
    nozzle: npt.NDArray[np.int16]
    events: tuple[tuple[int, Event], ...] = ()

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Text of one dialect. `sample int64[lines]`: the Toolpath row that each line comes from, -1 for headers, so that a
    machine's error can be traced: line -> row -> filament -> span -> line of the `.wp` file. `data` is what goes out."""

    dialect: str
    data: bytes
    sample: Ints
    toolpath: Toolpath

    @property
    def text(self) -> str:
        return self.data.decode("ascii")

    def source_line(self, line: int) -> str | None:
        """`file:line:col` behind program line `line` (from 1), None for lines that no filament caused."""
        row = int(self.sample[line - 1]) if 0 < line <= len(self.sample) else -1
        if row < 0:
            return None
        i = int(self.toolpath.filament[row])
        if i < 0:
            return None
        f = self.toolpath.plan.filaments
        return f.spans[int(f.origin[i])].where
