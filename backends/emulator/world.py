"""The one physical truth behind all emulated boxes: time, stage, outputs, pressures, and the ink that was laid."""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .folded import Folded
from .head import head_shares, head_triggers
from .profile import Floats, Pieces

AXES = ("X", "Y", "Z")
#: From so many pieces of motion on the past is folded together, and of so many lines of the log the older half is dropped.
FOLD_PIECES, LOG_LINES = 100_000, 200_000


@dataclass(frozen=True)
class Stage:
    """Limits of the emulated stage in stage coordinates, arrays of three; one acceleration along any path."""

    min_um: Floats
    max_um: Floats
    max_speed_um_s: Floats
    acceleration_um_s2: float
    corner_um: float


@dataclass(frozen=True)
class Feed:
    """A pressure regulator on analog output `channel`: pairs of value and kPa, and of kPa and flow (um^3/s) of what it presses."""

    channel: int
    signal: tuple[tuple[float, float], ...]
    flow: tuple[tuple[float, float], ...]

    def kpa(self, value: Floats) -> Floats:
        at, kpa = np.array(self.signal).T
        return np.where(value > 0.0, np.interp(value, at, kpa), 0.0)

    def flow_um3_s(self, value: Floats) -> Floats:
        kpa, flow = np.array(self.flow).T
        return np.where(value > 0.0, np.interp(self.kpa(value), kpa, flow, left=0.0), 0.0)


@dataclass(frozen=True)
class Wire:
    """Output `output` of the stage is the trigger of box `box`, which feeds nozzle `nozzle`; ink follows after the lags. Where it is fed
    by analog outputs of the stage instead, by one or in a mixing head by two, those are `feeds`, and what is mixed comes out
    `dead_um3` of ink later."""

    output: int
    box: str
    nozzle: int
    on_s: float
    off_s: float
    feeds: tuple[Feed, ...] = ()
    dead_um3: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Deposit:
    """Ink laid without a break: stage positions `points_um[N,3]` at `time_s[N]`, at `pressure_kpa`, by one nozzle. Of a mixing head
    `share[N - 1]`: the part of the first channel's ink from each point to the next."""

    nozzle: int
    points_um: Floats
    time_s: Floats
    pressure_kpa: float
    share: Floats | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the emulator's log: instant of the world and of the host (time.monotonic), who, what."""

    time_s: float
    host_s: float
    who: str
    what: str


@dataclass
class BoxState:
    """One pressure box as it is at an instant."""

    pressure_kpa: float = 0.0
    steady: bool = True
    latched: bool = False
    shot_s: float = 0.5


