"""Dialogues over faulty lines, with controllers and with boxes: no hang beyond its deadline, no wrong belief, no wrong jump after a resend."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import prints
from wetprint.backends.controller import Controller, ControllerError, Motion, open_controller
from wetprint.backends.dispenser import Dispenser, DispenserError, open_dispenser
from wetprint.backends.emulator.proxy import KINDS, SerialProxy, TcpProxy, Trouble
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.emulator.ultimus import UltimusV
from wetprint.backends.emulator.world import Stage, Wire, World
from wetprint.backends.printing.runner import write_section
from wetprint.backends.printing.sections import sections
from wetprint.kernel.rig import Dispenser as Entry
from wetprint.kernel.toolpath.frames import to_stage

#: What talks: controllers by their rig, and the pressure box.
PARTNERS = ("sim", "sim-grbl", "sim-klipper", "sim-linuxcnc", "sim-marlin", "box")
SCALE = 20.0
#: No dialogue may take longer, whatever happens to its line (s): a program, its poll deadlines, and all repeats of a stop.
DEADLINE_S = 45.0
#: What lines cannot see, in all or one of their ways. GRBL has no checksums: a digit that arrived as another. With several lines on their way
#: ("characters") these may come twice, and what the board tells of the second time may be lost.
#: Marlin's sum does not change when characters change places. The executor sees it by where the stage goes (test_backends_astray.py).
UNSEEN: dict[str, tuple[set[str], ...]] = {
    "grbl": ({"corrupt"}, {"swap"}),
    "grbl characters": ({"out duplicate", "in drop"},),
    "klipper": ({"corrupt"}, {"swap"}, {"duplicate"}, {"drop"}),
    "marlin": ({"swap"},),
}


class WrongError(AssertionError):
    """Something was believed that was not so."""


@dataclass
class Talk:
    """One controller over one faulty line, and what its program must have done in the end."""

    sim: Sim
    driver: Controller
    program: bytes
    end_um: Any
    path: Any
    rig: Any
    met: Callable[[], list[str]]


def trouble(seed: int, name: str) -> Trouble:
    """Faults by seed; a third of all dialogues meet one kind alone."""
    r = random.Random(seed)
    kinds = (r.choice(KINDS),) if r.random() < 0.33 else KINDS
    rate = r.choice((0.01, 0.03, 0.12) if name == "box" else (0.02, 0.05, 0.12))
    return Trouble(seed, rate=rate, kinds=kinds, after=r.randrange(4, 40), delay_s=0.2)


@contextmanager
def talk(name: str, seed: int, folder: Path) -> Iterator[Talk]:
    machine = prints.rig(name, time_scale=SCALE)
    streaming = "characters" if name == "sim-grbl" and seed // len(PARTNERS) % 2 else "response"
    machine = replace(machine, controller=replace(machine.controller, streaming=streaming))
    path = prints.toolpath(prints.woodpile(3, 2, 40.0, length_um=400.0), machine)
    (section,) = sections(path, resolution_kpa=0.1, analog=())
    with emulate(machine, scale=SCALE) as sim:
        faults = trouble(seed, name)
        url = sim.controller.url
        proxy: Any = (SerialProxy if url.startswith("serial:") else TcpProxy)(url, faults)
        live = replace(sim.rig, controller=replace(sim.rig.controller, transport=proxy.url), time_scale=SCALE)
        driver = open_controller(live, folder)
        # The way to where the section begins is not of interest here.
        start = to_stage(machine, path.position_um[section.first - 1][None, :], 0)[0]
        sim.world.home_um = start
        try:
            yield Talk(
                sim,
                driver,
                write_section(path, live, section, dry_run=False).data,
                to_stage(machine, path.position_um[section.last - 1][None, :], 0)[0],
                path,
                machine,
                lambda: [one for m in proxy.manglers for one in m.done],
            )
        finally:
            driver.close()
            proxy.close()


def with_controller(name: str, seed: int, folder: Path) -> str:
    """A program over a faulty line. Returns how it ended; raises WrongError."""
    began = time.monotonic()
    with talk(name, seed, folder) as t:
        world, said = t.sim.world, "done"
        try:
            t.driver.connect(2.0)
            t.driver.prepare()
            world.set_box("left", pressure_kpa=2.0)
            t.driver.begin(t.program, "a.pgm")
            said = _followed(t)
        except ControllerError as reason:
            said = reason.code
        halt = t.driver.cut(lambda: True)
        time.sleep(0.05)
        if halt.ink_off and any(world.output(w.output, world.now()) for w in world.wiring):
            raise WrongError("ink is believed off and is on")
        if halt.stopped and world.moving(world.now()):
            time.sleep(0.2)
            if world.moving(world.now()):
                raise WrongError("the stage is believed to stand and moves")
    if time.monotonic() - began > DEADLINE_S:
        raise WrongError(f"it took {time.monotonic() - began:.0f} s")
    return said


def _followed(t: Talk) -> str:
    world = t.sim.world
    end = time.monotonic() + 15.0
    while (found := t.driver.status()).motion is not Motion.DONE:
        if found.motion is not Motion.RUNNING:
            return found.motion.value
        if time.monotonic() > end:
            return "late"
        time.sleep(0.005)
    there = np.abs(np.array(found.position_um) - t.end_um).max() <= 1.0
    true = np.abs(world.position(world.now()) - t.end_um).max() <= 1.0
    if not there:
        # The executor asks for the place as well before it believes in an end.
        return "done elsewhere"
    if not true:
        raise WrongError("done, but not there")
    kind = t.rig.controller.dialect
    if kind in ("grbl", "marlin"):
        # Fed line by line it may have run dry meanwhile: each move once, in order, is what can be asked.
        heard = [move for e in world.log if e.who == kind and (move := _move(e.what))]
        sent = [move for line in t.program.decode().split("\n") if (move := _move(line))]
        # A line that comes twice in a row is done twice on GRBL, and goes nowhere the second time.
        heard = [h for k, h in enumerate(heard) if kind == "marlin" or not k or heard[k - 1] != h]
        if heard != sent and not _unseen(t):
            raise WrongError(f"done, but moved {heard} for {sent}")
    elif not _unseen(t):
        laid = prints.coverage(t.sim, t.path, t.rig)
        if laid.whole != 6 or laid.gap_um > 0.2 or laid.stray_um > 0.2 or laid.twice_um > 0.2:
            raise WrongError(f"done, but {laid}")
    return "done"


def _unseen(t: Talk) -> bool:
    met = {one for what in t.met() for one in (what, what.split()[1])}
    entry = t.rig.controller
    kinds = (entry.dialect, f"{entry.dialect} {entry.streaming}")
    return any(one <= met for kind in kinds for one in UNSEEN.get(kind, ()))


def _move(line: str) -> str:
    text = re.sub(r"^T\d+", "", line.replace(" ", ""))
    return text if text.startswith(("G0", "G1", "X", "Y", "Z")) else ""


# The pressure box


def _bench() -> World:
    stage = Stage(np.zeros(3), np.full(3, 1e5), np.full(3, 5e4), 5e5, 0.5)
    return World(stage, (Wire(0, "left", 0, 0.05, 0.04),), np.full(3, 5e4))


def with_box(seed: int) -> str:
    """One print's worth of settings over a faulty line: what is believed is so, or nothing is."""
    place = _bench()
    box = UltimusV(place, "left")
    proxy = SerialProxy(box.url, trouble(seed, "box"))
    made: Dispenser = open_dispenser("left", Entry("ultimus_v", proxy.url), lambda *_: "")
    said = "done"
    began = time.monotonic()
    try:
        made.prepare()
        for kpa in (2.1, 0.0, 21.0, 2.1, 0.0):
            made.set_pressure(kpa)
            true = place.box("left").pressure_kpa
            believed = made.belief().pressure_kpa
            if believed is None or abs(believed - true) > 1e-9:
                raise WrongError(f"believed {believed}, is {true}")
    except DispenserError as reason:
        said = reason.code
        if made.belief().pressure_kpa is not None:
            raise WrongError(f"a fault, and still a belief: {made.belief()}") from None
    finally:
        cut = made.cut()
        off = made.secure()
        true = place.box("left").pressure_kpa
        made.close()
        proxy.close()
        box.close()
    if off and true != 0.0:
        raise WrongError(f"pressure 0 read back, and it is {true}")
    if cut and true != 0.0:
        raise WrongError(f"the cut was confirmed, and the pressure is {true}")
    if time.monotonic() - began > 15.0:
        raise WrongError(f"it took {time.monotonic() - began:.0f} s")
    return said


def dialogue(seed: int, folder: Path) -> dict[str, Any]:
    name = PARTNERS[seed % len(PARTNERS)]
    return {"rig": name, "end": with_box(seed) if name == "box" else with_controller(name, seed, folder)}
