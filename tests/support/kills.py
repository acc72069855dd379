"""Prints whose process is killed at a random instant: the watchdog, the record, and the resumed print."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import clock as clocks
import forks
import prints
from interruptions import check_laid, check_order, on_after
from seats import Seat, path_on, seated
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.printing.journal import JournalError, filament_ids, list_runs, read
from wetprint.backends.printing.states import State

#: A print of a child goes slower: its dead watchdog's 250 ms are of the host's time.
KILL_SCALE = 8.0
#: Of the time of a processor that such a print takes until it ends (s).
CHILDS_WORK_S = 0.06


def killed(seat: Seat, folder: Path, seed: int, name: str) -> dict[str, Any]:
    """kill -9 of the executor at a random instant: what the watchdog did, what the record says, what a resumed print lays.

    Half of them are killed from outside at an instant of time, half by the kernel after some work of their own (SIGPROF, as abrupt):
    time stands while they work, so an instant of time alone would never lie within it.
    """
    r, scale = random.Random(seed), seat.scale(name, KILL_SCALE)
    machine = prints.rig(name, time_scale=scale)
    path = path_on(machine)
    with seated(seat), emulate(machine, scale=scale) as sim:
        told = _kill(seat, sim, folder, r, float(path.time_s[-1]) / scale + 0.3)
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
        live = replace(sim, rig=replace(sim.rig, time_scale=scale))
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
            "scale": sim.world.scale,
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
