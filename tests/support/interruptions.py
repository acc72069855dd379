"""Prints that are interrupted at random instants, and all that must hold of them then: ink first, every filament once, nothing unsaid."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import clock as clocks
import forks
import numpy as np
import prints
import wetprint.backends.executor as executor_room
import wetprint.backends.watchdog as watchdog_room
from wetprint.backends.emulator.proxy import SerialProxy, TcpProxy, Trouble
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.emulator.truth import is_purge, purge_places
from wetprint.backends.emulator.world import World
from wetprint.backends.guard import Control
from wetprint.backends.journal import JournalError, filament_ids, list_runs, read, show_run
from wetprint.backends.states import State
from wetprint.kernel.filaments import filaments
from wetprint.kernel.motion import Toolpath, make_toolpath
from wetprint.kernel.rig import Rig

#: The built-in rigs, each with a controller of its own kind.
RIGS = ("sim", "sim-grbl", "sim-klipper", "sim-linuxcnc", "sim-marlin")
#: How a print is interrupted from within: asked, told by a signal, by a fault of the executor's own, by a line that is gone.
KINDS = ("pause", "stop", "ctrl-c", "sigterm", "exception", "stage unplugged", "box unplugged", "disk full")
#: What goes wrong as well, from the interruption on: answers come late, those to the stop never, its own connection is dead.
MISHAPS = ("", "", "", "late", "acknowledgement lost", "guard line dead")
SCALE = 16.0
#: A print of a child goes slower: its dead watchdog's 250 ms are of the host's time.
KILL_SCALE = 8.0
#: Of the time of a processor that a short print takes until it ends (s).
WORK_S, CHILDS_WORK_S = 0.15, 0.06
#: What the case in work has met so far, for the one who reads why it failed.
MET: dict[str, Any] = {}


@dataclass
class Seat:
    """Where a campaign prints: the server that forks, and the clock."""

    address: str
    clock: clocks.Clock | None

    @property
    def hold(self) -> Callable[[], AbstractContextManager[None]]:
        return self.clock.hold if self.clock is not None else nullcontext

    @property
    def with_clock(self) -> dict[str, Any]:
        return {"clock": self.clock.address if self.clock is not None else ""}


# What is printed

#: A ratio that goes on changing along its filaments, for a head that mixes.
GRADED = """wp 1;
use "nanocrystal.wp" as nc;
bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }
lattice body = woodpile { size: [400um, 160um]; layers: 2; pitch: 80um; filament: 10um;
  material: mix(nc.gold: ramp(x, over: body.x), nc.cadmium_selenide: rest); }
