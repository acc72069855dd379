"""Where a campaign prints: forked processes, the clock, a rig and what is printed on it."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import clock as clocks
import forks
import prints
import wetprint.backends.printing.executor as executor_room
import wetprint.backends.printing.watchdog as watchdog_room
from wetprint.kernel.motion import Toolpath, make_toolpath
from wetprint.kernel.rig import Rig

#: The built-in rigs, each with a controller of its own kind; those whose boards get their programs line by line.
RIGS = ("sim", "sim-grbl", "sim-klipper", "sim-linuxcnc", "sim-marlin")
FED = ("sim-grbl", "sim-marlin")


@dataclass
class Seat:
    """Where a campaign prints: the server that forks, and the clock."""

    address: str
    clock: clocks.Clock | None

    def scale(self, name: str, scale: float) -> float:
        """How fast a print goes: on the real clock boards that are fed line by line slower, because a host that is busy starves them."""
        return 0.25 * scale if self.clock is None and name in FED else scale

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


class FullJournal(executor_room.Journal):  # type: ignore[misc]
    """A record whose disk can be filled: SQLite may take no page more."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        JOURNALS[:] = [self]

    def fill(self) -> None:
        # A print that has just ended has closed it.
        with suppress(sqlite3.ProgrammingError):
            (pages,) = self._db.execute("pragma page_count").fetchone()
            self._db.execute(f"pragma max_page_count={pages}")


JOURNALS: list[FullJournal] = []


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
