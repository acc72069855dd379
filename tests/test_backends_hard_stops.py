"""Stops at instants and over lines that make them hard: while a program starts, with the answers to the stop lost, between two polls."""

import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.controller import ControllerError, Halt, open_controller
from wetprint.backends.controllers.aerotech import A3200
from wetprint.backends.emulator.sim import emulate
from wetprint.backends.printing import runner
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.resume import Prior, _find
from wetprint.backends.printing.sections import sections
from wetprint.backends.printing.states import State
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.toolpath.frames import to_stage

RIGS = ("sim", "sim-grbl", "sim-klipper", "sim-linuxcnc", "sim-marlin")


@pytest.mark.parametrize("name", RIGS)
def test_no_program_starts_behind_a_stop(prints: ModuleType, tmp_path: Path, name: str) -> None:
    machine = prints.rig(name)
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    (section,) = sections(path, resolution_kpa=0.1)
    program = runner.write_section(path, machine, section, dry_run=True)
    with emulate(machine, scale=16.0) as sim:
        driver = open_controller(sim.rig, tmp_path)
        driver.connect(2.0)
        driver.prepare()
        assert driver.cut(lambda: True).stopped
        before = sim.world.position(sim.world.now())
        file = f"a{runner.ending(machine)}"
        # LinuxCNC refuses by itself: the stop took the command.
        with pytest.raises(ControllerError, match=r"a stop came first|refuses"):
            driver.begin(program.data, file)
        time.sleep(0.1)
        now = sim.world.now()
        assert not sim.world.moving(now) and (sim.world.position(now) == before).all()
        # Once the controller is in a known state again it takes programs.
        driver.prepare()
        driver.begin(program.data, file)
        end = time.monotonic() + 5.0
        while not sim.world.moving(sim.world.now()):
            assert time.monotonic() < end
            time.sleep(0.005)
        driver.cut(lambda: True)
        driver.close()


def test_a_stop_while_a_program_starts_is_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard's stop may reach the stage a moment before the start does, and wait for seconds for answers that were lost."""
    with emulate(load_rig("sim"), scale=4.0) as sim:
        driver = open_controller(sim.rig, tmp_path)
        assert isinstance(driver, A3200)
        driver.connect(2.0)
        driver.prepare()
        exchange = driver._exchange

        def at_the_same_time(wire: object, command: str, timeout_s: float) -> str:
            if command.endswith("START"):
                driver._gate.close()
            return exchange(wire, command, timeout_s)  # type: ignore[arg-type]

        monkeypatch.setattr(driver, "_exchange", at_the_same_time)
        driver.begin(b"G71 G76 G90 G359 G108 G17\n$DO0.0=1\nG1 X90.0 Y50.0 Z25.0 F1\n$DO0.0=0\nM2\n", "a.pgm")
        time.sleep(0.1)
        now = sim.world.now()
        assert not sim.world.moving(now) and not sim.world.output(0, now)
        assert sim.world.position(now)[0] < 50_200.0
        driver.close()


def test_what_was_answered_of_a_stop_holds(prints: ModuleType, tmp_path: Path) -> None:
    """The answers to the stop itself are lost: where the ink went off is known all the same."""
    with emulate(load_rig("sim"), scale=4.0) as sim:
        driver = open_controller(sim.rig, tmp_path)
        driver.connect(2.0)
        driver.prepare()
        sim.world.set_box("left", pressure_kpa=2.0)
        driver.begin(b"G71 G76 G90 G359 G108 G17\n$DO0.0=1\nG1 X90.0 Y50.0 Z25.0 F1\n$DO0.0=0\nM2\n", "a.pgm")
        time.sleep(0.2)
        sim.controller.faults.silent = "STOPTASK|ABORT"
        began = time.monotonic()
        halt = driver.cut(lambda: True)
        assert time.monotonic() - began < 2.5 and not halt.stopped
        assert halt.running and halt.line == 3 and halt.cut_um is not None
        assert 0.0 < halt.read_s - began < 0.2, "the first line that was heard tells"
        (laid,) = sim.world.deposits()
        # Ink that was on its way comes out behind it.
        assert -4.0 < laid.points_um[-1, 0] - halt.cut_um[0] < 60.0
        driver.close()


def test_filaments_between_the_last_poll_and_the_cut_are_executed(
    prints: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polled once, paused several filaments later, and the controller tells no line: the place alone confirms them."""
    machine = prints.rig(time_scale=8.0)
    path = prints.toolpath(prints.woodpile(5, 2), machine)
    cut = A3200.cut

    def without_a_line(self: A3200, other: object) -> Halt:
        return replace(cut(self, other), line=0)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "POLL_S", 0.4)
    monkeypatch.setattr(A3200, "cut", without_a_line)
    with emulate(machine, scale=8.0) as sim:
        control = Control()
        prints.when_printing(sim, lambda: prints.later(0.3, control.pause))
        result = prints.go(path, machine, tmp_path, sim=sim, control=control)
        control.close()
        found = prints.coverage(sim, path, machine)
    assert result.state is State.DONE and result.executed == result.total == found.whole
    assert found.joints == 1 and found.gap_um < 0.2


def test_ways_passed_before_what_is_executed_are_not_where_it_was_cut(
    prints: ModuleType, tmp_path: Path
) -> None:
    """Every purge goes by the same column over its place; the record tells which filaments were done by then."""
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(2, 3, inks=("Au", "CdSe")), machine)
    n, stage = len(path), to_stage(machine, path.position_um, path.nozzle.astype(np.int64))
    np.savez(tmp_path / "00001.npz", source=np.arange(1, n), line_row=np.arange(n - 1))
    twice = [r for r in range(1, n) if (stage[r] == stage[1]).all()]
    assert len(twice) == 2, "the column over the purge"
    place = 0.5 * (stage[1] + stage[2])
    done = tuple(sorted({int(f) for f in path.filament[: twice[1]] if f >= 0}))
    for executed, row in (((), 2), (done, twice[1] + 1)):
        prior = Prior(tmp_path, {}, executed, 1, 1, (1, n, "00001.pgm"), {})
        assert _find(prior, path, machine, place, 0).row == row
