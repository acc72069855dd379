"""What the emulated printer laid, held against what was planned: position, count and order of every filament."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...kernel.filaments import Floats
from ...kernel.frames import from_stage
from ...kernel.motion import DWELL, PRINT, Toolpath
from ...kernel.rig import Rig
from .world import Deposit, World

NAME = "truth.npz"
#: Blobs shorter than this are the instant in which a corner is passed.
BLOB_S = 0.005


def save(folder: Path, world: World, rig: Rig) -> None:
    """Keep all deposits of a run beside its record: flat points in stage and in part coordinates with their time, and offsets."""
    deposits = world.deposits()
    points = [d.points_um for d in deposits]
    np.savez(
        folder / NAME,
        points_um=np.concatenate(points) if points else np.zeros((0, 3)),
        part_um=np.concatenate([part_points(d, rig) for d in deposits]) if points else np.zeros((0, 3)),
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
    """The farthest that `points[N,3]` lie from the polyline `path[M,3]`."""
    start, step = path[:-1], np.diff(path, axis=0)
    square = np.maximum(np.einsum("ij,ij->i", step, step), 1e-30)
    from_start = points[:, None, :] - start
    at = np.clip(np.einsum("nmk,mk->nm", from_start, step) / square, 0.0, 1.0)
    gap = from_start - at[:, :, None] * step
    return float(np.sqrt(np.einsum("nmk,nmk->nm", gap, gap).min(axis=1)).max(initial=0.0))


def purge_places(toolpath: Toolpath) -> Floats:
    """Where the plan dwells with the valve open, part coordinates [N,3]."""
    return np.unique(toolpath.position_um[(toolpath.kind == DWELL) & toolpath.valve], axis=0)


def is_purge(deposit: Deposit, places_um: Floats, rig: Rig, within_um: float = 5.0) -> bool:
    """Laid at one of the places where the plan dwells with the valve open."""
    if not len(places_um):
        return False
    gap = part_points(deposit, rig)[:, None, :] - places_um
    return bool(np.sqrt(np.einsum("nmk,nmk->nm", gap, gap)).max(axis=0).min() < within_um)


def compare(world: World, toolpath: Toolpath, rig: Rig) -> dict[str, Any]:
    """`filaments` planned, `deposits` laid for them (purges left out), `matched` one to one in order, `worst_um` the farthest any
    end or point lies from its plan, `blobs` seconds of ink on a standing stage outside planned dwells, `purges` counted apart.

    For an uninterrupted print; a resumed one has joints, so more deposits than filaments.
    """
    plan = planned(toolpath)
    places = purge_places(toolpath)
    kept: list[Deposit] = []
    purges = 0
    for d in world.deposits():
        if is_purge(d, places, rig):
            purges += 1
        else:
            kept.append(d)
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
        if not is_purge(b, places, rig)
    ]
    return {
        "filaments": len(plan),
        "deposits": len(kept),
        "matched": matched,
        "worst_um": worst,
        "blobs_s": sum(blobs),
        "purges": purges,
    }
