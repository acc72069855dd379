"""Random prints on random rigs: pressure, position and speed stay within the rig's limits in the design's motion, in every resumed one, and
on a machine whose feed someone overrides."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import prints
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.emulator.aerobasic import Step, parse, schedule
from wetprint.backends.emulator.linuxcnc import _steps as linuxcnc_steps
from wetprint.backends.emulator.moonraker import _steps as klipper_steps
from wetprint.backends.emulator.world import stage_of
from wetprint.backends.printing.preflight import preflight
from wetprint.backends.printing.rejoin import Cut, continue_from, from_start, stepped_back
from wetprint.kernel.diagnostics import Severity
from wetprint.kernel.motion import Toolpath
from wetprint.kernel.rig import Rig
from wetprint.kernel.toolpath.frames import to_stage

UM = 1e-6
#: [gcode_arcs] resolution of a Klipper printer.
CHORD_MM = 0.1
#: Programs in a case of a campaign: each takes some milliseconds.
BATCH = 100
RIGS = ("sim", "sim", "sim-marlin", "sim-klipper", "sim-linuxcnc")


@lru_cache
def _rig(name: str) -> Rig:
    found: Rig = prints.rig(name)
    return found


def within(path: Toolpath, rig: Rig) -> None:
    """Counted from positions, times and the rig alone."""
    stage = to_stage(rig, path.position_um, path.nozzle)
    low = np.array([rig.axes[a].min_um for a in "xyz"])
    high = np.array([rig.axes[a].max_um for a in "xyz"])
    assert (stage >= low - UM).all() and (stage <= high + UM).all(), "a position beyond the limits"
    # An exchange of nozzles is a step in part coordinates in which nothing moves.
    step = np.abs(np.diff(stage, axis=0))
    length = np.linalg.norm(step, axis=1)
    moving = length > UM
    speed = path.speed_um_s[1:, None] * step / np.where(moving, length, 1.0)[:, None]
    most = np.array([rig.axes[a].max_speed_um_s for a in "xyz"])
    assert (speed[moving] <= most * (1 + 1e-9)).all(), "a speed beyond the limits"
    for n, nozzle in enumerate(rig.nozzles):
        box = rig.dispensers[nozzle.dispenser]
        kpa = path.pressure_kpa[path.valve & (path.nozzle == n), n]
        assert ((kpa >= box.pressure_min_kpa - 1e-9) & (kpa <= box.pressure_max_kpa + 1e-9)).all(), (
            "a pressure"
        )


def _steps(rig: Rig, text: str) -> list[Step] | None:
    kind = rig.controller.dialect
    if kind == "aerotech":
        return parse(text)
    if kind == "klipper":
        return klipper_steps(text, CHORD_MM)
    return linuxcnc_steps(text) if kind == "linuxcnc" else None


def overridden(path: Toolpath, rig: Rig, pace: float) -> None:
    """The stage as it moves where the feeds of the written program are overridden by `pace`: within the limits, and where it should."""
    steps = _steps(rig, DIALECTS[rig.controller.dialect].write(path, rig, slice(1, len(path))).text)
    if steps is None:
        return
    stage = stage_of(rig.axes, rig.speeds.corner_um)
    where = to_stage(rig, path.position_um, path.nozzle)
    plan = schedule(steps, 0.0, where[0], stage, pace)
    assert plan.fault is None and plan.path is not None, plan.fault
    moved = plan.path
    ends = moved.at(moved.time_s + moved.span_s)
    for points in (moved.start_um, ends):
        assert (points >= stage.min_um - 0.1).all() and (points <= stage.max_um + 0.1).all(), "a position"
    top = moved.speed_um_s + np.maximum(moved.gain_um_s2 * moved.span_s, 0.0)
    assert (np.abs(moved.along) * top[:, None] <= stage.max_speed_um_s * (1 + 1e-9) + UM).all(), "a speed"
    assert np.abs(ends[-1] - where[-1]).max() < 0.2, "it ends elsewhere"


def programs(number: int) -> dict[str, Any]:
    """A batch of them: BATCH programs, those of one number."""
    ends: Counter[str] = Counter()
    for seed in range(number * BATCH, (number + 1) * BATCH):
        try:
            ends[program(seed)] += 1
        except Exception as fault:
            raise AssertionError(f"program {seed}: {type(fault).__name__}: {fault}") from fault
    return {"rig": f"{BATCH} a case", "kinds": list(ends.elements())}


def program(seed: int) -> str:
    """One random program: its motion, and what is left of it after a random cut, cut once more, each also overridden."""
    r = random.Random(seed)
    rig = _rig(r.choice(RIGS))
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
    boxes = {
        k: replace(d, pressure_max_kpa=d.pressure_max_kpa * r.choice([1.0, 1.0, 1.0, 1.0, 0.02]))
        for k, d in rig.dispensers.items()
    }
    rig = replace(rig, axes=axes, dispensers=boxes, speeds=replace(rig.speeds, print_um_s=1200.0 * sides))
    lines = r.randint(1, 4)
    inks = r.choice([("Au",), ("Au", "CdSe")])
    part = prints.woodpile(lines, r.randint(1, 3), r.uniform(20.0, 200.0), inks, r.uniform(50.0, 2.5 * room))
    path = prints.toolpath(part, rig)
    if any(d.severity is Severity.ERROR for d in preflight(path, rig)):
        return "refused"
    pace = r.choice([0.1, 0.5, 1.0, 1.5, 2.0])
    within(path, rig)
    overridden(path, rig, pace)
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
    overridden(work.toolpath, rig, pace)
    return "printed"
