"""The signs of a rig's axes, asserted at start-up: before a real stage moves for the first time, someone says that they have been seen to be right.

A wrong sign mirrors the part, or drives the tip into the substrate. What was said is kept beside the runs, for these axes alone.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path

from ...kernel.rig import Rig
from ..dispenser import Ask
from .journal import Journal

NAME = "signs.json"


def axes_hash(rig: Rig) -> str:
    """What a confirmation is for: the controller, what moves, and the signs."""
    said = [rig.controller.dialect, rig.controller.transport, rig.moves, *(rig.axes[a].sign for a in "xyz")]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def seen_right(rig: Rig, runs: Path, ask: Ask, journal: Journal) -> bool:
    """Whether the signs have been confirmed, now or before a print whose record lies in `runs`. Emulated stages are believed."""
    if rig.simulated:
        return True
    path, key = runs / NAME, axes_hash(rig)
    known: dict[str, object] = {}
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text())
        known = found if isinstance(found, dict) else {}
    if key in known:
        return True
    ways = ", ".join(f"{a} {'+' if rig.axes[a].sign > 0 else '-'}" for a in "xyz")
    question = (
        f"The first print on these axes of rig `{rig.name}`: a positive command moves the nozzle, seen from the part, towards {ways}."
        f" Has somebody seen that (`wp rig test {rig.name} --move` shows it)?"
    )
    answer = ask(question, ("yes", "stop"))
    journal.answer(question, answer)
    if answer != "yes":
        return False
    known[key] = {"rig": rig.name, "time": time.time()}
    # Where it cannot be kept it is asked again.
    with suppress(OSError):
        path.write_text(json.dumps(known, indent=2))
    return True
