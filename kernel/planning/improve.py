"""Shorter tours: 2-opt and or-opt over filaments in either direction, under what must come before what."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints

Bools = npt.NDArray[np.bool_]

#: Filaments improved together; longer tours are improved window by window.
WINDOW = 200


#: Plans of no more filaments than this try other beginnings too, and so many of them.
FEW, STARTS = 600, 8


class Ends(NamedTuple):
    """Where filaments begin and end as drawn, `start`, `end` float64[F,3] um; `one_way` bool[F]: those that may not be turned round."""

    start: Floats
    end: Floats
    one_way: Bools


def travel_um(tour: Ints, flip: Bools, start: Floats, end: Floats, here: Floats | None = None) -> float:
    """Length of the straight travels of a tour, with the way to its beginning where `here` is given."""
    heads = np.where(flip[:, None], end[tour], start[tour])
    tails = np.where(flip[:, None], start[tour], end[tour])
    total = float(np.linalg.norm(heads[1:] - tails[:-1], axis=1).sum())
    return total if here is None else total + float(np.linalg.norm(heads[0] - here))


def improve(
    tour: Ints, flip: Bools, ends: Ends, here: Floats, work: float, edges: Ints | None = None
) -> tuple[Ints, Bools]:
    """A tour after 2-opt and or-opt, which respect `edges int64[E,2]` (before, after)."""
    n = len(tour)
    if n < 2:
        return tour, flip
    if n <= WINDOW:
        return _local_search(tour, flip, ends, here, None, work, edges)
    tour, flip = tour.copy(), flip.copy()
    for offset in (0, WINDOW // 2):
        for low in range(offset, n - 1, WINDOW):
            high = min(low + WINDOW, n)
            came = here if low == 0 else tail(tour[low - 1], flip[low - 1], ends)
            goes = None if high == n else head(tour[high], flip[high], ends)
            tour[low:high], flip[low:high] = _local_search(
                tour[low:high],
                flip[low:high],
                ends,
                came,
                goes,
                0.5 * work * (high - low) / n,
                edges,
            )
    return tour, flip


def best_of(
    tour: Ints, flip: Bools, ends: Ends, here: Floats, work: float, edges: Ints | None = None
) -> tuple[Ints, Bools]:
    """The shortest of a tour and of others that begin elsewhere: with one of its filaments, then always with the nearest that may come."""
    n = len(tour)
    if n < 4 or n > WINDOW:
        return tour, flip
    row = np.full(len(ends.start), -1, np.int64)
    row[tour] = np.arange(n)
    bound = np.zeros((0, 2), np.int64) if edges is None else row[edges[(row[edges] >= 0).all(axis=1)]]
    best, least = (tour, flip), travel_um(tour, flip, ends.start, ends.end, here)
    free = np.flatnonzero(np.bincount(bound[:, 1], minlength=n) == 0)
    for first in free[:: max(1, len(free) // STARTS)].tolist():
        for turned in (False, True):
            if turned and ends.one_way[tour[first]]:
                continue
            other = _nearest_free(tour, ends, first, turned, bound)
            other = improve(*other, ends, here, work, edges)
            far = travel_um(*other, ends.start, ends.end, here)
            if far < least - LEAST:
                best, least = other, far
    return best


def _nearest_free(items: Ints, ends: Ends, first: int, turned: bool, bound: Ints) -> tuple[Ints, Bools]:
    """From one filament on always the nearest that may come, under `bound int64[E,2]` (before, after) of places in `items`."""
    n, (start, end, one_way) = len(items), ends
    enter, leave = np.concatenate([start[items], end[items]]), np.concatenate([end[items], start[items]])
    after = np.zeros((n, n), np.int64)
    after[bound[:, 0], bound[:, 1]] = 1
    left = after.sum(axis=0)
    shut = np.concatenate([np.zeros(n, bool), one_way[items]])
    taken = np.zeros(n, bool)
    at = first + n * turned
    order = np.empty(n, np.int64)
    for k in range(n):
        order[k] = at
        taken[at % n] = True
        left = left - after[at % n]
        if k == n - 1:
            break
        way = enter - leave[at]
        far = np.einsum("ij,ij->i", way, way)
        far[shut | np.tile(taken | (left > 0), 2)] = np.inf
        at = int(np.argmin(far))
    return items[order % n], order >= n


def head(i: int, flip: bool, ends: Ends) -> Floats:
    point: Floats = ends.end[i] if flip else ends.start[i]
    return point


def tail(i: int, flip: bool, ends: Ends) -> Floats:
    point: Floats = ends.start[i] if flip else ends.end[i]
    return point


def _local_search(
    tour: Ints,
    flip: Bools,
    ends: Ends,
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
    row = np.full(len(ends.start) if edges is not None else 0, -1, np.int64)
    if edges is not None:
        row[tour] = np.arange(n)
        edges = row[edges[(row[edges] >= 0).all(axis=1)]]
    where = np.arange(n)
    for _ in range(int(min(10 * n, work // (n + 1) ** 2))):
        heads = np.where(flip[:, None], ends.end[tour], ends.start[tour])
        tails = np.where(flip[:, None], ends.start[tour], ends.end[tour])
        # Gap k lies before item k; gap n after the last. An open end costs nothing.
        before = np.vstack([came, tails])
        after = np.vstack([heads, heads[-1:] if goes is None else goes])
        gap = np.linalg.norm(after - before, axis=1)
        if goes is None:
            gap[n] = 0.0
        fixed = ends.one_way[tour]
        bound = _Bound(n, None if edges is None else np.argsort(where)[edges])
        tried = _Tried(before, after, heads, tails, gap, goes is None, fixed, bound)
        changes = _turns(tried) + _moves(tried)
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


class _Tried(NamedTuple):
    """A tour of n items: what stands before and after each gap [n + 1, 3], where items are entered and left [n, 3], how wide the gaps are,
    whether the last one costs nothing, which items may not be turned round, and how far they may move."""

    before: Floats
    after: Floats
    heads: Floats
    tails: Floats
    gap: Floats
    is_open: bool
    fixed: Bools
    bound: _Bound


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


def _turns(tour: _Tried) -> list[_Change]:
    """For every item the best stretch that begins with it to turn round: it is then entered at the last tail and left at
    the first head."""
    before, after, heads, tails, gap, is_open, fixed, bound = tour
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


def _moves(tour: _Tried) -> list[_Change]:
    """For every stretch of one to three items the best gap to move it to, either way round."""
    before, after, heads, tails, gap, is_open, fixed, bound = tour
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
