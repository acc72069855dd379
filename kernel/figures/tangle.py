"""Contacts of filaments that bend or climb: pairs of short pieces, sorted into the places where two filaments meet.

The exact method for straight level filaments stands in contacts.py; this one takes each meeting place for the crossing of
two straight filaments through its nearest points, or samples it where that will not do (ends, small angles).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..filaments import FilamentSet, Floats, Ints, State
from .contacts import RESTS, Contacts, longest_spans
from .crossings import BOND_UM, END_UM, Bools, Support
from .near import closest, near_pairs
from .overlap import radius
from .places import Found, places
from .sampled import Pieces, shared_by

#: A filament is no neighbour of itself within this many widths along its own length.
SELF_WIDTHS = 4.0

#: Paths are followed in steps of this part of a width; a turn sharper than CORNER (cosine) is always followed.
THIN, CORNER = 0.5, 0.94

#: The search for a gap within a layer ends at so many pieces times widths.
MOST_LOOKED = 2_000_000

#: Climbing more than this (sine), crossing seen from above is no crossing of layers.
LEVEL = 0.3

#: Steeper than this (sine of the climb) a filament carries itself.
STEEP = 0.7071


def tangle(filaments: FilamentSet, state: State, *, pairs: bool = False) -> Contacts:
    """Contacts of any filaments. Volumes shared and surfaces hidden are good to about a hundredth of themselves."""
    out = Contacts.empty(len(filaments))
    out.exact = False
    total = _lengths(filaments, state)
    if len(filaments) == 0:
        return out
    pieces = pieces_of(filaments, state)
    wide = 2.0 * float(max(pieces.a.max(), pieces.b.max()))
    look = 0.5 * wide
    while True:
        found = search(filaments, pieces, look)
        if found.gap < np.inf or look > 100.0 * wide or len(filaments) < 2:
            break
        look *= 4.0
    out.gap_um, out.nearest = found.gap, found.nearest
    out.layer_gap_um, out.layer_nearest = _layer_gap(filaments, pieces, wide, found)
    found.hanging = _hanging(filaments, pieces, found)
    supports = places(filaments, pieces, found, out, listed=pairs)
    rests, on_ground = _on_ground(filaments, pieces)
    supports.append(on_ground)
    out.span_um, out.overhang_um, carried = longest_spans(np.zeros(len(filaments)), total, supports)
    # A filament that lies on the substrate as a whole needs no places that carry it.
    out.span_um = np.where(rests, 0.0, out.span_um)
    out.overhang_um = np.where(rests, 0.0, out.overhang_um)
    out.carried = carried | rests
    np.add.at(out.missing_of, found.hanging, 1)
    hangs = ~out.carried & (out.missing_of == 0) & (filaments.layer > 0)
    out.missing_of[hangs] = 1
    out.missing = int(out.missing_of.sum())
    return out


def shared(filaments: FilamentSet, state: State) -> tuple[float, float]:
    """(volume um^3, surface um^2) to take off the sums over filaments, all of it sampled."""
    pieces = pieces_of(filaments, state)
    found = search(filaments, pieces, 0.0)
    other = pieces.owner[found.i] != pieces.owner[found.j]
    return shared_by(pieces, found.i[other], found.j[other])


def _lengths(filaments: FilamentSet, state: State) -> Floats:
    first, owner = filaments.segments()
    step = state.points_um[first + 1] - state.points_um[first]
    return np.bincount(owner, np.linalg.norm(step, axis=1), minlength=len(filaments)).astype(np.float64)


def pieces_of(filaments: FilamentSet, state: State) -> Pieces:
    """The filaments as pieces about as long as they are wide: long segments are cut, short ones run together where the
    path does not turn sharply."""
    kept = _thinned(filaments, state)
    points = state.points_um[kept]
    width, height = state.width_um[kept], state.height_um[kept]
    owner = filaments.owner()[kept]
    first = np.flatnonzero(owner[1:] == owner[:-1])
    p, d = points[first], points[first + 1] - points[first]
    length = np.linalg.norm(d, axis=1)
    solid = length > 0
    first, p, d, length = first[solid], p[solid], d[solid], length[solid]
    owner = owner[first]
    a, b = 0.25 * (width[first] + width[first + 1]), 0.25 * (height[first] + height[first + 1])
    begin = np.cumsum(length) - length
    head = np.minimum(np.searchsorted(owner, np.arange(len(filaments))), len(begin) - 1)
    at = begin - begin[head][owner]
    n = np.maximum(1, np.ceil(length / (2.0 * max(float(a.max()), float(b.max()))) - 1e-9)).astype(np.int64)
    row = np.repeat(np.arange(len(p)), n)
    k = np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)
    part = d[row] / n[row, None]
    unit = d / length[:, None]
    flat = np.hypot(unit[:, 0], unit[:, 1])
    safe = np.where(flat > 1e-9, flat, 1.0)
    side = np.stack([-unit[:, 1] / safe, unit[:, 0] / safe, np.zeros(len(unit))], axis=1)
    side[flat <= 1e-9] = (1.0, 0.0, 0.0)
    up = np.cross(unit, side)
    short = (length / n)[row]
    return Pieces(
        p[row] + k[:, None] * part,
        part,
        a[row],
        b[row],
        owner[row],
        at[row] + k * short,
        short,
        side[row],
        up[row],
    )


def _thinned(filaments: FilamentSet, state: State) -> Ints:
    """Points to keep of paths that are drawn much finer than they are wide: one every half-width, ends and corners."""
    owner = filaments.owner()
    p = state.points_um
    step = np.zeros_like(p)
    step[:-1] = p[1:] - p[:-1]
    step[filaments.offsets[1:] - 1] = 0.0
    length = np.sqrt(np.einsum("ij,ij->i", step, step))
    bins = np.floor((np.cumsum(length) - length) / (THIN * float(state.width_um.max()))).astype(np.int64)
    keep = np.ones(len(p), dtype=bool)
    keep[1:] = (bins[1:] != bins[:-1]) | (owner[1:] != owner[:-1])
    keep[filaments.offsets[1:] - 1] = True
    dot = np.einsum("ij,ij->i", step[1:], step[:-1])
    keep[1:] |= dot < CORNER * length[1:] * length[:-1]
    return np.flatnonzero(keep)


def _close(x: Pieces, middle: Floats, centre: Floats, look: float) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of pieces whose surfaces may be nearer than `look`; `centre` are the points that are searched."""
    longest, radii = float(x.length.max()), np.maximum(x.a, x.b)
    for i, j in near_pairs(centre, look + longest + 2.0 * float(radii.max())):
        reach = look + 0.5 * (x.length[i] + x.length[j]) + radii[i] + radii[j]
        gap = middle[i] - middle[j]
        near = np.einsum("ij,ij->i", gap, gap) <= reach * reach
        if near.any():
            yield i[near], j[near]