print body { bath: both; }
"""


@lru_cache
def _graded() -> Any:
    from wetprint.kernel.build import build
    from wetprint.kernel.order import make_plan
    from wetprint.kernel.shrink import complete
    from wetprint.lang.load import load

    scene = load("design.wp", GRADED).scene
    assert scene is not None
    jobs = [replace(j, filaments=complete(j.filaments, "dried")) for j in build(scene)[0]]
    return make_plan(jobs, prints.rig("sim-mix"))


def path_on(machine: Rig) -> Toolpath:
    """What a campaign prints on a rig."""
    if machine.name == "sim-mix":
        return make_toolpath(_graded(), machine)
    made: Toolpath = prints.toolpath(prints.long_lines(), machine)
    return made


# What children do


def watch(told: dict[str, Any]) -> None:
    """A watchdog."""
    if told["clock"]:
        clocks.Member(told["clock"])
    told["begun"]()
    watchdog_room.main()


def print_it(told: dict[str, Any]) -> None:
    """A print of its own process. `work_s`: the kernel ends it after so much time of a processor."""
    member = clocks.Member(told["clock"]) if told["clock"] else None
    told["begun"]()
    hold = member.hold if member is not None else nullcontext
    watchdog_room.subprocess = forks.as_subprocess(told["address"], {"clock": told["clock"]}, hold)  # type: ignore[attr-defined]
    machine = prints.rig(told["rig"], time_scale=told["scale"])
    boxes = {
        k: replace(d, transport=told["boxes"].get(k, d.transport)) for k, d in machine.dispensers.items()
    }
    stage = replace(machine.controller, transport=told["controller"])
    live = replace(machine, controller=stage, dispensers=boxes, simulated=True)
    path = path_on(live)
    print("ready", flush=True)
    if told["work_s"]:
        signal.setitimer(signal.ITIMER_PROF, told["work_s"])
    result = prints.go(path, live, Path(told["runs"]))
    signal.setitimer(signal.ITIMER_PROF, 0.0)
    print(result.state.value, result.executed, flush=True)


def print_long(told: dict[str, Any]) -> None:
    """A long print; tells how many filaments are done, at each of the marks."""
    told["begun"]()
    watchdog_room.subprocess = forks.as_subprocess(told["address"], {"clock": ""}, nullcontext)  # type: ignore[attr-defined]
    machine = prints.rig("sim", time_scale=told["scale"])
    live = replace(
        machine,
        controller=replace(machine.controller, transport=told["controller"]),
        dispensers={k: replace(d, transport=told["boxes"][k]) for k, d in machine.dispensers.items()},
        simulated=True,
    )
    path = prints.toolpath(prints.woodpile(100, told["filaments"] // 100, 12.0, ("Au",), 60.0), live)
    marks = list(told["marks"])

    class Desk(prints.Desk):
        def tell(self, progress: Any) -> None:
            while marks and progress.done >= marks[0] * progress.total:
                print("mark", marks.pop(0), progress.done, flush=True)

    result = prints.go(path, live, Path(told["runs"]), desk=Desk())
    print("end", result.state.value, result.executed, [d.message for d in result.diagnostics], flush=True)


WORKS: dict[str, forks.Work] = {"watchdog": watch, "print": print_it, "long print": print_long}


@contextmanager
def seated(seat: Seat) -> Iterator[None]:
    """Watchdogs of prints in this process are forked."""
    kept, journal = watchdog_room.subprocess, executor_room.Journal  # type: ignore[attr-defined]
    executor_room.Journal = FullJournal  # type: ignore[misc]
    watchdog_room.subprocess = forks.as_subprocess(seat.address, seat.with_clock, seat.hold)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        watchdog_room.subprocess, executor_room.Journal = kept, journal  # type: ignore[attr-defined,misc]


# What must hold


def stops(world: World) -> list[tuple[float, float, float | None]]:
    """(first ink off by the stage's output, motion stop, first pressure 0 before it) for every stop in the log, host times.

    A GRBL board stops motion and closes its valve by one byte, the door; Marlin's fans follow its blocks, Klipper's pins what it has
    planned, and LinuxCNC's outputs outlive an abort: there ink off is the box's.
    """
    log = world.log
    found: list[tuple[float, float, float | None]] = []
    for k, entry in enumerate(log):
        if entry.what in ("door", "M410", "/printer/print/cancel", "set abort"):
            zero = [e.host_s for e in log[:k] if entry.host_s - e.host_s < 0.1 and e.what == "PS  0000"]
            if zero:
                found.append((max(zero), entry.host_s, max(zero)))
    for k, entry in enumerate(log):
        if not entry.what.startswith("~STOPTASK") or any(
            e.what.startswith("~STOPTASK") and entry.host_s - e.host_s < 0.5 for e in log[max(0, k - 12) : k]
        ):
            continue
        # Where its answers are late by order, a line takes commands as late.
        before = [e for e in log[:k] if entry.host_s - e.host_s < 0.5]
        off = [e.host_s for e in before if e.who == entry.who and e.what == "$DO0.0=0"]
        zero = [e.host_s for e in before if e.what == "PS  0000"]
        assert off, "a stop without ink off before it"
        found.append((max(off), entry.host_s, max(zero) if zero else None))
    return found


def check_order(world: World, late_s: float = 0.0) -> list[float]:
    """Ink goes off before motion stops, on every stop in the log; how long before each (s of the host)."""
    found = stops(world)
    for off, stop, zero in found:
        assert off <= stop
        # The other channel has cut as well, or was not waited for longer than 20 ms (and what the host adds).
        assert zero is None or zero <= stop
        assert stop - off < 0.15 + late_s
    return [stop - off for off, stop, _ in found]


def asked_um(folder: Path) -> float:
    """How much the joints of a run may overlap together: what the record says, and near the end of a filament as far more as its
    valve takes to open and to close (60 + 48 um)."""
    joints = [e["overlap_um"] for e in show_run(folder.name, folder.parent)["events"] if e["kind"] == "joint"]
    return float(sum(108.0 + overlap for overlap in joints)) + 1.0


def check_laid(sim: Sim, path: Toolpath, machine: Rig, folder: Path) -> Any:
    """Every filament was deposited once, the joints overlapped as asked, and nothing lies elsewhere."""
    found = prints.coverage(sim, path, machine)
    assert found.whole == len(path.plan.filaments) and found.gap_um < 0.2, found
    # The filaments of the graded part are a little bent.
    assert found.stray_um < (0.4 if machine.name == "sim-mix" else 0.2), found
    assert found.twice_um <= asked_um(folder), (found, asked_um(folder))
    blobs = [
        b.time_s[-1] - b.time_s[0]
        for b in sim.world.standing_ink(longer_s=0.005)
        if not is_purge(b, purge_places(path), machine)
    ]
    # Only what was on its way when the valve closed: never longer than its lag.
    assert all(b <= 0.041 for b in blobs), blobs
    return found


# Interrupted from within


class Fault(Exception):  # noqa: N818 (it stands for any fault of our own)
    """A fault of the executor's own."""


class Cables:
    """The lines of a simulated rig as cables that can be pulled."""

    def __init__(self, sim: Sim, scale: float) -> None:
        self.lock, self.over = threading.Lock(), False
        quiet = Trouble(0, rate=0.0)
        stage = sim.controller.url
        self.stage: Any = (SerialProxy if stage.startswith("serial:") else TcpProxy)(stage, quiet)
        self.boxes = {name: SerialProxy(box.url, quiet) for name, box in sim.boxes.items()}
        boxes = {
            k: replace(d, transport=self.boxes[k].url) if k in self.boxes else d
            for k, d in sim.rig.dispensers.items()
        }
        controller = replace(sim.rig.controller, transport=self.stage.url)
        self.sim = replace(
            sim, rig=replace(sim.rig, controller=controller, dispensers=boxes, time_scale=scale)
        )

    def close(self) -> None:
        with self.lock:
            self.over = True
        for line in (self.stage, *self.boxes.values()):
            line.close()


class FullJournal(executor_room.Journal):  # type: ignore[misc]
    """A record whose disk can be filled: SQLite may take no page more."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        JOURNALS[:] = [self]

    def fill(self) -> None:
        (pages,) = self._db.execute("pragma page_count").fetchone()
        self._db.execute(f"pragma max_page_count={pages}")


JOURNALS: list[FullJournal] = []


class Desk(prints.Desk):
    """Goes on, registers anew; told to, it breaks."""

    broken = False

    def tell(self, progress: Any) -> None:
        super().tell(progress)
        if self.broken:
            self.broken = False
            raise Fault("a fault of our own")


def interrupted(seat: Seat, folder: Path, seed: int, name: str) -> dict[str, Any]:
    """A print that is paused, stopped or broken and resumed, at random instants; then all must be as if nothing had been."""
    r = random.Random(seed)
    machine = prints.rig(name, time_scale=SCALE)
    path = path_on(machine)
    total = float(path.time_s[-1]) / SCALE + 0.3
    with seated(seat), emulate(machine, scale=SCALE) as sim:
        desk = Desk()
        run: str | None = None
        done: list[str] = []
        MET["kinds"] = done
        state = State.FAILED
        for turn in range(4):
            cables = Cables(sim, SCALE)
            control = Control()
            kind = r.choice(KINDS) if run is None or (turn < 3 and r.random() < 0.3) else ""
            if kind:
                mishap = r.choice(MISHAPS) if kind in KINDS[:4] else ""
                act = _interruption(kind, mishap, control, desk, cables, r)
                done.append(f"{kind}, {mishap}" if mishap else kind)
                if r.random() < 0.5:
                    prints.later(r.uniform(0.0, total), act)
                else:
                    signal.signal(signal.SIGPROF, lambda *_, act=act: act())
                    signal.setitimer(signal.ITIMER_PROF, r.uniform(0.001, WORK_S))
            try:
                result = prints.go(
                    path, machine, folder, sim=cables.sim, desk=desk, control=control, resume=run
                )
                state, run = result.state, result.run
            except Fault:
                state, run = State.FAILED, sorted(p.name for p in folder.iterdir())[-1]
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0.0)
                desk.broken = False
                cables.close()
                control.close()
                _mend(sim)
            if state is State.DONE:
                break
            _at_rest(sim, kind)
            if getattr(sim.controller, "state", "") == "shutdown":
                # After an emergency stop someone restarts Klipper and homes it.
                sim.controller.state, sim.controller.homed = "ready", "xyz"
            executed = len(filament_ids(folder / run, "executed"))
            assert executed <= prints.coverage(sim, path, machine).whole, "executed is ahead of the truth"
        assert state is State.DONE and result.executed == result.total, (state, result)
        leads = check_order(sim.world, 0.3 if any("late" in one for one in done) else 0.0)
        found = check_laid(sim, path, machine, folder / run)
        return {"kinds": done, "leads": leads, "asked": len(desk.asked), "joints": found.joints}


def _mend(sim: Sim) -> None:
    faults = getattr(sim.controller, "faults", None)
    for name, well in (
        ("block", None),
        ("silent", "" if hasattr(faults, "block") else False),
        ("lost_ok", 0),
    ):
        if hasattr(faults, name):
            setattr(faults, name, well)


def _at_rest(sim: Sim, kind: str) -> None:
    """Ink is off; the stage stands, or its line is gone and it runs on without ink until its program ends."""
    world = sim.world

    def ink_off() -> None:
        now = world.now()
        driven = [spans[-1][1] for w in world.wiring if (spans := world.triggers(w, now))]
        assert all(end < now for end in driven), "ink is on"

    assert all(box.pressure_kpa == 0.0 for box in map(world.box, sim.boxes)) or kind == "box unplugged"
    # Where all ink hangs on the stage's line it cannot be cut without it, as M623 says before the print.
    if sim.boxes or kind != "stage unplugged":
        ink_off()
    if kind == "stage unplugged":
        end = time.monotonic() + 60.0
        while world.moving(world.now()) and time.monotonic() < end:
            time.sleep(0.05)
        ink_off()
    assert not world.moving(world.now()), "the stage moves"


def _interruption(
    kind: str, mishap: str, control: Control, desk: Desk, cables: Cables, r: random.Random
) -> Callable[[], None]:
    late_s = r.uniform(0.05, 0.3)

    def act() -> None:
        with cables.lock:
            if not cables.over:
                spoil()
                go()

    def spoil() -> None:
        faults = getattr(cables.sim.controller, "faults", None)
        if mishap == "late" and hasattr(faults, "block"):
            faults.block = ("TaskState", late_s)
        elif mishap == "acknowledgement lost" and hasattr(faults, "refuse"):
            faults.silent = "STOPTASK|ABORT"
        elif mishap == "acknowledgement lost" and hasattr(faults, "lost_ok"):
            faults.lost_ok = 1
        elif mishap == "guard line dead" and hasattr(cables.stage, "cut_one"):
            cables.stage.cut_one(1)

    def go() -> None:
        if kind == "pause":
            control.pause()
        elif kind == "stop":
            control.stop()
        elif kind == "ctrl-c":
            os.kill(os.getpid(), signal.SIGINT)
        elif kind == "sigterm":
            os.kill(os.getpid(), signal.SIGTERM)
        elif kind == "exception":
            desk.broken = True
        elif kind == "stage unplugged":
            cables.stage.pull()
        elif kind == "disk full":
            for journal in JOURNALS:
                journal.fill()
        else:
            for box in cables.boxes.values():
                box.pull()

    return act


# Killed


def on_after(sim: Sim, host_s: float) -> float:
    """Seconds (of the host) for which any nozzle was driven after an instant."""
    since = (host_s - sim.world._began) * sim.world.scale
    ends = [b for w in sim.world.wiring for _, b, _ in sim.world.triggers(w, sim.world.now()) if b > since]
    return (max(ends) - since) / sim.world.scale if ends else 0.0


def killed(seat: Seat, folder: Path, seed: int, name: str) -> dict[str, Any]:
    """kill -9 of the executor at a random instant: what the watchdog did, what the record says, what a resumed print lays.

    Half of them are killed from outside at an instant of time, half by the kernel after some work of their own (SIGPROF, as abrupt):
    time stands while they work, so an instant of time alone would never lie within it.
    """
    r = random.Random(seed)
    machine = prints.rig(name, time_scale=KILL_SCALE)
    path = path_on(machine)
    with seated(seat), emulate(machine, scale=KILL_SCALE) as sim:
        told = _kill(seat, sim, folder, r, float(path.time_s[-1]) / KILL_SCALE + 0.3)
        assert not sim.world.moving(sim.world.now()), "and the stage stands"
        leads = check_order(sim.world)
        whole = prints.coverage(sim, path, machine).whole
        told |= {"leads": leads, "end": "cut"}
        runs = list(folder.iterdir())
        if not runs:
            return told | {"end": "nothing begun"}
        try:
            begun = "program_hash" in read(runs[0])
        except JournalError:
            begun = False
        if not begun:
            assert whole == 0
            return told | {"end": "nothing sent"}
        state = list_runs(folder)[0]["state"]
        assert state in ("broken off", "done"), state
        assert len(filament_ids(runs[0], "executed")) <= whole, "executed is never ahead of the truth"
        if state == "done":
            return told | {"end": "done before"}
        desk = prints.Desk()
        live = replace(sim, rig=replace(sim.rig, time_scale=KILL_SCALE))
        result = prints.go(path, machine, folder, sim=live, desk=desk, resume="last")
        assert result.state is State.DONE and result.executed == result.total, result
        assert not desk.asked, "the stage stands where the record says"
        check_laid(sim, path, machine, result.folder)
        return told


def _kill(seat: Seat, sim: Sim, folder: Path, r: random.Random, total_s: float) -> dict[str, Any]:
    by_work = r.random() < 0.5
    child = forks.Child(
        seat.address,
        "print",
        {
            "rig": sim.rig.name,
            "runs": str(folder),
            "scale": KILL_SCALE,
            "controller": sim.controller.url,
            "boxes": {name: box.url for name, box in sim.boxes.items()},
            "address": seat.address,
            "work_s": r.uniform(0.0005, CHILDS_WORK_S) if by_work else 0.0,
            **seat.with_clock,
        },
        [],
        seat.hold,
    )
    heard: list[float] = []
    note = sim.world.note

    def noting(who: str, what: str) -> None:
        if what in ("PS  0000", "$DO0.0=0", "door", "M410"):
            heard.append(clocks.real_monotonic())
        note(who, what)

    try:
        assert child.stdout.readline() == b"ready\n"
        if by_work:
            child.wait()
        else:
            time.sleep(r.uniform(0.0, total_s))
        at, real = time.monotonic(), clocks.real_monotonic()
        sim.world.note = noting  # type: ignore[method-assign]
        child.kill()
        child.wait()
    finally:
        child.close()
    time.sleep(0.5)
    sim.world.note = note  # type: ignore[method-assign]
    on_s = on_after(sim, at)
    assert on_s < 0.25, f"ink off within 250 ms, and it was {on_s:.3f}"
    # What the clock leaves out: the work itself.
    work = min((t - real for t in heard), default=None)
    return {"on_s": on_s, "work_s": None if by_work else work, "how": "work" if by_work else "time"}


# Bent


def bent(seat: Seat, folder: Path, seed: int) -> dict[str, Any]:
    """Short moves by the hundred, fed line by line (GRBL also by counting characters): they end where they should, with no stop on the way."""
    name, streaming = (("sim-grbl", "characters"), ("sim-grbl", "response"), ("sim-marlin", "response"))[
        seed % 3
    ]
    machine = prints.rig(name, time_scale=2.0)
    machine = replace(machine, controller=replace(machine.controller, streaming=streaming))
    t = np.linspace(0.0, 16.0 * np.pi, 160)
    wave = np.stack([40.0 * t, 60.0 * np.sin(0.25 * t), np.full_like(t, 5.0)], axis=1)
    part = filaments(
        np.concatenate([wave, wave + np.array([0.0, 200.0, 0.0])]),
        np.array([len(t), len(t)]),
        width_um=np.array(10.0),
        material=[0, 0],
        layer=[0, 0],
        origin=np.arange(2),
        inks=(prints.ink("Au"),),
        spans=prints.woodpile(2, 1).spans,
        state="wet",
    )
    path = prints.toolpath(part, machine)
    with seated(seat), emulate(machine, scale=2.0) as sim:
        result = prints.go(path, machine, folder, sim=sim)
    truth = result.truth
    assert result.state is State.DONE and truth is not None, result
    assert truth["matched"] == 2 and truth["worst_um"] < 1.0 and truth["blobs_s"] == 0.0, truth
    return {"rig": f"{name} {streaming}", "end": "done"}


# Long


def memory_mib(pid: int) -> float:
    """What a process holds of the memory."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024.0


def long_print(seat: Seat, folder: Path, filaments: int, scale: float) -> dict[str, Any]:
    """A print of very many filaments: memory of sender and emulators at 10, 50 and 100 %, and how far the sender is ahead."""
    machine = prints.rig("sim", time_scale=scale)
    with emulate(machine, scale=scale) as sim:
        child = forks.Child(
            seat.address,
            "long print",
            {
                "runs": str(folder),
                "scale": scale,
                "filaments": filaments,
                "marks": [0.1, 0.5, 0.99],
                "controller": sim.controller.url,
                "boxes": {name: box.url for name, box in sim.boxes.items()},
                "address": seat.address,
            },
            [],
        )
        told: dict[str, Any] = {"sender_mib": [], "emulators_mib": []}
        began = time.monotonic()
        try:
            while line := child.stdout.readline().decode().strip():
                if line.startswith("mark"):
                    told["sender_mib"].append(round(memory_mib(child.pid), 1))
                    told["emulators_mib"].append(round(memory_mib(os.getpid()), 1))
                else:
                    told["end"] = line
        finally:
            child.close()
        starts = [e for e in sim.world.log if e.what.startswith("program starts")]
        # Until the next program starts, the stage has this one: so far is the sender ahead, and so long does it stand between them.
        ahead = [b.time_s - a.time_s for a, b in pairwise(starts)]
        assert told["end"].startswith(f"end done {filaments}"), told["end"]
        assert len(sim.world.deposits()) >= filaments
        growth = told["sender_mib"][-1] / told["sender_mib"][0]
        assert growth < 1.25, told
        return told | {
            "wall_s": round(time.monotonic() - began, 1),
            "ahead_s": round(min(ahead, default=0.0), 1),
            "end": "done",
        }
