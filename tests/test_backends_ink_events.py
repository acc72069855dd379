"""Refills and wiping on the emulated printer: what was planned is what its truth shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
from wetprint.backends.emulator.sim import start
from wetprint.backends.emulator.truth import compare
from wetprint.backends.printing.states import State
from wetprint.kernel.motion import WIPE, make_toolpath
from wetprint.kernel.rig import Wipe


def test_a_print_with_refills_and_wiping(plans: ModuleType, prints: ModuleType, tmp_path: Path) -> None:
    from wetprint.kernel.order import make_plan

    machine = prints.rig()
    one = machine.nozzles[0]
    # The reservoir gives half of what the print takes, purges included.
    loads = tuple(replace(load, volume_um3=2.2e5) for load in one.loads)
    machine = replace(
        machine,
        nozzles=(replace(one, loads=loads), *machine.nozzles[1:]),
        wipe=Wipe((58_500.0, 50_000.0), (58_500.0, 50_300.0), 100.0, speed_um_s=3000.0),
    )
    plan = make_plan([plans.job(prints.woodpile(5, 4))], machine)
    refills = [e for e in plan.events if e.kind == "refill"]
    assert len(refills) >= 2
    path = make_toolpath(plan, machine)
    sim = start(machine)
    desk = prints.Desk()
    try:
        found = prints.go(path, sim.rig, tmp_path, sim=sim, desk=desk)
        assert found.state is State.DONE
        truth = compare(sim.world, path, machine)
        wiped = path.position_um[path.kind == WIPE]
        still = sim.world.standing_ink(longer_s=0.005)
    finally:
        sim.close()
    assert truth["matched"] == truth["filaments"] == truth["deposits"] == 20
    assert truth["worst_um"] < 1.0 and truth["blobs_s"] == 0
    # One purge at the start, and one after each refill; none of it where the tip is wiped.
    assert truth["purges"] == 1 + len(refills) and len(still) >= truth["purges"]
    assert sum(q.startswith("Fill the reservoir of nozzle left") for q in desk.asked) == len(refills)
    assert len(wiped) == 2 * (1 + len(refills)) and np.allclose(wiped[:, 2], 100.0)
