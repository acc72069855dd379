"""Strokes: filaments made longer than they are drawn, where a print asks for it. Leads put the beginning and the end of the ink outside the
part; turns join neighbouring filaments, so that the ink runs on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..drying.bonds import find_bonds
from ..filaments import FilamentSet, Floats, Ints, State

Bools = npt.NDArray[np.bool_]

#: A turn may rise or fall by this part of a filament's height.
LEVEL = 0.25


def with_leads(part: FilamentSet, lead_um: float) -> FilamentSet:
    """Every filament with a straight lead of `lead_um` before its first and behind its last point, but for those leads that would touch
    a filament of the part: they would lie within it. In the dried state they are shorter by as much as the filament's end."""
    f = len(part)
    if f == 0 or lead_um <= 0.0:
        return part
    wet = part.state("wet")
    first, last = part.offsets[:-1], part.offsets[1:] - 1
    tip = np.concatenate([first, last])
    inner = np.concatenate([first + 1, last - 1])
    way = wet.points_um[tip] - wet.points_um[inner]
    length = np.linalg.norm(way, axis=1)
    free = length > 0.0
    unit = way / np.where(free, length, 1.0)[:, None]
    # A lead begins a width away from its filament, for it touches that one anyway.
    gap = np.minimum(wet.width_um[tip], 0.5 * lead_um)
    ends = np.stack([wet.points_um[tip] + gap[:, None] * unit, wet.points_um[tip] + lead_um * unit], axis=1)
    free &= ~_touching(part, ends, tip, np.tile(np.arange(f), 2)[:, None])
    free &= ends[:, 1, 2] - 0.5 * wet.height_um[tip] >= -LEVEL * wet.height_um[tip]
    counts = np.diff(part.offsets) + free[:f] + free[f:]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    own = np.arange(part.point_count) + np.repeat(offsets[:-1] + free[:f] - first, np.diff(part.offsets))
    at = np.concatenate([offsets[:-1], offsets[1:] - 1])[free]

    def state(s: State | None) -> State | None:
        if s is None:
            return None
        along = s.points_um[tip] - s.points_um[inner]
        lead = lead_um * along / np.where(length > 0.0, length, 1.0)[:, None]
        out = [np.empty((int(offsets[-1]), 3)), np.empty(int(offsets[-1])), np.empty(int(offsets[-1]))]
        ends_of = (s.points_um[tip] + lead, s.width_um[tip], s.height_um[tip])
        for new, old, end in zip(out, (s.points_um, s.width_um, s.height_um), ends_of, strict=True):
            new[own], new[at] = old, end[free]
        return State(*out)

    share = None if part.share is None else np.empty(int(offsets[-1]))
    if share is not None and part.share is not None:
        share[own], share[at] = part.share, part.share[tip][free]
    return FilamentSet(
        offsets, part.material, part.layer, part.origin, part.inks, part.spans, state(part.wet), state(part.dried),
        share=share,
    )  # fmt: skip


def _touching(part: FilamentSet, ends_um: Floats, point: Ints, but: Ints, layer: Ints | None = None) -> Bools:
    """Which segments `ends_um[K,2,3]`, as thick as the filament at `point[K]`, touch filaments of the part other than `but[K,n]`; where
    `layer[K]` is given, filaments of that layer."""
    k, wet = len(ends_um), part.state("wet")
    f = len(part)
    whole = State(
        np.concatenate([wet.points_um, ends_um.reshape(-1, 3)]),
        np.concatenate([wet.width_um, np.repeat(wet.width_um[point], 2)]),
        np.concatenate([wet.height_um, np.repeat(wet.height_um[point], 2)]),
    )
    none = np.zeros(f + k, np.int64)
    both = FilamentSet(
        np.concatenate([part.offsets, part.offsets[-1] + 2 + 2 * np.arange(k)]).astype(np.int64),
        none.astype(np.int16), none.astype(np.int32), none.astype(np.int32), part.inks, part.spans, whole,
    )  # fmt: skip
    owner = both.owner()[find_bonds(both, whole, every=True).segment]
    found = np.zeros(k, bool)
    for one, two in ((owner[:, 0], owner[:, 1]), (owner[:, 1], owner[:, 0])):
        some = (one >= f) & (two < f)
        segment, other = one[some] - f, two[some]
        strange = (but[segment] != other[:, None]).all(axis=1)
        if layer is not None:
            strange &= part.layer[other] == layer[segment]
        found[segment[strange]] = True
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Filaments in printing order, each as it is printed, and the first filament that each was made of."""

    filaments: FilamentSet
    parent: Ints


def with_turns(part: FilamentSet, order: Ints, reverse: Bools, batch: Ints, most_um: Floats) -> Joined:
    """Filaments that follow each other in one batch as one, where the way from the end of one to the beginning of the next is level, no
    longer than `most_um[F]` allows for both (0: no turns), and touches nothing else of its layer."""
    f = len(order)
    counts = np.diff(part.offsets)[order]
    begin = np.concatenate([[0], np.cumsum(counts)])
    source = np.arange(begin[-1]) - np.repeat(begin[:-1], counts)
    source *= np.repeat(np.where(reverse, -1, 1), counts)
    source += np.repeat(np.where(reverse, part.offsets[1:][order] - 1, part.offsets[:-1][order]), counts)
    wet = part.state("wet")
    head, tail = source[begin[:-1]], source[begin[1:] - 1]
    way = wet.points_um[head[1:]] - wet.points_um[tail[:-1]]
    far = np.linalg.norm(way, axis=1)
    joins = (batch[order[1:]] == batch[order[:-1]]) & (
        far <= np.minimum(most_um[order[1:]], most_um[order[:-1]])
    )
    joins &= (np.abs(way[:, 2]) <= LEVEL * wet.height_um[tail[:-1]]) & (far > 1e-3)
    k = np.flatnonzero(joins)
    ends = np.stack([wet.points_um[tail[k]], wet.points_um[head[k + 1]]], axis=1)
    pair = np.stack([order[k], order[k + 1]], axis=1)
    joins[k] = ~_touching(part, ends, tail[k], pair, part.layer[order[k]].astype(np.int64))
    heads = np.flatnonzero(np.append(True, ~joins))
    offsets = begin[np.append(heads, f)]
    parent = order[heads]

    def state(s: State | None) -> State | None:
        return None if s is None else State(s.points_um[source], s.width_um[source], s.height_um[source])

    made = FilamentSet(
        offsets.astype(np.int64), part.material[parent], part.layer[parent], part.origin[parent], part.inks,
        part.spans, state(part.wet), state(part.dried), share=None if part.share is None else part.share[source],
    )  # fmt: skip
    return Joined(made, parent)
