"""A live ratio printed on emulators: the ratio of the ink that was laid, against the design's, also through pauses, stops and resumes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.emulator.truth import ENDS_UM, is_purge, part_points, purge_places
from wetprint.backends.printing.executor import run_print
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.journal import show_run
from wetprint.backends.printing.states import Progress, RunResult, State
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.motion import Toolpath, make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.rig import Rig
from wetprint.kernel.shrink import complete
from wetprint.kernel.toolpath.mixing import BOUND
from wetprint.lang.codes import H
from wetprint.lang.load import load

BASE = load_rig("sim-mix")
RIGS = {
    name: replace(BASE, controller=replace(BASE.controller, dialect=name))
    for name in ("aerotech", "linuxcnc")
}
TEXT = (
    H
    + "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n"
    + "lattice body = woodpile { size: [400um, 160um]; layers: 2; pitch: 40um; filament: 10um;\n"
    + "  material: mix(nc.gold: ramp(x, over: body.x), nc.cadmium_selenide: rest); }\n"
    + "print body { bath: both; }\n"
)
SCALE = 8.0


@cache
def planned() -> Toolpath:
    scene = load("design.wp", TEXT).scene
    assert scene is not None
    jobs = [replace(j, filaments=complete(j.filaments, "dried")) for j in build(scene)[0]]
    return make_toolpath(make_plan(jobs, BASE), BASE)


def printed(
    sim: Sim,
    rig: Rig,
    runs: Path,
    pause_at: tuple[int, ...] = (),
    stop: bool = False,
    resume: str | None = None,
    dry_run: bool = False,
) -> RunResult:
    """A print that is paused (or stopped) when so many filaments are done, somewhere along the next one."""
    control, wanted = Control(), list(pause_at)

    def tell(p: Progress) -> None:
        if wanted and p.done >= wanted[0] and p.state is State.PRINTING:
            wanted.pop(0)
            threading.Timer(0.15 / SCALE, control.stop if stop else control.pause).start()

    try:
        return run_print(
            planned(), rig, design_hash="graded", runs_dir=runs, ask=lambda q, c: c[0], progress=tell, control=control, sim=sim,
            resume=resume, dry_run=dry_run,
        )  # fmt: skip
    finally:
        time.sleep(0.1)
        control.close()


def ratios(sim: Sim, rig: Rig) -> tuple[float, float]:
    """How far the ratio is off at worst, and how much of the filaments' length was laid, in parts of the planned."""
    path = planned()
    part = path.plan.filaments
    wet = part.state("wet").points_um
    assert part.share is not None
    worst, laid = 0.0, 0.0
    places = purge_places(path)
    for deposit in sim.world.deposits():
        if is_purge(deposit, places, rig):
            continue
        points, share = part_points(deposit, rig), deposit.share
        assert share is not None
        length = np.linalg.norm(np.diff(points, axis=0), axis=1)
        laid += float(length.sum())
        # Not where the ratio jumps from one filament to the next.
        ends = np.cumsum(length) - 0.5 * length
        real = (length > 0.0) & (np.minimum(ends, length.sum() - ends) > ENDS_UM)
        middle = (0.5 * (points[1:] + points[:-1]))[real]
        if not len(middle):
            continue
        i = nearest(middle, wet, part.offsets, part.layer)
        own = slice(int(part.offsets[i]), int(part.offsets[i + 1]))
        axis = int(np.argmax(np.ptp(wet[own], axis=0)))
        sort = np.argsort(wet[own, axis], kind="stable")
        asked = np.interp(middle[:, axis], wet[own, axis][sort], part.share[own][sort])
        assert not np.isnan(share[real]).any(), "ink of an unknown ratio"
        worst = max(worst, float(np.abs(share[real] - asked).max()))
    step = np.linalg.norm(np.diff(wet, axis=0), axis=1)
    step[part.offsets[1:-1] - 1] = 0.0
    return worst, laid / float(step.sum())


