"""What a printed part settles to in the bath: spans that sag, sections that flatten where filaments are stacked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State
from .bonds import arc_lengths, find_bonds
from .refine import refined
from .sag import FREE_END, SUPPORTED, sag_ratio

#: Places on a filament nearer than this many widths are one: what lies above and below one crossing.
ONE = 0.6

#: Part of the overlap by which sections do not give way, so that what is bonded is still seen to touch.
STILL = 2e-3

#: A filament that comes as near to the substrate as this part of its height rests on it.
RESTS = 0.1

#: Points that a span gets so that its sag is seen.
BOW = np.arange(1, 8) / 8.0

#: Sag below which no points are added, in parts of the height.
LEAST = 1e-4

#: Points are not added nearer to others than this.
APART_UM = 0.01

#: What this rests on, besides ASSUMPTIONS of sag.py.
ASSUMED = (
    "assumed: where filaments are stacked closer than they are high, both give way by half, over half a width to either "
    "side, and keep their area (an ellipse: Song et al. 2023 say that stacked filaments flatten, not by how much); spans sag "
    "as beams on two supports do"
)


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """`filaments` in the states that they had, settled; `sag_um`: the largest sag, wet; `flattest`: the least height of a
    section over that of the same filament where nothing presses on it."""

    filaments: FilamentSet
    sag_um: float
    flattest: float

    def as_dict(self) -> dict[str, float]:
        """What `wp measure --settled --json` says of it; `widest`: the greatest width over that of the filament as printed."""
        return {"sag_um": self.sag_um, "flattest": self.flattest, "widest": 1.0 / self.flattest}


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Places in order along filaments: key (filament * stride + arc), what the section gives way by there (um; wet, and dried
    where that is known), whether it is carried there, and whether it runs along another filament."""

    key: Floats
    filament: Ints
    arc: Floats
    gives: Floats
    gives_dried: Floats
    carried: npt.NDArray[np.bool_]
    along: npt.NDArray[np.bool_]


def settled(filaments: FilamentSet) -> Settled:
    """The part as it lies in the bath, and, if its dried state is known, as that dries: sag and flattening shrink with the
    filament. Sections keep their area: width times height (physics: plastic, ellipse a b = r^2). LookupError without a
    wet state; the drawn part and the drying model know nothing of either.
    """
    wet = filaments.state("wet")
    arc, owner = arc_lengths(filaments, wet), filaments.owner()
    stride = 2.0 * float(arc.max(initial=0.0)) + 1.0
    places = _places(filaments, wet, arc, owner, stride)
    part = _with_points(filaments, wet, arc, owner, stride, places)
    own = part.owner()
    now = part.state("wet")
    at = own * stride + arc_lengths(part, now)
    sag = _sag(part, now, at, own, stride, places)

    def flattened(s: State, gives: Floats) -> Floats:
        flat: Floats = np.clip(1.0 - _gives(now, at, own, places, gives) / s.height_um, 0.2, 1.0)
        return flat

    flat = flattened(now, places.gives)

    def settle(s: State, flat: Floats) -> State:
        points = s.points_um.copy()
        low = np.minimum(points[:, 2], 0.5 * s.height_um)  # the substrate ends every sag
        points[:, 2] = np.maximum(points[:, 2] - sag * s.height_um / now.height_um, low)
        return State(points, s.width_um / flat, s.height_um * flat)

    dried = None if part.dried is None else settle(part.dried, flattened(part.dried, places.gives_dried))
    return Settled(
        replace(part, wet=settle(now, flat), dried=dried, ties=None),
        float(sag.max(initial=0.0)),
        float(flat.min(initial=1.0)),
    )


