"""Order of writing: from the substrate up, each piece at what is written already, so that nothing floats in the resin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..figures.contacts import contacts_of, find_contacts, level_rods
from ..figures.touches import Touches, touches
from ..filaments import QUANTUM_UM, FilamentSet, Floats, Ints
from .blocks import Pieces
from .sections import ranges
from .settings import Settings

Bools = npt.NDArray[np.bool_]

#: Beyond so many contacts they are not listed (64 bytes each): such parts are written by height alone.
MOST_CONTACTS = 5_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Which struts touch: `one`, `two` int64[E] with the places `at1`, `at2` (parts of the way along), and `grounded bool[F]`, those
    whose voxels reach the substrate: down to `floor_um`. `fused bool[F]`: struts that run into a neighbour of their layer, the worst of
    them by `gap_um` (below 0), the struts `pair`. `carried bool[F]`, where there are too many contacts to list: those that
    rest on something; None otherwise."""

    one: Ints
    two: Ints
    at1: Floats
    at2: Floats
    grounded: Bools
    floor_um: float
    fused: Bools
    gap_um: float
    pair: tuple[int, int] | None
    carried: Bools | None = None


def graph_of(filaments: FilamentSet, how: Settings) -> Graph:
    """Contacts of what stands, and what holds it to the substrate."""
    s = filaments.state("wet")
    low = np.minimum.reduceat(s.points_um[:, 2] - 0.5 * upright_um(filaments), filaments.offsets[:-1])
    # Axes are rounded to the quantum; what lies on the substrate does so still.
    floor = how.interface + QUANTUM_UM
    if level_rods(filaments, s) is None:
        return _of_touches(touches(filaments, s), low, floor, filaments)
    found = contacts_of(filaments, "wet")
    fused, gap = found.fused_of > 0, found.layer_gap_um
    pair = found.layer_nearest if fused.any() else None
    if found.contacts + found.joints > MOST_CONTACTS:
        none = np.zeros(0, np.int64)
        return Graph(
            none, none, np.zeros(0), np.zeros(0), low <= floor, floor, fused, gap, pair, found.carried
        )
    places = find_contacts(filaments, "wet", pairs=True).places
    columns = [
        np.concatenate([np.zeros(0), *(getattr(p, name) for p in places)])
        for name in ("one", "two", "part1", "part2")
    ]
    one, two = columns[0].astype(np.int64), columns[1].astype(np.int64)
    return Graph(one, two, columns[2], columns[3], low <= floor, floor, fused, gap, pair)


def _of_touches(t: Touches, low: Floats, floor: float, filaments: FilamentSet) -> Graph:
    """The graph of struts that bend or climb. Those of one layer that run along each other are fused, but for ends that meet."""
    fused = np.zeros(len(filaments), bool)
    # Of every two struts the place where they lie deepest in each other.
    pair_of = np.minimum(t.one, t.two) * len(filaments) + np.maximum(t.one, t.two)
    order = np.lexsort((t.clear_um, pair_of))
    deepest = np.zeros(len(order), bool)
    deepest[order[np.flatnonzero(np.diff(pair_of[order], prepend=-1))]] = True
    mine = np.flatnonzero(deepest & t.along & ~t.ends & (filaments.layer[t.one] == filaments.layer[t.two]))
    fused[t.one[mine]] = fused[t.two[mine]] = True
    gap, pair = np.inf, None
    if len(mine):
        worst = mine[np.argmin(t.clear_um[mine])]
        gap, pair = float(t.clear_um[worst]), (int(t.one[worst]), int(t.two[worst]))
    return Graph(t.one, t.two, t.part1, t.part2, low <= floor, floor, fused, gap, pair)


def upright_um(filaments: FilamentSet) -> Floats:
    """How high the section of a strut is at each point, vertically: of a vertical strut nothing, [P]."""
    from .sections import tangents

    s = filaments.state("wet")
    climb = tangents(filaments, s.points_um)[0][:, 2]
    return np.asarray(s.height_um * np.sqrt(np.maximum(1.0 - climb**2, 0.0)))


def afloat(graph: Graph) -> Bools:
    """Struts from which no way along touching struts leads to the substrate, [F]."""
    n = len(graph.grounded)
    if graph.carried is not None:
        return ~(graph.carried | graph.grounded)
    return np.asarray(np.isinf(_bottleneck(np.zeros(n), graph.grounded, _Edges(n, graph.one, graph.two))))


