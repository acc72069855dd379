"""Prints of one design that stand in the same place: the nozzle would plough through what it has laid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Related, Severity, warning

if TYPE_CHECKING:
    from ..filaments import FilamentSet, Floats, Ints

#: Axes nearer than this part of the mean height lie inside each other. Layers that bond are at 0.8 (the default layer height).
INSIDE = 0.5

#: Samples along a filament are so much of the finest width apart: an axis that crosses another is not stepped over.
STEP = 0.25

#: Where more samples than these lie in the place that two prints share, no more are looked at.
MOST = 4_000_000


class Twice:
    code = "W217"
    severity = Severity.WARNING
    doc = "prints of one design stand apart, or upon each other"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for one, two in combinations(context.jobs, 2):
            if one.filaments.wet is None or two.filaments.wet is None:
                continue
            count = shared(one.filaments, two.filaments)
            if not count:
                continue
            yield warning(
                self.code,
                f"{count} filaments of `{two.name}` run through filaments of `{one.name}`; 0 were expected",
                two.print.span,
                label="printed last, in the same place",
                related=(Related(one.print.span, "printed first"),),
                notes=(
                    "parts stand where they are drawn: `print move(part, by: [1mm, 0um, 0um]) { ... }` puts one aside",
                ),
            )


def shared(one: FilamentSet, two: FilamentSet) -> int:
    """How many wet filaments of `two` have an axis inside a wet filament of `one`, or the other way round: the fewer."""
    import numpy as np

    from ..figures.near import near_pairs

    a, b = one.state("wet"), two.state("wet")
    widest = float(max(a.height_um.max(), b.height_um.max()))
    finest = float(min(a.width_um.min(), b.width_um.min(), a.height_um.min(), b.height_um.min()))
    reach = INSIDE * widest
    low = np.maximum(a.points_um.min(axis=0), b.points_um.min(axis=0)) - reach
    high = np.minimum(a.points_um.max(axis=0), b.points_um.max(axis=0)) + reach
    if (low > high).any():
        return 0
    p, of_p, height_p = _samples(one, low, high, STEP * finest)
    q, of_q, height_q = _samples(two, low, high, STEP * finest)
    if not len(p) or not len(q) or len(p) + len(q) > MOST:
        return 0
    points, height, n = np.concatenate([p, q]), np.concatenate([height_p, height_q]), len(p)
    hit_p, hit_q = np.zeros(len(one), dtype=bool), np.zeros(len(two), dtype=bool)
    for i, j in near_pairs(points, reach):
        cross = (i < n) != (j < n)
        i, j = np.minimum(i[cross], j[cross]), np.maximum(i[cross], j[cross])
        near = np.linalg.norm(points[i] - points[j], axis=1) < INSIDE * 0.5 * (height[i] + height[j])
        hit_p[of_p[i[near]]] = True
        hit_q[of_q[j[near] - n]] = True
    return int(min(hit_p.sum(), hit_q.sum()))


def _samples(f: FilamentSet, low: Floats, high: Floats, step: float) -> tuple[Floats, Ints, Floats]:
    """Points along the wet axes within a box, the filament and the height of each."""
    import numpy as np

    state = f.state("wet")
    points = state.points_um
    start = np.delete(np.arange(len(points)), f.offsets[1:] - 1)
    of = np.repeat(np.arange(len(f)), np.diff(f.offsets) - 1)
    p, q = points[start], points[start + 1]
    inside = ((np.minimum(p, q) <= high) & (np.maximum(p, q) >= low)).all(axis=1)
    p, q, of, start = p[inside], q[inside], of[inside], start[inside]
    # The part of each segment that lies in the box (slabs), so that a long line beside a small part costs little.
    d = q - p
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (low - p) / d, (high - p) / d
    enter = np.where(d == 0, 0.0, np.minimum(one, two)).max(axis=1).clip(0.0, 1.0)
    leave = np.where(d == 0, 1.0, np.maximum(one, two)).min(axis=1).clip(0.0, 1.0)
    kept = leave >= enter
    p, d, of, start, enter, leave = p[kept], d[kept], of[kept], start[kept], enter[kept], leave[kept]
    count = np.ceil((leave - enter) * np.linalg.norm(d, axis=1) / step).astype(np.int64) + 1
    if count.sum() > MOST:
        return np.empty((MOST + 1, 3)), np.empty(0, dtype=np.int64), np.empty(0)
    row = np.repeat(np.arange(len(p)), count)
    k = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    part = enter[row] + (leave - enter)[row] * k / np.maximum(count - 1, 1)[row]
    return p[row] + part[:, None] * d[row], of[row], state.height_um[start[row]]


TWICE = Twice()
