"""Prints that nothing interrupts, but are long or made of very short moves."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import forks
import numpy as np
import prints
from seats import Seat, seated
from wetprint.backends.emulator.sim import emulate
from wetprint.backends.printing.states import State
from wetprint.kernel.filaments import filaments


def bent(seat: Seat, folder: Path, seed: int) -> dict[str, Any]:
    """Short moves by the hundred, fed line by line (GRBL also by counting characters): they end where they should, with no stop on the way."""
    name, streaming = (("sim-grbl", "characters"), ("sim-grbl", "response"), ("sim-marlin", "response"))[
        seed % 3
    ]
    machine = prints.rig(name, time_scale=2.0)
    machine = replace(machine, controller=replace(machine.controller, streaming=streaming))
    t = np.linspace(0.0, 16.0 * np.pi, 160)
    wave = np.stack([40.0 * t, 60.0 * np.sin(0.25 * t), np.full_like(t, 5.0)], axis=1)
    part = filaments(
        np.concatenate([wave, wave + np.array([0.0, 200.0, 0.0])]),
        np.array([len(t), len(t)]),
        width_um=np.array(10.0),
        material=[0, 0],
        layer=[0, 0],
        origin=np.arange(2),
        inks=(prints.ink("Au"),),
        spans=prints.woodpile(2, 1).spans,
        state="wet",
    )
    path = prints.toolpath(part, machine)
    with seated(seat), emulate(machine, scale=2.0) as sim:
        result = prints.go(path, machine, folder, sim=sim)
    truth = result.truth
    assert result.state is State.DONE and truth is not None, result
    assert truth["matched"] == 2 and truth["worst_um"] < 1.0 and truth["blobs_s"] == 0.0, truth
    return {"rig": f"{name} {streaming}", "end": "done"}


def memory_mib(pid: int) -> float:
    """What a process holds of the memory."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024.0


def long_print(seat: Seat, folder: Path, filaments: int, scale: float) -> dict[str, Any]:
    """A print of very many filaments: memory of sender and emulators at 10, 50 and 100 %, and how far the sender is ahead."""
    machine = prints.rig("sim", time_scale=scale)
    with emulate(machine, scale=scale) as sim:
        child = forks.Child(
            seat.address,
            "long print",
            {
                "runs": str(folder),
                "scale": scale,
                "filaments": filaments,
                "marks": [0.1, 0.5, 0.99],
                "controller": sim.controller.url,
                "boxes": {name: box.url for name, box in sim.boxes.items()},
                "address": seat.address,
            },
            [],
        )
        told: dict[str, Any] = {"sender_mib": [], "emulators_mib": []}
        began = time.monotonic()
        try:
            while line := child.stdout.readline().decode().strip():
                if line.startswith("mark"):
                    told["sender_mib"].append(round(memory_mib(child.pid), 1))
                    told["emulators_mib"].append(round(memory_mib(os.getpid()), 1))
                else:
                    told["end"] = line
        finally:
            child.close()
        starts = [e for e in sim.world.log if e.what.startswith("program starts")]
        # Until the next program starts, the stage has this one: so far is the sender ahead, and so long does it stand between them.
        ahead = [b.time_s - a.time_s for a, b in pairwise(starts)]
        assert told["end"].startswith(f"end done {filaments}"), told["end"]
        assert len(sim.world.deposits()) >= filaments
        growth = told["sender_mib"][-1] / told["sender_mib"][0]
        assert growth < 1.25, told
        return told | {
            "wall_s": round(time.monotonic() - began, 1),
            "ahead_s": round(min(ahead, default=0.0), 1),
            "end": "done",
        }
