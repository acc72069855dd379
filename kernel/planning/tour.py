"""Short travel within a batch: filaments in either direction, by serpentines for parallel lines and by nearest neighbour,
2-opt and or-opt for everything else.

A batch is a set of filaments that may be printed in any order. Travel is the sum of the distances from the end of one to
the start of the next; printing itself costs the same in every order.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints
from .improve import FEW, WINDOW, Ends, best_of, improve, tail, travel_um

Bools = npt.NDArray[np.bool_]

#: Directions within this angle (rad) count as parallel.
PARALLEL = 1e-3

#: Work allowed for improving all tours of a plan, in entries of distance matrices: it bounds time without a clock (one
#: entry costs about 20 ns). Every batch has its share by its number of filaments, and at least LEAST_WORK.
WORK = 150_000_000
LEAST_WORK = 40_000

#: A serpentine that is longer than the batch is wide by this factor is improved as any other tour.
RAGGED = 1.15


def order_batches(
    start_um: Floats,
    end_um: Floats,
    batch: Ints,
    at_um: npt.ArrayLike | None = None,
    fixed: Bools | None = None,
) -> tuple[Ints, Bools]:
    """Order and directions of filaments, batch after batch.

    start_um, end_um[F,3]: first and last points; batch int64[F]: which batch each is in, printed in rising order; at_um: where
    the nozzle comes from; fixed bool[F]: those that may only run from start to end. Returns (order int64[F], reverse bool[F]), reverse by position in the order.
    """
    f = len(batch)
    if f == 0:
        return np.zeros(0, np.int64), np.zeros(0, bool)
    by_batch = np.argsort(batch, kind="stable")
    start, end, group = start_um[by_batch], end_um[by_batch], batch[by_batch]
    first = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    bounds = np.append(first, f)
    lines, along, regular = _lines(start, end, first, group)
    one_way = np.zeros(f, bool) if fixed is None else fixed[by_batch]
    ends = Ends(start, end, one_way)
    regular &= ~np.logical_or.reduceat(one_way, first)
    # Position in a batch's serpentine, for all batches at once: line by line, to and fro.
    number = np.cumsum(np.diff(group, prepend=group[0]) != 0)
    odd = lines % 2 == 1
    key = np.where(odd, -along, along)
    serpentine = np.lexsort((key, lines, number))
    order = np.empty(f, np.int64)
    reverse = np.empty(f, bool)
    here = start[serpentine[0]] if at_um is None else np.asarray(at_um, dtype=np.float64)
    forward = _heads_up(start, end, first, group)
    ragged = _ragged(start, end, serpentine, odd ^ ~forward, first, group)
    unordered = int(((~regular | ragged) * np.diff(bounds)).sum())
    for b in range(len(first)):
        low, high = bounds[b], bounds[b + 1]
        items = serpentine[low:high]
        back = odd[items] ^ ~forward[items]
        tour, flip = _best_serpentine(items, back, start, end, here, bool(regular[b]))
        if not regular[b] or ragged[b]:
            work = max(LEAST_WORK, WORK * len(tour) / unordered)
            tour, flip = _improve(tour, flip & ~one_way[tour], ends, here, work)
            if unordered <= FEW:
                tour, flip = best_of(tour, flip, ends, here, work)
        order[low:high] = by_batch[tour]
        reverse[low:high] = flip
        here = start[tour[-1]] if flip[-1] else end[tour[-1]]
    return order, reverse


def improve_bound(
    order: Ints,
    reverse: Bools,
    ends: Ends,
    phase: Ints,
    edges: Ints,
    at_um: npt.ArrayLike | None = None,
) -> tuple[Ints, Bools]:
    """A finished order made shorter within each stretch of one `phase int64[F]`, under `edges int64[E,2]` (before, after)."""
    order, reverse = order.copy(), reverse.copy()
    here = ends.start[order[0]] if at_um is None else np.asarray(at_um, dtype=np.float64)
    news = np.flatnonzero(np.diff(phase[order], prepend=-1) != 0)
    for low, high in pairwise([*news.tolist(), len(order)]):
        tour, flip = order[low:high], reverse[low:high]
        work = max(LEAST_WORK, WORK * len(tour) / len(order))
        tour, flip = improve(tour, flip, ends, here, work, edges)
        if len(order) <= FEW:
            tour, flip = best_of(tour, flip, ends, here, work, edges)
        order[low:high], reverse[low:high] = tour, flip
        here = tail(tour[-1], flip[-1], ends)
    return order, reverse


def _axis(start: Floats, end: Floats, first: Ints, group: Ints) -> Floats:
    """One direction in the plane for every filament, the same within a batch: that of the batch's longest filament."""
    chord = (end - start)[:, :2]
    length = np.hypot(chord[:, 0], chord[:, 1])
    number = np.cumsum(np.diff(group, prepend=group[0]) != 0)
    longest = np.lexsort((-length, number))[first]
    axis = chord[longest]
    norm = length[longest]
    safe = norm > 0.0
    axis = np.where(safe[:, None], axis / np.where(safe, norm, 1.0)[:, None], [[1.0, 0.0]])
    # One sense for both directions of drawing, so that the order does not depend on it.
    turned = (axis[:, 0] < -1e-9) | ((np.abs(axis[:, 0]) <= 1e-9) & (axis[:, 1] < 0))
    axis = np.where(turned[:, None], -axis, axis)
    spread: Floats = axis[number]
    return spread


