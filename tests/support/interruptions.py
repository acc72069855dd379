"""Prints that are interrupted at random instants, and all that must hold of them then: ink first, every filament once, nothing unsaid."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import prints
from seats import JOURNALS, Seat, path_on, seated
from wetprint.backends.emulator.proxy import SerialProxy, TcpProxy, Trouble
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.emulator.truth import is_purge, purge_places
from wetprint.backends.emulator.world import World
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.journal import filament_ids, show_run
from wetprint.backends.printing.states import State
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.motion import Toolpath
from wetprint.kernel.rig import Rig

#: How a print is interrupted from within: asked, told by a signal, by a fault of the executor's own, by a line that is gone.
KINDS = ("pause", "stop", "ctrl-c", "sigterm", "exception", "stage unplugged", "box unplugged", "disk full")
#: What goes wrong as well, from the interruption on: answers come late, those to the stop never, its own connection is dead.
MISHAPS = ("", "", "", "late", "acknowledgement lost", "guard line dead")
SCALE = 16.0
#: Of the time of a processor that a short print takes until it ends (s).
WORK_S = 0.15
#: What the case in work has met so far, for the one who reads why it failed.
MET: dict[str, Any] = {}


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


def on_after(sim: Sim, host_s: float) -> float:
    """Seconds (of the host) for which any nozzle was driven after an instant."""
    since = (host_s - sim.world._began) * sim.world.scale
    ends = [b for w in sim.world.wiring for _, b, _ in sim.world.triggers(w, sim.world.now()) if b > since]
    return (max(ends) - since) / sim.world.scale if ends else 0.0


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
    r, scale = random.Random(seed), seat.scale(name, SCALE)
    machine = prints.rig(name, time_scale=scale)
    path = path_on(machine)
    total = float(path.time_s[-1]) / scale + 0.3
    with seated(seat), emulate(machine, scale=scale) as sim:
        desk = Desk()
        run: str | None = None
        done: list[str] = []
        MET["kinds"] = done
        state = State.FAILED
        for turn in range(4):
            cables = Cables(sim, scale)
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
            except WetprintError as reason:
                # The disk was full before anything was opened: refused, and tried anew.
                assert kind == "disk full" and [d.code for d in reason.diagnostics] == ["M660"], reason
                state = State.FAILED
                continue
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
