"""Fixed points by Anderson's acceleration, with a stop by residual and a guard against divergence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..filaments import Floats

#: Steps that are remembered; more gain nothing on drying problems.
MEMORY = 4


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Where an iteration ended: the point, the size of the step that was left there, how many steps were taken and
    whether the step had become small enough."""

    point: Floats
    residual: float
    steps: int
    converged: bool


def fixed_point(
    step: Callable[[Floats], Floats],
    start: Floats,
    *,
    tolerance: float,
    limit: int = 60,
    memory: int = MEMORY,
    size: Callable[[Floats], float] | None = None,
) -> Found:
    """A point y at which `step(y)`, what a plain iteration y <- y + step(y) would add, is below `tolerance`.

    Anderson's acceleration of type II (Walker and Ni, 2011): the next point is the combination of the last `memory`
    points whose steps cancel best in the least-squares sense. When the step has grown to more than four times the
    smallest one seen, the memory is dropped and the iteration goes on from the best point by half a plain step.
    `size` measures a step (largest component unless told).
    """
    measure = size if size is not None else _largest
    y = np.array(start, dtype=np.float64)
    best, best_y, best_f = np.inf, y, np.zeros_like(y)
    points: list[Floats] = []
    steps: list[Floats] = []
    damping, taken = 1.0, 0
    while True:
        f = step(y)
        taken += 1
        now = measure(f)
        if now < best:
            best, best_y, best_f = now, y, f
        if best <= tolerance or taken >= limit or damping < 0.05:
            return Found(best_y, best, taken, best <= tolerance)
        if not now <= 4.0 * best:  # also where the step is not a number
            damping *= 0.5
            points.clear()
            steps.clear()
            y = best_y + damping * best_f
            continue
        points.append(y)
        steps.append(f)
        if len(points) > memory + 1:
            del points[0], steps[0]
        if len(points) < 2:
            y = y + damping * f
            continue
        d_f = np.stack([b - a for a, b in pairwise(steps)], axis=1)
        d_y = np.stack([b - a for a, b in pairwise(points)], axis=1)
        gamma = np.linalg.lstsq(d_f, f, rcond=1e-10)[0]
        y = y + damping * f - (d_y + damping * d_f) @ gamma


def _largest(f: Floats) -> float:
    return float(np.abs(f).max()) if f.size else 0.0
