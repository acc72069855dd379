"""Random prints on random rigs: pressure, position and speed stay within the rig's limits in the design's motion and in every resumed one."""

import random
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.preflight import preflight
from wetprint.backends.rejoin import Cut, continue_from, from_start, stepped_back
from wetprint.kernel.diagnostics import Severity
from wetprint.kernel.motion import Toolpath
from wetprint.kernel.rig import Rig
from wetprint.kernel.toolpath.frames import to_stage

UM = 1e-6


def within(path: Toolpath, rig: Rig) -> None:
    """Counted from positions, times and the rig alone."""
    stage = to_stage(rig, path.position_um, path.nozzle)
    low = np.array([rig.axes[a].min_um for a in "xyz"])
    high = np.array([rig.axes[a].max_um for a in "xyz"])
    assert (stage >= low - UM).all() and (stage <= high + UM).all()
    # An exchange of nozzles is a step in part coordinates in which nothing moves.
    step = np.abs(np.diff(stage, axis=0))
    length = np.linalg.norm(step, axis=1)
    moving = length > UM
    speed = path.speed_um_s[1:, None] * step / np.where(moving, length, 1.0)[:, None]
    most = np.array([rig.axes[a].max_speed_um_s for a in "xyz"])
    assert (speed[moving] <= most * (1 + 1e-9)).all()
    for n, nozzle in enumerate(rig.nozzles):
        box = rig.dispensers[nozzle.dispenser]
        kpa = path.pressure_kpa[path.valve & (path.nozzle == n), n]
        assert ((kpa >= box.pressure_min_kpa - 1e-9) & (kpa <= box.pressure_max_kpa + 1e-9)).all()


def one(prints: ModuleType, seed: int) -> str:
    """One random program: its motion, and what is left of it after a random cut, cut once more."""
    r = random.Random(seed)
    rig = prints.rig(r.choice(["sim", "sim", "sim-marlin", "sim-klipper", "sim-linuxcnc"]))
    room = 10.0 ** r.uniform(2.3, 3.9)
    x, y, z = (rig.axes[a] for a in "xyz")
    narrow = r.random() < 0.3
    axes = {
        "x": replace(x, max_speed_um_s=r.choice([2e4, 5e4])),
        "y": replace(y, max_speed_um_s=r.choice([2e4, 5e4])),
        "z": replace(z, min_um=rig.origin_um[2] - r.choice([4e3, 6e3, 6e3, 6e3])),
    }
    if narrow:
        axes["y"] = replace(y, min_um=rig.origin_um[1] - room, max_um=rig.origin_um[1] + room)
    sides = r.choice([1.0, 1.0, 1.0, r.uniform(0.2, 30.0)])
    boxes = {k: replace(d, pressure_max_kpa=d.pressure_max_kpa * r.choice([1.0, 1.0, 1.0, 1.0, 0.02])) for k, d in rig.dispensers.items()}  # fmt: skip
    rig = replace(rig, axes=axes, dispensers=boxes, speeds=replace(rig.speeds, print_um_s=1200.0 * sides))
    lines = r.randint(1, 4)
    part = prints.woodpile(
        lines, r.randint(1, 3), r.uniform(20.0, 200.0), r.choice([("Au",), ("Au", "CdSe")]), r.uniform(50.0, 2.5 * room)
    )  # fmt: skip
    path = prints.toolpath(part, rig)
    if any(d.severity is Severity.ERROR for d in preflight(path, rig)):
        return "refused"
    within(path, rig)
    here = to_stage(rig, path.position_um[:1], 0)[0]
    work = from_start(path, here, rig)
    within(work.toolpath, rig)
    for _ in range(2):
        row = r.randrange(1, len(path))
        share = r.random()
        at = (1 - share) * path.position_um[row - 1] + share * path.position_um[row]
        cut = stepped_back(path, Cut(row, at, r.choice([0.0, 0.05, 0.5])))
        stands = to_stage(rig, at[None, :], int(path.nozzle[row]))[0]
        work = continue_from(path, cut, stands, rig, r.uniform(0.0, 400.0))
        within(work.toolpath, rig)
    return "printed"


def test_nothing_leaves_the_limits(prints: ModuleType) -> None:
    said = [one(prints, seed) for seed in range(60)]
    assert said.count("printed") > 10 and said.count("refused") > 10


@pytest.mark.soak
@pytest.mark.parametrize("block", range(100))
def test_nothing_leaves_the_limits_soak(prints: ModuleType, block: int) -> None:
    said = [one(prints, 100_000 + 1000 * block + k) for k in range(1000)]
    assert "printed" in said
