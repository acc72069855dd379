"""Nodes: where struts meet, the nozzle at the end of one would press into the others. Ends stop short by as much as it takes, and still touch.

At a valley the strut that comes later begins a little up its slope, beside the one that stands; at a top the one that comes first ends
a little below, so that the nozzle at the other passes over it. Either way an end still leans against a strut that it met.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints

#: An end is shortened by at most so many widths: at 80 degrees a tip of 1.2 widths takes 2.2.
MOST = 3.0

#: Two filaments touch where their axes are nearer than this times the sum of their half widths: a little less than what counts as touching.
TOUCH = 0.95

#: An end goes so far (um) beyond the last sample that hit.
_PAST_UM = 0.8

#: Places and positions of the points of a piece, and its width.
Piece = Callable[[int], tuple[Floats, Floats, float]]


class _Strut:
    """A piece that may be shortened: by how much at its head and its tail (um)."""

    def __init__(self, places: Floats, points_um: Floats, width_um: float) -> None:
        self.places, self.points_um, self.width_um = places, points_um, width_um
        self.arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points_um, axis=0), axis=1))])
        self.length = float(self.arc[-1])
        self.cut = [0.0, 0.0]
        self.low = float(points_um[:, 2].min())

    def at(self, along_um: float) -> Floats:
        return np.array([np.interp(along_um, self.arc, self.points_um[:, k]) for k in range(3)])

    def loses_foot(self, cut: list[float]) -> bool:
        """Whether more is cut off its lower end."""
        climb = float(self.points_um[-1, 2] - self.points_um[0, 2])
        return (climb > 1e-3 and cut[0] > self.cut[0]) or (climb < -1e-3 and cut[1] > self.cut[1])

    def rest(self, cut: list[float] | None = None) -> Floats:
        """Points of what is left."""
        head, tail = self.cut if cut is None else cut
        stop = self.length - tail
        inner = (self.arc > head) & (self.arc < stop)
        return np.vstack([self.at(head), self.points_um[inner], self.at(stop)])

    def needs(self, places: Floats) -> list[float] | None:
        """How much shorter at either end it has to be to be rid of places; None where they lie too far inside."""
        where = np.interp(places, self.places, self.arc)
        near = where <= 0.5 * self.length
        cut = list(self.cut)
        if near.any():
            cut[0] = max(cut[0], float(where[near].max()) + _PAST_UM)
        if not near.all():
            cut[1] = max(cut[1], self.length - float(where[~near].min()) + _PAST_UM)
        if max(cut) > MOST * self.width_um or self.length - sum(cut) < self.width_um:
            return None
        return cut


def shortened(one: Ints, two: Ints, by: Floats, of: Floats, piece: Piece) -> list[tuple[int, float, bool]]:
    """Ends to shorten so that of pieces in each other's way one may come first: (piece, place of the cut, whether it is the head).

    one, two int64[K]: the piece along which the nozzle hits, and the piece that it hits; by, of float64[K]: at which places.
    """
    if not len(one):
        return []
    count = int(max(one.max(initial=0), two.max(initial=0))) + 1
    key = one * count + two
    sort = np.argsort(key, kind="stable")
    names, head = np.unique(key[sort], return_index=True)
    groups = dict(zip(names.tolist(), np.split(sort, head[1:]), strict=True))
    struts: dict[int, _Strut] = {}
    beside: dict[int, list[int]] = {}

    def strut(i: int) -> _Strut:
        if i not in struts:
            struts[i] = _Strut(*piece(i))
        return struts[i]

    pairs = []
    for name in names.tolist():
        i, j = divmod(name, count)
        beside.setdefault(i, []).append(j)
        beside.setdefault(j, []).append(i)
        if i < j and j * count + i in groups:
            pairs.append((i, j))
    found: list[tuple[float, int, int]] = []
    for i, j in pairs:
        options = _options(i, j, groups, count, by, of, strut)
        if options:
            found.append((min(o[0] for o in options), i, j))
    for _, i, j in sorted(found):
        for _, k, cut in sorted(_options(i, j, groups, count, by, of, strut), key=lambda o: o[:2]):
            if _leans(k, cut, strut, sorted(set(beside[k]))):
                strut(k).cut = cut
                break
    cuts = []
    for k in sorted(struts):
        s = struts[k]
        for end, along in ((0, s.cut[0]), (1, s.length - s.cut[1])):
            if s.cut[end] > 0.0:
                cuts.append((k, float(np.interp(along, s.arc, s.places)), end == 0))
    return cuts


def _options(
    i: int,
    j: int,
    groups: dict[int, Ints],
    count: int,
    by: Floats,
    of: Floats,
    strut: Callable[[int], _Strut],
) -> list[tuple[float, int, list[float]]]:
    """(cost, piece, its cuts): the ways in which one of two comes free of the other. What is lower comes first at no cost."""
    found = []
    for first, last in ((i, j), (j, i)):
        hits = groups[last * count + first]
        against = max(0.0, strut(first).low - strut(last).low)
        for k, places in ((last, by[hits]), (first, of[hits])):
            s = strut(k)
            cut = s.needs(places)
            # What comes first keeps the foot on which it stands.
            if cut is not None and (k == last or not s.loses_foot(cut)):
                found.append((sum(cut) - sum(s.cut) + against, k, cut))
    return found


def _leans(k: int, cut: list[float], strut: Callable[[int], _Strut], beside: list[int]) -> bool:
    """Whether every end of a piece that is shortened still touches one of its neighbours."""
    s = strut(k)
    points = s.rest(cut)
    for end, at in ((0, points[0]), (1, points[-1])):
        if cut[end] == 0.0:
            continue
        if not any(
            _apart_um(at, strut(j).rest()) <= TOUCH * 0.5 * (s.width_um + strut(j).width_um) for j in beside
        ):
            return False
    return True


def _apart_um(at: npt.NDArray[np.float64], points: Floats) -> float:
    """Distance of a point from a polyline."""
    a, way = points[:-1], np.diff(points, axis=0)
    share = ((at - a) * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1e-12)
    return float(np.linalg.norm(a + np.clip(share, 0.0, 1.0)[:, None] * way - at, axis=1).min())