def order_of(filaments: FilamentSet, pieces: Pieces, graph: Graph) -> tuple[Ints, Bools]:
    """Pieces in the order of writing int64[N], and which of them touch nothing when they are written, [N].

    Block by block; in a block what can be reached from the substrate, or from the blocks before, without climbing higher than need
    be comes first. Among equals lines of one direction follow each other from side to side.
    """
    n = len(pieces)
    z = filaments.state("wet").points_um[:, 2]
    at = pieces.at(z)
    low = np.minimum.reduceat(at, pieces.offsets[:-1])
    high = np.maximum.reduceat(at, pieces.offsets[:-1])
    key = np.round(0.5 * (low + high), 3)
    one, two = _between_pieces(pieces, graph)
    seed = (
        np.minimum.reduceat(at - 0.5 * pieces.at(upright_um(filaments)), pieces.offsets[:-1])
        <= graph.floor_um
    )
    earlier = pieces.block[one] != pieces.block[two]
    later = np.where(pieces.block[one] > pieces.block[two], one, two)[earlier]
    seed[later] = True
    edges = _Edges(n, one[~earlier], two[~earlier])
    level = _bottleneck(key, seed, edges)
    hop = _hops(level, seed, edges)
    if graph.carried is not None:
        level = key
    # What hangs whatever the order comes last in its block, from below.
    floats = np.isinf(level)
    hop[floats] = 0
    last = np.where(floats, key, 0.0)
    group, across, along = _sweep(filaments, pieces)
    order = np.lexsort((along, across, group, last, hop, level, pieces.block))
    return order, floats


class _Edges:
    """Both directions of every contact, by the node they lead away from."""

    def __init__(self, n: int, one: Ints, two: Ints) -> None:
        source, target = np.concatenate([one, two]), np.concatenate([two, one])
        order = np.argsort(source, kind="stable")
        self.target = target[order]
        self.first = np.searchsorted(source[order], np.arange(n + 1))

    def away(self, nodes: Ints) -> tuple[Ints, Ints]:
        """(node, neighbour) of every contact of `nodes`."""
        counts = self.first[nodes + 1] - self.first[nodes]
        return np.repeat(nodes, counts), self.target[ranges(self.first[nodes], counts)]


def _bottleneck(key: Floats, seed: Bools, edges: _Edges) -> Floats:
    """For every node the least height that a way from a seed to it has to climb to: its own or that of the way; inf where there is
    no way."""
    level = np.where(seed, key, np.inf)
    front = np.flatnonzero(seed)
    while len(front):
        a, b = edges.away(front)
        offered = np.maximum(level[a], key[b])
        better = offered < level[b]
        np.minimum.at(level, b[better], offered[better])
        front = np.unique(b[better])
    return level


def _hops(level: Floats, seed: Bools, edges: _Edges) -> Ints:
    """Steps from each node to the nearest that stands when its level begins, over nodes of the same level."""
    a, b = edges.away(np.arange(len(level)))
    held = seed.copy()
    held[b[level[a] < level[b]]] = True
    hop = np.where(held, 0, np.iinfo(np.int64).max // 2)
    front = np.flatnonzero(held)
    while len(front):
        a, b = edges.away(front)
        better = (level[a] == level[b]) & (hop[a] + 1 < hop[b])
        np.minimum.at(hop, b[better], hop[a[better]] + 1)
        front = np.unique(b[better])
    return np.asarray(hop)


def _between_pieces(pieces: Pieces, graph: Graph) -> tuple[Ints, Ints]:
    """Pieces that touch: where their struts do, and those that follow each other along one strut."""
    total = np.zeros(len(graph.grounded))
    np.maximum.at(total, pieces.strut, pieces.end_um)
    far = float(total.max(initial=0.0)) * 2.0 + 1.0
    key = pieces.begin_um + pieces.strut * far
    first = np.searchsorted(pieces.strut, np.arange(len(total)))

    def piece(strut: Ints, part: Floats) -> Ints:
        found = np.searchsorted(key, part * total[strut] + strut * far + 1e-9, "right") - 1
        return np.asarray(np.maximum(found, first[strut]))

    next_ = np.flatnonzero(pieces.strut[1:] == pieces.strut[:-1])
    one = np.concatenate([piece(graph.one, graph.at1), next_])
    two = np.concatenate([piece(graph.two, graph.at2), next_ + 1])
    return one, two


def _sweep(filaments: FilamentSet, pieces: Pieces) -> tuple[Ints, Floats, Floats]:
    """Direction of each piece seen from above (a whole number), its place across that direction, and along it."""
    points = pieces.at(filaments.state("wet").points_um)
    a, b = points[pieces.offsets[:-1]], points[pieces.offsets[1:] - 1]
    step, middle = b - a, 0.5 * (a + b)
    turn = np.mod(np.arctan2(step[:, 1], step[:, 0]) + 1e-9, np.pi) - 1e-9
    group = np.rint(turn * 1e6).astype(np.int64)
    unit = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    across = np.round(unit[:, 0] * middle[:, 1] - unit[:, 1] * middle[:, 0], 6)
    along = np.round(np.einsum("ij,ij->i", unit, middle[:, :2]), 6)
    return group, across, along
