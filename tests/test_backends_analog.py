"""Analog outputs in programs: what each dialect writes is the plan again when it is read back, also by LinuxCNC's own interpreter."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from wetprint.backends.analog import dry, pressures_of, values_of
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.export import write_program
from wetprint.backends.printing.preflight import preflight
from wetprint.backends.printing.sections import sections
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.motion import DWELL, PRINT, Toolpath, make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.plan import Plan
from wetprint.kernel.rig import SignalPoint
from wetprint.kernel.shrink import complete
from wetprint.lang.codes import H
from wetprint.lang.load import load

RIG = load_rig("sim-mix")
HAVE = ("aerotech", "automation1", "klipper", "linuxcnc")
RS274 = shutil.which("rs274")
TEXT = (
    H
    + "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n"
    + "lattice body = woodpile { size: [200um, 200um]; layers: 2; pitch: 40um; filament: 10um;\n"
    + "  material: mix(nc.gold: ramp(x, over: body.x), nc.cadmium_selenide: rest); }\n"
    + "print body { bath: both; }\n"
)


@cache
def planned() -> tuple[Plan, Toolpath]:
    scene = load("design.wp", TEXT).scene
    assert scene is not None
    jobs = [replace(j, filaments=complete(j.filaments, "dried")) for j in build(scene)[0]]
    plan = make_plan(jobs, RIG)
    return plan, make_toolpath(plan, RIG)


@pytest.mark.parametrize("name", HAVE)
def test_pressures_read_back_are_the_plan(name: str) -> None:
    _, path = planned()
    program = DIALECTS[name].write(path, RIG)
    decoded = DIALECTS[name].read(program.data)
    # The first move raises the tip where the dialect's decoder tells it.
    skip = len(decoded.line) - len(path)
    assert skip in (0, 1)
    for column, box in RIG.analog.items():
        values = decoded.analog[box.channel]
        got = pressures_of(box, values[skip:-1])
        # A value is rounded to 1e-5 of a volt, 2e-5 kPa here.
        assert np.abs(got - path.pressure_kpa[:, column]).max() < 2.1e-5
        assert values[-1] == 0.0, "off at the end"
    assert decoded.end_outputs == 0
    assert np.array_equal(program.sample[decoded.line[skip:] - 1], np.arange(len(path)))


@pytest.mark.parametrize("name", HAVE)
def test_a_section_sets_every_output_itself(name: str) -> None:
    _, path = planned()
    middle = int(np.flatnonzero(path.kind == PRINT)[40])
    rows = slice(middle, middle + 200)
    decoded = DIALECTS[name].read(DIALECTS[name].write(path, RIG, rows).data)
    for column, box in RIG.analog.items():
        got = pressures_of(box, decoded.analog[box.channel][:-1])
        assert np.abs(got - path.pressure_kpa[rows, column]).max() < 2.1e-5
        assert decoded.analog[box.channel][-1] == 0.0


def test_pieces_of_a_program_set_them_as_the_whole_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.backends import gcode

    _, path = planned()
    whole = DIALECTS["linuxcnc"].write(path, RIG).data
    monkeypatch.setattr(gcode, "CHUNK", 37)
    assert DIALECTS["linuxcnc"].write(path, RIG).data == whole


def test_an_exported_program_is_the_written_one(tmp_path: Path) -> None:
    plan, path = planned()
    write_program(plan, RIG, "linuxcnc", tmp_path / "part.ngc")
    assert (tmp_path / "part.ngc").read_bytes() == DIALECTS["linuxcnc"].write(path, RIG).data
    assert b"set 0 kPa" not in (tmp_path / "part.ngc").read_bytes()
    assert b"M0\n" not in (tmp_path / "part.ngc").read_bytes(), "nobody has to set a pressure"


@pytest.mark.parametrize("name", ["grbl", "marlin"])
def test_a_dialect_without_analog_outputs_says_so_and_offers_steps(name: str) -> None:
    _, path = planned()
    with pytest.raises(WetprintError) as caught:
        DIALECTS[name].write(path, RIG)
    (told,) = caught.value.diagnostics
    assert told.code == "R523" and "`steps: 5`" in told.notes[0]
    rig = replace(RIG, controller=replace(RIG.controller, dialect=name))
    assert "R523" in [d.code for d in preflight(path, rig)]


def test_values_follow_a_bent_table_and_are_zero_without_pressure() -> None:
    box = replace(
        RIG.dispensers["first"], signal=(SignalPoint(1.0, 2.0), SignalPoint(3.0, 4.0), SignalPoint(4.0, 10.0))
    )
    kpa = np.array([0.0, 2.0, 3.0, 7.0, 10.0])
    assert values_of(box, kpa).tolist() == [0.0, 1.0, 2.0, 3.5, 4.0]
    assert np.allclose(pressures_of(box, values_of(box, kpa)), kpa)


def test_preflight_lets_analog_pressures_change_within_a_filament_and_no_others() -> None:
    _, path = planned()
    (told,) = [d for d in preflight(path, RIG) if d.code.startswith("M")]
    assert told.code == "M623" and "nozzle `head` is cut over the stage's line alone" in told.message
    boxes = {n: replace(b, kind="ultimus_v", transport="null:") for n, b in RIG.dispensers.items()}
    found = [d.code for d in preflight(path, replace(RIG, dispensers=boxes))]
    assert "M617" in found
    high = path.pressure_kpa.copy()
    high[path.kind == PRINT, 1] = 21.0
    assert "R514" in [d.code for d in preflight(replace(path, pressure_kpa=high), RIG)]
    none = np.where((path.kind == PRINT)[:, None], 0.0, path.pressure_kpa)
    assert "M613" in [d.code for d in preflight(replace(path, pressure_kpa=none), RIG)]


def test_what_changes_with_the_motion_cuts_no_section() -> None:
    _, path = planned()
    assert len(sections(path, analog=tuple(RIG.analog))) == 1
    assert all(s.kpa == (0.0, 0.0) for s in sections(path, analog=tuple(RIG.analog)))


@pytest.mark.parametrize("name", HAVE)
def test_a_dry_run_leaves_every_output_at_zero(name: str) -> None:
    _, path = planned()
    decoded = DIALECTS[name].read(DIALECTS[name].write(dry(path, RIG), RIG).data)
    assert not decoded.valve.any()
    assert all(not values.any() for values in decoded.analog.values())


@pytest.mark.skipif(
    RS274 is None,
    reason="THE REFEREE OF LINUXCNC PROGRAMS IS MISSING: rs274 (Debian package linuxcnc-uspace) is not installed",
)
def test_linuxcnc_itself_takes_the_outputs_as_planned(tmp_path: Path) -> None:
    _, path = planned()
    file = tmp_path / "part.ngc"
    file.write_bytes(DIALECTS["linuxcnc"].write(path, RIG).data)
    run = subprocess.run(
        [str(RS274), "-n", "2", "-v", str(tmp_path / "rs274.var"), "-g", str(file)],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-500:] + run.stderr[-500:]
    assert "PROGRAM_END" in run.stdout
    now, rows, raised = [0.0, 0.0], [], False
    for line in run.stdout.splitlines():
        if m := re.search(r"SET_(?:MOTION|AUX)_OUTPUT_VALUE\((\d+), *([\d.]+)\)", line):
            now[int(m[1])] = float(m[2])
        elif "STRAIGHT_FEED" in line or "DWELL(" in line:
            if raised:
                rows.append(list(now))
            raised = True
    got = np.array(rows)
    assert len(got) == len(path)
    for column, box in RIG.analog.items():
        assert np.abs(got[:, box.channel] - values_of(box, path.pressure_kpa[:, column])).max() < 1e-4
    assert now == [0.0, 0.0]
    assert (path.kind == DWELL).any()
