"""Cutting filaments: pieces between places where a decision changes, whole arrays at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import QUANTUM_UM, shares

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Points worked on in one go: bounds the memory that cutting takes beside its result, and stays within a core's cache.
CHUNK_POINTS = 1 << 15

#: Cuts nearer than this to one another or to an end are one: no piece vanishes when paths are rounded.
NEAREST_UM = 2 * QUANTUM_UM


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Filaments while they are being built: `points_um[P,3]`, `offsets int64[F+1]`, `width_um[P]`, `height_um[P]`, and
    per filament rows of tables: `layer`, `material`, `origin` (int64[F]). `share[P]` as in a FilamentSet.
    """

    points_um: Floats
    offsets: Ints
    width_um: Floats
    height_um: Floats
    layer: Ints
    material: Ints
    origin: Ints
    share: Floats | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, keep: npt.NDArray[np.bool_]) -> Lines:
        """The filaments marked in `keep`."""
        if keep.all():
            return self
        counts = np.diff(self.offsets)
        points = np.repeat(keep, counts)
        return Lines(
            self.points_um[points],
            np.concatenate([[0], np.cumsum(counts[keep])]).astype(np.int64),
            self.width_um[points],
            self.height_um[points],
            self.layer[keep],
            self.material[keep],
            self.origin[keep],
            None if self.share is None else self.share[points],
        )

    def part(self, first: int, last: int) -> Lines:
        """Filaments first to last - 1, as views."""
        a, b = self.offsets[first], self.offsets[last]
        return Lines(
            self.points_um[a:b],
            self.offsets[first : last + 1] - a,
            self.width_um[a:b],
            self.height_um[a:b],
            self.layer[first:last],
            self.material[first:last],
            self.origin[first:last],
            None if self.share is None else self.share[a:b],
        )

    def lengths_um(self) -> Floats:
        """Length of every filament, um, [F]."""
        done = [np.empty(0)]
        for some in chunks(self):
            step = np.diff(some.points_um, axis=0)
            along = np.append(np.sqrt(np.einsum("ij,ij->i", step, step)), 0.0)
            along[some.offsets[1:] - 1] = 0.0
            done.append(np.add.reduceat(along, some.offsets[:-1]))
        return np.concatenate(done)

    def spans_um(self) -> Floats:
        """From the first point to the last of every filament, um, [F]: never more than its length."""
        gap = self.points_um[self.offsets[1:] - 1] - self.points_um[self.offsets[:-1]]
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", gap, gap)))


def concatenate(parts: list[Lines]) -> Lines:
    """All filaments of `parts` (at least one), in order; their tables are shared."""
    if len(parts) == 1:
        return parts[0]
    counts = np.concatenate([np.diff(p.offsets) for p in parts])
    return Lines(
        np.concatenate([p.points_um for p in parts]),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([p.width_um for p in parts]),
        np.concatenate([p.height_um for p in parts]),
        np.concatenate([p.layer for p in parts]),
        np.concatenate([p.material for p in parts]),
        np.concatenate([p.origin for p in parts]),
        shares([p.share for p in parts], [len(p.points_um) for p in parts]),
    )


def gather(parts: list[Lines]) -> Lines:
    """`concatenate` of parts that are not needed any more: they are taken out of the list, column by column, so that never
    more than one column is held twice."""
    if len(parts) == 1:
        return parts.pop()
    counts = np.concatenate([np.diff(p.offsets) for p in parts])
    names = ("points_um", "width_um", "height_um", "layer", "material", "origin")
    columns = {name: [getattr(p, name) for p in parts] for name in names}
    parts.clear()
    whole = {name: np.concatenate(columns.pop(name)) for name in names}
    return Lines(offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), **whole)


