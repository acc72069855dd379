"""Automation1 through Aerotech's package, driven on a stand-in that has its calls: prints, stops, a killed executor, and what it refuses."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from wetprint.backends.controller import ControllerError, Motion, Seat
from wetprint.backends.controllers import automation1
from wetprint.backends.emulator import MACHINES
from wetprint.backends.emulator.sim import Sim, start
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.preflight import preflight
from wetprint.backends.printing.states import State
from wetprint.backends.rigs.new import _address, _AnswerError
from wetprint.kernel.rig import Rig

SUPPORT = Path(__file__).parent / "support" / "aerotech"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stand-in as the installed package, for this process and for those that it starts."""
    monkeypatch.syspath_prepend(str(SUPPORT))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SUPPORT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setitem(MACHINES._members, "automation1", "automation1_machine:Machine")
    yield
    MACHINES._loaded.pop("automation1", None)
    sys.modules.pop("automation1", None)


@pytest.fixture
def machine(prints: ModuleType) -> Rig:
    rig: Rig = prints.rig(time_scale=8.0)
    return replace(rig, controller=replace(rig.controller, dialect="automation1"))


@pytest.fixture
def sim(package: None, machine: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sim]:
    made = start(machine, scale=8.0)
    monkeypatch.setenv("WETPRINT_TEST_AUTOMATION1", str(made.controller.port))
    yield made
    made.close()


def test_a_print_lays_what_was_planned(prints: ModuleType, sim: Sim, machine: Rig, tmp_path: Path) -> None:
    path = prints.toolpath(prints.woodpile(3, 2, inks=("Au", "CdSe")), machine)
    result = prints.go(path, machine, tmp_path, sim=sim)
    assert result.state is State.DONE and result.executed == 6, result.diagnostics
    assert result.truth is not None and result.truth["matched"] == 6 and result.truth["worst_um"] < 0.2
    assert "VelocityBlendingOn()" in sim.controller.files["00001.ascript"]
    told = (result.folder / "00001.ascript").read_text()
    assert told == sim.controller.files["00001.ascript"], "what went out is on record"


def test_a_stop_cuts_ink_first_and_is_resumed(
    prints: ModuleType, sim: Sim, machine: Rig, tmp_path: Path
) -> None:
    path = prints.toolpath(prints.long_lines(), machine)
    control = Control()
    prints.when_printing(sim, control.stop, after_s=0.05)
    first = prints.go(path, machine, tmp_path, sim=sim, control=control)
    control.close()
    assert first.state is State.STOPPING and first.ink_off, first.diagnostics
    said = [entry.what for entry in sim.world.log]
    stop = next(k for k, what in enumerate(said) if what.startswith("stop"))
    assert any(what.startswith("digitaloutputset X 0 0") for what in said[stop - 6 : stop])
    assert any(what.startswith("digitaloutputset X 0 0") for what in said[stop:])
    second = prints.go(path, machine, tmp_path, sim=sim, resume=first.run)
    assert second.state is State.DONE, second.diagnostics
    found = prints.coverage(sim, path, machine)
    assert found.whole == 6 and found.gap_um < 0.5 and found.stray_um < 0.5


def test_a_controller_that_hangs_holds_nothing_up(
    prints: ModuleType, sim: Sim, machine: Rig, tmp_path: Path
) -> None:
    path = prints.toolpath(prints.long_lines(), machine)
    prints.when_printing(sim, lambda: setattr(sim.controller, "silent", True))
    began = time.monotonic()
    result = prints.go(path, machine, tmp_path, sim=sim)
    sim.controller.silent = False
    assert result.state is State.FAILED and result.diagnostics[0].code == "M631"
    assert time.monotonic() - began < 25.0
    assert sim.world.box("left").pressure_kpa == 0.0, "the box has cut"


def test_a_program_that_fails_is_told_in_its_words(
    prints: ModuleType, sim: Sim, machine: Rig, tmp_path: Path
) -> None:
    path = prints.toolpath(prints.long_lines(), machine)

    def fail() -> None:
        sim.world.halt(sim.world.now())
        sim.controller.error = "line 20: position error fault"
        sim.controller.plan = replace(sim.controller.plan, end_s=0.0)

    prints.when_printing(sim, fail)
    result = prints.go(path, machine, tmp_path, sim=sim)
    assert result.state is State.FAILED and result.diagnostics[0].code == "M634"
    assert "position error fault" in result.diagnostics[0].message


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"unit": "in"}, "M634", "counts in `in`"),
        ({"homed": False}, "M634", "not homed"),
        ({"fault": 16}, "M634", "fault 0x10"),
        ({"refuse": "enable"}, "M633", "refused to order"),
        ({"error": "x", "refuse": "run"}, "M633", "refused to order"),
    ],
)
def test_what_is_not_ready_is_refused(
    prints: ModuleType,
    sim: Sim,
    machine: Rig,
    tmp_path: Path,
    change: dict[str, object],
    code: str,
    says: str,
) -> None:
    for name, value in change.items():
        setattr(sim.controller, name, value)
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    result = prints.go(path, machine, tmp_path, sim=sim)
    assert result.state is State.FAILED and result.diagnostics[0].code == code
    assert says in result.diagnostics[0].message


def test_reading_outputs_back_and_states(sim: Sim) -> None:
    driver = automation1.Automation1(Seat(sim.rig))
    assert driver.connect(3.0) == "Automation1 stand-in"
    assert driver.ink_is_off() is True and driver.status().motion is Motion.IDLE
    sim.world.set_output(0, True, sim.world.now())
    assert driver.ink_is_off() is False
    halt = driver.cut(lambda: None)
    assert halt.ink_off and halt.stopped and halt.cut_um is not None and not halt.running
    assert driver.ink_is_off() is True
    for line in sim.controller.lines:
        line.close()
    halt = driver.cut(lambda: None)
    assert not halt.ink_off and halt.text
    driver.close()


def test_without_the_package_it_is_told_what_to_do(prints: ModuleType, machine: Rig) -> None:
    assert automation1.lacks_package(), "Aerotech's package is not expected here"
    far = replace(
        machine, controller=replace(machine.controller, transport="automation1://10.0.0.7"), simulated=False
    )
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    (found,) = preflight(path, far)
    assert found.code == "M602" and any("APIs/Python" in n and '"file:FOLDER"' in n for n in found.notes)
    with pytest.raises(ControllerError, match="APIs/Python"):
        automation1.Automation1(Seat(far)).connect(1.0)
    other = replace(far, controller=replace(far.controller, transport="tcp://10.0.0.7:12200"))
    (found,) = preflight(path, other)
    assert found.code == "M602" and any("automation1://HOST" in note for note in found.notes)


def test_addresses(package: None, machine: Rig) -> None:
    assert _address("automation1://lab") == '"automation1://lab"'
    with pytest.raises(_AnswerError, match="automation1://HOST"):
        _address("nowhere")
    other = replace(machine, controller=replace(machine.controller, transport="serial:/dev/ttyUSB0"))
    with pytest.raises(ControllerError, match="no address of an Automation1"):
        automation1.Automation1(Seat(other)).connect(1.0)
