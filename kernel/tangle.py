"""Contacts of filaments that bend or climb: pairs of short pieces, sorted into the places where two filaments meet.

The exact method for straight level filaments stands in contacts.py; this one takes each meeting place for the crossing of
two straight filaments through its nearest points, or samples it where that will not do (ends, small angles).
"""

from __future__ import annotations

import numpy as np

from .contacts import RESTS, Contacts, longest_spans
from .crossings import BOND_UM, END_UM, Bools, Support
from .filaments import FilamentSet, Floats, Ints, State
from .near import closest, near_pairs
from .overlap import radius
from .places import Found, Pieces, places

#: A filament is no neighbour of itself within this many widths along its own length.
SELF_WIDTHS = 4.0

#: With more pieces than this the least gap within a layer is only looked for near by.
LARGE = 200_000

#: Steeper than this (sine of the climb) a filament carries itself.
STEEP = 0.7071


def tangle(filaments: FilamentSet, state: State) -> Contacts:
    """Contacts of any filaments. Volumes shared and surfaces hidden are good to about a hundredth of themselves."""
    out = Contacts.empty(len(filaments))
    out.exact = False
    total = _lengths(filaments, state)
    if len(filaments) == 0:
        return out
    pieces = _pieces(filaments, state)
    wide = 2.0 * float(max(pieces.a.max(), pieces.b.max()))
    look = wide
    while True:
        found = _search(filaments, pieces, wide + look)
        known = found.gap < np.inf and (found.layer_gap < np.inf or len(pieces.a) > LARGE)
        if known or look > 64.0 * wide or len(filaments) < 2:
            break
        look *= 4.0
    out.gap_um, out.nearest = found.gap, found.nearest
    out.layer_gap_um, out.layer_nearest = found.layer_gap, found.layer_nearest
    supports = places(filaments, pieces, found, out)
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


def _lengths(filaments: FilamentSet, state: State) -> Floats:
    first, owner = filaments.segments()
    step = state.points_um[first + 1] - state.points_um[first]
    return np.bincount(owner, np.linalg.norm(step, axis=1), minlength=len(filaments)).astype(np.float64)


def _pieces(filaments: FilamentSet, state: State) -> Pieces:
    first, owner = filaments.segments()
    p = state.points_um[first]
    d = state.points_um[first + 1] - p
    length = np.linalg.norm(d, axis=1)
    kept = length > 0
    first, owner, p, d, length = (v[kept] for v in (first, owner, p, d, length))
    begin = np.cumsum(length) - length
    head = np.searchsorted(owner, np.arange(len(filaments)))
    at = begin - begin[np.minimum(head, len(begin) - 1)][owner]
    a = 0.25 * (state.width_um[first] + state.width_um[first + 1])
    b = 0.25 * (state.height_um[first] + state.height_um[first + 1])
    # Long segments are cut so that cells of the search stay small.
    n = np.maximum(1, np.ceil(length / (2.0 * max(float(a.max()), float(b.max()))))).astype(np.int64)
    row = np.repeat(np.arange(len(p)), n)
    k = np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)
    part = d[row] / n[row, None]
    unit = d / length[:, None]
    flat = np.hypot(unit[:, 0], unit[:, 1])
    safe = np.where(flat > 1e-9, flat, 1.0)
    side = np.stack([-unit[:, 1] / safe, unit[:, 0] / safe, np.zeros(len(unit))], axis=1)
    side[flat <= 1e-9] = (1.0, 0.0, 0.0)
    up = np.cross(unit, side)
    short = length / n
    return Pieces(
        p[row] + k[:, None] * part, part, a[row], b[row], owner[row], at[row] + k * short[row], short[row],
        side[row], up[row],
    )  # fmt: skip


def _search(filaments: FilamentSet, x: Pieces, reach: float) -> Found:
    rows: list[tuple[Ints, Ints, Floats, Floats, Floats, Floats]] = []
    hanging: list[tuple[Ints, Ints, Floats]] = []
    touched: list[Ints] = []
    out = Found(
        *(np.zeros(0, dtype=np.int64),) * 2, *(np.zeros(0),) * 3, np.zeros((0, 3)), np.zeros(0, np.int64)
    )
    n = len(filaments)
    near: list[tuple[Ints, Floats]] = []
    middle = x.p + 0.5 * x.d
    own = SELF_WIDTHS * 2.0 * float(x.a.max())
    loop = _loops(filaments, x)
    for i, j in near_pairs(middle, reach + float(x.length.max())):
        along = np.abs(x.at[i] - x.at[j])
        along = np.minimum(along, loop[x.owner[i]] - along)
        keep = (x.owner[i] != x.owner[j]) | (along > own)
        i, j = i[keep], j[keep]
        if not len(i):
            continue
        c = closest(x.p[i], x.d[i], x.p[j], x.d[j])
        clear = _clear(x, i, j, c.away)
        touch = clear < -BOND_UM
        rows.append((i[touch], j[touch], clear[touch], c.s[touch], c.t[touch], c.away[touch]))
        touched.append(
            np.minimum(x.owner[i], x.owner[j])[touch] * n + np.maximum(x.owner[i], x.owner[j])[touch]
        )
        pair = np.minimum(x.owner[i], x.owner[j]) * n + np.maximum(x.owner[i], x.owner[j])
        apart = ~touch & (clear < reach)
        near.append(_least(pair[apart], clear[apart]))
        over = _crosses_in_plan(filaments, x, i, j, touch)
        if over.any():
            upper = np.where(middle[i[over], 2] > middle[j[over], 2], x.owner[i[over]], x.owner[j[over]])
            hanging.append((pair[over], upper, clear[over]))
    if rows:
        out.i, out.j, out.clear, out.s, out.t, out.away = (
            np.concatenate([r[k] for r in rows]) for k in range(6)
        )
    pairs = np.unique(np.concatenate(touched)) if touched else np.zeros(0, dtype=np.int64)
    if hanging:
        key, upper = np.concatenate([h[0] for h in hanging]), np.concatenate([h[1] for h in hanging])
        key, where = np.unique(key, return_index=True)
        out.hanging = upper[where][~np.isin(key, pairs)]
    if near:
        key, clear = _least(np.concatenate([k for k, _ in near]), np.concatenate([c for _, c in near]))
        apart = ~np.isin(key, pairs) & (key // n != key % n)
        key, clear = key[apart], np.maximum(clear[apart], 0.0)
        same = filaments.layer[key // n] == filaments.layer[key % n]
        out.gap, out.nearest = _best(key, clear, n)
        out.layer_gap, out.layer_nearest = _best(key[same], clear[same], n)
    return out


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
    order = np.lexsort((value, key))
    key, value = key[order], value[order]
    first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
    return key[first], value[first]


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


def _crosses_in_plan(filaments: FilamentSet, x: Pieces, i: Ints, j: Ints, touch: Bools) -> Bools:
    """Pieces of neighbouring layers that cross seen from above and do not touch."""
    gap = np.abs(filaments.layer[x.owner[i]] - filaments.layer[x.owner[j]]) == 1
    out: Bools = gap & ~touch
    if not out.any():
        return out
    k = np.flatnonzero(out)
    d, e, r = x.d[i[k], :2], x.d[j[k], :2], x.p[j[k], :2] - x.p[i[k], :2]
    det = d[:, 0] * e[:, 1] - d[:, 1] * e[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (r[:, 0] * e[:, 1] - r[:, 1] * e[:, 0]) / det
        t = (r[:, 0] * d[:, 1] - r[:, 1] * d[:, 0]) / det
    out[k] = (np.abs(det) > 1e-12) & (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
    return out


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
