"""Prints for machines that nobody drives from here: the program is written, checked and on record, and no more is claimed."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.printing.journal import list_runs
from wetprint.backends.printing.preflight import preflight
from wetprint.backends.printing.states import State
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.rig import Rig
from wetprint.kernel.toolpath.frames import to_stage


def carried(prints: ModuleType, transport: str, dialect: str = "linuxcnc") -> Rig:
    machine: Rig = prints.rig("sim-marlin", simulated=False)
    return replace(machine, controller=replace(machine.controller, dialect=dialect, transport=transport))


@pytest.mark.parametrize("dialect", DIALECTS.names())
def test_the_program_lies_where_the_rig_says(prints: ModuleType, tmp_path: Path, dialect: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    name = "sim-grbl" if dialect == "grbl" else "sim-marlin"
    machine = prints.rig(name, simulated=False)
    machine = replace(
        machine, controller=replace(machine.controller, dialect=dialect, transport=f"file:{out}")
    )
    path = prints.toolpath(prints.woodpile(3, 2), machine)
    result = prints.go(path, machine, tmp_path / "runs")
    assert result.state is State.HANDED and result.executed == 0 and result.total == 6
    (written,) = out.iterdir()
    assert written.suffix in (DIALECTS[dialect].suffixes or (".gcode",))
    assert (result.folder / written.name).read_bytes() == written.read_bytes()
    read = DIALECTS[dialect].read(written.read_bytes())
    end = to_stage(machine, path.position_um[-1:], path.nozzle[-1:])[0]
    assert np.abs(read.stage_um[-1] - end).max() <= 0.06
    (run,) = list_runs(tmp_path / "runs")
    assert run["state"] == "handed over" and run["rig"] == machine.name
    with pytest.raises(WetprintError, match="by hand"):
        prints.go(path, machine, tmp_path / "runs", resume="last")


def test_a_dry_run_opens_no_valve(prints: ModuleType, tmp_path: Path) -> None:
    machine = carried(prints, f"file:{tmp_path / 'a.ngc'}")
    prints.go(prints.toolpath(prints.woodpile(3, 2), machine), machine, tmp_path / "runs", dry_run=True)
    assert not DIALECTS["linuxcnc"].read((tmp_path / "a.ngc").read_bytes()).valve.any()


def test_a_folder_that_is_not_there_is_told(prints: ModuleType, tmp_path: Path) -> None:
    machine = carried(prints, f"file:{tmp_path / 'no' / 'a.ngc'}")
    with pytest.raises(WetprintError, match=r"there is no folder|cannot be written"):
        prints.go(prints.toolpath(prints.woodpile(3, 2), machine), machine, tmp_path / "runs")


def test_a_machine_without_a_driver_is_told_how(prints: ModuleType) -> None:
    machine = carried(prints, "tcp://127.0.0.1:5007", "automation1")
    (found,) = [
        d for d in preflight(prints.toolpath(prints.woodpile(3, 2), machine), machine) if d.code == "M602"
    ]
    assert any('transport = "file:FOLDER"' in note for note in found.notes)
