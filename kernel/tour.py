"""Short travel within a batch: filaments in either direction, by serpentines for parallel lines and by nearest neighbour,
2-opt and or-opt for everything else.

A batch is a set of filaments that may be printed in any order. Travel is the sum of the distances from the end of one to
the start of the next; printing itself costs the same in every order.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .filaments import Floats, Ints

Bools = npt.NDArray[np.bool_]

#: Directions within this angle (rad) count as parallel.
PARALLEL = 1e-3

#: Work allowed for improving all tours of a plan, in entries of distance matrices: it bounds time without a clock (one
#: entry costs about 20 ns). Every batch has its share by its number of filaments, and at least LEAST_WORK.
WORK = 150_000_000
LEAST_WORK = 40_000

#: Filaments improved together; longer tours are improved window by window.
WINDOW = 200


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
    unordered = int((~regular * np.diff(bounds)).sum())
    for b in range(len(first)):
        low, high = bounds[b], bounds[b + 1]
        items = serpentine[low:high]
        back = odd[items] ^ ~forward[items]
        tour, flip = _best_serpentine(items, back, start, end, here, bool(regular[b]))
        if not regular[b]:
            work = max(LEAST_WORK, WORK * len(tour) / unordered)
            tour, flip = _improve(tour, flip & ~one_way[tour], start, end, one_way, here, work)
        order[low:high] = by_batch[tour]
        reverse[low:high] = flip
        here = start[tour[-1]] if flip[-1] else end[tour[-1]]
    return order, reverse


def improve_bound(
    order: Ints,
    reverse: Bools,
    start: Floats,
    end: Floats,
    one_way: Bools,
    phase: Ints,
    edges: Ints,
    at_um: npt.ArrayLike | None = None,
) -> tuple[Ints, Bools]:
    """A finished order made shorter within each stretch of one `phase int64[F]`, under `edges int64[E,2]` (before, after)."""
    order, reverse = order.copy(), reverse.copy()
    here = start[order[0]] if at_um is None else np.asarray(at_um, dtype=np.float64)
    news = np.flatnonzero(np.diff(phase[order], prepend=-1) != 0)
    for low, high in pairwise([*news.tolist(), len(order)]):
        tour, flip = order[low:high], reverse[low:high]
        work = max(LEAST_WORK, WORK * len(tour) / len(order))
        tour, flip = _improve_windows(tour, flip, start, end, one_way, here, work, edges)
        order[low:high], reverse[low:high] = tour, flip
        here = _tail(tour[-1], flip[-1], start, end)
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


def travel_um(tour: Ints, flip: Bools, start: Floats, end: Floats, here: Floats | None = None) -> float:
    """Length of the straight travels of a tour, with the way to its beginning where `here` is given."""
    heads = np.where(flip[:, None], end[tour], start[tour])
    tails = np.where(flip[:, None], start[tour], end[tour])
    total = float(np.linalg.norm(heads[1:] - tails[:-1], axis=1).sum())
    return total if here is None else total + float(np.linalg.norm(heads[0] - here))


def _improve(
    tour: Ints, flip: Bools, start: Floats, end: Floats, one_way: Bools, here: Floats, work: float
) -> tuple[Ints, Bools]:
    """The better of the given tour and a nearest-neighbour tour, after 2-opt and or-opt."""
    near = _nearest_neighbour(tour, start, end, one_way, here)
    if travel_um(*near, start, end, here) < travel_um(tour, flip, start, end, here):
        tour, flip = near
    return _improve_windows(tour, flip, start, end, one_way, here, work)


def _improve_windows(
    tour: Ints,
    flip: Bools,
    start: Floats,
    end: Floats,
    one_way: Bools,
    here: Floats,
    work: float,
    edges: Ints | None = None,
) -> tuple[Ints, Bools]:
    """A tour after 2-opt and or-opt, which respect `edges int64[E,2]` (before, after)."""
    n = len(tour)
    if n < 2:
        return tour, flip
    if n <= WINDOW:
        return _local_search(tour, flip, start, end, one_way, here, None, work, edges)
    tour, flip = tour.copy(), flip.copy()
    for offset in (0, WINDOW // 2):
        for low in range(offset, n - 1, WINDOW):
            high = min(low + WINDOW, n)
            came = here if low == 0 else _tail(tour[low - 1], flip[low - 1], start, end)
            goes = None if high == n else _head(tour[high], flip[high], start, end)
            tour[low:high], flip[low:high] = _local_search(
                tour[low:high],
                flip[low:high],
                start,
                end,
                one_way,
                came,
                goes,
                0.5 * work * (high - low) / n,
                edges,
            )
    return tour, flip


def _head(i: int, flip: bool, start: Floats, end: Floats) -> Floats:
    point: Floats = end[i] if flip else start[i]
    return point


def _tail(i: int, flip: bool, start: Floats, end: Floats) -> Floats:
    point: Floats = start[i] if flip else end[i]
    return point


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


def _local_search(
    tour: Ints,
    flip: Bools,
    start: Floats,
    end: Floats,
    one_way: Bools,
    came: Floats,
    goes: Floats | None,
    work: float,
    edges: Ints | None = None,
) -> tuple[Ints, Bools]:
    """2-opt (turn a stretch round) and or-opt (move up to three filaments elsewhere, either way round) until neither
    shortens the tour or the allowed work is done. `came` and `goes` are the fixed points before and after.

    One step finds the best change at every item and makes all those that do not touch each other, best first.
    """
    n = len(tour)
    row = np.full(len(start) if edges is not None else 0, -1, np.int64)
    if edges is not None:
        row[tour] = np.arange(n)
        edges = row[edges[(row[edges] >= 0).all(axis=1)]]
    where = np.arange(n)
    for _ in range(int(min(10 * n, work // (n + 1) ** 2))):
        heads = np.where(flip[:, None], end[tour], start[tour])
        tails = np.where(flip[:, None], start[tour], end[tour])
        # Gap k lies before item k; gap n after the last. An open end costs nothing.
        before = np.vstack([came, tails])
        after = np.vstack([heads, heads[-1:] if goes is None else goes])
        gap = np.linalg.norm(after - before, axis=1)
        if goes is None:
            gap[n] = 0.0
        fixed = one_way[tour]
        bound = _Bound(n, None if edges is None else np.argsort(where)[edges])
        changes = _turns(before, after, heads, tails, gap, goes is None, fixed, bound)
        changes += _moves(before, after, heads, tails, gap, goes is None, fixed, bound)
        changes.sort(key=lambda c: (-c.gain, c.low, c.high))
        taken = np.zeros(n + 1, bool)
        places = np.arange(n)
        turned = np.zeros(n, bool)
        for c in changes:
            low, high = min(c.low, c.to), max(c.high, c.to)
            if taken[low : high + 1].any():
                continue
            taken[low : high + 1] = True
            piece = places[c.low : c.high]
            turned[low:high] = False
            if c.turn:
                piece = piece[::-1].copy()
            if c.to < c.low:
                places[low:high] = np.concatenate([piece, places[c.to : c.low]])
                turned[low : low + len(piece)] = c.turn
            elif c.to > c.high:
                places[low:high] = np.concatenate([places[c.high : c.to], piece])
                turned[high - len(piece) : high] = c.turn
            else:
                places[low:high] = piece
                turned[low:high] = c.turn
        if not taken.any():
            break
        tour, flip, where = tour[places], flip[places] ^ turned, where[places]
    return tour, flip


class _Bound:
    """How far items may move, by place in a tour of n, under edges (before, after) of such places: `next[n]` the first item that must
    stay behind each one (n: none), `last[n]` the last that must stay before it (-1: none)."""

    def __init__(self, n: int, edges: Ints | None) -> None:
        self.free = edges is None or not len(edges)
        self.next, self.last = np.full(n, n), np.full(n, -1)
        if edges is not None:
            np.minimum.at(self.next, edges[:, 0], edges[:, 1])
            np.maximum.at(self.last, edges[:, 1], edges[:, 0])

    def turns(self, gain: Floats) -> None:
        """Rules out stretches [first, last] within which an edge runs."""
        nearest = np.minimum.accumulate(self.next[::-1])[::-1]
        gain[np.arange(len(gain))[None, :] >= nearest[:, None]] = -np.inf

    def moves(self, gain: Floats, size: int, turn: bool) -> None:
        """Rules out gaps [n + 1, stretches] beyond an item that must stay on its side, and turns of stretches with an edge within."""
        low = np.arange(gain.shape[1])
        gap = np.arange(gain.shape[0])[:, None]
        most, least = np.full(len(low), len(self.next)), np.full(len(low), 0)
        for k in range(size):
            ahead, behind = self.next[low + k], self.last[low + k]
            within = ahead < low + size
            if turn:
                gain[:, within] = -np.inf
            # An edge within the stretch hides the one that comes after it.
            most = np.where(within, np.minimum(most, low + size), np.minimum(most, ahead))
            least = np.where(behind >= low, np.maximum(least, low), np.maximum(least, behind + 1))
        gain[(gap > most) | (gap < least)] = -np.inf


class _Change(NamedTuple):
    """Items low..high-1 go to gap `to` (which lies within low..high where they stay), turned round or not."""

    gain: float
    low: int
    high: int
    to: int
    turn: bool


#: Changes that shorten a tour by less (um) are not made.
LEAST = 1e-6


def _distances(a: Floats, b: Floats) -> Floats:
    out: Floats = np.subtract.outer(a[:, 0], b[:, 0]) ** 2
    for k in (1, 2):
        out += np.subtract.outer(a[:, k], b[:, k]) ** 2
    np.sqrt(out, out=out)
    return out


def _turns(
    before: Floats,
    after: Floats,
    heads: Floats,
    tails: Floats,
    gap: Floats,
    is_open: bool,
    fixed: Bools,
    bound: _Bound,
) -> list[_Change]:
    """For every item the best stretch that begins with it to turn round: it is then entered at the last tail and left at
    the first head."""
    n = len(heads)
    leave = _distances(heads, after[1:])
    if is_open:
        leave[:, n - 1] = 0.0
    gain = gap[:n, None] + gap[None, 1:] - _distances(before[:n], tails) - leave
    gain[np.tril_indices(n, -1)] = -np.inf
    if fixed.any():
        # A stretch that holds a filament which may not be turned round may not either.
        count = np.concatenate([[0], np.cumsum(fixed)])
        gain[count[None, 1:] - count[:n, None] > 0] = -np.inf
    if not bound.free:
        bound.turns(gain)
    last = np.argmax(gain, axis=1)
    best = gain[np.arange(n), last]
    return [
        _Change(float(best[k]), int(k), int(last[k]) + 1, int(k), True) for k in np.flatnonzero(best > LEAST)
    ]


def _moves(
    before: Floats,
    after: Floats,
    heads: Floats,
    tails: Floats,
    gap: Floats,
    is_open: bool,
    fixed: Bools,
    bound: _Bound,
) -> list[_Change]:
    """For every stretch of one to three items the best gap to move it to, either way round."""
    n = len(heads)
    changes: list[_Change] = []
    to_heads, to_tails = _distances(before, heads), _distances(before, tails)
    from_heads, from_tails = _distances(after, heads), _distances(after, tails)
    if is_open:
        from_heads[n] = from_tails[n] = 0.0
    for size in range(1, min(4, n)):
        low = np.arange(n - size + 1)
        last = low + size - 1
        closed = np.linalg.norm(after[last + 1] - before[low], axis=1)
        if is_open:
            closed[-1] = 0.0
        freed = gap[low] + gap[last + 1] - closed
        for turn in (False, True):
            enter = to_tails[:, last] if turn else to_heads[:, low]
            leave = from_heads[:, low] if turn else from_tails[:, last]
            gain = freed[None, :] + gap[:, None] - enter - leave
            if turn and fixed.any():
                held = np.concatenate([[0], np.cumsum(fixed)])
                gain[:, held[last + 1] - held[low] > 0] = -np.inf
            if not bound.free:
                bound.moves(gain, size, turn)
            for touch in range(size + 1):
                gain[low + touch, low] = -np.inf
            to = np.argmax(gain, axis=0)
            best = gain[to, low]
            changes += [
                _Change(float(best[k]), int(k), int(k) + size, int(to[k]), turn)
                for k in np.flatnonzero(best > LEAST)
            ]
    return changes
