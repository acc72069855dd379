"""Seams: where closed filaments begin and end, where a print asks for it."""

from __future__ import annotations

import math

import numpy as np

from ..filaments import QUANTUM_UM, FilamentSet, Floats, Ints, State
from .strokes import LEVEL, Bools

#: Ends of a ring may be so far apart, in parts of its width, in the state that was computed from the drawn one.
GAP = 0.25

#: Ends of a ring whose width or height differs by more have a step that belongs where it was drawn.
ALIKE = 0.05

#: Seams stand above each other in this direction (rad from x). A hair beside x, so that of two corners that are equally far out
#: rounding does not choose.
TOWARDS = 1e-3

#: Part of a ring from its seam to that of the next one above: of all, this keeps seams of any number of rings farthest apart.
GOLDEN = (3.0 - math.sqrt(5.0)) / 2.0


def closed(part: FilamentSet) -> Bools:
    """Which filaments end where they begin, bool[F]: exactly in one state, nearly in the other, and equally thick there."""
    first, last = part.offsets[:-1], part.offsets[1:] - 1
    meets, fits = np.zeros(len(part), bool), np.diff(part.offsets) > 3
    for s in (part.wet, part.dried):
        if s is None:
            continue
        gap = np.linalg.norm(s.points_um[last] - s.points_um[first], axis=1)
        meets |= gap <= QUANTUM_UM
        fits &= gap <= GAP * s.width_um[first]
        for size in (s.width_um, s.height_um):
            fits &= np.abs(size[last] - size[first]) <= ALIKE * size[first]
    if part.share is not None:
        a, b = part.share[first], part.share[last]
        fits &= (np.abs(a - b) <= ALIKE) | (np.isnan(a) & np.isnan(b))
    return meets & fits


def rolled(part: FilamentSet, which: Ints, by: Ints) -> FilamentSet:
    """The rings `which[K]` so that each begins at its point `by[K]`. All else is as it was; where the ends of a computed state stand
    apart, the point in their stead is the middle between them."""
    which, by = which[by > 0], by[by > 0]
    if len(which) == 0:
        return part
    first = part.offsets[which]
    points = part.offsets[which + 1] - first - 1
    counts = points + 1
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    at = np.repeat(first, counts) + step
    source = np.arange(part.point_count)
    source[at] = np.repeat(first, counts) + (step + np.repeat(by, counts)) % np.repeat(points, counts)
    last = first + points

    def column(values: Floats) -> Floats:
        welded = values.copy()
        welded[first] = 0.5 * (values[first] + values[last])
        return welded[source]

    def state(s: State | None) -> State | None:
        return None if s is None else State(column(s.points_um), column(s.width_um), column(s.height_um))

    # Ties tell the way back to the state that was drawn, which no plan takes; their places would not be where the points are.
    return FilamentSet(
        part.offsets, part.material, part.layer, part.origin, part.inks, part.spans, state(part.wet), state(part.dried),
        share=None if part.share is None else column(part.share),
    )  # fmt: skip


def with_seams(part: FilamentSet, seam: str | None) -> FilamentSet:
    """Rings begun in one direction from their middle (`aligned`), or each a golden section further round than the one below and than
    the one before in its layer (`spread`). Anything else leaves them as they are."""
    if seam not in ("aligned", "spread") or len(part) == 0:
        return part
    which = np.flatnonzero(closed(part))
    if len(which) == 0:
        return part
    rings = part.take(which)
    wet = rings.state("wet")
    inner = _inner(rings)
    # A zero of the way is where seams are aligned; only there all rings of a stack agree.
    out = wet.points_um[:, 0] + TOWARDS * wet.points_um[:, 1]
    start = _first(rings, np.where(inner, -out, np.inf))
    if seam == "aligned":
        return rolled(part, which, start)
    way, total, area = _along(rings, wet)
    owner = rings.owner()
    # Counter-clockwise seen from above, whichever way a ring was drawn.
    way = (
        (way - way[rings.offsets[:-1] + start][owner]) * np.where(area < 0.0, -1.0, 1.0)[owner] / total[owner]
    )
    off = np.abs((way - (GOLDEN * _number(rings, wet))[owner] + 0.5) % 1.0 - 0.5)
    return rolled(part, which, _first(rings, np.where(inner, off, np.inf)))


