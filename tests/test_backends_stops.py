"""Pauses, stops, signals and kills on the real clock, and what may not be resumed. Campaigns of them: test_backends_campaigns.py."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.journal import list_runs, show_run
from wetprint.backends.printing.session import stop_running
from wetprint.backends.printing.states import State
from wetprint.kernel.diagnostics import WetprintError

CHILD = Path(__file__).parent / "support" / "print_child.py"
SCALE = 8.0
#: Prints that are stopped from within go faster: no process has to start.
FAST = 16.0


def test_what_ran_dry_is_printed(prints: ModuleType, tmp_path: Path) -> None:
    """A stop comes when Klipper was just told to start the program, which it does all the same: nothing of it is laid."""
    machine = prints.rig("sim-klipper", time_scale=FAST)
    path = prints.toolpath(prints.long_lines(), machine)
    control = Control()

    with emulate(machine, scale=FAST) as sim:
        start = sim.controller._start

        def late(name: str) -> None:
            if not control.requested:
                control.stop()
                time.sleep(0.15)
            start(name)

        sim.controller._start = late
        result = prints.go(path, machine, tmp_path, sim=sim, control=control)
        assert result.state is State.STOPPING and result.ink_off
        assert any("started in between" in str(e) for e in show_run("last", tmp_path)["events"])
        assert prints.coverage(sim, path, machine).whole == 0
        result = prints.go(path, machine, tmp_path, sim=sim, resume="last")
        assert result.state is State.DONE
        found = prints.coverage(sim, path, machine)
        assert found.whole == 6 and found.gap_um < 0.2 and found.twice_um < 0.2, found


# Another process prints


@contextmanager
def child(prints: ModuleType, runs: Path, sim: Sim) -> Iterator[subprocess.Popen[str]]:
    urls = [f"{name}={box.url}" for name, box in sim.boxes.items()]
    command = [sys.executable, str(CHILD), sim.rig.name, str(runs), str(SCALE), sim.controller.url, *urls]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def when_printing(sim: Sim) -> None:
    end = time.monotonic() + 20.0
    while time.monotonic() < end:
        now = sim.world.now()
        if sim.world.output(0, now) and sim.world.speed(now) > 1000.0:
            return
        time.sleep(0.002)
    raise AssertionError("it never printed")


def test_killed_while_it_prints(prints: ModuleType, interruptions: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig(time_scale=SCALE)
    path = prints.toolpath(prints.long_lines(), machine)
    with emulate(machine, scale=SCALE) as sim:
        with child(prints, tmp_path, sim) as process:
            when_printing(sim)
            at = time.monotonic()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        time.sleep(0.4)
        assert 0.0 < interruptions.on_after(sim, at) < 0.25
        assert sim.world.box("left").pressure_kpa == 0.0 and not sim.world.output(0, sim.world.now())
        (run,) = tmp_path.iterdir()
        record = json.loads((run / "watchdog.json").read_text())
        assert record["why"] == "died" and record["ink_off"] and record["rest_um"] is not None
        there = sim.world.position(sim.world.now())
        assert np.allclose(record["rest_um"], there, atol=0.01)
        assert show_run("last", tmp_path)["watchdog"]["why"] == "died"
        assert not (sim.world.box("right").pressure_kpa or path is None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals(
    prints: ModuleType, interruptions: ModuleType, tmp_path: Path, number: signal.Signals
) -> None:
    """SIGINT pauses and asks (this desk goes on); SIGTERM and SIGHUP stop. Ink goes first each time."""
    machine = prints.rig(time_scale=SCALE)
    path = prints.toolpath(prints.long_lines(), machine)
    with emulate(machine, scale=SCALE) as sim, child(prints, tmp_path, sim) as process:
        when_printing(sim)
        at = time.monotonic()
        os.kill(process.pid, number)
        out, _ = process.communicate(timeout=30)
        (when,) = interruptions.stops(sim.world)[:1]
        assert when[0] - at < 0.1, "at once"
        interruptions.check_order(sim.world)
        (run,) = list_runs(tmp_path)
        if number == signal.SIGINT:
            assert out.split() == ["done", "6"] and run["state"] == "done"
            assert prints.coverage(sim, path, machine).whole == 6
            assert show_run("last", tmp_path)["answers"][0]["answer"] == "continue"
        else:
            assert out.split()[0] == "stopping" and run["state"] == "stopping"


def test_ctrl_c_twice_stops(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig(time_scale=SCALE)
    path = prints.toolpath(prints.long_lines(), machine)
    control = Control()

    class Desk(prints.Desk):  # type: ignore[name-defined,misc]
        def ask(self, question: str, choices: tuple[str, ...]) -> str:
            control._tell(bytes([signal.SIGINT]))
            end = time.monotonic() + 1.0
            while control.requested != "stop" and time.monotonic() < end:
                time.sleep(0.01)
            return "continue"

    with emulate(machine, scale=SCALE) as sim:
        prints.when_printing(sim, lambda: control._tell(bytes([signal.SIGINT])))
        result = prints.go(path, machine, tmp_path, sim=sim, desk=Desk(), control=control)
        assert result.state is State.STOPPING and result.ink_off
        assert control.requested == "stop"


def test_another_terminal_stops_it(prints: ModuleType, interruptions: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig(time_scale=SCALE)
    with emulate(machine, scale=SCALE) as sim, child(prints, tmp_path, sim) as process:
        when_printing(sim)
        said = stop_running(tmp_path)
        assert "stopped, ink off" in said
        assert process.communicate(timeout=10)[0].split()[0] == "stopping"
        interruptions.check_order(sim.world)
    assert "no print is running" in stop_running(tmp_path)


def test_a_frozen_executor_is_cut(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig(time_scale=SCALE)
    with emulate(machine, scale=SCALE) as sim, child(prints, tmp_path, sim) as process:
        when_printing(sim)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(3.0)
        (run,) = tmp_path.iterdir()
        record = json.loads((run / "watchdog.json").read_text())
        assert record["why"] == "froze"
        assert not sim.world.output(0, sim.world.now()) and sim.world.box("left").pressure_kpa == 0.0
        os.kill(process.pid, signal.SIGKILL)


def test_one_dead_channel_does_not_hold_the_other(prints: ModuleType, tmp_path: Path) -> None:
    """The box is silent, or the stage is: the other channel cuts within 20 ms of when it would have anyway."""
    for dead in ("box", "stage"):
        folder = tmp_path / dead
        folder.mkdir()
        machine = prints.rig(time_scale=SCALE)
        path = prints.toolpath(prints.long_lines(), machine)
        control = Control()
        at: list[float] = []
        with emulate(machine, scale=SCALE) as sim:

            def act(
                sim: Sim = sim, dead: str = dead, at: list[float] = at, control: Control = control
            ) -> None:
                if dead == "box":
                    sim.boxes["left"].faults.silent = True
                else:
                    sim.controller.faults.silent = "."
                at.append(time.monotonic())
                control.stop()

            prints.when_printing(sim, act)
            result = prints.go(path, machine, folder, sim=sim, control=control)
            assert result.state in (State.STOPPING, State.FAILED)
            log = [e for e in sim.world.log if e.host_s >= at[0]]
            if dead == "box":
                off = next(e.host_s for e in log if e.what == "$DO0.0=0")
                stop = next(e.host_s for e in log if e.what.startswith("~STOPTASK"))
                assert off - at[0] < 0.06 and stop - off < 0.06
            else:
                zero = next(e.host_s for e in log if e.what == "PS  0000")
                assert zero - at[0] < 0.06


# What may not be resumed


@pytest.fixture
def stopped(prints: ModuleType, tmp_path: Path) -> Iterator[tuple[Sim, str]]:
    machine = prints.rig(time_scale=SCALE)
    path = prints.toolpath(prints.long_lines(), machine)
    with emulate(machine, scale=SCALE) as sim:
        control = Control()
        prints.when_printing(sim, control.stop)
        result = prints.go(path, machine, tmp_path, sim=sim, control=control)
        assert result.state is State.STOPPING
        yield sim, result.run


def test_another_design_is_not_resumed(prints: ModuleType, tmp_path: Path, stopped: tuple[Sim, str]) -> None:
    sim, run = stopped
    machine = prints.rig(time_scale=SCALE)
    other = prints.toolpath(prints.woodpile(3, 2), machine)
    with pytest.raises(WetprintError) as told:
        prints.go(other, machine, tmp_path, sim=sim, resume=run)
    assert told.value.diagnostics[0].code == "M650"


def test_another_rig_is_not_resumed(prints: ModuleType, tmp_path: Path, stopped: tuple[Sim, str]) -> None:
    sim, run = stopped
    machine = prints.rig(time_scale=SCALE)
    path = prints.toolpath(prints.long_lines(), machine)
    moved = replace(machine, doc="the same printer after a visit of the technician")
    with pytest.raises(WetprintError) as told:
        prints.go(path, moved, tmp_path, sim=sim, resume=run)
    assert told.value.diagnostics[0].code == "M651"


@pytest.mark.parametrize("answer", ["registered", "stop"])
def test_a_moved_stage_must_be_registered(
    prints: ModuleType, tmp_path: Path, stopped: tuple[Sim, str], answer: str
) -> None:
    sim, run = stopped
    machine = prints.rig(time_scale=SCALE)
    path = prints.toolpath(prints.long_lines(), machine)
    here = sim.world.position(sim.world.now())
    sim.world.move(
        replace(
            sim.world.paths[-1],
            time_s=np.array([sim.world.now()]),
            span_s=np.array([0.01]),
            start_um=here[None, :],
            along=np.array([[1.0, 0.0, 0.0]]),
            speed_um_s=np.array([5000.0]),
            gain_um_s2=np.array([0.0]),
            move=np.array([0]),
        )
    )
    time.sleep(0.05)
    desk = prints.Desk({"The stage is": answer})
    result = prints.go(path, machine, tmp_path, sim=sim, desk=desk, resume=run)
    assert desk.asked[0].startswith("The stage is 50.0 um from")
    if answer == "stop":
        assert result.state is State.FAILED and result.diagnostics[0].code == "M653"
    else:
        assert result.state is State.DONE and prints.coverage(sim, path, machine).whole == 6


def test_runs_that_are_not_there_or_done(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    with pytest.raises(WetprintError) as told:
        prints.go(path, machine, tmp_path, resume="2019")
    assert told.value.diagnostics[0].code == "M654"
    done = prints.go(path, machine, tmp_path)
    with pytest.raises(WetprintError) as told:
        prints.go(path, machine, tmp_path, resume=done.run)
    assert told.value.diagnostics[0].code == "M655"
