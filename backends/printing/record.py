"""Folders of runs: how they are named, locked, hashed and found again."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

import numpy as np

from ...kernel.motion import Toolpath
from ...kernel.rig import Rig

LOCK = "run.lock"
TOOLPATH = "toolpath.npz"
PART = "part.npz"
#: Columns of a toolpath as they are kept with a run.
COLUMNS = (
    "position_um",
    "speed_um_s",
    "time_s",
    "valve",
    "pressure_kpa",
    "filament",
    "kind",
    "dwell_s",
    "nozzle",
)


def default_runs() -> Path:
    """Where runs are kept unless the user says otherwise."""
    return Path("runs")


def new_folder(runs_dir: Path, design: str) -> Path:
    """A new, empty folder for a run: date, time, name of the design, and two letters against two starts in one second."""
    runs_dir.mkdir(parents=True, exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in design)[:40].strip("-")
    while True:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        folder = runs_dir / "-".join(p for p in (stamp, name, secrets.token_hex(1)) if p)
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            continue


def lock(folder: Path) -> IO[str] | None:
    """Hold the run; None when a live process holds it. The lock ends with the process, however it ends."""
    file = (folder / LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def is_running(folder: Path) -> bool:
    """Whether a live process prints into this folder."""
    path = folder / LOCK
    if not path.is_file():
        return False
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        fcntl.flock(file, fcntl.LOCK_UN)
        return False


def toolpath_hash(toolpath: Toolpath) -> str:
    """SHA-256 of what a toolpath makes the machine do, positions to 1 nm."""
    digest = hashlib.sha256()
    for name in COLUMNS:
        column = getattr(toolpath, name)
        if column.dtype.kind == "f":
            column = np.round(column * 1e3).astype(np.int64)
        digest.update(np.ascontiguousarray(column).tobytes())
    for row, event in toolpath.events:
        digest.update(f"{row}{event}".encode())
    return digest.hexdigest()


def rig_hash(rig: Rig) -> str:
    """SHA-256 of all of a rig but its addresses, which may change between two starts of one printer."""
    data = asdict(rig)
    data.pop("path")
    data["controller"].pop("transport")
    for entry in data["dispensers"].values():
        entry.pop("transport")
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()


def save_toolpath(folder: Path, toolpath: Toolpath) -> None:
    np.savez(folder / TOOLPATH, **{name: getattr(toolpath, name) for name in COLUMNS})


def save_part(folder: Path, toolpath: Toolpath) -> None:
    """Keep the wet part beside its record, so that a run can be drawn without its design."""
    f = toolpath.plan.filaments
    wet = f.state("wet")
    inks = [[i.name, i.nanocrystal, i.colour, i.density_ug_um3] for i in f.inks]
    np.savez(
        folder / PART,
        offsets=f.offsets,
        material=f.material,
        layer=f.layer,
        points_um=wet.points_um,
        width_um=wet.width_um,
        height_um=wet.height_um,
        inks=np.array(json.dumps(inks)),
    )
