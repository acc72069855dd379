"""Every example through the whole pipeline: figures, plan, LinuxCNC's interpreter, and a print on the emulated machines."""

import dataclasses
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.printing.executor import run_print
from wetprint.backends.printing.states import State
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.diagnostics import Severity
from wetprint.kernel.measure import measure
from wetprint.kernel.motion import DWELL, Toolpath, make_toolpath
from wetprint.kernel.order import make_plan, summary
from wetprint.kernel.rig import Rig
from wetprint.kernel.shrink import complete_jobs
from wetprint.kernel.toolpath.frames import to_stage
from wetprint.lang.load import load

#: Those that are made of ink alone.
EXAMPLES = sorted(
    p
    for p in (Path(__file__).parent.parent / "examples").glob("*.wp")
    if not re.search(r"^pattern |process: two_photon", p.read_text(encoding="utf-8"), re.MULTILINE)
)
PLAN_KEYS = {
    "time_s", "print_um", "travel_um", "filaments", "moves", "material_switches", "bath_switches", "operator_stops",
}  # fmt: skip
RS274 = shutil.which("rs274")
FEED = re.compile(r"STRAIGHT_FEED\(([-\d.]+), ([-\d.]+), ([-\d.]+),")


def jobs_of(path: Path, sets: dict[str, str] | None = None) -> tuple[Job, ...]:
    loaded = load(path, sets=sets or {})
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    jobs, said = build(loaded.scene)
    assert all(d.severity < Severity.ERROR for d in said)
    jobs, said = complete_jobs(loaded.scene, jobs)
    assert all(d.severity < Severity.WARNING for d in said), [d.message for d in said]
    return jobs


def rs274_agrees(toolpath: Toolpath, rig: Rig, folder: Path) -> None:
    """LinuxCNC's canonical moves are the plan, to 0.1 um. It prints four decimals: coordinates go in a thousandfold. Arcs are held
    against it in test_backends_arcs."""
    rig = replace(rig, controller=replace(rig.controller, arcs=False))
    text = DIALECTS["linuxcnc"].write(toolpath, rig).text
    program = folder / "scaled.ngc"
    program.write_text(re.sub(r"([XYZ])(-?[\d.]+)", lambda m: f"{m[1]}{float(m[2]) * 1000:.4f}", text))
    assert RS274 is not None
    done = subprocess.run(
        [RS274, "-n", "2", "-v", str(folder / "rs274.var"), "-g", str(program)],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    # The first move raises the tip; numbers are thousandths of the program's millimetres, so micrometres.
    moves = np.array([[float(v) for v in m.groups()] for m in FEED.finditer(done.stdout)])[1:]
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)[toolpath.kind != DWELL]
    assert moves.shape == stage.shape
    assert np.abs(moves - stage).max() <= 0.1


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_from_text_to_deposited_ink(path: Path, tmp_path: Path) -> None:
    jobs = jobs_of(path)
    for job in jobs:
        job.filaments.validate()
    measured = measure(jobs)
    json.dumps(measured)
    wet, dried = measured["states"]["wet"], measured["states"]["dried"]
    assert dried["volume_um3"] < wet["volume_um3"]
    assert wet["filaments"] == dried["filaments"] > 0
    assert dried["missing_contacts"] == 0

    rig = load_rig("sim", [])
    plan = make_plan(jobs, rig)
    plan.validate()
    toolpath = make_toolpath(plan, rig)
    planned = summary(plan, toolpath, rig)
    assert PLAN_KEYS <= set(planned)
    assert planned["filaments"] == wet["filaments"]
    assert planned["print_um"] == pytest.approx(wet["length_um"], rel=1e-4)
    if RS274 is not None:
        rs274_agrees(toolpath, rig, tmp_path)

    fast = dataclasses.replace(rig, time_scale=4 * rig.time_scale)
    result = run_print(
        toolpath,
        fast,
        design_hash="example",
        runs_dir=tmp_path / "runs",
        ask=lambda *_: "yes",
        progress=lambda _: None,
    )
    assert result.state is State.DONE, result.diagnostics
    truth = result.truth
    assert truth is not None
    assert result.executed == result.total == truth["filaments"] == truth["deposits"] == truth["matched"]
    # At 1.2 mm/s a micrometre is 0.8 ms of the valve.
    assert truth["worst_um"] < 1.0
    assert truth["blobs_s"] == 0


@pytest.mark.parametrize("ink", ["Au", "FePt", "Fe3O4", "CdSe"])
def test_one_lattice_in_any_ink(root: Path, ink: str) -> None:
    loaded = load(root / "examples" / "material_lattices.wp", sets={"ink": f'"{ink}"'})
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    jobs, _ = build(loaded.scene)
    assert [i.nanocrystal for i in jobs[0].filaments.inks] == [ink]
    bath = jobs[0].print.bath
    assert bath is not None
    assert {k.ion for k in bath.linkers} & {k.ion for k in jobs[0].filaments.inks[0].linkers}
