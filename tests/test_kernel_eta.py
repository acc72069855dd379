"""The time of a print as planned, held against planners that are none of ours: LinuxCNC's, on simulated joints."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.build import build
from wetprint.kernel.motion import Toolpath, make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.rig import Rig
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

HEAD = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'

#: Straight lines, sharp turns, one long curve, and curves of very short moves.
PARTS = {
    "woodpile": "woodpile { size: [400um, 400um]; layers: 4; pitch: 40um;",
    "honeycomb": "honeycomb { size: [300um, 300um]; layers: 2; pitch: 60um;",
    "spiral": "spiral { size: [300um, 300um]; layers: 2; pitch: 40um;",
    "gyroid": "gyroid { size: [300um, 300um]; layers: 3; pitch: 60um;",
}


def planned(what: str, rig: Rig) -> Toolpath:
    text = f"lattice body = {what} filament: 10um; material: nc.silver; }}\nprint body {{ bath: nc.gold_bath; }}\n"
    loaded = load("design.wp", HEAD + text)
    assert loaded.scene is not None
    jobs, _ = complete_jobs(loaded.scene, build(loaded.scene)[0], model="analytic")
    return make_toolpath(make_plan(jobs, rig), rig)


def refereed(linuxcnc: ModuleType, toolpath: Toolpath, rig: Rig) -> tuple[float, np.ndarray]:
    if linuxcnc.MISSING:
        pytest.skip(
            f"THE REFEREE OF PLANNED TIMES IS MISSING: {', '.join(linuxcnc.MISSING)} of LinuxCNC (Debian package "
            "linuxcnc-uspace) is not installed"
        )
    try:
        found: tuple[float, np.ndarray] = linuxcnc.run(toolpath, rig)
    except RuntimeError as reason:
        pytest.skip(f"THE REFEREE OF PLANNED TIMES DOES NOT RUN HERE: LinuxCNC says {reason}")
    return found


def test_time_and_valve_as_linuxcnc_has_them(plans: ModuleType, linuxcnc: ModuleType) -> None:
    rig = plans.sim()
    toolpath = plans.planned(plans.cross_layers(2, 320.0, 80.0), rig)[1]
    took_s, turned_s = refereed(linuxcnc, toolpath, rig)
    assert float(toolpath.time_s[-1]) == pytest.approx(took_s, rel=0.02)
    # The valve turns as often as planned, and stays open as long as planned to within 10 servo cycles.
    rows = np.flatnonzero(np.diff(toolpath.valve))
    assert len(turned_s) == len(rows)
    ours, theirs = np.diff(toolpath.time_s[rows])[::2], np.diff(turned_s)[::2]
    assert np.abs(ours - theirs).max() < 10 * linuxcnc.PERIOD_S


@pytest.mark.soak
@pytest.mark.parametrize("name", PARTS)
def test_time_of_lattices_as_linuxcnc_has_it(plans: ModuleType, linuxcnc: ModuleType, name: str) -> None:
    rig = plans.sim()
    toolpath = planned(PARTS[name], rig)
    took_s, _ = refereed(linuxcnc, toolpath, rig)
    assert float(toolpath.time_s[-1]) == pytest.approx(took_s, rel=0.02)


@pytest.mark.parametrize("name", PARTS)
def test_time_of_lattices_as_the_emulated_stage_takes_it(plans: ModuleType, name: str) -> None:
    """The emulated A3200 reads the program and moves by its own law, without a line of kernel/toolpath/timing.py."""
    from wetprint.backends.dialects import DIALECTS
    from wetprint.backends.emulator.aerobasic import parse, schedule
    from wetprint.backends.emulator.world import stage_of
    from wetprint.kernel.toolpath.frames import to_stage

    rig = plans.sim()
    toolpath = planned(PARTS[name], rig)
    start = to_stage(rig, toolpath.position_um[:1], toolpath.nozzle[:1])[0]
    program = DIALECTS["aerotech"].write(toolpath, rig, slice(1, len(toolpath)))
    stage = stage_of(rig.axes, rig.speeds.corner_um)
    taken = schedule(parse(program.text), 0.0, start, stage)
    assert taken.fault is None
    assert float(toolpath.time_s[-1]) == pytest.approx(taken.end_s, rel=0.02)
