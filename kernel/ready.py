"""The nearest filament that may come next: an order under what must come before what, and under what each filament rests on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .filaments import Floats, Ints
from .precede import Support

Bools = npt.NDArray[np.bool_]


class Ready:
    """What may be printed next, as a print goes on. `start`, `end[F,3]`: first and last points; `one_way bool[F]`: those that only run
    from start to end (more are added as they are found to rest on one end alone); `edges int64[E,2]` (before, after)."""

    def __init__(self, start: Floats, end: Floats, one_way: Bools, edges: Ints, rests: Support) -> None:
        f = len(start)
        self.count, self.ends = f, np.concatenate([start, end])
        self.low = np.minimum(start[:, 2], end[:, 2])
        self.one_way = one_way.copy()
        edges = np.unique(edges, axis=0)
        self.edges = edges
        self.after = _lists(edges)
        self.left = np.bincount(edges[:, 1], minlength=f)
        self.beside = _lists(np.concatenate([rests.touching, rests.touching[:, ::-1]]))
        self.at_end = _lists(rests.end_touching[:, ::-1])
        self.held, self.end_held = rests.grounded.copy(), rests.end_grounded.copy()
        # The filament that something came to rest on first, -1 for the substrate.
        self.held_by, self.end_by = np.full(f, -1, np.int64), np.full(2 * f, -1, np.int64)

    def nearest(self, items: Ints, here: Floats) -> tuple[Ints, Bools, Ints]:
        """All of `items`, always the one with the nearest free end among those that may come, from `here` on: filaments, directions,
        and the edges among them that the order rests on, the neighbour that each was hung on included.

        A filament with one end that rests on something begins there. Items that nothing frees (a circle was broken there, or they
        hang) come when nothing else is left, lowest first.
        """
        f, ends = self.count, self.ends
        inside = np.zeros(f, bool)
        inside[items] = True
        pool, size = np.empty(len(items), np.int64), 0
        listed = np.zeros(f, bool)
        for i in items[(self.left[items] == 0) & self.held[items]].tolist():
            pool[size], listed[i] = i, True
            size += 1
        taken = np.zeros(f, bool)
        tour, flip = np.empty(len(items), np.int64), np.zeros(len(items), bool)
        hung: list[tuple[int, int]] = []
        for k in range(len(items)):
            if size == 0:
                rest = items[~taken[items]]
                free = rest[self.left[rest] == 0]
                stuck = free if len(free) else rest[self.held[rest]]
                stuck = stuck if len(stuck) else rest
                pool[0], size = stuck[np.argmin(self.low[stuck])], 1
                listed[pool[0]] = True
            some = pool[:size]
            way = ends[np.concatenate([some, some + f])] - here
            far = np.einsum("ij,ij->i", way, way)
            one, two = self.end_held[some], self.end_held[some + f]
            far[size:][self.one_way[some] | (one & ~two)] = np.inf
            far[:size][two & ~one & ~self.one_way[some]] = np.inf
            best = int(np.argmin(far))
            at, turned = best % size, best >= size
            i = int(pool[at])
            size -= 1
            pool[at] = pool[size]
            taken[i], tour[k], flip[k] = True, i, turned
            if self.held_by[i] >= 0:
                hung.append((int(self.held_by[i]), i))
            begin, stop = (i + f, i) if turned else (i, i + f)
            if self.end_held[begin] and not self.end_held[stop]:
                self.one_way[i] = True
                if self.end_by[begin] >= 0:
                    hung.append((int(self.end_by[begin]), i))
            here = ends[stop]
            for j in self._print(i):
                if inside[j] and not listed[j] and self.left[j] <= 0 and self.held[j]:
                    pool[size], listed[j] = j, True
                    size += 1
        bound = self.edges[inside[self.edges[:, 0]] & inside[self.edges[:, 1]]]
        bound = np.concatenate([bound, np.array(hung, dtype=np.int64).reshape(-1, 2)])
        place = np.full(f, -1, np.int64)
        place[tour] = np.arange(len(tour))
        # An edge that the order breaks (a circle) binds nothing.
        return tour, flip, bound[inside[bound[:, 0]] & (place[bound[:, 0]] < place[bound[:, 1]])]

    def _print(self, i: int) -> list[int]:
        """Filament i is there now: what it may have freed."""
        after, beside = self.after.get(i, []), self.beside.get(i, [])
        for j in after:
            self.left[j] -= 1
        for j in beside:
            if not self.held[j]:
                self.held[j], self.held_by[j] = True, i
        for e in self.at_end.get(i, ()):
            if not self.end_held[e]:
                self.end_held[e], self.end_by[e] = True, i
        return after + beside


def _lists(pairs: Ints) -> dict[int, list[int]]:
    """Second entries of pairs by their first, each once and in rising order."""
    found: dict[int, list[int]] = {}
    for a, b in np.unique(pairs, axis=0).tolist():
        found.setdefault(a, []).append(b)
    return found