def _places(filaments: FilamentSet, wet: State, arc: Floats, owner: Ints, stride: float) -> _Places:
    bonds = find_bonds(filaments, wet)
    p, seg, t = wet.points_um, bonds.segment, bonds.t
    at = p[seg] + t[:, :, None] * (p[seg + 1] - p[seg])
    # What meets in one plane is joined and not stacked.
    stacked = np.abs(at[:, 1, 2] - at[:, 0, 2]) > 0.5 * np.linalg.norm(at[:, 1] - at[:, 0], axis=1)
    # What is bonded stays so as it dries: the dried section gives way by the overlap that it has itself.
    crush, dried = (
        np.zeros(len(seg)) if s is None else np.where(stacked, _overlap(s, seg, t), 0.0)
        for s in (wet, filaments.dried)
    )
    down = np.flatnonzero(p[:, 2] - 0.5 * wet.height_um <= RESTS * wet.height_um)
    f = np.concatenate([owner[seg[:, 0]], owner[seg[:, 1]], owner[down]])
    x = np.concatenate([*(arc[seg] + t * (arc[seg + 1] - arc[seg])).T, arc[down]])
    gives, later = (np.concatenate([0.5 * c, 0.5 * c, np.zeros(len(down))]) for c in (crush, dried))
    carried = np.concatenate([~stacked, np.ones(len(crush), dtype=bool), np.ones(len(down), dtype=bool)])
    along = np.concatenate([bonds.along, bonds.along, np.zeros(len(down), dtype=bool)])
    order = np.lexsort((x, f))
    f, x, gives, later = f[order], x[order], gives[order], later[order]
    carried, along = carried[order], along[order]
    wide = wet.width_um[filaments.offsets[f]]
    fresh = np.ones(len(f), dtype=bool)
    fresh[1:] = (np.diff(f) != 0) | (np.diff(x) > ONE * wide[1:])
    first = np.flatnonzero(fresh)
    if not len(first):
        none = np.zeros(0)
        return _Places(
            none, np.zeros(0, dtype=np.int64), none, none, none, none.astype(bool), none.astype(bool)
        )
    of, place = f[first], np.add.reduceat(x, first) / np.diff(np.append(first, len(f)))
    return _Places(
        of * stride + place,
        of,
        place,
        np.add.reduceat(gives, first),
        np.add.reduceat(later, first),
        np.logical_or.reduceat(carried, first),
        np.logical_or.reduceat(along, first),
    )


def _overlap(s: State, segment: Ints, t: Floats) -> Floats:
    """By how much the bonded sections are higher than they lie apart, um."""
    at = s.points_um[segment] + t[:, :, None] * (s.points_um[segment + 1] - s.points_um[segment])
    gap = np.linalg.norm(at[:, 1] - at[:, 0], axis=1)
    high = s.height_um[segment] + t * (s.height_um[segment + 1] - s.height_um[segment])
    over: Floats = (1.0 - STILL) * np.maximum(0.5 * high.sum(axis=1) - gap, 0.0)
    return over


def _with_points(
    filaments: FilamentSet, wet: State, arc: Floats, owner: Ints, stride: float, places: _Places
) -> FilamentSet:
    """The filaments with points where sections change and along spans that sag."""
    wide = wet.width_um[filaments.offsets[places.filament]]
    pressed = places.gives > 0.0
    steep = pressed & ~places.along
    key = [places.key[pressed], places.key[steep] - 0.5 * wide[steep], places.key[steep] + 0.5 * wide[steep]]
    of = [places.filament[pressed], places.filament[steep], places.filament[steep]]
    a, b, f, kind = _stretches(filaments, arc, stride, places)
    high = wet.height_um[filaments.offsets[f]]
    bows = sag_ratio(b - a, high, SUPPORTED) * np.where(kind == 0, 1.0, FREE_END / SUPPORTED) > LEAST
    a, b, f = a[bows], b[bows], f[bows]
    key.append((a[:, None] + (b - a)[:, None] * BOW).ravel())
    of.append(np.repeat(f, len(BOW)))
    keys, ofs = np.concatenate(key), np.concatenate(of)
    end = ofs * stride + arc[filaments.offsets[ofs + 1] - 1]
    inside = (keys > ofs * stride) & (keys < end)
    points = owner * stride + arc
    near = np.searchsorted(points, keys)
    inside &= (
        np.minimum(np.abs(keys - points[near - 1]), np.abs(points[np.minimum(near, len(points) - 1)] - keys))
        > APART_UM
    )
    order = np.argsort(keys, kind="stable")
    order = order[inside[order]]
    order = order[np.concatenate([[True], np.diff(keys[order]) > APART_UM])[: len(order)]]
    keys, ofs = keys[order], ofs[order]
    segment = np.clip(
        np.searchsorted(points, keys, side="right") - 1,
        filaments.offsets[ofs],
        filaments.offsets[ofs + 1] - 2,
    )
    length = np.maximum(points[segment + 1] - points[segment], 1e-300)
    t = np.clip((keys - points[segment]) / length, 0.0, 1.0)
    place = np.concatenate([np.arange(filaments.point_count, dtype=np.float64), segment + t])
    order = np.argsort(place, kind="stable")
    part = refined(filaments, "wet", segment, t, order)
    if filaments.dried is None:
        return part
    return replace(part, dried=refined(filaments, "dried", segment, t, order).dried)


