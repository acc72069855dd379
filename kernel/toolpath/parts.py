"""A toolpath in parts, as it comes to be: what the nozzle does between filaments, and along them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np

from ..filaments import Floats
from ..motion import APPROACH, CHUNK, DWELL, FLOWING, ON_THE_SPOT, PRINT, RETREAT, TRAVEL, WIPE, Toolpath
from ..plan import Event, Plan
from ..planning.hops import hops_um
from ..rig import Rig
from .ahead import ahead
from .dosing import Dosing, dose
from .frames import purge_place_um, wipe_way_um
from .lines import NOTHING_UM, Ends, Pace, lay, tip_ends
from .timing import rest_to_rest_s

T = TypeVar("T")

#: The kinds of rows that lay a filament, as `Laid.rows` counts them.
_LEGS = np.array([TRAVEL, APPROACH, PRINT, RETREAT], np.int8)

#: Rows of a filament beside its points, at most: across, up, and where the valve turns.
_BETWEEN = 4


def parts(plan: Plan, rig: Rig, work: Callable[[Toolpath], T]) -> Iterator[T]:
    """What the tip does, row by row, for a plan on a rig: `work` done on toolpaths that follow each other, several at once on other
    processors, so that a toolpath of any length needs little memory. Each counts its time from 0, and its events may stand one
    row beyond its end where nothing follows.

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
    rows = _Rows(plan, rig)
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
            yield from rows.stretch(low, high, dosing, ends, over, leave, work)
    if f and f in pauses:
        rows.pause(pauses[f], rows.current, float(printed[f]), dosing, f - 1)
    yield work(rows.finish(float(printed[f])))


def _by_place(plan: Plan) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for event in plan.events:
        found.setdefault(event.before, []).append(event)
    return found


class _Before(NamedTuple):
    """What the rows before a part have set, and what happens before its first move."""

    speed_um_s: float
    valve: bool
    kpa: Floats
    events: tuple[tuple[int, Event], ...] = ()
    wait_s: float = 0.0


