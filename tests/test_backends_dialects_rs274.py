"""LinuxCNC's own interpreter as the referee of our .ngc: its canonical moves are the plan, to 0.1 um."""

import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.dialects import DIALECTS
from wetprint.kernel.motion import DWELL
from wetprint.kernel.toolpath.frames import to_stage

RS274 = shutil.which("rs274")
needs_rs274 = pytest.mark.skipif(
    RS274 is None,
    reason="THE REFEREE OF LINUXCNC PROGRAMS IS MISSING: rs274 (Debian package linuxcnc-uspace) is not installed",
)

MOVE = re.compile(r"(STRAIGHT_FEED|STRAIGHT_TRAVERSE)\(([-\d.]+), ([-\d.]+), ([-\d.]+),")
OTHER = re.compile(r"(SET_FEED_RATE|DWELL|(?:SET|CLEAR)_(?:MOTION|AUX)_OUTPUT_BIT)\(([-\d.]+)\)")


def canonical(text: str, folder: Path) -> list[tuple[str, list[float]]]:
    """Canonical commands that LinuxCNC makes of a program. It prints four decimals: coordinates go in a thousandfold."""
    scaled = re.sub(r"([XYZ])(-?[\d.]+)", lambda m: f"{m[1]}{float(m[2]) * 1000:.4f}", text)
    program = folder / "scaled.ngc"
    program.write_text(scaled)
    assert RS274 is not None
    run = subprocess.run(
        [RS274, "-n", "2", "-v", str(folder / "rs274.var"), "-g", str(program)],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-500:] + run.stderr[-500:]
    assert "PROGRAM_END" in run.stdout
    found = []
    for line in run.stdout.splitlines():
        if m := MOVE.search(line):
            found.append((m[1], [float(v) / 1000 for v in m.groups()[1:]]))
        elif m := OTHER.search(line):
            found.append((m[1], [float(m[2])]))
    return found


@needs_rs274
@pytest.mark.parametrize("corner_um", [0.5, 0.0])
def test_linuxcnc_reads_what_was_planned(plans: ModuleType, tmp_path: Path, corner_um: float) -> None:
    rig = plans.sim(speeds={"corner_um": corner_um})
    toolpath = plans.planned(plans.cross_layers(8, 400.0, 40.0, inks=("au", "cdse")), rig)[1]
    program = DIALECTS["linuxcnc"].write(toolpath, rig)
    said = canonical(program.text, tmp_path)
    assert not any(name == "STRAIGHT_TRAVERSE" for name, _ in said)
    # The first move raises the tip.
    moves = np.array([v for name, v in said if name == "STRAIGHT_FEED"])[1:] * 1000
    moving = toolpath.kind != DWELL
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    assert moves.shape == (int(moving.sum()), 3)
    assert np.abs(moves - stage[moving]).max() <= 0.1
    # Outputs, feeds and dwells as they are during each row.
    bits, feed, rows, raised = 0, 0.0, [], False
    for name, value in said:
        if name == "SET_FEED_RATE":
            feed = value[0] / 0.06
        elif name == "DWELL":
            rows.append((bits, 0.0, value[0]))
        elif name == "STRAIGHT_FEED":
            if raised:
                rows.append((bits, feed, 0.0))
            raised = True
        else:
            bit = 1 << int(value[0])
            bits = bits | bit if name.startswith("SET") else bits & ~bit
    got = np.array(rows)
    outputs = np.array([z.output for z in rig.nozzles])[toolpath.nozzle]
    assert np.array_equal(got[:, 0], np.where(toolpath.valve, 1 << outputs, 0))
    assert np.abs(got[moving, 1] - toolpath.speed_um_s[moving]).max() < 0.01
    assert np.abs(got[:, 2] - toolpath.dwell_s).max() < 1e-4
    assert bits == 0


@needs_rs274
def test_linuxcnc_stops_for_an_operator(plans: ModuleType, tmp_path: Path) -> None:
    from wetprint.backends.rigs.store import load_rig

    rig = load_rig("paper")
    toolpath = plans.planned(plans.cross_layers(2, 80.0, 40.0, inks=("au", "cdse")), rig)[1]
    text = DIALECTS["linuxcnc"].write(toolpath, rig).text
    assert text.count("M0\n") == sum(e.kind == "operator" for _, e in toolpath.events) == 2
    assert len(canonical(text, tmp_path)) > 0
