"""What the emulated printer laid, held against what was planned: position, count and order of every filament."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...kernel.filaments import Floats
from ...kernel.motion import DWELL, PRINT, Toolpath
from ...kernel.rig import Rig
from ...kernel.toolpath.frames import from_stage
from .world import Deposit, World

NAME = "truth.npz"
#: Blobs shorter than this are the instant in which a corner is passed.
BLOB_S = 0.005
#: So near to the ends of a filament (um) its ratio is not looked at.
ENDS_UM = 2.0


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
        **_shares(deposits),
    )


def _shares(deposits: list[Deposit]) -> dict[str, Any]:
    """Of mixing heads: the part of the first ink behind every point, NaN behind the last of a deposit."""
    if all(d.share is None for d in deposits):
        return {}
    each = [np.full(len(d.points_um) - 1, np.nan) if d.share is None else d.share for d in deposits]
    return {"share": np.concatenate([np.append(s, np.nan) for s in each])}


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


def ratio_off(deposit: Deposit, filament: int, toolpath: Toolpath) -> float:
    """How far the ratio that a mixing head laid is off the design's, at worst: at the middle of every stretch of even ratio, by the part
    of the filament that lies before it. A ratio that is not known (NaN) counts as wholly off."""
    plan = toolpath.plan
    filaments = plan.filaments
    assert deposit.share is not None and filaments.share is not None
    own = slice(int(filaments.offsets[filament]), int(filaments.offsets[filament + 1]))
    asked = _part(filaments.state("wet").points_um[own])
    laid = _part(deposit.points_um)
    middle = 0.5 * (laid[1:] + laid[:-1])
    if bool(plan.reverse[int(np.argmax(plan.order == filament))]):
        middle = 1.0 - middle
    off = np.abs(deposit.share - np.interp(middle, asked, filaments.share[own]))
    # From one filament to the next the ratio may jump: not to the micrometre where the ink of one ends.
    whole = float(np.linalg.norm(np.diff(deposit.points_um, axis=0), axis=1).sum())
    inner = (np.minimum(middle, 1.0 - middle) * whole > ENDS_UM) & (np.diff(laid) > 0.0)
    return float(np.nan_to_num(off[inner], nan=1.0).max(initial=0.0))


def _part(points_um: Floats) -> Floats:
    """The part of a polyline that lies before each of its points."""
    way = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points_um, axis=0), axis=1)))
    return np.asarray(way / max(float(way[-1]), 1e-30))


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
    end or point lies from its plan, `blobs` seconds of ink on a standing stage outside planned dwells, `purges` counted apart;
    `worst_ratio`, of a mixing head, how far a ratio is off the design's.

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
    ratios = [ratio_off(d, i, toolpath) for d, (i, _) in zip(kept, plan, strict=False) if d.share is not None]
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
        **({"worst_ratio": max(ratios)} if ratios else {}),
    }