def chunks(lines: Lines) -> Iterator[Lines]:
    """The filaments in order, in pieces of about CHUNK_POINTS points."""
    if lines.offsets[-1] <= CHUNK_POINTS:
        if len(lines):
            yield lines
        return
    at = 0
    while at < len(lines):
        until = int(np.searchsorted(lines.offsets, lines.offsets[at] + CHUNK_POINTS, side="right")) - 1
        until = max(at + 1, until)
        yield lines.part(at, until)
        at = until


@dataclass(frozen=True, slots=True, eq=False)
class Subdivision:
    """Filaments with nodes put in at possible cuts. Bits run between neighbouring nodes of one filament: `first[B]` is
    the node at which a bit starts, `owner[B]` its filament, `middle_um[B,3]`, `length_um[B]`.

    `nodes_um[N,3]`, `original bool[N]` (a point of the filament, not a cut), and for every node the point before it
    (`before[N]`) and the part of the way to the next one (`way[N]`), by which widths are interpolated.
    """

    nodes_um: Floats
    original: npt.NDArray[np.bool_]
    before: Ints
    way: Floats
    first: Ints
    owner: Ints
    middle_um: Floats
    length_um: Floats


#: (start[S,3], step[S,3]) of segments -> (segment, t) where a decision may change.
Cuts = Callable[[Floats, Floats], tuple[Ints, Floats]]


def subdivide(lines: Lines, cuts: Cuts) -> Subdivision:
    """Puts nodes in where `cuts` says so."""
    p = len(lines.points_um)
    inner = np.ones(p, dtype=bool)
    inner[lines.offsets[1:] - 1] = False
    first = np.flatnonzero(inner)
    start = lines.points_um[first]
    step = lines.points_um[first + 1] - start
    length = np.sqrt(np.einsum("ij,ij->i", step, step))
    segment, t = _distinct(*cuts(start, step), length)

    extra = np.zeros(p + 1, dtype=np.int64)
    np.add.at(extra, first[segment] + 1, 1)
    place = np.arange(p) + np.cumsum(extra)[:p]
    rank = np.arange(len(segment)) - np.searchsorted(segment, segment)
    cut_place = place[first[segment]] + 1 + rank

    n = p + len(segment)
    nodes, before, way = np.empty((n, 3)), np.empty(n, dtype=np.int64), np.zeros(n)
    nodes[place], before[place] = lines.points_um, np.arange(p)
    nodes[cut_place] = start[segment] + t[:, None] * step[segment]
    before[cut_place], way[cut_place] = first[segment], t
    original = np.zeros(n, dtype=bool)
    original[place] = True

    last = np.zeros(n, dtype=bool)
    last[place[lines.offsets[1:] - 1]] = True
    bit = np.flatnonzero(~last)
    gap = nodes[bit + 1] - nodes[bit]
    owner_of_node = np.repeat(np.arange(len(lines)), np.diff(np.append(place[lines.offsets[:-1]], n)))
    return Subdivision(
        nodes,
        original,
        before,
        way,
        bit,
        owner_of_node[bit],
        (nodes[bit] + nodes[bit + 1]) / 2,
        np.sqrt(np.einsum("ij,ij->i", gap, gap)),
    )


def _distinct(segment: Ints, t: Floats, length: Floats) -> tuple[Ints, Floats]:
    """Cuts in order along the filaments, without those that coincide with another or with an end of their segment."""
    along = t * length[segment]
    clear = (along > NEAREST_UM) & (length[segment] - along > NEAREST_UM)
    segment, t, along = segment[clear], t[clear], along[clear]
    order = np.lexsort((t, segment))
    segment, t, along = segment[order], t[order], along[order]
    while len(segment):
        near = np.zeros(len(segment), dtype=bool)
        near[1:] = (np.diff(segment) == 0) & (np.diff(along) <= NEAREST_UM)
        # Of a run of near ones every second goes, until none is left: the first of a run always stays.
        near[1:] &= ~near[:-1]
        if not near.any():
            break
        segment, t, along = segment[~near], t[~near], along[~near]
    return segment, t


