"""Marlin 2: the live driver against the emulated board on a real pseudo-terminal: resends, lost answers, stops, wrong settings."""

import os
import pty
import threading
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wetprint.backends.controller import Controller, ControllerError, Motion, open_controller
from wetprint.backends.emulator.marlin import Marlin as Board
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.rigs.store import load_rig
from wetprint.backends.streaming import Line

PROGRAM = b"""; a line, ink in its middle
G21
G90
M204 P500.00 T500.00
M205 J0.00050
M107 P0
G1 X50.0000 Y50.0000 Z25.0000 F300.000
M106 P0 S255
G1 X51.0000 Y50.0000 Z25.0000 F72.000
M107 P0
G1 X51.0000 Y51.0000 Z25.0000
G4 P50
M400
"""
END_UM = (51000.0, 51000.0, 25000.0)


@pytest.fixture
def sim() -> Iterator[Sim]:
    with emulate(load_rig("sim-marlin"), scale=4.0) as made:
        yield made


@pytest.fixture
def driver(sim: Sim, tmp_path: Path) -> Iterator[Controller]:
    made = open_controller(sim.rig, tmp_path)
    assert made.connect(2.0).startswith("Marlin 2")
    made.prepare()
    yield made
    made.close()


def follow(driver: Controller, limit_s: float = 15.0) -> Any:
    end = time.monotonic() + limit_s
    while (found := driver.status()).motion is Motion.RUNNING:
        assert time.monotonic() < end, "it hangs"
        time.sleep(0.01)
    return found