def nearest(middle: np.ndarray, wet: np.ndarray, offsets: np.ndarray, layer: np.ndarray) -> int:
    """The filament along which a deposit lies: that of its layer (the tip runs at the top of it) and line."""
    off = []
    for i in range(len(offsets) - 1):
        p = wet[offsets[i] : offsets[i + 1]]
        axis = int(np.argmax(np.ptp(p, axis=0)))
        across = 1 - axis
        off.append(
            abs(p[0, across] - middle[0, across])
            + np.ptp(middle[:, across])
            + 0.3 * abs(p[0, 2] + 5.5 - middle[0, 2])
        )
    return int(np.argmin(off))


@pytest.mark.parametrize("dialect", RIGS)
def test_a_graded_part_is_laid_in_the_ratio_of_the_design(dialect: str, tmp_path: Path) -> None:
    rig = RIGS[dialect]
    with emulate(rig) as sim:
        result = printed(sim, rig, tmp_path)
        assert result.state is State.DONE, [d.message for d in result.diagnostics]
        assert result.truth is not None
        assert result.truth["matched"] == result.truth["filaments"] == 16
        assert result.truth["worst_ratio"] <= BOUND
        off, laid = ratios(sim, rig)
        assert off <= BOUND and laid == pytest.approx(1.0, abs=0.002)
        world = sim.world
        assert all(not v for v in last_values(sim).values()), "outputs are left at 0"
        assert world.standing_ink(longer_s=0.005) == [] or all(
            is_purge(b, purge_places(planned()), rig) for b in world.standing_ink(longer_s=0.005)
        )
        # One program from end to end: no section is cut at a change of pressure.
        assert len(list(tmp_path.glob("*/0*.npz"))) == 1


def last_values(sim: Sim) -> dict[int, float]:
    return {channel: value for _, _, channel, value in sim.world.analog}


def test_a_dry_run_sets_no_pressure_and_lays_nothing(tmp_path: Path) -> None:
    with emulate(BASE) as sim:
        assert printed(sim, BASE, tmp_path, dry_run=True).state is State.DONE
        assert not any(value for _, _, _, value in sim.world.analog)
        assert sim.world.deposits() == []


@pytest.mark.parametrize("pauses", [(0,), (3, 9), (14,)])
def test_a_pause_goes_on_with_the_ratio_of_the_place(tmp_path: Path, pauses: tuple[int, ...]) -> None:
    with emulate(BASE, scale=SCALE) as sim:
        result = printed(sim, BASE, tmp_path, pauses)
        assert result.state is State.DONE, [d.message for d in result.diagnostics]
        off, laid = ratios(sim, BASE)
        assert off <= BOUND
        assert 0.999 <= laid < 1.0 + again(result.folder)
        check_order(sim)


def test_a_stopped_print_is_resumed_with_the_ratio_of_the_place(tmp_path: Path) -> None:
    with emulate(BASE, scale=SCALE) as sim:
        first = printed(sim, BASE, tmp_path, (5,), stop=True)
        assert first.state is State.STOPPING and first.ink_off
        assert all(not v for v in last_values(sim).values())
        again_ = printed(sim, BASE, tmp_path, resume=first.run)
        assert again_.state is State.DONE, [d.message for d in again_.diagnostics]
        off, laid = ratios(sim, BASE)
        assert off <= BOUND and 0.999 <= laid < 1.0 + again(again_.folder)
        check_order(sim)


def again(folder: Path) -> float:
    """How much of the planned length the joints of a run may lay twice: what the record says, and as far more as the valve takes."""
    joints = [e["overlap_um"] for e in show_run(folder.name, folder.parent)["events"] if e["kind"] == "joint"]
    return float(sum(110.0 + overlap for overlap in joints) + 1.0) / 3700.0


def check_order(sim: Sim) -> None:
    """Of every stop: valve closed, then both pressures to 0, then the motion stopped, on one line of the guard's own."""
    log = sim.world.log
    stops = [k for k, e in enumerate(log) if e.what.startswith("~STOPTASK")]
    assert stops
    for k in stops:
        before = [e.what for e in log[:k] if e.who == log[k].who][-4:]
        assert [b.replace(".00000", "") for b in before[:3]] == ["$DO0.0=0", "$AO[0].X=0", "$AO[1].X=0"], (
            before
        )
