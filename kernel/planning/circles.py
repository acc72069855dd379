"""Circles: filaments that each stand in the way of the other. One of them is cut at a contact, so that its pieces can be printed
before and after the other; where no contact lies between, no order avoids the hit, and the plan says so.

A filament in a circle has stretches that must come early (printing them later would hit a partner) and stretches that must come late
(they would be hit while a partner is printed). It is cut where the one ends and the other begins: at a contact with a third filament,
if there is one, which holds both ends; else beside the contact with the partner that makes the stretch late.

A filament that climbs and falls steeply stands in its own way: whichever way it is printed, the nozzle would run through what it has just
laid. It is cut at its tops and valleys, and every piece printed upwards. Where ends meet in a node, the nozzle at the one would press into the
other: one of them stops short by as much as that takes, less than its width, and still touches.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..filaments import FilamentSet, Floats, Ints
from ..rig import Nozzle
from .nodes import shortened
from .pieces import cut_at
from .precede import LIGHT, PRESS, Conflicts, conflicts, sample_hits, support

#: Rounds of cutting: each cuts one piece of every circle.
ROUNDS = 100

#: How often a part is looked at anew after it was cut.
PASSES = 6

#: A place this far before another is the same, but belongs to the piece before.
_HAIR = 1e-7

#: Where an end is shortened nothing is left that presses deeper than this: samples lie otherwise on the pieces than on the whole.
SHORTEN = 0.16

#: Pairs of up to so many pieces are told apart by flags, which is quicker than sorting.
_FLAGS = 8000

#: What a stretch must do.
_EARLY, _LATE = 1, 2


def uncircled(
    part: FilamentSet, nozzles: list[Nozzle], first_gap_um: float | None = None
) -> tuple[FilamentSet, Ints, Conflicts, int]:
    """A part whose circles are cut where they can be, the filament that each piece comes from, its conflicts, and how many
    filaments were shortened."""
    found = conflicts(part, nozzles, first_gap_um)
    parent = np.arange(len(part))
    drawn_um = _lengths_um(part, parent, len(part))
    # Samples lie otherwise on the pieces than on the whole: what that brings to light is cut in a further pass.
    for _ in range(PASSES):
        group = circles(len(part), found.edges(PRESS))
        both_ways = (found.forward > PRESS) & (found.backward > PRESS)
        members = np.flatnonzero((np.bincount(group)[group] > 1) | both_ways)
        if not len(members):
            break
        cuts = _Cuts(part, nozzles, group, members, first_gap_um)
        where = cuts.places()
        if not len(where):
            break
        pieces, of = cut_at(part, where)
        kept = np.flatnonzero(~np.isin(np.sort(np.concatenate([part.offsets[:-1], where])), cuts.dropped))
        part, parent = pieces.take(kept), parent[of[kept]]
        found = conflicts(part, nozzles, first_gap_um)
    shorter = drawn_um - _lengths_um(part, parent, len(drawn_um)) > 1e-6 * drawn_um
    return part, parent, found, int(shorter.sum())


def _lengths_um(part: FilamentSet, parent: Ints, count: int) -> Floats:
    """Length of what is printed of every filament, [count]."""
    points, (first, owner) = part.state("wet").points_um, part.segments()
    step = np.linalg.norm(points[first + 1] - points[first], axis=1)
    lengths: Floats = np.bincount(parent[owner], step, count).astype(np.float64)
    return lengths


def circles(count: int, edges: Ints) -> Ints:
    """Number of the circle of every node, int64[N]; nodes in none have a number of their own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    label: Ints = connected_components(graph, connection="strong")[1].astype(np.int64)
    return label


def light_edges(count: int, found: Conflicts) -> Ints:
    """Every conflict that an order can respect: the deep ones, and of the light ones those that make no circle."""
    edges, deep = found.edges(LIGHT), found.depth[found.depth > LIGHT] > PRESS
    if deep.all():
        return edges
    group = circles(count, edges)
    kept: Ints = edges[deep | (group[edges[:, 0]] != group[edges[:, 1]])]
    return kept