def _stretches(
    filaments: FilamentSet, arc: Floats, stride: float, places: _Places
) -> tuple[Floats, Floats, Ints, Ints]:
    """Stretches of filament between places that carry it, as keys from and to, filament and kind: 0 between two, -1 before
    the first, 1 after the last. A filament that nothing carries has none."""
    key, f = places.key[places.carried], places.filament[places.carried]
    same = np.flatnonzero(f[1:] == f[:-1])
    head = (
        np.flatnonzero(np.concatenate([[True], f[1:] != f[:-1]])) if len(f) else np.zeros(0, dtype=np.int64)
    )
    tail = np.append(head[1:], len(f)) - 1 if len(f) else head
    whole = arc[filaments.offsets[1:] - 1]
    return (
        np.concatenate([key[same], f[head] * stride, key[tail]]),
        np.concatenate([key[same + 1], key[head], f[tail] * stride + whole[f[tail]]]),
        np.concatenate([f[same], f[head], f[tail]]),
        np.concatenate([np.zeros(len(same)), -np.ones(len(head)), np.ones(len(tail))]).astype(np.int64),
    )


def _sag(part: FilamentSet, wet: State, at: Floats, own: Ints, stride: float, places: _Places) -> Floats:
    """How far every point sags, um: the bent line of a beam on two supports, and of a clamped free end."""
    a, b, f, kind = _stretches(part, arc_lengths(part, wet), stride, places)
    out = np.zeros(len(at))
    if not len(a):
        return out
    order = np.argsort(a, kind="stable")
    a, b, f, kind = a[order], b[order], f[order], kind[order]
    i = np.clip(np.searchsorted(a, at, side="right") - 1, 0, len(a) - 1)
    long = b[i] - a[i]
    within = (f[i] == own) & (at <= b[i]) & (long > 0.0)
    xi = np.clip((at - a[i]) / np.where(long > 0.0, long, 1.0), 0.0, 1.0)
    free = np.where(kind[i] < 0, 1.0 - xi, xi)
    span = 3.2 * (xi - 2.0 * xi**3 + xi**4)
    end = (free**4 - 4.0 * free**3 + 6.0 * free**2) / 3.0
    high = wet.height_um
    size = np.where(
        kind[i] == 0, span * sag_ratio(long, high, SUPPORTED), end * sag_ratio(long, high, FREE_END)
    )
    return np.where(within, size * high, 0.0)


def _gives(wet: State, at: Floats, own: Ints, places: _Places, gives: Floats) -> Floats:
    """By how much the section gives way at every point, um: in full at a place, not at all half a width from it."""
    out = np.zeros(len(at))
    if not len(places.key):
        return out
    right = np.searchsorted(places.key, at)
    for i in (np.clip(right - 1, 0, None), np.clip(right, None, len(places.key) - 1)):
        far = np.abs(at - places.key[i]) / (0.5 * wet.width_um)
        fade = np.where(places.along[i], far < 4.0, np.maximum(1.0 - far, 0.0))
        out = np.maximum(out, np.where(places.filament[i] == own, gives[i] * fade, 0.0))
    return out