def reassemble(lines: Lines, cut: Subdivision, decision: Ints) -> tuple[Lines, Ints]:
    """Pieces of one decision each, [B] to pieces: those below 0 are left out. Returns the pieces and their decisions."""
    if not len(decision):
        return lines.part(0, 0), decision
    begins = np.ones(len(decision), dtype=bool)
    begins[1:] = (np.diff(cut.owner) != 0) | (np.diff(decision) != 0)
    ends = np.append(begins[1:], True)
    kept = decision >= 0
    # A bit gives its start node where a piece begins or a point of the filament lies, and its end node where a piece ends.
    gives_start = kept & (begins | cut.original[cut.first])
    gives_end = kept & ends
    per_bit = gives_start.astype(np.int64) + gives_end
    total = int(per_bit.sum())
    at = np.cumsum(per_bit) - per_bit
    node = np.empty(total, dtype=np.int64)
    node[at[gives_start]] = cut.first[gives_start]
    node[(at + gives_start)[gives_end]] = cut.first[gives_end] + 1

    starts = np.flatnonzero(begins & kept)
    piece_of_bit = np.cumsum(begins & kept) - 1
    counts = np.bincount(piece_of_bit[kept], weights=per_bit[kept], minlength=len(starts)).astype(np.int64)
    source = cut.owner[starts]
    before, way = cut.before[node], cut.way[node]

    def between(values: Floats) -> Floats:
        after = values[np.minimum(before + 1, len(values) - 1)]
        return values[before] + np.where(way > 0, way * (after - values[before]), 0.0)

    joined = _rings(lines, cut, starts, decision, node, counts)
    if joined is not None:
        order, counts, stay = joined
        node, starts = node[order], starts[stay]
        source, before, way = source[stay], before[order], way[order]
    out = Lines(
        cut.nodes_um[node],
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        between(lines.width_um),
        between(lines.height_um),
        lines.layer[source],
        lines.material[source],
        lines.origin[source],
        None if lines.share is None else between(lines.share),
    )
    return out, decision[starts]


def _rings(
    lines: Lines, cut: Subdivision, starts: Ints, decision: Ints, node: Ints, counts: Ints
) -> tuple[Ints, Ints, npt.NDArray[np.bool_]] | None:
    """Of closed filaments that were cut: the last piece and the first are one, where they are of one decision, because
    where a ring was begun is no boundary. Returns (order of the nodes, points of each piece, pieces that stay).
    """
    p, a, b = lines.points_um, lines.offsets[:-1], lines.offsets[1:] - 1
    closed = (p[a] == p[b]).all(axis=1)
    if not closed.any() or not len(starts):
        return None
    source = cut.owner[starts]
    last_node = np.cumsum(counts) - 1
    first_node = last_node - counts + 1
    at_start = cut.original[node[first_node]] & (cut.before[node[first_node]] == a[source])
    at_end = cut.original[node[last_node]] & (cut.before[node[last_node]] == b[source])
    heads = np.flatnonzero(closed[source] & at_start & ~at_end)
    tails = np.flatnonzero(closed[source] & at_end & ~at_start)
    tail_of = np.full(len(lines), -1, dtype=np.int64)
    tail_of[source[tails]] = tails
    partner = tail_of[source[heads]]
    same = (partner >= 0) & (decision[starts[heads]] == decision[starts[partner]])
    heads, partner = heads[same], partner[same]
    if not len(heads):
        return None
    # The head's nodes, but for its first, go behind those of its tail.
    rank = np.arange(len(starts))
    rank[heads] = partner
    piece = np.repeat(np.arange(len(starts)), counts)
    late = np.zeros(len(starts), dtype=bool)
    late[heads] = True
    drop = np.zeros(len(node), dtype=bool)
    drop[first_node[heads]] = True
    order = np.lexsort((late[piece], rank[piece]))
    order = order[~drop[order]]
    stay = ~late
    counts = counts.copy()
    counts[partner] += counts[heads] - 1
    return order, counts[stay], stay