@dataclass
class World:
    """Truth under one lock. Time runs `scale` times as fast as the host's clock, from 0.

    What a running program will do is known ahead (`pieces`, `outputs` may lie in the future); an abort cuts it off.
    """

    stage: Stage
    wiring: tuple[Wire, ...]
    home_um: Floats
    scale: float = 1.0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._pin = threading.local()
        self.paths: list[Pieces] = []
        #: (time, order, output, level), sorted; order keeps equal times in the order they came.
        self.outputs: list[tuple[float, int, int, bool]] = []
        #: (time, order, analog output, value), sorted in the same way.
        self.analog: list[tuple[float, int, int, float]] = []
        self._order = 0
        #: per box: (time, order, state), sorted.
        self.boxes: dict[str, list[tuple[float, int, BoxState]]] = {
            w.box: [(-1.0, 0, BoxState())] for w in self.wiring
        }
        self.log: list[Entry] = []
        self._folded = Folded()

    def now(self) -> float:
        pinned: float | None = getattr(self._pin, "time_s", None)
        return (time.monotonic() - self._began) * self.scale if pinned is None else pinned

    def pin(self, time_s: float | None) -> None:
        """Let `now` stand at `time_s` for this thread (None: let it go): what a machine does with one packet takes the machine's
        time, not that of a busy host, which scaled time would blow up."""
        self._pin.time_s = time_s

    def note(self, who: str, what: str) -> None:
        with self.lock:
            self.log.append(Entry(self.now(), time.monotonic(), who, what))
            if len(self.log) > LOG_LINES:
                del self.log[: LOG_LINES // 2]

    # The stage

    def position(self, time_s: float) -> Floats:
        """Stage position [3] in um."""
        with self.lock:
            for path in reversed(self.paths):
                if path.time_s[0] <= time_s:
                    return np.asarray(path.at(np.array([time_s]))[0])
            return self.paths[0].start_um[0] if self.paths else self.home_um

    def speed(self, time_s: float) -> float:
        with self.lock:
            for path in reversed(self.paths):
                if path.time_s[0] <= time_s:
                    return path.speed_at(time_s)
            return 0.0

    def moving(self, time_s: float) -> bool:
        with self.lock:
            return bool(self.paths) and self.paths[-1].end_s > time_s

    def move(self, path: Pieces) -> None:
        if len(path.time_s):
            with self.lock:
                self.paths.append(path)

    def fold(self) -> None:
        """Where much has been moved and all is at rest: keep the ink as it lies, and forget how it was laid."""
        with self.lock:
            now = self.now()
            if sum(len(p.time_s) for p in self.paths) < FOLD_PIECES or self.moving(now):
                return
            slow = max((max(w.on_s, w.off_s) for w in self.wiring), default=0.0)
            states = [self.box(w.box) for w in self.wiring]
            lately = max(
                [self.outputs[-1][0] if self.outputs else 0.0, *(b[-1][0] for b in self.boxes.values())]
            )
            mixed = any(w.dead_um3 > 0.0 for w in self.wiring)
            driven = any(self.output(w.output, now) for w in self.wiring) or any(s.latched for s in states)
            if mixed or driven or lately + slow > now or not all(s.steady for s in states):
                return
            self._folded.add(self._deposits(now))
            self.paths = [self.paths[-1].cut(now).last()]
            self.outputs = sorted({o[2]: o for o in self.outputs}.values())
            self.analog = sorted({a[2]: a for a in self.analog}.values())
            self.boxes = {name: changes[-1:] for name, changes in self.boxes.items()}

    def halt(self, time_s: float) -> float:
        """Brake along the way the stage moves now; what lay in the future is gone. Returns when it stands."""
        with self.lock:
            self.outputs = [o for o in self.outputs if o[0] <= time_s]
            self.analog = [o for o in self.analog if o[0] <= time_s]
            if not self.moving(time_s):
                return time_s
            path = self.paths.pop()
            speed, here = path.speed_at(time_s), path.at(np.array([time_s]))[0]
            kept = path.cut(time_s)
            if len(kept.time_s):
                self.paths.append(kept)
            if speed <= 0.0 or not len(kept.time_s):
                return time_s
            along = kept.along[-1]
            gain = self.stage.acceleration_um_s2
            span = speed / gain
            last = Pieces(
                np.array([time_s]),
                np.array([span]),
                here[None, :],
                along[None, :],
                np.array([speed]),
                np.array([-gain]),
                kept.move[-1:],
            )
            self.paths.append(last)
            return time_s + span

    # Outputs and pressures

    def set_output(self, output: int, level: bool, time_s: float) -> None:
        with self.lock:
            self._order += 1
            insort(self.outputs, (time_s, self._order, output, level))

    def output(self, output: int, time_s: float) -> bool:
        with self.lock:
            level = False
            for at, _, which, value in self.outputs:
                if at > time_s:
                    break
                if which == output:
                    level = value
            return level

    def set_analog(self, channel: int, value: float, time_s: float) -> None:
        with self.lock:
            self._order += 1
            insort(self.analog, (time_s, self._order, channel, value))

    def box(self, name: str) -> BoxState:
        with self.lock:
            return self.boxes[name][-1][2]

    def set_box(self, name: str, **change: object) -> None:
        """Change the box called `name` now."""
        with self.lock:
            self._order += 1
            state = BoxState(**{**vars(self.box(name)), **change})
            self.boxes[name].append((self.now(), self._order, state))

    # Ink

    def triggers(self, wire: Wire, until_s: float) -> list[tuple[float, float, float]]:
        """(from, to, kPa) while box and trigger drive ink, before any lag. Changes of pressure in between split it."""
        if wire.feeds:
            return head_triggers(self, wire, until_s)
        events: list[tuple[float, int, bool | BoxState]] = []
        with self.lock:
            events += [(t, n, level) for t, n, which, level in self.outputs if which == wire.output]
            events += [(t, n, state) for t, n, state in self.boxes[wire.box]]
        events.sort(key=lambda e: e[:2])
        spans: list[tuple[float, float, float]] = []
        level, state, since, at_kpa = False, BoxState(), 0.0, 0.0
        shot_end = -1.0
        for t, _, what in [*events, (until_s, 1 << 62, level)]:
            if t > until_s:
                break
            if at_kpa > 0.0 and t > since:
                end = min(t, shot_end) if not state.steady else t
                if end > since:
                    spans.append((since, end, at_kpa))
            if isinstance(what, bool):
                if what and not level:
                    shot_end = t + state.shot_s
                level = what
            else:
                if what.latched and not state.latched:
                    shot_end = t + what.shot_s
                state = what
            on = (level or state.latched) if state.steady else t < shot_end
            at_kpa = state.pressure_kpa if on else 0.0
            since = t
        return spans

    def flows(self, wire: Wire, until_s: float) -> list[tuple[float, float, float]]:
        """(from, to, kPa) while ink leaves the nozzle: triggers shifted by the lags, those too short for them left out."""
        flows: list[tuple[float, float, float]] = []
        spans = self.triggers(wire, until_s)
        k = 0
        while k < len(spans):
            begin, end, kpa = spans[k]
            while k + 1 < len(spans) and spans[k + 1][0] == end:
                k += 1
                end, kpa = spans[k][1], max(kpa, spans[k][2])
            k += 1
            if begin + wire.on_s < end + wire.off_s:
                if flows and flows[-1][1] >= begin + wire.on_s:
                    flows[-1] = (flows[-1][0], end + wire.off_s, max(kpa, flows[-1][2]))
                else:
                    flows.append((begin + wire.on_s, end + wire.off_s, kpa))
        return [(a, min(b, until_s), p) for a, b, p in flows if a < until_s]

    def deposits(self, until_s: float | None = None) -> list[Deposit]:
        """All ink laid so far, in order of time, exactly: a point at every start, corner, change of speed and end."""
        with self.lock:
            return self._folded.deposits() + self._deposits(self.now() if until_s is None else until_s)

    def _deposits(self, until: float) -> list[Deposit]:
        paths = self.paths
        edges = [edge for p in paths for edge in (p.time_s, p.time_s + p.span_s)]
        corners = np.unique(np.concatenate(edges)) if edges else np.zeros(0)
        found: list[Deposit] = []
        for wire in self.wiring:
            for t0, t1, kpa in self.flows(wire, until):
                inner = corners[np.searchsorted(corners, t0, "right") : np.searchsorted(corners, t1, "left")]
                times = np.concatenate([[t0], inner, [t1]])
                share = None
                if len(wire.feeds) > 1:
                    times, share = head_shares(self, wire, until, times)
                found.append(Deposit(wire.nozzle, self.positions(times), times, kpa, share))
        return sorted(found, key=lambda d: float(d.time_s[0]))

    def positions(self, time_s: Floats) -> Floats:
        """Stage positions [N,3] at N rising instants."""
        with self.lock:
            paths = list(self.paths)
        if not paths:
            return np.repeat(self.home_um[None, :], len(time_s), axis=0)
        starts = np.array([p.time_s[0] for p in paths])
        which = np.clip(np.searchsorted(starts, time_s, "right") - 1, 0, None)
        out = np.empty((len(time_s), 3))
        for k in np.unique(which):
            mine = which == k
            out[mine] = paths[k].at(time_s[mine])
        return out

    def standing_ink(self, until_s: float | None = None, *, longer_s: float = 0.0) -> list[Deposit]:
        """Parts of deposits laid while the stage stood still for more than `longer_s`: blobs."""
        blobs = []
        for d in self.deposits(until_s):
            still = np.linalg.norm(np.diff(d.points_um, axis=0), axis=1) < 1e-9
            for k in np.flatnonzero(still):
                if d.time_s[k + 1] - d.time_s[k] > longer_s:
                    part = slice(int(k), int(k) + 2)
                    blobs.append(Deposit(d.nozzle, d.points_um[part], d.time_s[part], d.pressure_kpa))
        return blobs


def stage_of(axes: Mapping[str, object], corner_um: float) -> Stage:
    """The stage of a rig's axes (kernel.rig.Axis by name x, y, z)."""

    def column(name: str) -> Floats:
        return np.array([float(getattr(axes[a], name)) for a in ("x", "y", "z")])

    return Stage(
        column("min_um"),
        column("max_um"),
        column("max_speed_um_s"),
        float(column("acceleration_um_s2").min()),
        corner_um,
    )
