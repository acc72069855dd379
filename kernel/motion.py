"""Motion: the Toolpath, what the nozzle does as arrays, row by row, in part coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .ahead import ahead
from .dosing import Dosing, dose
from .filaments import Floats, Ints
from .frames import purge_place_um, wipe_way_um
from .hops import hops_um
from .lines import NOTHING_UM, Ends, split_valve, strand, tip_ends
from .plan import Event, Plan
from .rig import Rig
from .timing import profile, rest_to_rest_s

#: `kind` of a row.
TRAVEL, APPROACH, PRINT, RETREAT, DWELL, WIPE = range(6)

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
    column a nozzle; `filament int64[N]` index printed or -1; `kind int8[N]` TRAVEL APPROACH PRINT RETREAT DWELL WIPE;
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

    def blocks(self) -> list[slice]:
        """Rows cut into stretches that run without interruption: no event (but purging, priming and wiping, which are rows)
        lies within one, and nozzle and pressure are the same throughout. Row 0, where motion begins, is in none."""
        n = len(self)
        if n < 2:
            return []
        cut = np.zeros(n, bool)
        for at in range(1, n, _CHUNK):
            now, before = slice(at, at + _CHUNK), slice(at - 1, min(at + _CHUNK, n) - 1)
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


#: Points handled at once: arrays of this size stay in the processor's cache.
_CHUNK = 1 << 16


def make_toolpath(plan: Plan, rig: Rig) -> Toolpath:
    """What the tip does, row by row, for a plan on a rig.

    Between filaments: straight up, across at `clear_um` above what stands on its way (hops.py), straight down. The tip runs at the top
    of the filament that it lays (centreline + half the height), so that the first gap is the height of the first
    filament unless the rig gives `first_gap_um`. The valve opens `on_s` before the filament begins, on the way down
    (which is slowed where it would be too short), and closes `off_s` before it ends, both by the time law of the motion, at
    rows inserted there. A filament that would take less time than `off_s` is printed slower (dosing.py), or with the valve
    closed from its beginning where the calibration does not reach so low.
    Corners are passed by look-ahead, as far as the rig lets its controller round them (`corner_um`); the tip rests where
    it dwells and where something is exchanged.
    """
    f = len(plan.order)
    dosing = dose(plan, rig)
    rows = _Rows(plan, rig, len(rig.nozzles))
    ends = tip_ends(plan, rig)
    printed = np.concatenate([[0.0], np.maximum.accumulate(ends.top_um)])
    over = hops_um(plan, rig, ends, printed)
    pauses = _by_place(plan)
    changes = np.flatnonzero(np.diff(plan.nozzle)) + 1
    cuts = sorted({*changes.tolist(), *(i for i in pauses if 0 < i < f)})
    rows.start(ends, printed)
    for low, high in pairwise([0, *cuts, f]):
        rows.pause(pauses.get(low, []), int(plan.nozzle[low]) if f else 0, float(printed[low]), dosing, low)
        if high > low:
            top = float(printed[high]) + rig.heights.clear_um
            lifts = high == f or plan.nozzle[high] != plan.nozzle[low] or rows.leaves(pauses.get(high, []))
            leave = max(rig.heights.safe_um, top) if lifts else top
            # The way to the first filament of a stretch comes from afar.
            over[low] = printed[low]
            rows.stretch(low, high, dosing, ends, over, leave)
    if f and f in pauses:
        rows.pause(pauses[f], rows.current, float(printed[f]), dosing, f - 1)
    return rows.finish(float(printed[f]))


def _by_place(plan: Plan) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for event in plan.events:
        found.setdefault(event.before, []).append(event)
    return found


class _Chunk(NamedTuple):
    """Rows of some filaments, as they stand in the toolpath; `time_s` is that of each row."""

    position_um: Floats
    speed_um_s: Floats
    kind: npt.NDArray[np.int8]
    time_s: Floats
    valve: npt.NDArray[np.bool_]
    filament: Ints
    pressure_kpa: Floats


class _Rows:
    """The rows of a toolpath as they come to be. Arrays are as long as the toolpath can get, and cut at the end."""

    def __init__(self, plan: Plan, rig: Rig, nozzles: int) -> None:
        filaments = plan.filaments
        most = 2 + filaments.point_count + 5 * len(filaments) + 10 * (len(plan.events) + 1)
        self.plan, self.rig = plan, rig
        self.n = 0
        self.position = np.empty((most, 3))
        self.speed = np.empty(most)
        self.spent = np.zeros(most)
        self.valve = np.zeros(most, bool)
        self.pressure = np.zeros((most, nozzles))
        self.filament = np.full(most, -1, np.int64)
        self.kind = np.zeros(most, np.int8)
        self.dwell = np.zeros(most)
        self.nozzle = np.zeros(most, np.int16)
        self.events: list[tuple[int, Event]] = []
        self.here = np.zeros(3)
        self.current = int(plan.nozzle[0]) if len(plan.order) else 0
        self.acceleration = min(a.acceleration_um_s2 for a in rig.axes.values())
        flat = min(rig.axes["x"].max_speed_um_s, rig.axes["y"].max_speed_um_s)
        self.travel_um_s = min(rig.speeds.travel_um_s, flat)
        self.rise_um_s = min(rig.speeds.travel_um_s, rig.axes["z"].max_speed_um_s)
        self.approach_um_s = min(rig.speeds.approach_um_s, rig.axes["z"].max_speed_um_s)

    def start(self, ends: Ends, printed: Floats) -> None:
        """Row 0: over the place to purge, or over the first filament, at the safe height."""
        place = purge_place_um(self.rig)
        if place is None:
            place = ends.first_um[0].copy() if len(ends.first_um) else np.zeros(3)
        place[2] = max(self.rig.heights.safe_um, float(printed[-1]) + self.rig.heights.clear_um)
        self.here = place
        self.add(TRAVEL, place, self.travel_um_s)
        self.spent[0] = 0.0

    def add(
        self,
        kind: int,
        to: Floats,
        speed_um_s: float,
        valve: bool = False,
        dwell_s: float = 0.0,
        pressure_kpa: float | None = None,
    ) -> None:
        """One row from rest to rest, or a dwell; left out where nothing moves. The pressure stays unless one is given."""
        length = float(np.linalg.norm(to - self.here))
        if kind != DWELL and length < NOTHING_UM and self.n > 0:
            return
        i = self.n
        self.position[i] = to
        self.speed[i] = speed_um_s
        moving = rest_to_rest_s(np.array(length), np.array(speed_um_s), self.acceleration)
        self.spent[i] += float(moving) + dwell_s
        self.valve[i] = valve
        self.kind[i] = kind
        self.dwell[i] = dwell_s
        self.nozzle[i] = self.current
        if pressure_kpa is not None:
            self.pressure[i, self.current] = pressure_kpa
        elif i:
            self.pressure[i] = self.pressure[i - 1]
        self.here = to.copy()
        self.n += 1

    def say(self, event: Event) -> None:
        """The event happens before the next row."""
        self.events.append((self.n, event))

    def leaves(self, events: list[Event]) -> bool:
        """Whether the tip goes up to the safe height for these events."""
        return any(e.kind not in ON_THE_SPOT for e in events)

    def pause(self, events: list[Event], nozzle: int, printed: float, dosing: Dosing, place: int) -> None:
        """Exchanges at the safe height, then purging, priming and wiping at their places."""
        heights = self.rig.heights
        flowing = [e for e in events if e.kind in FLOWING]
        others = [e for e in events if e.kind not in ON_THE_SPOT]
        if others or nozzle != self.current:
            self.add(RETREAT, self.over(max(heights.safe_um, printed + heights.clear_um)), self.rise_um_s)
        for event in others:
            self.say(event)
            self.spent[self.n] += event.time_s
        began = self.n
        if nozzle != self.current:
            offsets = [np.array(n.offset_um) for n in self.rig.nozzles]
            moved = self.here + offsets[nozzle] - offsets[self.current]
            # The stage stands still; another tip is the one that counts from here on.
            self.current, self.here = nozzle, moved
            self.position[self.n], self.speed[self.n] = moved, self.travel_um_s
            self.nozzle[self.n], self.kind[self.n] = nozzle, TRAVEL
            self.n += 1
        place_um = purge_place_um(self.rig)
        if flowing and place_um is not None:
            kpa = float(dosing.pressure_kpa[place])
            clear = max(printed, float(place_um[2])) + heights.clear_um
            self.add(RETREAT, self.over(max(clear, float(self.here[2]))), self.rise_um_s)
            self.add(TRAVEL, np.array([*place_um[:2], self.here[2]]), self.travel_um_s)
            self.add(TRAVEL, self.over(clear), self.rise_um_s)
            self.add(APPROACH, place_um, self.approach_um_s)
            for event in flowing:
                self.say(event)
                self.add(DWELL, self.here, 0.0, True, event.time_s, kpa)
            if dosing.off_s[place] > 0:
                self.add(DWELL, self.here, 0.0, False, float(dosing.off_s[place]), kpa)
            for event in events:
                if event.kind == "wipe":
                    self.wipe(event, clear)
            self.pressure[began : self.n] = 0.0
            self.pressure[began : self.n, self.current] = kpa

    def wipe(self, event: Event, clear_um: float) -> None:
        """From the place of purging to that of wiping, and along it with the valve closed, there and back."""
        wipe, way = self.rig.wipe, wipe_way_um(self.rig)
        if wipe is None or way is None:
            return
        over = max(clear_um, float(way[:, 2].max()) + self.rig.heights.clear_um)
        self.add(RETREAT, self.over(over), self.rise_um_s)
        self.add(TRAVEL, np.array([*way[0, :2], over]), self.travel_um_s)
        self.add(APPROACH, way[0], self.approach_um_s)
        self.say(event)
        for k in range(wipe.passes):
            self.add(WIPE, way[(k + 1) % 2], min(wipe.speed_um_s, self.travel_um_s))

    def over(self, z_um: float) -> Floats:
        return np.array([self.here[0], self.here[1], z_um])

    def stretch(self, low: int, high: int, dosing: Dosing, ends: Ends, over: Floats, leave_um: float) -> None:
        """Filaments low..high-1 of the order, with nothing but travel between them, and up to `leave_um` after the last."""
        clear = np.maximum(over[low:high], ends.first_um[low:high, 2]) + self.rig.heights.clear_um
        first_um = max(float(clear[0]), float(self.here[2]))
        self.add(RETREAT, self.over(first_um), self.rise_um_s)
        leave = np.append(clear[1:], leave_um)
        points = np.cumsum(np.diff(self.plan.filaments.offsets)[self.plan.order[low:high]])
        runs, at = [], 0
        while at < high - low:
            done = points[at - 1] if at else 0
            upto = max(at + 1, int(np.searchsorted(points, done + _CHUNK, "right")))
            runs.append((low + at, low + upto))
            at = upto
        begin = self.here

        def chunk(run: tuple[int, int]) -> _Chunk:
            a, b = run
            here = begin if a == low else np.array([*ends.last_um[a - 1, :2], leave[a - 1 - low]])
            return self.chunk(a, b, here, dosing, ends, leave[a - low : b - low])

        for found in ahead(chunk, runs):
            self.take(found)

    def take(self, found: _Chunk) -> None:
        to = slice(self.n, self.n + len(found.position_um))
        self.position[to], self.speed[to], self.kind[to] = found.position_um, found.speed_um_s, found.kind
        self.spent[to] += found.time_s
        self.valve[to], self.filament[to] = found.valve, found.filament
        self.nozzle[to] = self.current
        self.pressure[to, self.current] = found.pressure_kpa
        self.n = to.stop
        self.here = found.position_um[-1].copy()

    def chunk(
        self, low: int, high: int, here_um: Floats, dosing: Dosing, ends: Ends, leave_um: Floats
    ) -> _Chunk:
        """Filaments low..high-1, from `here_um` on: across and down to each, along it, and up to `leave_um`."""
        here = slice(low, high)
        first, last = ends.first_um[here], ends.last_um[here]
        came = np.vstack([here_um, np.column_stack([last[:-1, :2], leave_um[:-1]])])
        on = dosing.on_s[here]
        line = strand(self.plan, self.rig, dosing, low, high)
        # A way down at this speed takes `on` at least, however it is entered and left, after a new pressure has been reached.
        fall = came[:, 2] - first[:, 2]
        with np.errstate(divide="ignore"):
            down = np.minimum(self.approach_um_s, fall / (on + dosing.settle_s[here]))
        across = np.hypot(first[:, 0] - came[:, 0], first[:, 1] - came[:, 1]) >= NOTHING_UM
        # Nodes: where the tip is, then by filament over its start, its points, over its end.
        rows = across + line.counts + 1
        begin = 1 + np.concatenate([[0], np.cumsum(rows)])
        total = int(begin[-1])
        start = begin[:-1] + across
        end = start + line.counts - 1
        nodes, speed = np.empty((total, 3)), np.empty(total)
        kind = np.full(total, PRINT, np.int8)
        nodes[0] = here_um
        over = begin[:-1][across]
        nodes[over, :2], nodes[over, 2] = first[across, :2], came[across, 2]
        kind[over], speed[over] = TRAVEL, self.travel_um_s
        middle = np.repeat(start - np.concatenate([[0], np.cumsum(line.counts)[:-1]]), line.counts)
        middle += np.arange(len(middle))
        nodes[middle], speed[middle] = line.points_um, line.speed_um_s
        kind[start], speed[start] = APPROACH, down
        nodes[end + 1, :2], nodes[end + 1, 2] = last[:, :2], leave_um
        kind[end + 1], speed[end + 1] = RETREAT, self.rise_um_s
        stops = np.zeros(total, bool)
        stops[[0, -1]] = True
        law = profile(nodes, stops, speed[1:], self.acceleration, self.rig.speeds.corner_um)
        cut = split_valve(nodes, law, self.acceleration, start, end, on, dosing.off_s[here])
        time = np.concatenate([[0.0], law.time_s])
        filament = np.full(total, -1, np.int64)
        filament[middle] = np.repeat(self.plan.order[here], line.counts)
        filament[start] = -1
        pressure = np.concatenate([[0.0], np.repeat(dosing.pressure_kpa[here], rows)])
        valve = cut.valve
        if len(cut.before):
            # Each new node stands before the old one and has its speed, kind and filament; its way is a part of the old way.
            b = cut.before
            new = b + np.arange(len(b))
            time[b] -= cut.time_s
            old = np.ones(total + len(b), bool)
            old[new] = False
            source = np.cumsum(old) - old
            nodes, time, valve = nodes[source], time[source], valve[source]
            nodes[new], time[new], valve[new] = cut.points_um, cut.time_s, cut.open_before
            speed, kind, filament, pressure = speed[source], kind[source], filament[source], pressure[source]
        return _Chunk(nodes[1:], speed[1:], kind[1:], time[1:], valve[1:], filament[1:], pressure[1:])

    def finish(self, printed: float) -> Toolpath:
        """Up to the safe height, and the arrays cut to length."""
        heights = self.rig.heights
        self.add(RETREAT, self.over(max(heights.safe_um, printed + heights.clear_um)), self.rise_um_s)
        n = self.n
        events = tuple((min(row, n - 1), event) for row, event in self.events)
        return Toolpath(
            self.plan, self.position[:n], self.speed[:n], np.cumsum(self.spent[:n], out=self.spent[:n]), self.valve[:n],
            self.pressure[:n],
            self.filament[:n], self.kind[:n], self.dwell[:n], self.nozzle[:n], events,
        )  # fmt: skip
