"""What the emulated printer laid, held against what was planned: position, count and order of every filament."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ...kernel.filaments import Floats
from ...kernel.frames import from_stage
from ...kernel.motion import DWELL, PRINT, Toolpath
from ...kernel.rig import Rig
from ..track import distance_um
from .world import Deposit, World

NAME = "truth.npz"
#: Blobs shorter than this are the instant in which a corner is passed.
BLOB_S = 0.005


def save(folder: Path, world: World) -> None:
    """Keep all deposits of a run beside its record: flat points with their time, and offsets."""
    deposits = world.deposits()
    points = [d.points_um for d in deposits]
    np.savez(
        folder / NAME,
        points_um=np.concatenate(points) if points else np.zeros((0, 3)),
        time_s=np.concatenate([d.time_s for d in deposits]) if deposits else np.zeros(0),
        offsets=np.cumsum([0, *(len(p) for p in points)]),
        nozzle=np.array([d.nozzle for d in deposits], dtype=np.int64),
        pressure_kpa=np.array([d.pressure_kpa for d in deposits]),
    )


def planned(toolpath: Toolpath) -> list[tuple[int, Floats]]:
    """(filament, path [N,3] of the tip) in the order of printing."""
    ids = toolpath.filament
    rows = np.flatnonzero((ids >= 0) & (toolpath.kind == PRINT))
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(ids[rows]) != 0) + 1
    return [
        (int(ids[g[0]]), toolpath.position_um[np.concatenate([[g[0] - 1], g])])
        for g in np.split(rows, breaks)
    ]


def part_points(deposit: Deposit, rig: Rig) -> Floats:
    """A deposit in part coordinates of its nozzle's tip."""
    return from_stage(rig, deposit.points_um, deposit.nozzle)


def away_um(points: Floats, path: Floats) -> float:
    """The farthest that `points` lie from the polyline `path`."""
    best = np.full(len(points), np.inf)
    for a, b in pairwise(path):
        best = np.minimum(best, _to_segment(points, a, b))
    return float(best.max(initial=0.0))


def _to_segment(points: Floats, a: Floats, b: Floats) -> Floats:
    return np.array([distance_um(a[None, :], b[None, :], p)[0] for p in points])


def is_purge(deposit: Deposit, toolpath: Toolpath, rig: Rig, within_um: float = 5.0) -> bool:
    """Laid at a place where the plan dwells with the valve open."""
    places = toolpath.position_um[(toolpath.kind == DWELL) & toolpath.valve]
    if not len(places):
        return False
    points = part_points(deposit, rig)
    return bool(min(np.linalg.norm(points - p, axis=1).max() for p in np.unique(places, axis=0)) < within_um)


def compare(world: World, toolpath: Toolpath, rig: Rig) -> dict[str, Any]:
    """`filaments` planned, `deposits` laid for them (purges left out), `matched` one to one in order, `worst_um` the farthest any
    end or point lies from its plan, `blobs` seconds of ink on a standing stage outside planned dwells, `purges` counted apart.

    For an uninterrupted print; a resumed one has joints, so more deposits than filaments.
    """
    plan = planned(toolpath)
    laid = world.deposits()
    purges = [d for d in laid if is_purge(d, toolpath, rig)]
    kept = [d for d in laid if not any(d is p for p in purges)]
    worst, matched = 0.0, 0
    if len(kept) == len(plan):
        for d, (_, path) in zip(kept, plan, strict=True):
            points = part_points(d, rig)
            ends = max(
                float(np.linalg.norm(points[0] - path[0])), float(np.linalg.norm(points[-1] - path[-1]))
            )
            off = max(ends, away_um(points, path), away_um(path, points))
            worst = max(worst, off)
            matched += off < 1.0
    blobs = [
        float(b.time_s[-1] - b.time_s[0])
        for b in world.standing_ink(longer_s=BLOB_S)
        if not is_purge(b, toolpath, rig)
    ]
    return {
        "filaments": len(plan),
        "deposits": len(kept),
        "matched": matched,
        "worst_um": worst,
        "blobs_s": sum(blobs),
        "purges": len(purges),
    }
