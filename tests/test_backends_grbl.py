"""GRBL 1.1: the live driver against the emulated board on a real pseudo-terminal, with lost answers, alarms and wrong settings."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wetprint.backends.controller import Controller, ControllerError, Motion, open_controller
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.grbl_words import read_report
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.rig import Rig

PROGRAM = b"""(a line, ink in its middle)
G21 G90 G17 G94
M3 S0
G1 X50.0000 Y50.0000 Z25.0000 F300.000
G1 X51.0000 Y50.0000 Z25.0000 F72.000 S1000
G1 X51.0000 Y51.0000 Z25.0000 S0
G4 P0.050
M5
M2
"""
END_UM = (51000.0, 51000.0, 25000.0)


def rig(streaming: str = "response") -> Rig:
    machine = load_rig("sim-grbl")
    return replace(machine, controller=replace(machine.controller, streaming=streaming))


@pytest.fixture(params=["response", "characters"])
def sim(request: pytest.FixtureRequest) -> Iterator[Sim]:
    with emulate(rig(request.param), scale=4.0) as made:
        yield made


@pytest.fixture
def driver(sim: Sim, tmp_path: Path) -> Iterator[Controller]:
    made = open_controller(sim.rig, tmp_path)
    assert made.connect(2.0) == "GRBL 1.1h.20190825"
    made.prepare()
    yield made
    made.close()


def follow(driver: Controller, limit_s: float = 8.0) -> Any:
    end = time.monotonic() + limit_s
    while (found := driver.status()).motion is Motion.RUNNING:
        assert time.monotonic() < end, "it hangs"
        time.sleep(0.01)
    return found


def test_a_program_runs_and_lays_ink(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    driver.begin(PROGRAM, "a.nc")
    seen = set()
    while (found := driver.status()).motion is Motion.RUNNING:
        seen.add(found.line)
    assert found.motion is Motion.DONE and found.position_um == END_UM
    assert {5, 6} <= seen, "the line in motion is told, not the last one that was taken"
    (laid,) = sim.world.deposits()
    # 50 ms of lag at 1.2 mm/s, 40 ms behind the corner: laser mode does not stop for the valve.
    assert abs(laid.points_um[0, 0] - (50_000.0 + 60.0)) < 4.0
    assert laid.points_um[-1, 0] == pytest.approx(51_000.0) and laid.points_um[-1, 1] > 50_040.0
    assert driver.ink_is_off() is True


def test_the_door_stops_ink_and_keeps_the_position(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    driver.begin(PROGRAM, "a.nc")
    while driver.status().line < 5:
        time.sleep(0.005)
    order: list[float] = []
    halt = driver.cut(lambda: order.append(time.monotonic()))
    assert halt.ink_off and halt.stopped and halt.running and halt.line == 5 and halt.cut_um is not None
    door = next(e.host_s for e in sim.world.log if e.what == "door")
    assert order[0] <= door, "the other channel goes first: the door stops motion as well"
    found = driver.status()
    true = sim.world.position(sim.world.now())
    assert found.motion is Motion.IDLE and np.abs(true - np.array(found.position_um)).max() <= 0.5
    assert not sim.world.output(0, sim.world.now())
    # And a program can follow, from where it stands.
    driver.prepare()
    driver.begin(PROGRAM, "b.nc")
    assert follow(driver).motion is Motion.DONE


@pytest.mark.parametrize(
    ("spoil", "says", "line"),
    [
        (lambda board: board.faults.errors.append(("X51.*Y51", 22)), "error 22: no feed", 6),
        (lambda board: setattr(board.faults, "alarm", 1), "alarm 1: a limit switch", None),
        (lambda board: board.power_cycle(), "was reset", None),
    ],
)
def test_faults_are_told_in_words(
    sim: Sim, driver: Controller, spoil: Callable[[Any], None], says: str, line: int | None
) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    slow = (
        PROGRAM.replace(b"G1 X50.0000", b"G1 X49.0000 Y50 Z25 F300\nG1 X50.0000") if line is None else PROGRAM
    )
    power = says == "was reset"
    if not power:
        spoil(sim.controller)
    driver.begin(slow, "a.nc")
    if power:
        time.sleep(0.05)
        spoil(sim.controller)
    found = follow(driver)
    assert found.motion is Motion.FAILED and says in found.text, found
    assert line is None or found.line == line
    halt = driver.cut(lambda: None)
    assert halt.ink_off and not sim.world.output(0, sim.world.now())


@pytest.mark.parametrize("many", [1, 3])
def test_answers_without_numbers_are_not_counted(sim: Sim, driver: Controller, many: int) -> None:
    """An `ok` that came twice, or was lost, moves nothing: the board tells by `$G` what it has taken."""
    sim.controller.faults.lost_ok = many
    driver.begin(PROGRAM, "a.nc")
    for _ in range(many):
        sim.controller.line.say(b"ok\r\n")
        assert driver.status().line <= 5
    found = follow(driver)
    assert found.motion is Motion.DONE and found.position_um == END_UM


def test_every_line_has_its_number(sim: Sim, driver: Controller) -> None:
    driver.begin(PROGRAM, "a.nc")
    follow(driver)
    lines = [e.what for e in sim.world.log if e.what.startswith("T") and "$" not in e.what][-8:]
    first = int(lines[0][1 : lines[0].index("G")])
    assert [
        line.startswith(f"T{first + k}{word}")
        for k, (line, word) in enumerate(zip(lines, "GMGGGGMM", strict=True))
    ]
    assert sim.controller.line is not None and sim.controller._tool == first + 7


def test_a_move_to_where_it_stands_is_none(sim: Sim, driver: Controller) -> None:
    """A line that came twice: GRBL makes no block of it, and in laser mode rests until its S is set."""
    sim.world.set_box("left", pressure_kpa=2.0)
    inked = b"G1 X51.0000 Y50.0000 Z25.0000 F72.000 S1000\n"
    twice = PROGRAM.replace(inked, inked * 2)
    assert twice != PROGRAM
    driver.begin(twice, "a.nc")
    assert follow(driver).motion is Motion.DONE
    (laid,) = sim.world.deposits()
    assert laid.points_um[-1, 1] > 50_040.0


def test_what_the_line_carries_is_what_goes_over_it(driver: Any) -> None:
    from wetprint.backends.printing import preflight_pace as pace
    from wetprint.backends.streaming import Line

    driver._tag = 122
    framed = driver._frame(Line(1, b"G1 X50.0432 Y50.1234 Z25.0000 F72.000"))
    assert framed == b"T123G1X50.0432Y50.1234Z25.0000F72.000\n$G\n" and len(framed) == pace.MOVE + pace.TAGGED
    assert len("[GC:G1 G54 G17 G21 G90 G94 M3 M9 T123 F72 S1000]\r\nok\r\nok\r\n") == pace.TOLD - 1
    machine = rig()
    wired = replace(machine.controller, transport="serial:/dev/ttyUSB0")
    one = pace.line_s(replace(machine, simulated=False, controller=wired))
    many = pace.line_s(replace(machine, simulated=False, controller=replace(wired, streaming="characters")))
    assert 75.0 < 1.0 / one < 85.0 and 135.0 < 1.0 / many < 145.0


def test_a_silent_board_is_no_hang(sim: Sim, driver: Controller) -> None:
    driver.begin(PROGRAM, "a.nc")
    sim.controller.faults.silent = True
    began = time.monotonic()
    with pytest.raises(ControllerError, match="does not tell its state") as caught:
        for _ in range(100):
            driver.status()
    assert caught.value.code == "M631" and time.monotonic() - began < 4.0
    halt = driver.cut(lambda: None)
    assert not halt.ink_off, "nothing came back: it cannot be known"
    assert not sim.world.output(0, sim.world.now()) and not sim.world.moving(sim.world.now())


@pytest.mark.parametrize(
    ("number", "value", "says"),
    [
        (32, 0, r"laser mode is off.*\$32=1"),
        (30, 255, r"full scale is 255 \(\$30=1000\)"),
        (110, 600, r"x reaches 600 mm/min, the rig says 3000 \(\$110=3000\)"),
        (122, 100, r"z accelerates by 100 mm/s2.*\$122=500"),
    ],
)
def test_settings_that_differ_from_the_rig_are_refused(
    sim: Sim, driver: Controller, number: int, value: float, says: str
) -> None:
    sim.controller.settings[number] = value
    with pytest.raises(ControllerError, match=says):
        driver.prepare()


def test_units_of_reports_are_set(sim: Sim, driver: Controller) -> None:
    sim.controller.settings[13] = 1
    driver.prepare()
    assert sim.controller.settings[13] == 0 and sim.controller.settings[10] == 3


def test_offsets_and_locks_are_refused(sim: Sim, driver: Controller) -> None:
    sim.controller.offset_mm["G54"] = (1.0, 0.0, 0.0)
    with pytest.raises(ControllerError, match=r"G54.*G10 L2 P1"):
        driver.prepare()
    sim.controller.offset_mm["G54"] = (0.0, 0.0, 0.0)
    sim.controller.power_cycle()
    with pytest.raises(ControllerError, match=r"locked by an alarm.*\$H"):
        driver.prepare()


def test_noise_is_no_report() -> None:
    good = "<Run|MPos:1.000,-2.500,3.000|Bf:12,100|FS:72,1000|Ov:100,100,100|A:S>"
    found = read_report(good, 1.0)
    assert found is not None and found.position_um == (1000.0, -2500.0, 3000.0)
    assert (found.free, found.accessory) == (12, True)
    for k in range(len(good)):
        assert read_report(good[:k], 1.0) is None
    assert read_report(good.replace("-2.500", "-2.50"), 1.0) is None


def test_noise_in_an_offset_is_told(sim: Sim, driver: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    say = sim.controller._say
    monkeypatch.setattr(sim.controller, "_say", lambda text: say(text.replace("[G92:0.0", "[G92:0*0")))
    with pytest.raises(ControllerError, match=r"the offset G92 is 0\*000"):
        driver.prepare()