def seams_by_tour(part: FilamentSet, order: Ints, reverse: Bools, may: Bools, at_um: Floats) -> FilamentSet:
    """Rings of `may[F]` begun at the point that is nearest to the end of the filament printed before them; the first to `at_um`."""
    ring = closed(part) & may
    wet = part.state("wet").points_um
    end = np.where(reverse, part.offsets[:-1][order], part.offsets[1:][order] - 1)
    rank = np.flatnonzero(ring[order])
    by = np.zeros(len(rank), np.int64)
    at, before = np.asarray(at_um, np.float64)[:2], -1
    # Where a ring ends is known once it is known where the one before it ends, so this goes one by one.
    for n, i in enumerate(rank.tolist()):
        if i > 0 and before != i - 1:
            at = wet[end[i - 1], :2]
        low, high = part.offsets[order[i]], part.offsets[order[i] + 1] - 1
        far = ((wet[low:high, :2] - at) ** 2).sum(axis=1)
        # Of points that are equally near, the first.
        by[n] = int(np.argmax(far <= far.min() + QUANTUM_UM**2))
        at, before = wet[low + by[n], :2], i
    return rolled(part, order[rank], by)


def _inner(rings: FilamentSet) -> Bools:
    """All points but the last of each ring, which is its first again."""
    inner = np.ones(rings.point_count, bool)
    inner[rings.offsets[1:] - 1] = False
    return inner


def _first(rings: FilamentSet, cost: Floats) -> Ints:
    """The cheapest point of each ring, counted from its beginning; of equals the first."""
    least = np.minimum.reduceat(cost, rings.offsets[:-1])
    at = np.where(cost <= least[rings.owner()], np.arange(rings.point_count), rings.point_count)
    return np.minimum.reduceat(at, rings.offsets[:-1]) - rings.offsets[:-1]


def _along(rings: FilamentSet, wet: State) -> tuple[Floats, Floats, Floats]:
    """(way from its beginning to every point, length of every ring, area that it goes round counter-clockwise)."""
    p, begin, end = wet.points_um, rings.offsets[:-1], rings.offsets[1:] - 1
    step = np.zeros(rings.point_count)
    step[1:] = np.linalg.norm(np.diff(p, axis=0), axis=1)
    step[begin] = 0.0
    way = np.cumsum(step)
    way -= way[begin][rings.owner()]
    q = p - p[begin][rings.owner()]
    cross = np.zeros(rings.point_count)
    cross[1:] = q[:-1, 0] * q[1:, 1] - q[1:, 0] * q[:-1, 1]
    cross[begin] = 0.0
    return way, way[end], np.add.reduceat(cross, begin)


def _number(rings: FilamentSet, wet: State) -> Floats:
    """The number of each ring's level, from below, and its place within the level, added."""
    begin = rings.offsets[:-1]
    z = np.add.reduceat(wet.points_um[:, 2], begin) / np.diff(rings.offsets)
    order = np.argsort(z, kind="stable")
    rises = np.diff(z[order], prepend=z[order[0]]) > LEVEL * wet.height_um[begin][order]
    level = np.empty(len(rings), np.int64)
    level[order] = np.cumsum(rises)
    # Rings of a level in the order in which they stand in the part.
    by = np.argsort(level, kind="stable")
    heads = np.flatnonzero(np.diff(level[by], prepend=-1))
    place = np.empty(len(rings), np.int64)
    place[by] = np.arange(len(rings)) - np.repeat(heads, np.diff(np.append(heads, len(rings))))
    return (level + place).astype(np.float64)
