"""Circles: filaments that each stand in the way of the other. One of them is cut at a contact, so that its pieces can be printed
before and after the other; where no contact lies between, no order avoids the hit, and the plan says so.

A filament in a circle has stretches that must come early (printing them later would hit a partner) and stretches that must come late
(they would be hit while a partner is printed). It is cut where the one ends and the other begins: at a contact with a third filament,
if there is one, which holds both ends; else beside the contact with the partner that makes the stretch late.

A filament that climbs and falls steeply stands in its own way: whichever way it is printed, the nozzle would run through what it has just
laid. It is cut at its tops and valleys, and every piece printed upwards.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .filaments import FilamentSet, Floats, Ints
from .pieces import cut_at
from .precede import LIGHT, PRESS, Conflicts, Support, conflicts, sample_hits, support
from .rig import Nozzle

Bools = npt.NDArray[np.bool_]

#: Rounds of cutting: each cuts one filament of every circle.
ROUNDS = 24

#: What a stretch must do.
_EARLY, _LATE = 1, 2


def uncircled(part: FilamentSet, nozzles: list[Nozzle]) -> tuple[FilamentSet, Ints, Conflicts]:
    """A part whose circles are cut where they can be, the filament that each piece comes from, and its conflicts."""
    parent = np.arange(len(part))
    found = conflicts(part, nozzles)
    for _ in range(ROUNDS):
        group = circles(len(part), found.edges(PRESS))
        both_ways = (found.forward > PRESS) & (found.backward > PRESS)
        members = np.flatnonzero((np.bincount(group)[group] > 1) | both_ways)
        if not len(members):
            break
        where = _cuts(part, nozzles, group, members, both_ways)
        if not len(where):
            break
        part, came = cut_at(part, where)
        parent = parent[came]
        found = conflicts(part, nozzles)
    return part, parent, found


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


def _cuts(part: FilamentSet, nozzles: list[Nozzle], group: Ints, members: Ints, both_ways: Bools) -> Floats:
    """Places at which to cut one filament of every circle: the one that takes the fewest cuts, of these the longest. First those that
    hit themselves `both_ways` round, between the stretches that may only be printed the one way and those the other."""
    some = part.take(members)
    rests = support(part)
    shift = part.offsets[:-1][members] - some.offsets[:-1]
    label: dict[int, dict[float, int]] = {}
    steep: dict[int, dict[float, int]] = {}
    for nozzle in nozzles:
        for hit in sample_hits(some, nozzle):
            own = (
                (hit.by_filament == hit.of_filament)
                & both_ways[members[hit.by_filament]]
                & (hit.depth > PRESS)
            )
            ahead = 1 + (hit.of_place > hit.by_place)[own]
            _mark(steep, members[hit.by_filament[own]], (hit.by_place + shift[hit.by_filament])[own], ahead)
            by, of = members[hit.by_filament], members[hit.of_filament]
            keep = (by != of) & (group[by] == group[of]) & (hit.depth > PRESS)
            _mark(label, by[keep], (hit.by_place + shift[hit.by_filament])[keep], _EARLY)
            _mark(label, of[keep], (hit.of_place + shift[hit.of_filament])[keep], _LATE)
    tops = [_turning(part, i, steep[i]) for i in sorted(steep)]
    if any(tops):
        return np.array(sorted(at for places in tops for at in places))
    best: dict[int, tuple[tuple[float, float, int], list[float]]] = {}
    wet = part.state("wet")
    for i in sorted(label):
        cuts = _between(part, i, label[i], rests)
        if not cuts:
            continue
        points = wet.points_um[part.offsets[i] : part.offsets[i + 1]]
        length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
        rank = (float(len(cuts)), -length, i)
        circle = int(group[i])
        if circle not in best or rank < best[circle][0]:
            best[circle] = (rank, cuts)
    return np.array(sorted(at for _, cuts in best.values() for at in cuts))


def _mark(label: dict[int, dict[float, int]], filament: Ints, place: Floats, what: npt.ArrayLike) -> None:
    """Add to what is known of places of filaments."""
    rows = np.stack([filament.astype(np.float64), place, np.broadcast_to(what, place.shape)], axis=1)
    for i, at, bits in np.unique(rows, axis=0).tolist():
        marks = label.setdefault(int(i), {})
        marks[at] = marks.get(at, 0) | int(bits)


def _turning(part: FilamentSet, i: int, marks: dict[float, int]) -> list[float]:
    """Highest or lowest places of filament i between the stretches that go steeply down one way and those that do the other."""
    first, last = int(part.offsets[i]), int(part.offsets[i + 1]) - 1
    z = part.state("wet").points_um[:, 2]
    at = np.array(sorted(marks))
    what = np.array([marks[a] for a in at.tolist()])
    places = []
    for k in np.flatnonzero(np.diff(what) != 0).tolist():
        low, high = at[k], at[k + 1]
        some = np.concatenate([[low], np.arange(np.ceil(low), np.floor(high) + 1), [high]])
        height = np.interp(some, np.arange(first, last + 1), z[first : last + 1])
        # Down as it is drawn and then up: the valley between; else the top.
        best = float(some[np.argmin(height) if what[k] == 1 else np.argmax(height)])
        if first < best < last:
            places.append(best)
    return places


def _between(part: FilamentSet, i: int, marks: dict[float, int], rests: Support) -> list[float]:
    """Places between the early and the late stretches of filament i where it may be cut."""
    wet = part.state("wet")
    first, last = int(part.offsets[i]), int(part.offsets[i + 1]) - 1
    points = wet.points_um[first : last + 1]
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    width = float(wet.width_um[first : last + 1].max())

    def along(place: Floats) -> Floats:
        distance: Floats = np.interp(place, np.arange(first, last + 1), arc)
        return distance

    mine = [rests.place[rests.touching[:, s] == i, s] for s in (0, 1)]
    contact = np.sort(along(np.concatenate(mine)))
    at = np.array(sorted(marks))
    what = np.array([marks[a] for a in at.tolist()])
    where = along(at)
    cuts: list[float] = []
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
        else:
            continue
        if min(cut, arc[-1] - cut) > 0.5 * width:
            cuts.append(float(np.interp(cut, arc, np.arange(first, last + 1))))
    return cuts