def test_a_program_runs_and_lays_ink(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    driver.begin(PROGRAM.replace(b"G4 P50\n", b""), "a.gcode")
    seen = set()
    while (found := driver.status()).motion is Motion.RUNNING:
        seen.add(found.line)
    assert found.motion is Motion.DONE and found.position_um == END_UM
    assert {9, 11} <= seen, "the line in motion is told, not the last one that was taken"
    (laid,) = sim.world.deposits()
    # 50 ms of lag at 1.2 mm/s, 40 ms behind the corner: fans change with the blocks, without a stop.
    # Nothing moves before, so the fan comes on a little before the move does.
    assert -40.0 < laid.points_um[0, 0] - (50_000.0 + 60.0) < 4.0
    assert laid.points_um[-1, 0] == pytest.approx(51_000.0) and laid.points_um[-1, 1] > 50_040.0


def test_a_stop_is_at_once_and_the_position_is_kept(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    driver.begin(PROGRAM, "a.gcode")
    while driver.status().line < 9:
        time.sleep(0.005)
    order: list[float] = []
    halt = driver.cut(lambda: order.append(time.monotonic()))
    assert halt.ink_off and halt.stopped and halt.running and halt.cut_um is not None
    stop = next(e.host_s for e in sim.world.log if e.what == "M410")
    assert order[0] <= stop, "the other channel goes first: fans follow the motion"
    assert not sim.world.output(0, sim.world.now())
    time.sleep(0.05)
    found = driver.status()
    true = sim.world.position(sim.world.now())
    assert found.motion is Motion.IDLE and np.abs(true - np.array(found.position_um)).max() <= 0.1
    # A program that follows is not swallowed by the second in which a board drops moves.
    driver.prepare()
    driver.begin(PROGRAM, "b.gcode")
    found = follow(driver)
    assert found.motion is Motion.DONE and found.position_um == END_UM


@pytest.mark.parametrize(
    ("was", "came"),
    [
        # Two characters changed places, one changed a bit: the fence behind is answered all the same.
        (b"M410\nM107 P0\n", b"M41\n0M107 P0\n"),
        (b"M107 P0\nM92", b"M106 P0\nM92"),
        (b"M410\n", b"M420\n"),
    ],
)
@pytest.mark.parametrize(("times", "advanced_ok"), [(1, True), (9, True), (1, False)])
def test_a_stop_that_is_changed_on_its_way_is_no_belief(
    sim: Sim,
    driver: Any,
    monkeypatch: pytest.MonkeyPatch,
    was: bytes,
    came: bytes,
    times: int,
    advanced_ok: bool,
) -> None:
    sim.controller.advanced_ok = advanced_ok
    if not advanced_ok:
        driver._free = -1
    sim.world.set_box("left", pressure_kpa=2.0)
    take, left = sim.controller.line._take, [times]

    def changed(data: bytes) -> None:
        if b"M410" in data and left[0]:
            left[0] -= 1
            data = data.replace(b"M107 P1\n", b"").replace(was, came)
        take(data)

    monkeypatch.setattr(sim.controller.line, "_take", changed)
    driver.begin(PROGRAM.replace(b"X51.0000", b"X55.0000"), "a.gcode")
    while not sim.world.output(0, sim.world.now()):
        time.sleep(0.005)
    halt = driver.cut(lambda: None)
    time.sleep(0.05)
    now = sim.world.now()
    assert not (halt.ink_off and sim.world.output(0, now)) and not (halt.stopped and sim.world.moving(now))
    # Where no M410 is ever understood it ends with M112, which leaves fans as they are: nothing is believed of ink then.
    assert (halt.ink_off and halt.stopped) or (times > 1 and b"M410" in was)


def test_answers_to_lines_without_a_number_are_not_those_of_others(driver: Any) -> None:
    """Behind a stop that was given twice many an `ok` is on its way."""
    assert driver._free >= 0
    n = driver._n
    for text, answered in (("ok", False), (f"ok N{n - 1} P15 B3", False), (f"ok N{n} P15 B3", True)):
        driver._sent.append(Line(0, b"M107"))
        driver._hear(text)
        assert (not driver._sent) is answered
        driver._sent.clear()
    # Asked for the next line, the board has this one: the `ok` behind tells no number and answers it.
    driver._sent.append(Line(0, b"M107"))
    driver._hear(f"Resend: {n + 1}")
    driver._hear("ok")
    assert not driver._sent


def test_what_was_laid_before_a_stop_stays_laid(sim: Sim, driver: Controller) -> None:
    """The truth of the emulator: `off` behind a stop counts from the stop, not from the end of the last whole move before it."""
    sim.world.set_box("left", pressure_kpa=2.0)
    program = PROGRAM.replace(b"X50.0000", b"X49.9000").replace(b"X51.0000", b"X55.0000")
    driver.begin(program.replace(b"G4 P50\n", b""), "a.gcode")
    while sim.world.position(sim.world.now())[0] < 50_100.0 or not sim.world.output(0, sim.world.now()):
        time.sleep(0.005)
    halt = driver.cut(lambda: None)
    stop = next(e.time_s for e in sim.world.log if e.what == "M410")
    assert halt.cut_um is not None and 50_100.0 <= halt.cut_um[0] < 54_990.0
    # What was on its way comes out.
    time.sleep(0.05)
    (on, off) = (o for o in sim.world.outputs if o[2] == 0)
    assert on[3] and not off[3] and stop - 0.1 < off[0] < stop + 0.5
    (laid,) = sim.world.deposits()
    assert laid.points_um[-1, 0] == pytest.approx(halt.cut_um[0], abs=4.0)


@pytest.mark.parametrize("fault", ["corrupt", "lost_ok"])
def test_lines_are_sent_again_once(sim: Sim, driver: Controller, fault: str) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    setattr(sim.controller.faults, fault, 2)
    driver.begin(PROGRAM, "a.gcode")
    found = follow(driver)
    assert found.motion is Motion.DONE and found.position_um == END_UM
    moves = [e.what for e in sim.world.log if e.what.startswith("G1")]
    assert len(moves) == 3, "each line was carried out once"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda board: setattr(board.faults, "kill", "X51"), "Printer halted"),
        (lambda board: board.power_cycle(), "was reset"),
    ],
)
def test_faults_are_told_in_words(
    sim: Sim, driver: Controller, spoil: Callable[[Board], None], says: str
) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    if says == "Printer halted":
        spoil(sim.controller)
    driver.begin(PROGRAM, "a.gcode")
    if says == "was reset":
        time.sleep(0.1)
        spoil(sim.controller)
    found = follow(driver)
    assert found.motion is Motion.FAILED and says in found.text, found


