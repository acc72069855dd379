"""Starts the emulated boxes of a rig and wires them to one world: what the `sim` rig, its tests and `wp rig emulate` use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...kernel.diagnostics import WetprintError, error
from ...kernel.rig import ANALOG, Nozzle, Rig
from .ultimus import UltimusV
from .world import Feed, Wire, World, stage_of

EMULATED = "emulated:"


class Machine(Protocol):
    """An emulated controller, serving at `url` until it is closed."""

    @property
    def url(self) -> str: ...

    def close(self) -> None: ...


@dataclass
class Sim:
    """Running emulators. `rig`: the same rig with addresses that can be opened; `controller` is a Machine, whose faults and
    inner state tests reach for."""

    rig: Rig
    world: World
    controller: Any
    boxes: dict[str, UltimusV]

    def close(self) -> None:
        self.controller.close()
        for box in self.boxes.values():
            box.close()

    def remember(self, path: Path) -> None:
        """Keep where the stage stands, so that a later start finds it there."""
        at = self.world.position(self.world.now()).tolist()
        path.write_text(json.dumps({"stage_um": at}))


def is_emulated(rig: Rig) -> bool:
    return rig.controller.transport == EMULATED


def start(rig: Rig, *, scale: float | None = None, memory: Path | None = None, port: int = 0) -> Sim:
    """Start an emulator for every `emulated:` address of the rig. `scale`: seconds of printing in one second, the rig's own
    where None. `memory`: a file of Sim.remember; without it the stage stands in the middle of its travel. `port`: of the
    controller, any free one where 0."""
    stage = stage_of(rig.axes, rig.speeds.corner_um)
    home = 0.5 * (stage.min_um + stage.max_um)
    if memory is not None and memory.is_file():
        home = np.array(json.loads(memory.read_text())["stage_um"], dtype=float)
    wiring = []
    for number, nozzle in enumerate(rig.nozzles):
        # The emulated valve of a nozzle has one lag, whatever ink: that of its first entry that tells one.
        lags = next((load.lags for load in nozzle.loads if load.lags), None)
        wiring.append(
            Wire(
                nozzle.output,
                nozzle.dispenser,
                number,
                lags.on_s if lags else 0.0,
                lags.off_s if lags else 0.0,
                _feeds(rig, nozzle),
                nozzle.dead_volume_um3 or 0.0,
            )
        )
    world = World(stage, tuple(wiring), home, rig.time_scale if scale is None else scale)
    controller = _controller(rig, world, port)
    boxes: dict[str, UltimusV] = {}
    entries = dict(rig.dispensers)
    for name, entry in entries.items():
        if entry.transport == EMULATED and name in world.boxes:
            boxes[name] = UltimusV(world, name)
            entries[name] = replace(entry, transport=boxes[name].url)
    live = replace(
        rig, controller=replace(rig.controller, transport=controller.url), dispensers=entries, simulated=True
    )
    return Sim(live, world, controller, boxes)


def _feeds(rig: Rig, nozzle: Nozzle) -> tuple[Feed, ...]:
    """Analog outputs that feed a nozzle. What a rig does not tell of its ink flows 1 um^3/s a kPa."""
    boxes = [rig.dispensers[name] for name in nozzle.boxes]
    if any(box.kind != ANALOG for box in boxes):
        return ()
    return tuple(
        Feed(
            box.channel,
            tuple((p.value, p.pressure_kpa) for p in box.signal),
            tuple((p.pressure_kpa, p.flow_um3_s) for p in load.calibration) or ((0.0, 0.0), (1000.0, 1000.0)),
        )
        for box, load in zip(boxes, nozzle.loads, strict=False)
    )


def _controller(rig: Rig, world: World, port: int) -> Machine:
    from . import MACHINES

    kind = rig.controller.dialect
    if kind not in MACHINES:
        raise WetprintError(
            error(
                "M603",
                f"there is no emulator of a `{kind}` controller; those shipped are {', '.join(MACHINES.names())}",
            )
        )
    return MACHINES[kind](world, port)


@contextmanager
def emulate(rig: Rig, *, scale: float | None = None, memory: Path | None = None) -> Iterator[Sim]:
    """Emulators for the time of a `with` block."""
    sim = start(rig, scale=scale, memory=memory)
    try:
        yield sim
    finally:
        sim.close()
