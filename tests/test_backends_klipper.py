"""Klipper through Moonraker: the live driver against the emulated server on real HTTP, its refusals and both ways to stop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.controller import Controller, ControllerError, Motion, open_controller
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.printing.states import State
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.filaments import filaments

PROGRAM = b"""; a line, ink in its middle
G21
G90
SET_PIN PIN=valve0 VALUE=0
G1 X50.00000 Y50.00000 Z25.00000 F300.0000
SET_PIN PIN=valve0 VALUE=1
G1 X53.00000 Y50.00000 Z25.00000 F72.0000
SET_PIN PIN=valve0 VALUE=0
G1 X53.00000 Y51.00000 Z25.00000
M400
"""
END_UM = (53000.0, 51000.0, 25000.0)


@pytest.fixture
def sim() -> Iterator[Sim]:
    with emulate(load_rig("sim-klipper"), scale=8.0) as made:
        yield made


@pytest.fixture
def driver(sim: Sim, tmp_path: Path) -> Iterator[Controller]:
    made = open_controller(sim.rig, tmp_path)
    assert made.connect(2.0).startswith("Klipper v0.12")
    made.prepare()
    yield made
    made.close()


def test_a_program_runs_and_lays_ink(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    driver.begin(PROGRAM, "a.gcode")
    while (found := driver.status()).motion is Motion.RUNNING:
        assert not found.exact, "the line is where the file is read, not where the motion is"
        time.sleep(0.01)
    assert found.motion is Motion.DONE and found.position_um == END_UM
    (laid,) = sim.world.deposits()
    assert abs(laid.points_um[0, 0] - (50_000.0 + 60.0)) < 4.0
    assert driver.ink_is_off() is True


def test_a_stop_keeps_the_position(sim: Sim, driver: Controller) -> None:
    """The box has cut the ink; what Klipper has planned runs on dry, and the position is still known."""
    driver.begin(PROGRAM, "a.gcode")
    time.sleep(0.08)
    order: list[float] = []
    halt = driver.cut(lambda: order.append(time.monotonic()) or True)
    assert halt.stopped and halt.ink_off and halt.cut_um is not None and not halt.exact
    cancel = next(e for e in sim.world.log if e.what == "/printer/print/cancel")
    assert order[0] <= cancel.host_s
    assert driver.ink_is_off() is True and not sim.world.moving(sim.world.now())
    assert "emergency" not in "".join(e.what for e in sim.world.log)
    driver.prepare()
    driver.begin(PROGRAM, "b.gcode")
    while (found := driver.status()).motion is Motion.RUNNING:
        time.sleep(0.01)
    assert found.motion is Motion.DONE


@pytest.mark.parametrize("why", ["a valve", "cancel is refused"])
def test_an_emergency_stop_where_nothing_else_cuts(sim: Sim, tmp_path: Path, why: str) -> None:
    rig = sim.rig
    if why == "a valve":
        rig = replace(rig, dispensers={n: replace(d, kind="valve") for n, d in rig.dispensers.items()})
    else:
        sim.controller.refuse = "/printer/print/cancel"
    made = open_controller(rig, tmp_path)
    made.connect(2.0)
    made.prepare()
    made.begin(PROGRAM, "a.gcode")
    time.sleep(0.08)
    halt = made.cut(lambda: True)
    assert halt.stopped and made.ink_is_off() is True and not sim.world.output(0, sim.world.now())
    with pytest.raises(ControllerError, match="Klipper is shutdown"):
        made.prepare()
    made.close()


def unhomed(board: Any) -> None:
    board.homed = "xy"


def slow(board: Any) -> None:
    board.max_velocity = 5.0


def shut(board: Any) -> None:
    board.state = "startup"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (unhomed, r"z are not homed \(G28\)"),
        (slow, "max_velocity is 5 mm/s, the rig file says 20"),
        (shut, "startup"),
    ],
)
def test_a_machine_that_is_not_ready_is_refused(
    sim: Sim, driver: Controller, spoil: Callable[[Any], None], says: str
) -> None:
    spoil(sim.controller)
    with pytest.raises(ControllerError, match=says):
        driver.prepare()


def test_faults_of_the_line_are_told(sim: Sim, driver: Controller, tmp_path: Path) -> None:
    sim.controller.refuse = "upload"
    with pytest.raises(ControllerError, match="refused to order"):
        driver.begin(PROGRAM, "a.gcode")
    sim.controller.refuse = ""
    sim.controller.silent = True
    began = time.monotonic()
    with pytest.raises(ControllerError, match="does not answer") as caught:
        driver.status()
    assert caught.value.code == "M631" and time.monotonic() - began < 5.0
    assert not driver.cut(lambda: True).stopped
    lost = replace(sim.rig, controller=replace(sim.rig.controller, transport="http://127.0.0.1:9"))
    with pytest.raises(ControllerError, match="does not answer"):
        open_controller(lost, tmp_path).connect(1.0)


def test_closed_loops_are_followed_to_their_end(prints: ModuleType, tmp_path: Path) -> None:
    """A filament that ends where it began is not executed at its beginning, though the file is read seconds ahead."""
    machine = prints.rig("sim-klipper", time_scale=10.0)
    t = np.linspace(0.0, 2.0 * np.pi, 61)
    ring = np.stack([250.0 * np.cos(t), 250.0 * np.sin(t), np.full_like(t, 5.0)], axis=1)
    part = filaments(
        np.concatenate([ring, ring * [0.6, 0.6, 1.0]]),
        np.array([61, 61]),
        width_um=np.array(10.0),
        material=[0, 0],
        layer=[0, 0],
        origin=np.arange(2),
        inks=(prints.ink("Au"),),
        spans=prints.woodpile(2, 1).spans,
        state="wet",
    )
    path = prints.toolpath(part, machine)
    early: list[str] = []
    with emulate(machine, scale=10.0) as sim:
        desk = prints.Desk()

        def tell(progress: Any) -> None:
            laid = [d for d in sim.world.deposits() if len(d.points_um) > 20]
            if progress.done > len(laid) or (progress.done and len(laid[progress.done - 1].points_um) < 55):
                early.append(f"{progress.done} executed")

        desk.tell = tell
        result = prints.go(path, machine, tmp_path, sim=sim, desk=desk)
    assert result.state is State.DONE and result.truth is not None and result.truth["matched"] == 2
    assert not early
