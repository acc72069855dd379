"""Small prints on the emulated rig, and what the emulators' truth must show of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from wetprint.backends.emulator.sim import Sim
from wetprint.backends.emulator.truth import is_purge, part_points, planned, purge_places
from wetprint.backends.printing.executor import run_print
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.states import Progress, RunResult
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.material import Ink, Linker, Solvent
from wetprint.kernel.motion import Toolpath, make_toolpath
from wetprint.kernel.plan import Event, Plan
from wetprint.kernel.rig import Rig

GOLD = Linker("gold", "Au3+", "HAuCl4")
NMF = Solvent("nmf", 17.4, 18.8, 15.9, 181.6)


def rig(name: str = "sim", **changes: Any) -> Rig:
    return replace(load_rig(name), **changes)


def ink(name: str) -> Ink:
    return Ink(name, name, NMF, 5e-8, 1.93e-5, (GOLD,), 1.2, 0.1, 0.2, 7.0, 44.0, "#d4a017")


def woodpile(
    lines: int = 5,
    layers: int = 2,
    pitch_um: float = 60.0,
    inks: tuple[str, ...] = ("Au",),
    length_um: float = 0.0,
) -> FilamentSet:
    """Layers of parallel filaments along x and y in turn; each filament has its own line of source, `line K`."""
    width, half = 10.0, 0.5 * (lines - 1) * pitch_um
    reach = 0.5 * length_um or half
    points, material, layer = [], [], []
    for k in range(layers):
        z = 0.5 * width + 0.8 * width * k
        for i in range(lines):
            c = -half + i * pitch_um
            ends = [[-reach, c, z], [reach, c, z]]
            points.append(ends if k % 2 == 0 else [[y, x, z] for x, y, z in ends])
            material.append(k % len(inks))
            layer.append(k)
    f = len(points)
    source = Source("hand.wp", "".join(f"line {i:03d}\n" for i in range(f)))
    return filaments(
        np.array(points).reshape(-1, 3),
        np.full(f, 2),
        width_um=np.array(width),
        material=material,
        layer=layer,
        origin=np.arange(f),
        inks=tuple(map(ink, inks)),
        spans=tuple(Span(source, 9 * i, 9 * i + 8) for i in range(f)),
        state="wet",
    )


def toolpath(part: FilamentSet, machine: Rig, *, ask: bool = False) -> Toolpath:
    """Printed as they come, every other one backwards; one nozzle an ink, purged when it begins."""
    f = len(part)
    nozzle = np.array([int(m) % len(machine.nozzles) for m in part.material], dtype=np.int16)
    events: list[Event] = []
    for k in range(f):
        if k == 0 or nozzle[k] != nozzle[k - 1]:
            name = part.inks[int(part.material[k])].name
            if k and ask:
                events.append(Event("operator", k, name, int(nozzle[k]), 1.0, f"Fit the nozzle with {name}."))
            elif k:
                events.append(Event("switch_ink", k, name, int(nozzle[k]), 1.0))
            events.append(Event("purge", k, name, int(nozzle[k]), 0.5))
    plan = Plan(part, np.arange(f), np.arange(f) % 2 == 1, nozzle, tuple(events))
    return make_toolpath(plan, machine)


@dataclass
class Desk:
    """Someone at the terminal: answers with the first choice unless told otherwise, and remembers all."""

    answers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heard: list[Progress] = field(default_factory=list)

    def ask(self, question: str, choices: tuple[str, ...]) -> str:
        self.asked.append(question)
        for begin, answer in self.answers.items():
            if question.startswith(begin):
                return answer
        return choices[0]

    def tell(self, progress: Progress) -> None:
        self.heard.append(progress)


def go(
    path: Toolpath,
    machine: Rig,
    runs: Path,
    *,
    sim: Sim | None = None,
    desk: Desk | None = None,
    control: Control | None = None,
    **more: Any,
) -> RunResult:
    desk = desk or Desk()
    return run_print(
        path,
        machine,
        design_hash="hand",
        runs_dir=runs,
        ask=desk.ask,
        progress=desk.tell,
        design="hand",
        control=control,
        sim=sim,
        **more,
    )


def later(seconds: float, act: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        time.sleep(seconds)
        act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def when_printing(sim: Sim, act: Callable[[], object], after_s: float = 0.0) -> threading.Thread:
    """Do something while ink is being laid on a moving stage, the first time or `after_s` later."""

    def run() -> None:
        end = time.monotonic() + 20.0
        while time.monotonic() < end:
            now = sim.world.now()
            if (
                any(sim.world.output(w.output, now) for w in sim.world.wiring)
                and sim.world.speed(now) > 1000.0
            ):
                break
            time.sleep(0.002)
        time.sleep(after_s)
        act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@dataclass
class Coverage:
    """How the deposits lie on the planned filaments: `gap_um` the most of any filament that is not covered, `twice_um` the most
    of any that is covered twice, `stray_um` how far the farthest point of any deposit lies from the filament nearest to it;
    `drops` were laid over the start of a filament that a stop kept from beginning: ink that was already on its way."""

    gap_um: float
    twice_um: float
    stray_um: float
    joints: int
    drops: int
    whole: int


def coverage(sim: Sim, path: Toolpath, machine: Rig) -> Coverage:
    plan = planned(path)
    places = purge_places(path)
    starts = np.array([p[0] for _, p in plan])
    ends = np.array([p[-1] for _, p in plan])
    length = np.linalg.norm(ends - starts, axis=1)
    along = (ends - starts) / length[:, None]
    spans: list[list[tuple[float, float]]] = [[] for _ in plan]
    stray, drops = 0.0, 0
    for deposit in sim.world.deposits():
        if is_purge(deposit, places, machine):
            continue
        points = part_points(deposit, machine)
        at = ((points[None, :, :] - starts[:, None, :]) * along[:, None, :]).sum(axis=2)
        at_on = np.clip(at, 0.0, length[:, None])
        away = np.linalg.norm(starts[:, None] + at_on[:, :, None] * along[:, None] - points[None], axis=2)
        k = int(away.max(axis=1).argmin())
        over = np.minimum(
            np.abs(points[None, :, :2] - starts[:, None, :2]).max(axis=(1, 2)),
            np.abs(points[None, :, :2] - ends[:, None, :2]).max(axis=(1, 2)),
        )
        if over.min() < 0.01 and away[k].max() < 60.0:
            drops += 1
            continue
        stray = max(stray, float(away[k].max()))
        spans[k].append((float(at_on[k].min()), float(at_on[k].max())))
    gap = twice = 0.0
    joints = full = 0
    for mine, whole in zip(spans, length, strict=True):
        covered, reach = 0.0, 0.0
        for low, high in sorted(mine):
            covered += max(high - max(low, reach), 0.0)
            reach = max(reach, high)
        gap = max(gap, float(whole) - covered)
        twice = max(twice, sum(high - low for low, high in mine) - covered)
        joints += max(len(mine) - 1, 0)
        full += covered > float(whole) - 0.2
    return Coverage(gap, twice, stray, joints, drops, full)


def long_lines() -> FilamentSet:
    """Few, long filaments in two inks: most instants of the print lie inside one."""
    return woodpile(3, 2, 80.0, ("Au", "CdSe"), length_um=1500.0)