def test_unknown_commands_are_faults(driver: Controller) -> None:
    driver.begin(PROGRAM.replace(b"G4 P50", b"M999 P50"), "a.gcode")
    found = follow(driver)
    assert found.motion is Motion.FAILED and "M999" in found.text and found.line == 12


def test_a_silent_board_is_no_hang(sim: Sim, driver: Controller) -> None:
    driver.begin(PROGRAM, "a.gcode")
    sim.controller.faults.silent = True
    began = time.monotonic()
    while True:
        try:
            if driver.status().motion is Motion.FAILED:
                break
        except ControllerError as reason:
            assert reason.code == "M631"
            break
        assert time.monotonic() - began < 15.0, "it hangs"
    halt = driver.cut(lambda: None)
    assert not halt.ink_off, "nothing came back: it cannot be known"
    time.sleep(0.1)
    assert not sim.world.moving(sim.world.now())


@pytest.mark.parametrize(
    ("name", "axis", "value", "says"),
    [
        ("M203", 0, 10.0, r"x reaches 10 mm/s, the rig says 50 \(M203 X50\)"),
        ("M201", 2, 100.0, r"z accelerates by 100 mm/s2.*M201 Z500"),
    ],
)
def test_settings_that_differ_from_the_rig_are_refused(
    sim: Sim, driver: Controller, name: str, axis: int, value: float, says: str
) -> None:
    sim.controller.settings[name][axis] = value
    with pytest.raises(ControllerError, match=says):
        driver.prepare()


def test_a_board_that_cannot_be_stopped_is_refused(sim: Sim, tmp_path: Path) -> None:
    sim.controller.emergency = False
    made = open_controller(sim.rig, tmp_path)
    with pytest.raises(ControllerError, match="EMERGENCY_PARSER"):
        made.connect(2.0)
    made.close()


def test_without_advanced_ok_the_line_is_not_taken_for_exact(sim: Sim, tmp_path: Path) -> None:
    sim.controller.advanced_ok = False
    made = open_controller(sim.rig, tmp_path)
    made.connect(2.0)
    made.prepare()
    made.begin(PROGRAM, "a.gcode")
    while (found := made.status()).motion is Motion.RUNNING:
        assert not found.exact
    assert found.motion is Motion.DONE and found.position_um == END_UM
    made.close()


def test_a_place_that_another_asked_for_is_not_the_cut(tmp_path: Path) -> None:
    """A watchdog inherits the line while an answer to its dead executor is on its way, in steps that it does not know yet."""
    board, line = pty.openpty()
    tty.setraw(line)
    rig = load_rig("sim-marlin")
    rig = replace(rig, controller=replace(rig.controller, transport=f"descriptor:{line}"))
    driver = open_controller(rig, tmp_path)
    driver.connect(2.0)

    def answer() -> None:
        heard = b""
        while b"M114\n" not in heard:
            heard += os.read(board, 4096)
        count = b"X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:%d Y:%d Z:%d\nok\n"
        os.write(board, count % (490_000, 500_000, 250_000))
        os.write(board, b"ok\nok\necho:M92 X10000.00 Y10000.00 Z10000.00\nok\n")
        os.write(board, count % (500_000, 500_000, 250_000))

    thread = threading.Thread(target=answer)
    thread.start()
    halt = driver.cut(lambda: True)
    thread.join()
    driver.close()
    os.close(board)
    assert halt.stopped and halt.cut_um == (50_000.0, 50_000.0, 25_000.0)