class _Cuts:
    """Places of a part at which circles are cut. Hits are looked up once, for filaments; pieces are stretches of places between cuts."""

    def __init__(
        self, part: FilamentSet, nozzles: list[Nozzle], group: Ints, members: Ints, first_gap_um: float | None
    ) -> None:
        self.part = part
        self.touching = np.sort(support(part).place, axis=None)
        some = part.take(members)
        shift = part.offsets[:-1][members] - some.offsets[:-1]
        by, of, depth = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
        for nozzle in nozzles:
            for hit in sample_hits(some, nozzle, first_gap_um):
                one, two = members[hit.by_filament], members[hit.of_filament]
                keep = (group[one] == group[two]) & (hit.depth > SHORTEN)
                by.append((hit.by_place + shift[hit.by_filament])[keep])
                of.append((hit.of_place + shift[hit.of_filament])[keep])
                depth.append(hit.depth[keep])
        # All that an end must be rid of where it is shortened; those that a circle is made of.
        self.all_by, self.all_of = np.concatenate(by), np.concatenate(of)
        deep = np.concatenate(depth) > PRESS
        self.by, self.of = self.all_by[deep], self.all_of[deep]
        self.dropped: list[float] = []

    def places(self) -> Floats:
        """Where to cut; stretches that begin at `dropped` are left out."""
        begins = self.part.offsets[:-1].astype(np.float64)
        bounds = begins
        for _ in range(ROUNDS):
            new = self._round(bounds)
            if not new:
                break
            self._double(np.array(new))
            bounds = np.unique(np.concatenate([bounds, new]))
        return np.setdiff1d(bounds, begins)

    def _double(self, cuts: Floats) -> None:
        """What lies at a cut is the end of one piece and the beginning of the other."""
        for one, other in ((self.by, self.of), (self.of, self.by)):
            at = np.isin(one, cuts)
            ends, rest = one[at] - _HAIR, other[at]
            by, of = (ends, rest) if one is self.by else (rest, ends)
            self.by, self.of = np.concatenate([self.by, by]), np.concatenate([self.of, of])

    def _round(self, bounds: Floats) -> list[float]:
        """Cuts of one piece of every circle: of the one that takes the fewest, of these the longest. First of those that hit themselves
        either way round, between the stretches that may only be printed the one way and those the other."""
        count = len(bounds)
        one = np.searchsorted(bounds, self.by, "right") - 1
        two = np.searchsorted(bounds, self.of, "right") - 1
        own = one == two
        ahead = 1 + (self.of > self.by)[own]
        ways = np.zeros(count, np.int64)
        np.bitwise_or.at(ways, one[own], ahead)
        steep = ways[one[own]] == 3
        marks = _marks(one[own][steep], self.by[own][steep], ahead[steep])
        tops = [at for i in sorted(marks) for at in self._turning(i, bounds, *marks[i])]
        if tops:
            return tops
        pairs = _distinct((one * count + two)[~own], count)
        group = circles(count, np.stack([pairs // count, pairs % count], axis=1))
        trims = self._trims(bounds, pairs[group[pairs // count] == group[pairs % count]])
        if trims:
            return trims
        inner = ~own & (group[one] == group[two])
        what = np.repeat([_EARLY, _LATE], int(inner.sum()))
        marks = _marks(
            np.concatenate([one[inner], two[inner]]), np.concatenate([self.by[inner], self.of[inner]]), what
        )
        best: dict[int, tuple[tuple[int, int, float, int], list[float]]] = {}
        for i in sorted(marks):
            cuts, beside, length = self._between(i, bounds, *marks[i])
            rank = (beside, len(cuts), -length, i)
            if cuts and rank < best.get(int(group[i]), ((count, 0, 0.0, 0), []))[0]:
                best[int(group[i])] = (rank, cuts)
        return [at for _, cuts in best.values() for at in cuts]

    def _trims(self, bounds: Floats, pairs: Ints) -> list[float]:
        """Where pieces that meet in a node are each in the other's way: cuts before their ends (nodes.py), whose stretches are added to
        `dropped`. `pairs`: one * len(bounds) + the other, of those that are in circles."""
        count = len(bounds)
        first = np.searchsorted(bounds, self.all_by, "right") - 1
        second = np.searchsorted(bounds, self.all_of, "right") - 1
        # Only those that stand in each other's way.
        mutual = pairs[np.isin(pairs % count * count + pairs // count, pairs)]
        some = np.isin(first * count + second, mutual)
        widths = self.part.state("wet").width_um
        found = shortened(
            first[some], second[some], self.all_by[some], self.all_of[some],
            lambda i: (*self._piece(i, bounds), float(widths[int(bounds[i])])),
        )  # fmt: skip
        if not found:
            return []
        ends = np.append(bounds[1:], np.inf)
        last = self.part.offsets[np.searchsorted(self.part.offsets, bounds, "right")] - 1.0
        ends = np.minimum(ends, last)
        gone = []
        for i, cut_place, at_head in found:
            begins = float(bounds[i]) if at_head else cut_place
            self.dropped.append(begins)
            gone.append((begins - 2 * _HAIR, cut_place) if at_head else (cut_place, float(ends[i])))
        stretches = np.array(sorted(gone))
        self.by, self.of = _without(self.by, self.of, stretches)
        self.all_by, self.all_of = _without(self.all_by, self.all_of, stretches)
        return [cut_place for _, cut_place, _ in found]

    def _piece(self, i: int, bounds: Floats) -> tuple[Floats, Floats]:
        """Places and positions of the points of a piece, its ends included."""
        first = float(bounds[i])
        last = float(self.part.offsets[np.searchsorted(self.part.offsets, first, "right")]) - 1.0
        if i + 1 < len(bounds):
            last = min(last, float(bounds[i + 1]))
        some = np.unique(np.concatenate([[first], np.arange(np.ceil(first), np.floor(last) + 1), [last]]))
        points = self.part.state("wet").points_um
        low = np.minimum(some.astype(np.int64), len(points) - 2)
        return some, points[low] + (some - low)[:, None] * (points[low + 1] - points[low])

    def _turning(self, i: int, bounds: Floats, at: Floats, what: Ints) -> list[float]:
        """Highest or lowest places of a piece between the stretches that go steeply down one way and those that do the other."""
        places, points = self._piece(i, bounds)
        found = []
        # Around a valley both ways are bad: what counts is the bad way on either side.
        if (what != 3).any():
            at, what = at[what != 3], what[what != 3]
        elif len(at):
            at, what = np.array([places[0], places[-1]]), np.array([1, 2])
        for k in np.flatnonzero(np.diff(what) != 0).tolist():
            inside = (places > at[k]) & (places < at[k + 1])
            some = np.concatenate([at[k : k + 1], places[inside], at[k + 1 : k + 2]])
            height = np.interp(some, places, points[:, 2])
            # Down as it is drawn and then up: the valley between; else the top.
            best = float(some[np.argmin(height) if what[k] == 1 else np.argmax(height)])
            if places[0] < best < places[-1]:
                found.append(best)
        return found

    def _between(self, i: int, bounds: Floats, at: Floats, what: Ints) -> tuple[list[float], int, float]:
        """Places between the early and the late stretches of a piece where it may be cut, how many of them lie at no contact, and its
        length."""
        places, points = self._piece(i, bounds)
        arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        width = float(self.part.state("wet").width_um[int(bounds[i])])
        mine = slice(*np.searchsorted(self.touching, [places[0], np.nextafter(places[-1], np.inf)]))
        contact, where = np.interp(self.touching[mine], places, arc), np.interp(at, places, arc)
        cuts: list[float] = []
        beside = 0
        for k in np.flatnonzero(np.diff(what) != 0).tolist():
            low, high = float(where[k]), float(where[k + 1])
            inside = contact[(contact > low) & (contact < high)]
            late = low if what[k] & _LATE else high
            if len(inside):
                cut = float(inside[np.argmin(np.abs(inside - 0.5 * (low + high)))])
            elif len(contact) and np.abs(contact - late).min() <= 2.0 * width:
                # A little beside the stretch that must wait, so that the end of the early piece is out of the partner's way.
                step = min(0.5 * width, 0.5 * (high - low))
                cut = low + step if late == low else high - step
                beside += 1
            else:
                continue
            if min(cut, arc[-1] - cut) > 0.5 * width:
                cuts.append(float(np.interp(cut, arc, places)))
        return cuts, beside, float(arc[-1])


def _distinct(key: Ints, count: int) -> Ints:
    """Every number below count**2 once, in rising order."""
    if count > _FLAGS:
        return np.unique(key)
    flags = np.zeros(count * count, bool)
    flags[key] = True
    found: Ints = np.flatnonzero(flags)
    return found


def _without(one: Floats, two: Floats, stretches: Floats) -> tuple[Floats, Floats]:
    """Pairs of places neither of which lies within any of `stretches[S,2]`, which follow each other."""
    keep = np.ones(len(one), bool)
    for places in (one, two):
        at = np.searchsorted(stretches[:, 0], places, "right") - 1
        keep &= (at < 0) | (places > stretches[at, 1])
    return one[keep], two[keep]


def _marks(piece: Ints, place: Floats, what: Ints) -> dict[int, tuple[Floats, Ints]]:
    """By piece: its places in rising order, and the bits of `what` that hold at each."""
    found: dict[int, tuple[Floats, Ints]] = {}
    sort = np.lexsort((place, piece))
    piece, place, what = piece[sort], place[sort], what[sort]
    head = np.flatnonzero((np.diff(piece, prepend=-1) != 0) | (np.diff(place, prepend=-1.0) != 0))
    if not len(head):
        return found
    bits = np.bitwise_or.reduceat(what, head)
    piece, place = piece[head], place[head]
    first = np.flatnonzero(np.diff(piece, prepend=-1) != 0)
    for a, b in pairwise([*first.tolist(), len(piece)]):
        found[int(piece[a])] = (place[a:b], bits[a:b])
    return found
