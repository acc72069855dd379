"""A3200: the live driver against the emulator on real sockets, with every way in which replies can come wrong."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.controller import Controller, ControllerError, Motion, open_controller
from wetprint.backends.controllers import CONTROLLERS
from wetprint.backends.controllers.aerotech import number
from wetprint.backends.emulator.aerobasic import ProgramError, parse, schedule
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.rigs.store import load_rig

PROGRAM = b"""; a line, ink in its middle
G71 G76 G90 G359 G108 G17
G1 X50.0 Y50.0 Z25.0 F5
$DO0.0=1
G1 X51.0 Y50.0 Z25.0 F1.2
$DO0.0=0
G1 X51.0 Y51.0 Z25.0
G4 P0.05
M2
"""
LONG = PROGRAM.replace(b"F1.2", b"F0.2")


@pytest.fixture
def sim() -> Iterator[Sim]:
    with emulate(load_rig("sim"), scale=4.0) as made:
        yield made


@pytest.fixture
def driver(sim: Sim, tmp_path: Path) -> Iterator[Controller]:
    made = open_controller(sim.rig, tmp_path)
    made.connect(2.0)
    made.prepare()
    yield made
    made.close()


def done(driver: Controller, limit_s: float = 5.0) -> None:
    end = time.monotonic() + limit_s
    while (found := driver.status()).motion is Motion.RUNNING:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert found.motion is Motion.DONE, found


def test_a_program_runs_and_lays_ink(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    driver.begin(PROGRAM, "a.pgm")
    done(driver)
    (laid,) = sim.world.deposits()
    lag = sim.world.wiring[0]
    # From rest: 1.2 mm/s is reached after 2.4 ms; the lags shift both ends along the path.
    assert laid.points_um[0][0] == pytest.approx(50_000 + 1200 * (lag.on_s - 0.0012), abs=0.01)
    assert laid.points_um[-1][1] > 50_000
    assert np.allclose(driver.status().position_um, (51_000, 51_000, 25_000))
    assert driver.ink_is_off() is True


def test_status_tells_line_and_position_on_the_way(sim: Sim, driver: Controller) -> None:
    driver.begin(LONG, "a.pgm")
    time.sleep(0.3)
    found = driver.status()
    assert found.motion is Motion.RUNNING and found.line == 5
    assert 50_000 < found.position_um[0] < 51_000


@pytest.mark.parametrize("fault", ["chunk", "merge", "comma", "all"])
def test_replies_in_any_shape(sim: Sim, driver: Controller, fault: str) -> None:
    faults = sim.controller.faults
    faults.chunk = 1 if fault in ("chunk", "all") else 0
    faults.merge = fault in ("merge", "all")
    faults.decimal_comma = fault in ("comma", "all")
    driver.begin(PROGRAM, "a.pgm")
    done(driver)
    assert np.allclose(driver.status().position_um, (51_000, 51_000, 25_000))
    halt = driver.cut(lambda: None)
    assert halt.ink_off and halt.stopped and halt.cut_um is not None


def test_numbers_with_a_comma() -> None:
    assert number("50,000125") == number("50.000125") == 50.000125


def test_not_understood_and_refused(sim: Sim, driver: Controller) -> None:
    sim.controller.faults.refuse.append(("LOAD", "!"))
    with pytest.raises(ControllerError) as told:
        driver.begin(PROGRAM, "a.pgm")
    assert told.value.code == "M632" and "LOAD" in told.value.message
    sim.controller.faults.refuse.append(("LOAD", "#"))
    with pytest.raises(ControllerError) as told:
        driver.begin(PROGRAM, "a.pgm")
    assert told.value.code == "M633" and "ordered fault" in told.value.message
    driver.begin(PROGRAM, "a.pgm")
    done(driver)


def test_a_bad_program_names_its_line(sim: Sim, driver: Controller) -> None:
    with pytest.raises(ControllerError) as told:
        driver.begin(PROGRAM.replace(b"G4 P0.05", b"G5 P0.05"), "bad.pgm")
    assert told.value.code == "M633" and "line 8" in told.value.message


def test_a_program_that_trips_tells_where(sim: Sim, driver: Controller) -> None:
    sim.controller.faults.trip_line = 7
    driver.begin(PROGRAM, "a.pgm")
    time.sleep(0.6)
    found = driver.status()
    assert found.motion is Motion.FAILED and found.line == 7 and "ordered fault" in found.text


def test_beyond_a_limit_the_controller_stops(sim: Sim, driver: Controller) -> None:
    driver.begin(PROGRAM.replace(b"Y51.0", b"Y151.0"), "a.pgm")
    time.sleep(0.6)
    found = driver.status()
    assert found.motion is Motion.FAILED and "software limit" in found.text


def test_silence_ends_at_its_deadline(sim: Sim, driver: Controller) -> None:
    sim.controller.faults.silent = "STATUS"
    began = time.monotonic()
    with pytest.raises(ControllerError) as told:
        driver.status()
    assert told.value.code == "M631" and time.monotonic() - began < 5.0


def test_a_dropped_line_is_opened_again(sim: Sim, driver: Controller) -> None:
    sim.controller.unplug()
    assert driver.status().motion is Motion.IDLE


def test_nobody_there(tmp_path: Path) -> None:
    rig = load_rig("sim")
    gone = replace(rig, controller=replace(rig.controller, transport="tcp://127.0.0.1:9"))
    with pytest.raises(ControllerError) as told:
        open_controller(gone, tmp_path).connect(0.5)
    assert told.value.code == "M630"


@pytest.mark.parametrize("what", ["not homed", "not enabled"])
def test_a_stage_that_is_not_ready(sim: Sim, tmp_path: Path, what: str) -> None:
    made = open_controller(sim.rig, tmp_path)
    made.connect(2.0)
    if what == "not homed":
        sim.controller.homed.discard("Y")
    else:
        sim.controller.faults.refuse.append(("ENABLE", "#"))
    with pytest.raises(ControllerError) as told:
        made.prepare()
    assert told.value.code in ("M634", "M633")
    made.close()


def test_cut_while_a_task_runs_ink_first_on_the_wire(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    driver.begin(LONG, "a.pgm")
    time.sleep(0.3)
    halt = driver.cut(lambda: None)
    assert halt.ink_off and halt.stopped and halt.cut_um is not None and halt.line == 5
    log = [e for e in sim.world.log if e.who.startswith("a3200")]
    off = next(k for k, e in enumerate(log) if e.what == "$DO0.0=0" and k > 10)
    stop = next(k for k, e in enumerate(log) if e.what.startswith("~STOPTASK"))
    started = next(k for k, e in enumerate(log) if "program starts" in e.what)
    assert started < off < stop and log[off].time_s <= log[stop].time_s
    assert [e.what for e in log[stop:]].count("$DO0.0=0") >= 1, "and off again after the stop"
    time.sleep(0.05)
    (laid,) = sim.world.deposits()
    off_s = sim.world.wiring[0].off_s
    assert laid.time_s[-1] == pytest.approx(log[off].time_s + off_s, abs=0.002)
    time.sleep(0.05)
    assert sim.world.speed(sim.world.now()) == 0.0
    assert np.linalg.norm(np.array(halt.cut_um) - np.array(driver.status().position_um)) < 30


def test_cut_with_the_guard_line_dead(sim: Sim, driver: Controller) -> None:
    driver.begin(LONG, "a.pgm")
    time.sleep(0.2)
    sim.controller.unplug()
    halt = driver.cut(lambda: None)
    assert halt.ink_off and halt.stopped
    assert driver.ink_is_off() is True


def test_cut_while_its_task_is_blocked(sim: Sim, driver: Controller) -> None:
    driver.begin(LONG, "a.pgm")
    sim.controller.faults.block = ("TaskState.*Feedback.*$", 0.3)
    began = time.monotonic()
    halt = driver.cut(lambda: None)
    assert time.monotonic() - began < 2.5
    assert halt.ink_off
    offs = [e.host_s for e in sim.world.log if e.what == "$DO0.0=0"]
    assert any(0 <= t - began < 0.1 for t in offs), "a blocked reply does not hold back ink off"


def test_cut_never_raises_when_all_is_lost(sim: Sim, driver: Controller) -> None:
    sim.controller.close()
    waited: list[int] = []
    halt = driver.cut(lambda: waited.append(1))
    assert not halt.ink_off and not halt.stopped and halt.text and waited == [1]


def test_outputs_left_on_are_seen(sim: Sim, driver: Controller) -> None:
    sim.world.set_output(1, True, sim.world.now())
    assert driver.ink_is_off() is False


def test_remote_folder_names_the_program(sim: Sim, tmp_path: Path) -> None:
    seat = replace(
        sim.rig.controller, program_folder=str(tmp_path), remote_folder="C:\\Users\\Public\\programs"
    )
    made = open_controller(replace(sim.rig, controller=seat), tmp_path)
    made.connect(2.0)
    made.prepare()
    with pytest.raises(ControllerError):
        made.begin(PROGRAM, "a.pgm")
    assert any('LOAD "C:\\Users\\Public\\programs\\a.pgm"' in e.what for e in sim.world.log)
    made.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("G1 X1 F1", "before G71"),
        ("G71 G76 G90\nX1", "before any G0 or G1"),
        ("G71 G76 G90\nG2 X1 Y1 R1", "R1. is not understood"),
        ("HELLO", "not understood"),
        ("G71 G76 G90\nG1 E1", "not understood"),
    ],
)
def test_programs_that_are_not_ours_are_refused(text: str, says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        parse(text)


def test_the_emulator_reads_what_the_dialect_writes(prints: ModuleType) -> None:
    """Times of the emulated controller equal the plan's: two programs that share no code of motion."""
    from wetprint.backends.dialects import DIALECTS
    from wetprint.backends.emulator.world import stage_of
    from wetprint.kernel.toolpath.frames import to_stage

    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(5, 4), machine)
    stage = stage_of(machine.axes, machine.speeds.corner_um)
    start = to_stage(machine, path.position_um[:1], path.nozzle[:1])[0]
    program = DIALECTS["aerotech"].write(path, machine, slice(1, len(path)))
    plan = schedule(parse(program.text), 0.0, start, stage)
    assert plan.fault is None
    assert plan.end_s == pytest.approx(float(path.time_s[-1]), rel=0.02)


def test_every_controller_keeps_its_protocol() -> None:
    need = {"connect", "prepare", "status", "begin", "cut", "ink_is_off", "close"}
    for name in CONTROLLERS:
        assert need <= set(dir(CONTROLLERS[name])), name
