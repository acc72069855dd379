"""A slow judge of finished toolpaths that shares no code with the planner: does the nozzle run into anything, does anything hang?

The nozzle is a polygon (its half section), distances to it are shapely's; filaments are strings of beads, moves are strings of tips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

#: Distance between tips on a move and between beads of a filament, um.
STEP = 1.0


@dataclass
class Bead:
    """Beads of one filament: centres [N,3], half sizes [N], and which filament."""

    at: np.ndarray
    radius: np.ndarray
    height: np.ndarray
    filament: int


def string(a: np.ndarray, b: np.ndarray, step: float = STEP) -> np.ndarray:
    n = max(1, int(np.ceil(np.linalg.norm(b - a) / step)))
    return a + np.linspace(0.0, 1.0, n + 1)[:, None] * (b - a)


def beads(part: Any, i: int) -> Bead:
    low, high = part.offsets[i], part.offsets[i + 1]
    p, w, h = part.wet.points_um, part.wet.width_um, part.wet.height_um
    at, radius, height = [], [], []
    for k in range(low, high - 1):
        line = string(p[k], p[k + 1])
        t = np.linspace(0.0, 1.0, len(line))
        at.append(line)
        height.append(h[k] + t * (h[k + 1] - h[k]))
        radius.append(0.5 * np.maximum(w[k] + t * (w[k + 1] - w[k]), height[-1]))
    return Bead(np.concatenate(at), np.concatenate(radius), np.concatenate(height), i)


def half_section(nozzle: Any) -> shapely.Polygon:
    outline = [(0.0, 0.0), *((r, z) for z, r in nozzle.cone_um)]
    r, z = outline[-1]
    return shapely.Polygon([*outline, (r, z + 1e5), (0.0, z + 1e5)])


def clear_um(section: shapely.Polygon, tips: np.ndarray, at: np.ndarray, radius: np.ndarray) -> float:
    """Least distance from the nozzle at any of `tips` to any bead; negative by how deep a bead's surface lies within."""
    rise = at[None, :, 2] - tips[:, None, 2]
    rho = np.hypot(at[None, :, 0] - tips[:, None, 0], at[None, :, 1] - tips[:, None, 1])
    outer = np.array(section.exterior.coords)
    wide = np.interp(rise, outer[1:-2, 1], outer[1:-2, 0])
    # Nothing further to the side than this can be the nearest that matters (half-angles of 60 degrees at most).
    near = (rise > -30.0) & (rho < wide + 60.0)
    if not near.any():
        return np.inf
    point = shapely.points(rho[near], rise[near])
    out = shapely.distance(section, point)
    inside = shapely.contains(section, point)
    edge = shapely.LineString(outer[(outer[:, 0] > 0) | (outer[:, 1] == 0)][:-1])
    depth = np.where(inside, -shapely.distance(edge, point), out)
    return float((depth - np.broadcast_to(radius, rho.shape)[near]).min())


def touches(one: Bead, two: Bead, slack: float = 0.0) -> bool:
    gap = np.linalg.norm(one.at[:, None] - two.at[None], axis=2)
    return bool((gap <= one.radius[:, None] + two.radius[None] + slack).any())


@dataclass
class Verdict:
    """`least_um`: least distance of the nozzle from what was laid before; `travel_um`: of moves without ink, over everything;
    `where`: row and filament of the least; `hanging`: filaments that touched neither the substrate nor anything laid before."""

    least_um: float
    travel_um: float
    where: tuple[int, int]
    hanging: list[int]


def judge(toolpath: Any, rig: Any) -> Verdict:
    """Follows the toolpath row by row."""
    part = toolpath.plan.filaments
    section = [half_section(n) for n in rig.nozzles]
    laid: list[Bead] = []
    hanging = []
    least, travel, where = np.inf, np.inf, (-1, -1)
    current = -1
    own: list[np.ndarray] = []
    for row in range(1, len(toolpath)):
        i = int(toolpath.filament[row])
        if i != current:
            if current >= 0:
                laid.append(beads(part, current))
                own = []
            if i >= 0:
                new = beads(part, i)
                grounded = (new.at[:, 2] - 0.5 * new.height <= 0.1 * new.height + 1e-6).any()
                if not grounded and not any(touches(new, old, 0.05) for old in laid):
                    hanging.append(i)
            current = i
        if toolpath.nozzle[row] != toolpath.nozzle[row - 1]:
            continue
        a, b = toolpath.position_um[row - 1], toolpath.position_um[row]
        tips = string(a, b)
        shape = section[int(toolpath.nozzle[row])]
        for old in laid:
            found = clear_um(shape, tips, old.at, old.radius)
            if i < 0 and abs(a[:2] - b[:2]).max() > 1e-9:
                travel = min(travel, found)
            if found < least:
                least, where = found, (row, old.filament)
        if i >= 0:
            # What this filament has laid itself, more than its width ago.
            mine = beads(part, i)
            tops = mine.at + np.stack([0 * mine.height, 0 * mine.height, 0.5 * mine.height], axis=1)
            if own:
                so_far = np.concatenate(own)
                rest = ~(np.linalg.norm(tops[:, None] - so_far[None], axis=2) > 1.5 * STEP).all(axis=1)
                rest &= np.linalg.norm(tops - b, axis=1) > mine.radius.max() * 2
                if rest.any():
                    found = clear_um(shape, tips, mine.at[rest], mine.radius[rest])
                    if found < least:
                        least, where = found, (row, i)
            own.append(tips)
    return Verdict(least, travel, where, hanging)
