"""The skeleton of a part: nodes on filaments where they are bonded, bend or end, and the beams and bonds between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State, Ties
from ..scene import StateName
from .beams import sides
from .bonds import REACH, Bonds, arc_lengths, find_bonds
from .refine import refined

#: Bonds nearer to a node than this many widths hold on to it by a stiff arm: over so short a stretch no filament is slender.
ARM = 0.6

#: Bonds hold as the patch on which two round filaments touch, 1 - (distance / width)^2, against that at this distance.
USUAL = 0.8

#: Bonds that hold less than this are none.
LEAST = 1e-3

#: Axes nearer than this part of a width meet.
MEET = 0.2

#: A path has nodes at those of its points where it has turned by this much since the last one, rad, or has gone on for so
#: many widths, but none nearer than so many. Points between nodes are carried along by the beam.
TURNED, FAR, SPACING = 0.15, 2.0, 0.15

#: A turn at one point that is a corner, rad.
SHARP = 0.262

#: Points as near as this to where a node was are that node, um: a few quanta of paths.
SNAP_UM = 5e-3


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """N nodes on filaments and the beams between them, for a part as drawn.

    `part`: the drawn filaments with a point added at every node; `added bool[P]` marks those. `node_point[N]`: the point
    that a node is; `filament[N]`. `before[P]`, `after[P]`: nodes between which a point lies (equal where it is a node,
    or where its filament has only one). `beams[E,2]`: pairs of nodes that follow each other on a filament.
    """

    part: FilamentSet
    added: npt.NDArray[np.bool_]
    node_point: Ints
    filament: Ints
    before: Ints
    after: Ints
    beams: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Pegs:
    """B bonds between nodes: `nodes[B,2]`, and `arms_um[B,2,3]` from each node to where the bond is, in the wet state.

    `meet bool[B]`: axes that meet there. `sides[B,3]`: what a bond may call sideways. `hold[B]`: how well it holds, from 1 to 0 for filaments that barely touch:
    without it a hair's breadth would decide. `segment[B,2]`, `t[B,2]`: the places that are bonded.
    """

    nodes: Ints
    arms_um: Floats
    sides: Floats
    hold: Floats
    segment: Ints
    t: Floats
    meet: npt.NDArray[np.bool_]


def skeleton(
    filaments: FilamentSet,
    drawn: StateName,
    afresh: bool = False,
    anchored: npt.NDArray[np.bool_] | None = None,
) -> Skeleton:
    """Nodes at the ends, bends and bonds of filaments as drawn, and at the points `anchored bool[P]`; those of a wet state
    that was found are where they were, and with `afresh` also where it is bonded now."""
    state = filaments.state(drawn)
    ties = filaments.ties if drawn == "wet" else None
    p, owner = filaments.point_count, filaments.owner()
    arc = arc_lengths(filaments, state)
    end = np.zeros(p, dtype=bool)
    end[filaments.offsets[:-1]] = end[filaments.offsets[1:] - 1] = True
    segment, t = np.zeros(0, dtype=np.int64), np.zeros(0)
    if ties is None:
        own = end | _turned(state, filaments, arc, owner)
    else:
        own, segment, t = _as_before(filaments, arc, owner, ties)
        own |= end
    if anchored is not None:
        own |= anchored
    if ties is None or afresh:
        bonds = find_bonds(filaments, state)
        at = np.concatenate([np.flatnonzero(own), segment])
        share = np.concatenate([np.zeros(int(own.sum())), t])
        more, u = _between(owner, arc, state.width_um, at, share, bonds.segment.ravel(), bonds.t.ravel())
        segment, t = np.concatenate([segment, more]), np.concatenate([t, u])
    of = np.concatenate([owner, owner[segment]])
    where = np.concatenate([arc, arc[segment] + t * (arc[segment + 1] - arc[segment])])
    order = np.lexsort((where, of))
    part = refined(filaments, drawn, segment, t, order)
    node = np.concatenate([own, np.ones(len(segment), dtype=bool)])[order]
    number = np.cumsum(node) - 1
    node_point = np.flatnonzero(node)
    nodes_of = of[order][node_point]
    before = number.copy()
    after = np.minimum(number + ~node, len(node_point) - 1)
    along = np.flatnonzero(nodes_of[:-1] == nodes_of[1:])
    points = state.points_um if len(segment) == 0 else part.state(drawn).points_um
    gap = points[node_point[along + 1]] - points[node_point[along]]
    along = along[np.einsum("ij,ij->i", gap, gap) > 0.0]
    return Skeleton(
        part, order >= p, node_point, nodes_of, before, after, np.stack([along, along + 1], axis=1)
    )


def _as_before(
    part: FilamentSet, arc: Floats, owner: Ints, ties: Ties
) -> tuple[npt.NDArray[np.bool_], Ints, Floats]:
    """Points bool[P] that are nodes of `ties`, and the places of those that are none."""
    f = ties.node_filament
    place = ties.node_share * arc[part.offsets[f + 1] - 1]
    stride = 2.0 * float(arc.max(initial=0.0)) + 1.0
    near = _nearest(owner * stride + arc, f * stride + place)
    there = (owner[near] == f) & (np.abs(arc[near] - place) <= SNAP_UM)
    own = np.zeros(part.point_count, dtype=bool)
    own[near[there]] = True
    segment, t = _located(part, arc, f[~there], place[~there])
    return own, segment, t


def _between(
    owner: Ints, arc: Floats, width: Floats, own: Ints, own_t: Floats, segment: Ints, t: Floats
) -> tuple[Ints, Floats]:
    """Where nodes are added: in the middle of every cluster of bonds that no node at the places `own`, `own_t` is near to."""
    of = owner[segment]
    place = arc[segment] + t * (arc[segment + 1] - arc[segment])
    stride = 2.0 * float(arc.max(initial=0.0)) + 1.0
    there = arc[own] + own_t * (arc[np.minimum(own + 1, len(arc) - 1)] - arc[own])
    order = np.lexsort((there, owner[own]))
    own, there = own[order], there[order]
    near = _nearest(owner[own] * stride + there, of * stride + place)
    far = np.abs(there[near] - place) > ARM * width[segment]
    far |= owner[own[near]] != of
    segment, t, place, of = segment[far], t[far], place[far], of[far]
    order = np.lexsort((place, of))
    segment, t, place, of = segment[order], t[order], place[order], of[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(of) != 0) | (np.diff(place) > ARM * width[segment[1:]])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(order))[: len(first)] - 1
    # Exactly in the middle of a cluster of two places on one segment; else at the place nearest to the middle.
    middle = 0.5 * (place[first] + place[last])
    at = np.where(place[last] - middle < middle - place[first], last, first) if len(first) else first
    same = segment[first] == segment[last]
    return segment[at], np.where(same, 0.5 * (t[first] + t[last]), t[at])


def _nearest(sorted_keys: Floats, keys: Floats) -> Ints:
    """Index of the entry of `sorted_keys` that is nearest to each of `keys`."""
    right = np.clip(np.searchsorted(sorted_keys, keys), 1, max(len(sorted_keys) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(sorted_keys) - 1)
    nearer: Ints = np.where(keys - sorted_keys[left] <= sorted_keys[right] - keys, left, right)
    return nearer


def find_pegs(k: Skeleton, wet: State, meant: Ints | None = None) -> Pegs:
    """The bonds of the skeleton's part in the wet state `wet`, each held by the nearest node of either filament.

    With `meant` only those of the pairs of filaments whose keys (see pair_keys) are in it.

    Filaments along each other are bonded at the nodes of one of them, so that the places do not jump from search to
    search.
    """
    bonds = find_bonds(k.part, wet, every=True)
    if meant is not None:
        bonds = bonds.take(np.isin(pair_keys(k.part, bonds), meant))
    segment, t = bonds.segment, bonds.t
    if bonds.along.any():
        cross = np.flatnonzero(~bonds.along)
        owner = k.part.owner()
        one, other, share = _along(k, wet, owner, segment[bonds.along])
        node = k.node_point[one]
        last = node == k.part.offsets[owner[node] + 1] - 1
        segment = np.concatenate([segment[cross], np.stack([node - last, other], axis=1)])
        t = np.concatenate([t[cross], np.stack([last.astype(np.float64), share], axis=1)])
    return pegs_at(k, wet, segment, t)


def pegs_at(
    k: Skeleton,
    wet: State,
    segment: Ints,
    t: Floats,
    hold: Floats | None = None,
    like: Pegs | None = None,
) -> Pegs:
    """Bonds between these places, each held by the nearest node of either filament; `hold` where it is known, and the nodes
    and what meets as with the pegs `like`."""
    p = wet.points_um
    if like is None:
        arc, owner = arc_lengths(k.part, wet), k.part.owner()
        stride = 2.0 * float(arc.max(initial=0.0)) + 1.0
        keys = owner[k.node_point] * stride + arc[k.node_point]
        place = arc[segment] + t * (arc[segment + 1] - arc[segment])
        near = _nearest(keys, owner[segment] * stride + place)
    else:
        near = like.nodes
    at = p[segment] + t[:, :, None] * (p[segment + 1] - p[segment])
    # Axes that meet (crossings within a layer, pieces end to end) are tied by a short upright peg: it needs a direction.
    gap = at[:, 1] - at[:, 0]
    size = np.maximum(wet.width_um, wet.height_um)[segment].mean(axis=1)
    if hold is None:
        ratio = np.linalg.norm(gap, axis=1) / (REACH * size)
        hold = np.clip((1.0 - ratio**2) / (1.0 - USUAL**2), LEAST, 2.0)
    short = MEET * wet.width_um[segment[:, 0]]
    meet = np.einsum("ij,ij->i", gap, gap) < short**2 if like is None else like.meet
    middle = at[meet].mean(axis=1)
    at[meet, 0] = at[meet, 1] = middle
    at[meet, 0, 2] -= 0.5 * short[meet]
    at[meet, 1, 2] += 0.5 * short[meet]
    return Pegs(near, at - p[k.node_point[near]], sides(at[:, 0], at[:, 1]), hold, segment, t, meet)


def tied_pegs(k: Skeleton, wet: State, ties: Ties) -> Pegs:
    """The bonds that came with a wet state."""
    return pegs_at(k, wet, *_tied(k.part, arc_lengths(k.part, wet), ties), ties.hold)


def ties_of(k: Skeleton, wet: State, pegs: Pegs, stuck: Ints) -> Ties:
    """The bonds `pegs` of a wet state and its nodes `stuck`, in a form that does not depend on the points of its paths."""
    arc, owner = arc_lengths(k.part, wet), k.part.owner()
    f = owner[pegs.segment]
    place = arc[pegs.segment] + pegs.t * (arc[pegs.segment + 1] - arc[pegs.segment])
    whole = arc[k.part.offsets[1:] - 1]
    of = k.filament
    share = arc[k.node_point] / np.maximum(whole[of], 1e-300)
    return Ties(f, place / np.maximum(whole[f], 1e-300), pegs.hold, of[stuck], share[stuck], of, share)


def stuck_nodes(k: Skeleton, wet: State, ties: Ties) -> Ints:
    """The nodes of a wet state that came with it as stuck."""
    arc = arc_lengths(k.part, wet)
    stride = 2.0 * float(arc.max(initial=0.0)) + 1.0
    keys = k.filament * stride + arc[k.node_point]
    f = ties.stuck_filament
    return np.unique(_nearest(keys, f * stride + ties.stuck_share * arc[k.part.offsets[f + 1] - 1]))


def _tied(part: FilamentSet, arc: Floats, ties: Ties) -> tuple[Ints, Floats]:
    """Segments [B,2] and places on them [B,2] of bonds."""
    f = ties.filament
    return _located(part, arc, f, ties.share * arc[part.offsets[f + 1] - 1])


def _located(part: FilamentSet, arc: Floats, f: Ints, place: Floats) -> tuple[Ints, Floats]:
    """Segments and places on them in 0..1 of places so far along the filaments `f`."""
    owner = part.owner()
    stride = 2.0 * float(arc.max(initial=0.0)) + 1.0
    segment = np.searchsorted(owner * stride + arc, f * stride + place, side="right") - 1
    segment = np.clip(segment, part.offsets[f], part.offsets[f + 1] - 2)
    length = np.maximum(arc[segment + 1] - arc[segment], 1e-300)
    return segment, np.clip((place - arc[segment]) / length, 0.0, 1.0)


def pair_keys(part: FilamentSet, bonds: Bonds) -> Ints:
    """One number [B] for the pair of filaments of every bond."""
    f = np.sort(part.owner()[bonds.segment], axis=1)
    keys: Ints = f[:, 0] * len(part) + f[:, 1]
    return keys


def _along(k: Skeleton, wet: State, owner: Ints, segment: Ints) -> tuple[Ints, Ints, Floats]:
    """Bonds of filaments along each other: node [B] of the one, segment [B] of the other and place on it [B] in 0..1.

    The nodes are those at both ends of every piece that touches, as far as they touch themselves.
    """
    p = wet.points_um
    node = np.concatenate([k.before[segment[:, 0]], k.after[segment[:, 0] + 1]])
    other = np.tile(segment[:, 1], 2)
    best = np.full(len(node), np.inf)
    seg, foot = other.copy(), np.zeros(len(node))
    x = p[k.node_point[node]]
    for step in (-1, 0, 1):
        a = np.clip(other + step, 0, len(p) - 2)
        inside = (owner[a] == owner[other]) & (owner[a + 1] == owner[other])
        arm = p[a + 1] - p[a]
        square = np.einsum("ij,ij->i", arm, arm)
        s = np.clip(np.einsum("ij,ij->i", x - p[a], arm) / np.maximum(square, 1e-300), 0.0, 1.0)
        q = p[a] + s[:, None] * arm
        d = np.where(inside, np.linalg.norm(x - q, axis=1), np.inf)
        closer = d < best
        best[closer], seg[closer], foot[closer] = d[closer], a[closer], s[closer]
    # One bond for each node and filament beside it: the closest.
    order = np.lexsort((seg, best, owner[other], node))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(node[order]) != 0) | (np.diff(owner[other][order]) != 0)
    which = order[first]
    size = 0.5 * (np.maximum(wet.width_um, wet.height_um)[k.node_point[node]] + wet.width_um[other])
    which = which[best[which] <= REACH * size[which]]
    return node[which], seg[which], foot[which]


def _turned(state: State, part: FilamentSet, arc: Floats, owner: Ints) -> npt.NDArray[np.bool_]:
    """Points at which a path has turned by another TURNED or gone on for another FAR, with some spacing, and corners."""
    inner = np.ones(part.point_count, dtype=bool)
    inner[part.offsets[:-1]] = inner[part.offsets[1:] - 1] = False
    i = np.flatnonzero(inner)
    a, b = state.points_um[i] - state.points_um[i - 1], state.points_um[i + 1] - state.points_um[i]
    across = np.linalg.norm(np.cross(a, b), axis=1)
    turn = np.zeros(part.point_count)
    turn[i] = np.arctan2(across, np.einsum("ij,ij->i", a, b))
    # Half of a point's turn lies before it: what a chord turns by is what lies between the middles of its ends.
    stretch = np.floor((np.cumsum(turn) - 0.5 * turn) / TURNED)
    out = np.zeros(part.point_count, dtype=bool)
    out[1:] = (np.diff(stretch) != 0.0) & (np.diff(owner) == 0)
    out[1:] |= np.diff(np.floor(arc / (FAR * state.width_um))) > 0.0
    at = np.flatnonzero(out)
    if len(at):
        bins = np.floor(arc[at] / (SPACING * state.width_um[at]))
        again = np.concatenate([[False], (np.diff(bins) == 0.0) & (np.diff(owner[at]) == 0)])
        out[at[again]] = False
    return out | (turn > SHARP)