def search(filaments: FilamentSet, x: Pieces, look: float) -> Found:
    """Pairs of pieces that touch, and the least gap of others up to `look`."""
    rows: list[tuple[Ints, Ints, Floats, Floats, Floats, Floats]] = []
    touched: list[Ints] = []
    near: list[tuple[Ints, Floats]] = []
    out = Found(
        *(np.zeros(0, dtype=np.int64),) * 2, *(np.zeros(0),) * 3, np.zeros((0, 3)), np.zeros(0, np.int64)
    )
    n = len(filaments)
    middle = x.p + 0.5 * x.d
    own = SELF_WIDTHS * 2.0 * float(max(x.a.max(), x.b.max()))
    loop = _loops(filaments, x)
    for i, j in _close(x, middle, middle, look):
        along = np.abs(x.at[i] - x.at[j])
        along = np.minimum(along, loop[x.owner[i]] - along)
        keep = (x.owner[i] != x.owner[j]) | (along > own)
        i, j = i[keep], j[keep]
        if not len(i):
            continue
        c = closest(x.p[i], x.d[i], x.p[j], x.d[j])
        clear = _clear(x, i, j, c.away)
        touch = clear < -BOND_UM
        pair = np.minimum(x.owner[i], x.owner[j]) * n + np.maximum(x.owner[i], x.owner[j])
        rows.append((i[touch], j[touch], clear[touch], c.s[touch], c.t[touch], c.away[touch]))
        touched.append(np.unique(pair[touch]))
        apart = ~touch & (clear < look)
        near.append(_least(pair[apart], clear[apart]))
    if rows:
        out.i, out.j, out.clear, out.s, out.t, out.away = (
            np.concatenate([r[k] for r in rows]) for k in range(6)
        )
        pairs = np.unique(np.concatenate(touched))
        out.pairs = pairs
        key, clear = _least(*(np.concatenate([v[k] for v in near]) for k in (0, 1)))
        apart = ~np.isin(key, pairs) & (key // n != key % n)
        out.gap, out.nearest = _best(key[apart], np.maximum(clear[apart], 0.0), n)
    return out


def _layer_gap(
    filaments: FilamentSet, x: Pieces, wide: float, found: Found
) -> tuple[float, tuple[int, int] | None]:
    """Least gap of filaments of one layer that do not touch: layers are pulled apart, so that the search stays in each."""
    n = len(filaments)
    layer = filaments.layer[x.owner].astype(np.float64)
    middle = x.p + 0.5 * x.d
    look = wide
    span = float(np.ptp(middle, axis=0).max()) + wide
    while True:
        centre = middle.copy()
        centre[:, 2] = layer * 4.0 * (look + float(x.length.max()) + wide)
        near: list[tuple[Ints, Floats]] = []
        for i, j in _close(x, middle, centre, look):
            keep = (layer[i] == layer[j]) & (x.owner[i] != x.owner[j])
            i, j = i[keep], j[keep]
            clear = _clear(x, i, j, closest(x.p[i], x.d[i], x.p[j], x.d[j]).away)
            pair = np.minimum(x.owner[i], x.owner[j]) * n + np.maximum(x.owner[i], x.owner[j])
            near.append(_least(pair[clear < look], clear[clear < look]))
        if near:
            key, clear = _least(*(np.concatenate([v[k] for v in near]) for k in (0, 1)))
            apart = ~np.isin(key, found.pairs)
            if apart.any():
                return _best(key[apart], np.maximum(clear[apart], 0.0), n)
        if look > span or len(x.a) * (look / wide) > MOST_LOOKED:
            return np.inf, None
        look *= 2.0


def _loops(filaments: FilamentSet, x: Pieces) -> Floats:
    """Length of every filament that ends where it begins, inf for others."""
    first = np.searchsorted(x.owner, np.arange(len(filaments)))
    last = np.searchsorted(x.owner, np.arange(len(filaments)), "right") - 1
    closed = np.linalg.norm(x.p[last] + x.d[last] - x.p[first], axis=1) <= 2 * END_UM
    return np.asarray(np.where(closed, x.at[last] + x.length[last], np.inf))


def _least(key: Ints, value: Floats) -> tuple[Ints, Floats]:
    """Unique keys and the least value of each."""
    if not len(key):
        return key, value
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
    return key[first], np.minimum.reduceat(value[order], first)


def _best(key: Ints, value: Floats, n: int) -> tuple[float, tuple[int, int] | None]:
    if not len(key):
        return np.inf, None
    k = int(np.argmin(value))
    return float(value[k]), (int(key[k] // n), int(key[k] % n))


def _clear(x: Pieces, i: Ints, j: Ints, away: Floats) -> Floats:
    """Distance of the axes less the radii towards each other, um; ends count as round."""
    size: Floats = np.sqrt(np.einsum("ij,ij->i", away, away))
    for k in (i, j):
        across = np.abs(np.einsum("ij,ij->i", away, x.side[k]))
        up = np.abs(np.einsum("ij,ij->i", away, x.up[k]))
        size = size - radius(x.a[k], x.b[k], across, up)
    return size


def _hanging(filaments: FilamentSet, x: Pieces, found: Found) -> Ints:
    """The upper filament of every two level ones of neighbouring layers that cross seen from above and do not touch."""
    n = len(filaments)
    level = np.flatnonzero(np.abs(x.d[:, 2]) < LEVEL * x.length)
    if not len(level):
        return np.zeros(0, dtype=np.int64)
    layer = filaments.layer[x.owner[level]]
    reach = float(x.length.max())
    centre = x.p[level] + 0.5 * x.d[level]
    height = centre[:, 2].copy()
    # Layers lie a little less than the reach apart, so that the search sees each one and its neighbours.
    centre[:, 2] = layer * 0.9 * reach
    keys, uppers = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for i, j in near_pairs(centre, reach):
        keep = np.abs(layer[i] - layer[j]) == 1
        i, j = i[keep], j[keep]
        one, two = level[i], level[j]
        d, e, r = x.d[one, :2], x.d[two, :2], x.p[two, :2] - x.p[one, :2]
        det = d[:, 0] * e[:, 1] - d[:, 1] * e[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            s = (r[:, 0] * e[:, 1] - r[:, 1] * e[:, 0]) / det
            t = (r[:, 0] * d[:, 1] - r[:, 1] * d[:, 0]) / det
        over = (np.abs(det) > 1e-12) & (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
        one, two, up = one[over], two[over], height[i[over]] > height[j[over]]
        keys.append(np.minimum(x.owner[one], x.owner[two]) * n + np.maximum(x.owner[one], x.owner[two]))
        uppers.append(np.where(up, x.owner[one], x.owner[two]))
    key, where = np.unique(np.concatenate(keys), return_index=True)
    return np.asarray(np.concatenate(uppers)[where][~np.isin(key, found.pairs)])


def _on_ground(filaments: FilamentSet, x: Pieces) -> tuple[Bools, Support]:
    """Filaments that lie on the substrate as a whole (the first layer does), and pieces that carry themselves: on the
    substrate, or climbing steeply."""
    lowest = np.minimum(x.p[:, 2], x.p[:, 2] + x.d[:, 2]) - x.b
    low = lowest <= RESTS * 2.0 * x.b
    rests = np.ones(len(filaments), dtype=bool)
    np.logical_and.at(rests, x.owner, low)
    rests |= filaments.layer == 0
    own = low | (np.abs(x.d[:, 2]) > STEEP * x.length)
    return rests, Support(x.owner[own], x.at[own], x.at[own] + x.length[own])