class _Rows:
    """Rows as they come to be: those that do not lay filaments one by one, and those of short stretches; long ones pass by."""

    def __init__(self, plan: Plan, rig: Rig) -> None:
        filaments = plan.filaments
        most = 2 + filaments.point_count + 5 * len(filaments)
        room = min(most, 3 * CHUNK) + 10 * (len(plan.events) + 1)
        self.plan, self.rig = plan, rig
        self.n = 0
        self.follows = False
        self.position = np.empty((room, 3))
        self.speed = np.empty(room)
        self.spent = np.empty(room)
        self.valve = np.empty(room, bool)
        self.pressure = np.empty((room, len(rig.nozzles)))
        self.filament = np.empty(room, np.int64)
        self.kind = np.empty(room, np.int8)
        self.dwell = np.empty(room)
        self.nozzle = np.empty(room, np.int16)
        self.events: list[tuple[int, Event]] = []
        #: What the events before the next row take.
        self.wait_s = 0.0
        self.here = np.zeros(3)
        #: Pressures of the last row, and those that were set last.
        self.kpa = np.zeros(len(rig.nozzles))
        self.set_kpa = self.kpa.copy()
        self.current = int(plan.nozzle[0]) if len(plan.order) else 0
        flat = min(rig.axes["x"].max_speed_um_s, rig.axes["y"].max_speed_um_s)
        self.pace = Pace(
            min(rig.speeds.travel_um_s, flat),
            min(rig.speeds.approach_um_s, rig.axes["z"].max_speed_um_s),
            min(rig.speeds.travel_um_s, rig.axes["z"].max_speed_um_s),
            min(a.acceleration_um_s2 for a in rig.axes.values()),
        )

    def start(self, ends: Ends, printed: Floats) -> None:
        """Row 0: over the place to purge, or over the first filament, at the safe height."""
        place = purge_place_um(self.rig)
        if place is None:
            place = ends.first_um[0].copy() if len(ends.first_um) else np.zeros(3)
        place[2] = max(self.rig.heights.safe_um, float(printed[-1]) + self.rig.heights.clear_um)
        self.row(TRAVEL, place, self.pace.across_um_s)

    def row(
        self,
        kind: int,
        to: Floats,
        speed_um_s: float,
        spent_s: float = 0.0,
        valve: bool = False,
        dwell_s: float = 0.0,
    ) -> None:
        i = self.n
        self.position[i], self.speed[i], self.kind[i] = to, speed_um_s, kind
        self.spent[i] = spent_s + self.wait_s
        self.wait_s = 0.0
        self.valve[i], self.dwell[i] = valve, dwell_s
        self.nozzle[i], self.pressure[i], self.filament[i] = self.current, self.kpa, -1
        self.here = to.copy()
        self.n += 1

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
        if kind != DWELL and length < NOTHING_UM:
            return
        if pressure_kpa is not None:
            self.kpa[self.current] = pressure_kpa
        moving = rest_to_rest_s(np.array(length), np.array(speed_um_s), self.pace.acceleration_um_s2)
        self.row(kind, to, speed_um_s, float(moving) + dwell_s, valve, dwell_s)

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
            self.add(RETREAT, self.over(max(heights.safe_um, printed + heights.clear_um)), self.pace.up_um_s)
        for event in others:
            self.say(event)
            self.wait_s += event.time_s
        began = self.n
        if nozzle != self.current:
            offsets = [np.array(n.offset_um) for n in self.rig.nozzles]
            moved = self.here + offsets[nozzle] - offsets[self.current]
            # The stage stands still; another tip is the one that counts from here on.
            self.current = nozzle
            self.kpa = np.zeros_like(self.kpa)
            self.row(TRAVEL, moved, self.pace.across_um_s)
        place_um = purge_place_um(self.rig)
        if flowing and place_um is not None:
            kpa = float(dosing.pressure_kpa[place])
            clear = max(printed, float(place_um[2])) + heights.clear_um
            self.add(RETREAT, self.over(max(clear, float(self.here[2]))), self.pace.up_um_s)
            self.add(TRAVEL, np.array([*place_um[:2], self.here[2]]), self.pace.across_um_s)
            self.add(TRAVEL, self.over(clear), self.pace.up_um_s)
            self.add(APPROACH, place_um, self.pace.down_um_s)
            for event in flowing:
                self.say(event)
                self.add(DWELL, self.here, 0.0, True, event.time_s, kpa)
            if dosing.off_s[place] > 0:
                self.add(DWELL, self.here, 0.0, False, float(dosing.off_s[place]), kpa)
            for event in events:
                if event.kind == "wipe":
                    self.wipe(event, clear)
            self.kpa = np.zeros_like(self.kpa)
            self.kpa[self.current] = kpa
            self.pressure[began : self.n] = self.kpa

    def wipe(self, event: Event, clear_um: float) -> None:
        """From the place of purging to that of wiping, and along it with the valve closed, there and back."""
        wipe, way = self.rig.wipe, wipe_way_um(self.rig)
        if wipe is None or way is None:
            return
        over = max(clear_um, float(way[:, 2].max()) + self.rig.heights.clear_um)
        self.add(RETREAT, self.over(over), self.pace.up_um_s)
        self.add(TRAVEL, np.array([*way[0, :2], over]), self.pace.across_um_s)
        self.add(APPROACH, way[0], self.pace.down_um_s)
        self.say(event)
        for k in range(wipe.passes):
            self.add(WIPE, way[(k + 1) % 2], min(wipe.speed_um_s, self.pace.across_um_s))

    def over(self, z_um: float) -> Floats:
        return np.array([self.here[0], self.here[1], z_um])

    def stretch(
        self,
        low: int,
        high: int,
        dosing: Dosing,
        ends: Ends,
        over: Floats,
        leave_um: float,
        work: Callable[[Toolpath], T],
    ) -> Iterator[T]:
        """Filaments low..high-1 of the order, with nothing but travel between them, and up to `leave_um` after the last."""
        clear = np.maximum(over[low:high], ends.first_um[low:high, 2]) + self.rig.heights.clear_um
        self.add(RETREAT, self.over(max(float(clear[0]), float(self.here[2]))), self.pace.up_um_s)
        leave = np.append(clear[1:], leave_um)
        filaments, index = self.plan.filaments, self.plan.order[low:high]
        rows = np.cumsum(filaments.offsets[index + 1] - filaments.offsets[index] + _BETWEEN)
        runs, at = [], 0
        while at < high - low:
            done = rows[at - 1] if at else 0
            upto = max(at + 1, int(np.searchsorted(rows, done + CHUNK, "right")))
            runs.append((low + at, low + upto))
            at = upto
        if len(runs) == 1 and rows[-1] <= CHUNK:
            self.take(self.laid(low, high, self.here, dosing, ends, leave))
            if self.n > CHUNK:
                yield work(self.cut())
            return
        yield work(self.cut())
        begin = _Before(
            float(self.speed[0]), bool(self.valve[0]), self.set_kpa, tuple(self.events), self.wait_s
        )
        here, self.events, self.wait_s = self.here, [], 0.0
        known = np.append(self.set_kpa[self.current], dosing.pressure_kpa[low:high])
        known = known[np.maximum.accumulate(np.where(known > 0, np.arange(len(known)), 0))]

        def part(run: tuple[int, int]) -> T:
            a, b = run
            if a == low:
                return work(self.laid(a, b, here, dosing, ends, leave[: b - low], begin))
            kpa = self.set_kpa.copy()
            kpa[self.current] = known[a - low]
            before = _Before(self.pace.up_um_s, False, kpa)
            at = np.array([*ends.last_um[a - 1, :2], leave[a - 1 - low]])
            return work(self.laid(a, b, at, dosing, ends, leave[a - low : b - low], before))

        yield from ahead(part, runs)
        self.kpa = np.zeros_like(self.kpa)
        self.kpa[self.current] = dosing.pressure_kpa[high - 1]
        self.set_kpa = self.set_kpa.copy()
        self.set_kpa[self.current] = known[-1]
        self.here = np.array([*ends.last_um[high - 1, :2], leave_um])
        self.begin(self.pace.up_um_s, False)

    def laid(
        self,
        low: int,
        high: int,
        here_um: Floats,
        dosing: Dosing,
        ends: Ends,
        up_um: Floats,
        before: _Before | None = None,
    ) -> Toolpath:
        """Filaments low..high-1 of the order as a toolpath of their own, from `here_um` on and up to `up_um` after each."""
        found = lay(self.plan, self.rig, dosing, self.pace, low, high, here_um, ends, up_um)
        n, rows = len(found.clock_s), found.rows
        kind, filament = np.empty(n, np.int8), np.empty(n, np.int64)
        kind[0], filament[0] = TRAVEL, -1
        kind[1:] = np.repeat(np.tile(_LEGS, high - low), rows.ravel())
        owner = np.full(rows.shape, -1, np.int64)
        owner[:, 2] = self.plan.order[low:high]
        filament[1:] = np.repeat(owner.ravel(), rows.ravel())
        pressure = np.zeros((n, len(self.kpa)))
        pressure[1:, self.current] = np.repeat(dosing.pressure_kpa[low:high], rows.sum(axis=1))
        events: tuple[tuple[int, Event], ...] = ()
        if before is not None:
            found.speed_um_s[0], found.valve[0], pressure[0] = before.speed_um_s, before.valve, before.kpa
            found.clock_s[1:] += before.wait_s
            events = before.events
        return Toolpath(
            self.plan, found.position_um.T, found.speed_um_s, found.clock_s, found.valve, pressure, filament, kind,
            np.broadcast_to(0.0, n), np.broadcast_to(np.int16(self.current), n), events, True,
        )  # fmt: skip

    def take(self, found: Toolpath) -> None:
        """The rows of `found` but its first, which is where the tip is."""
        to = slice(self.n, self.n + len(found) - 1)
        self.position[to], self.speed[to], self.kind[to] = (
            found.position_um[1:],
            found.speed_um_s[1:],
            found.kind[1:],
        )
        np.subtract(found.time_s[1:], found.time_s[:-1], out=self.spent[to])
        self.spent[self.n] += self.wait_s
        self.valve[to], self.filament[to], self.dwell[to] = found.valve[1:], found.filament[1:], 0.0
        self.nozzle[to], self.pressure[to] = found.nozzle[1:], found.pressure_kpa[1:]
        self.n, self.wait_s = to.stop, 0.0
        self.here, self.kpa = found.position_um[-1].copy(), found.pressure_kpa[-1].copy()

    def cut(self) -> Toolpath:
        """The rows so far, of which the last is where what follows begins."""
        n = self.n
        time = np.cumsum(self.spent[:n])
        for c, kpa in enumerate(self.pressure[:n].T):
            on = np.flatnonzero(kpa)
            if len(on):
                self.set_kpa[c] = kpa[on[-1]]
        events = tuple(e for e in self.events if e[0] < n)
        made = Toolpath(
            self.plan, self.position[:n].copy(), self.speed[:n].copy(), time, self.valve[:n].copy(), self.pressure[:n].copy(),
            self.filament[:n].copy(), self.kind[:n].copy(), self.dwell[:n].copy(), self.nozzle[:n].copy(), events, self.follows,
        )  # fmt: skip
        self.events = [(1 + row - n, event) for row, event in self.events[len(events) :]]
        moved = np.flatnonzero(self.kind[:n] != DWELL)
        self.begin(float(self.speed[moved[-1]]), bool(self.valve[n - 1]))
        return made

    def begin(self, speed_um_s: float, valve: bool) -> None:
        """Row 0 stands for all rows before."""
        self.n, self.follows = 0, True
        wait_s, self.wait_s = self.wait_s, 0.0
        self.row(TRAVEL, self.here, speed_um_s, valve=valve)
        self.pressure[0], self.wait_s = self.set_kpa, wait_s

    def finish(self, printed: float) -> Toolpath:
        """Up to the safe height: the last part."""
        heights = self.rig.heights
        self.add(RETREAT, self.over(max(heights.safe_um, printed + heights.clear_um)), self.pace.up_um_s)
        left = self.events
        self.events = []
        last = self.cut()
        return replace(last, events=tuple(left))
