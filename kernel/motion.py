"""Motion: the Toolpath, what the nozzle does as arrays, row by row, in part coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .filaments import Floats, Ints
from .plan import Event, Plan
from .rig import Rig

#: `kind` of a row.
TRAVEL, APPROACH, PRINT, RETREAT, DWELL, WIPE = range(6)

#: Rows handled at once: arrays of this size stay in the processor's cache.
CHUNK = 1 << 16

#: Their names, by number.
KIND_NAMES = ("travel", "approach", "print", "retreat", "dwell", "wipe")

#: Events in which ink flows at the place of purging: rows of their own (DWELL).
FLOWING = ("purge", "prime")

#: Events that are rows of their own (DWELL, WIPE) and take their time there.
ON_THE_SPOT = (*FLOWING, "wipe")


@dataclass(frozen=True, slots=True, eq=False)
class Toolpath:
    """Row i says: set valve, pressure and nozzle, then move in a straight line from position i-1 to position i.

    `position_um[N,3]` nozzle tip in part coordinates (wet state, z of the tip's end); `speed_um_s[N]` commanded speed
    of the move; `time_s[N]` planned time at its end (acceleration-limited); `valve bool[N]`; `pressure_kpa[N,C]` one
    column a nozzle, then the second channels of mixing heads (`Rig.columns`); `filament int64[N]` index printed or -1; `kind int8[N]` TRAVEL APPROACH PRINT RETREAT DWELL WIPE;
    `dwell_s[N]` standing time of a DWELL row, else 0; `nozzle int16[N]`. `events` are (row, Event): done before that row.
    Row 0 is the start position; in a part of a longer toolpath that `follows` another it stands for all rows before: where the
    tip is, the speed of the last move, the valve, and in each column the pressure that was set last.
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
    follows: bool = False

    def __len__(self) -> int:
        return len(self.time_s)

    def blocks(self) -> list[slice]:
        """Rows cut into stretches that run without interruption: no event (but purging, priming and wiping, which are rows)
        lies within one, and nozzle and pressure are the same throughout. Row 0, where motion begins, is in none."""
        n = len(self)
        if n < 2:
            return []
        cut = np.zeros(n, bool)
        for at in range(1, n, CHUNK):
            now, before = slice(at, at + CHUNK), slice(at - 1, min(at + CHUNK, n) - 1)
            cut[now] = self.nozzle[now] != self.nozzle[before]
            for kpa in self.pressure_kpa.T:
                cut[now] |= kpa[now] != kpa[before]
        cut[[row for row, event in self.events if event.kind not in ON_THE_SPOT]] = True
        cut[:2] = False
        edges = [1, *np.flatnonzero(cut).tolist(), n]
        return [slice(a, b) for a, b in pairwise(edges)]

    def waits_s(self) -> Floats:
        """Planned time of the events before each row, [N]; `time_s` holds it, but the row does not move meanwhile."""
        waits = np.zeros(len(self))
        for row, event in self.events:
            if event.kind not in ON_THE_SPOT:
                waits[row] += event.time_s
        return waits

    def lengths_um(self, rig: Rig) -> Floats:
        """How far the stage moves in each row, [N]; an exchange of nozzles is no movement."""
        offsets = np.array([n.offset_um for n in rig.nozzles] or [(0.0, 0.0, 0.0)])
        stage = self.position_um - offsets[self.nozzle] if offsets.any() else self.position_um
        length = np.zeros(len(self))
        step = np.diff(stage, axis=0)
        length[1:] = np.sqrt(np.einsum("ij,ij->i", step, step))
        return length


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


def make_toolpath(plan: Plan, rig: Rig) -> Toolpath:
    """What the tip does, row by row, for a plan on a rig: the parts that parts.py makes, as one."""
    # Parts are toolpaths themselves.
    from .toolpath.parts import parts

    most = 2 + plan.filaments.point_count + 5 * len(plan.filaments) + 10 * (len(plan.events) + 1)
    position, speed, time = np.empty((most, 3)), np.empty(most), np.empty(most)
    valve, kind = np.empty(most, bool), np.empty(most, np.int8)
    pressure, filament = np.empty((most, len(rig.nozzles))), np.empty(most, np.int64)
    dwell, nozzle = np.empty(most), np.empty(most, np.int16)
    events: list[tuple[int, Event]] = []
    n, done = 0, 0.0
    for part in parts(plan, rig, lambda part: part):
        skip = int(part.follows)
        to = slice(n, n + len(part) - skip)
        for whole, some in (
            (position, part.position_um), (speed, part.speed_um_s), (valve, part.valve), (kind, part.kind),
            (pressure, part.pressure_kpa), (filament, part.filament), (dwell, part.dwell_s), (nozzle, part.nozzle),
        ):  # fmt: skip
            whole[to] = some[skip:]
        np.add(part.time_s[skip:], done, out=time[to])
        events += [(n + row - skip, event) for row, event in part.events]
        n, done = to.stop, done + float(part.time_s[-1])
    whole_path = Toolpath(
        plan, position[:n], speed[:n], time[:n], valve[:n], pressure[:n], filament[:n], kind[:n], dwell[:n], nozzle[:n],
        tuple((min(row, n - 1), event) for row, event in events),
    )  # fmt: skip
    if any(head.mix for head in rig.nozzles):
        from .toolpath.mixing import with_ratio

        return with_ratio(whole_path, rig)
    return whole_path