def _ragged(start: Floats, end: Floats, tour: Ints, flip: Bools, first: Ints, group: Ints) -> Bools:
    """Batches whose serpentine is longer than it takes to get from the one side to the other, by more than RAGGED."""
    head = np.where(flip[:, None], end, start)[tour]
    tail = np.where(flip[:, None], start, end)[tour]
    step = np.append(np.linalg.norm(head[1:] - tail[:-1], axis=1), 0.0)
    # Batches stand one after the other in the tour: the step out of each is none of its own.
    step[np.append(first[1:], len(tour)) - 1] = 0.0
    travel = np.add.reduceat(step, first)
    axis = _axis(start, end, first, group)
    middle = 0.5 * (start + end)[:, :2]
    across = middle[:, 1] * axis[:, 0] - middle[:, 0] * axis[:, 1]
    span = np.maximum.reduceat(across, first) - np.minimum.reduceat(across, first)
    ragged: Bools = travel > RAGGED * span
    return ragged


def _heads_up(start: Floats, end: Floats, first: Ints, group: Ints) -> Bools:
    """Whether each filament is drawn along its batch's axis."""
    axis = _axis(start, end, first, group)
    up: Bools = np.einsum("ij,ij->i", (end - start)[:, :2], axis) >= 0.0
    return up


def _lines(start: Floats, end: Floats, first: Ints, group: Ints) -> tuple[Ints, Floats, Bools]:
    """Line number (in its batch, across the axis) and place along the axis of every filament, and which batches are
    regular: parallel, with one filament a line, so that a serpentine is the shortest tour."""
    axis = _axis(start, end, first, group)
    middle = 0.5 * (start + end)[:, :2]
    across = middle[:, 1] * axis[:, 0] - middle[:, 0] * axis[:, 1]
    along = np.einsum("ij,ij->i", middle, axis)
    chord = (end - start)[:, :2]
    skew = np.abs(chord[:, 1] * axis[:, 0] - chord[:, 0] * axis[:, 1])
    straight = skew <= PARALLEL * np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
    number = np.cumsum(np.diff(group, prepend=group[0]) != 0)
    sort = np.lexsort((across, number))
    # Filaments whose offsets differ by less than a tenth of a micrometre stand on one line.
    new = np.diff(across[sort], prepend=across[sort[0]]) > 0.1
    begins = np.zeros(len(group), bool)
    begins[first] = True
    counter = np.cumsum(new | begins)
    lines = np.empty(len(group), np.int64)
    lines[sort] = counter - counter[first][number[sort]]
    count = np.diff(np.append(first, len(group)))
    most = np.maximum.reduceat(lines, first) + 1
    return lines, along, np.logical_and.reduceat(straight, first) & (most == count)


def _best_serpentine(
    items: Ints, back: Bools, start: Floats, end: Floats, here: Floats, regular: bool
) -> tuple[Ints, Bools]:
    """Of the serpentines of a batch (from either side, starting in either direction) the one that begins nearest."""
    choices = [(items, back)]
    if regular:
        choices += [(items, ~back), (items[::-1], back[::-1]), (items[::-1], ~back[::-1])]
    else:
        choices.append((items[::-1], ~back[::-1]))
    best = None
    for tour, flip in choices:
        head = end[tour[0]] if flip[0] else start[tour[0]]
        distance = float(((head - here) ** 2).sum())
        if best is None or distance < best[0] - 1e-9:
            best = (distance, tour, flip)
    assert best is not None
    return best[1], best[2]


def _improve(tour: Ints, flip: Bools, ends: Ends, here: Floats, work: float) -> tuple[Ints, Bools]:
    """The better of the given tour and a nearest-neighbour tour, after 2-opt and or-opt."""
    near = _nearest_neighbour(tour, *ends, here)
    if travel_um(*near, *ends[:2], here) < travel_um(tour, flip, *ends[:2], here):
        tour, flip = near
    return improve(tour, flip, ends, here, work)


def _nearest_neighbour(
    items: Ints, start: Floats, end: Floats, one_way: Bools, here: Floats
) -> tuple[Ints, Bools]:
    """Always the filament with the nearest free end next."""
    n = len(items)
    ends = np.concatenate([start[items], end[items]])
    if n > 2 * WINDOW:
        return _nearest_neighbour_tree(items, ends, one_way, here)
    alive = np.zeros(2 * n)
    alive[n:][one_way[items]] = np.inf
    tour = np.empty(n, np.int64)
    flip = np.empty(n, bool)
    for k in range(n):
        delta = ends - here
        at = int(np.argmin(np.einsum("ij,ij->i", delta, delta) + alive))
        i, turned = at % n, at >= n
        tour[k], flip[k] = i, turned
        alive[i] = alive[i + n] = np.inf
        here = ends[i] if turned else ends[i + n]
    return items[tour], flip


def _nearest_neighbour_tree(items: Ints, ends: Floats, one_way: Bools, here: Floats) -> tuple[Ints, Bools]:
    """The same for large batches: candidates from a k-d tree that is rebuilt whenever half its points are used up."""
    from scipy.spatial import cKDTree

    n = len(items)
    used = np.zeros(2 * n, bool)
    used[n:] = one_way[items]
    tour = np.empty(n, np.int64)
    flip = np.empty(n, bool)
    left = np.flatnonzero(~used)
    tree = cKDTree(ends[left])
    fresh = 0
    for k in range(n):
        if 2 * fresh >= len(left) and len(left) > 64:
            left = np.flatnonzero(~used)
            tree = cKDTree(ends[left])
            fresh = 0
        wanted = 8
        while True:
            wanted = min(wanted, len(left))
            _, found = tree.query(here, wanted)
            candidates = left[np.atleast_1d(found)]
            candidates = candidates[~used[candidates]]
            if len(candidates) or wanted == len(left):
                break
            wanted *= 8
        at = int(candidates[0])
        i, turned = at % n, at >= n
        tour[k], flip[k] = i, turned
        used[i] = used[i + n] = True
        fresh += 2
        here = ends[i] if turned else ends[i + n]
    return items[tour], flip
