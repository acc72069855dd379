"""Meeting places of bent filaments: touching pieces gathered into places, and what each place holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..filaments import FilamentSet, Floats, Ints
from .crossings import END_UM, Bools, Support
from .overlap import Sections, crossing, radius
from .sampled import Pieces, shared_by

if TYPE_CHECKING:
    from .contacts import Contacts

#: Sine of the angle below which two filaments run along each other rather than across.
ALONG = 0.3


@dataclass(slots=True, eq=False)
class Found:
    """Touching pairs of pieces: rows, clear distance (below 0), fractions along, vector between the axes. `hanging`: the
    upper filament of every crossing of neighbouring layers that does not touch. `gap`: of others, between filaments
    `nearest`. `pairs`: filaments that touch, lower number * F + higher."""

    i: Ints
    j: Ints
    clear: Floats
    s: Floats
    t: Floats
    away: Floats
    hanging: Ints
    gap: float = np.inf
    nearest: tuple[int, int] | None = None
    pairs: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def places(
    filaments: FilamentSet, x: Pieces, f: Found, out: Contacts, *, listed: bool = False
) -> list[Support]:
    """Sort touching pairs of pieces into places, and add up in `out` what every place holds; gives what rests on what."""
    if not len(f.i):
        return []
    swap = x.owner[f.i] > x.owner[f.j]
    i, j = np.where(swap, f.j, f.i), np.where(swap, f.i, f.j)
    at_i = x.at[i] + np.where(swap, f.t, f.s) * x.length[i]
    at_j = x.at[j] + np.where(swap, f.s, f.t) * x.length[j]
    place = _clusters(x, i, j)
    order = np.lexsort((f.clear, place))
    best = order[np.flatnonzero(np.diff(place[order], prepend=-1))]
    pi, pj = i[best], j[best]
    one, two = x.owner[pi], x.owner[pj]
    ui, uj = x.d[pi] / x.length[pi, None], x.d[pj] / x.length[pj, None]
    turn = np.linalg.norm(np.cross(ui, uj), axis=1)
    length = np.bincount(x.owner, x.length, minlength=len(filaments))

    def inside(which: Ints, at: Floats, reach: Floats | float) -> Bools:
        return (at > reach) & (at < length[which] - reach)

    # A place is a plain crossing where both filaments go on beyond it at a fair angle and no third one comes near;
    # others are sampled.
    reach = (x.a[pi] + x.a[pj]) / np.maximum(turn, 1e-9)
    plain = (turn > ALONG) & inside(one, at_i[best], reach) & inside(two, at_j[best], reach)
    plain &= _alone(len(x.a), i, j, place)
    if plain.any():
        shared = crossing(_sections(x, pi[plain], pj[plain], f.away[best[plain]]))
        out.shared_um3 += float((shared.volume / turn[plain]).sum())
        out.hidden_um2 += float(((shared.hidden1 + shared.hidden2) / turn[plain]).sum())
    ends = ~inside(one, at_i[best], x.a[pi]) & ~inside(two, at_j[best], x.a[pj])
    joint = ends & (turn < ALONG) & (np.linalg.norm(f.away[best], axis=1) < 0.5 * x.a[pi])
    odd = ~plain[place] & (x.owner[i] != x.owner[j])
    volume, hidden = shared_by(x, i[odd], j[odd])
    out.shared_um3 += volume
    out.hidden_um2 += hidden
    if listed:
        from .contacts import Places

        part1, part2 = at_i[best] / length[one], at_j[best] / length[two]
        out.places.append(Places(one, two, np.clip(part1, 0.0, 1.0), np.clip(part2, 0.0, 1.0)))
    out.joints = int(joint.sum())
    out.contacts = len(best) - out.joints
    np.add.at(out.contacts_of, one[~joint], 1)
    np.add.at(out.contacts_of, two[~joint & (one != two)], 1)
    same = (filaments.layer[one] == filaments.layer[two]) & (turn < ALONG) & ~joint
    np.add.at(out.fused_of, one[same], 1)
    np.add.at(out.fused_of, two[same & (one != two)], 1)
    if same.any():
        worst = int(np.argmin(np.where(same, f.clear[best], np.inf)))
        out.layer_gap_um = out.gap_um = float(f.clear[best[worst]])
        out.layer_nearest = out.nearest = (int(one[worst]), int(two[worst]))
    return _carried(x, i, j, place, plain, best, at_i, at_j)


def _alone(n: int, i: Ints, j: Ints, place: Ints) -> Bools:
    """Places none of whose pieces touches anything elsewhere."""
    piece, where = np.concatenate([i, j]), np.concatenate([place, place])
    low, high = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
    np.minimum.at(low, piece, where)
    np.maximum.at(high, piece, where)
    out = np.ones(int(place.max()) + 1, dtype=bool)
    out[where[low[piece] != high[piece]]] = False
    return out


def _clusters(x: Pieces, i: Ints, j: Ints) -> Ints:
    """Place of every touching pair of pieces: runs of neighbouring pieces of the same two filaments."""
    group = np.zeros(len(i), dtype=np.int64)
    for mine in (i, j, i):
        order = np.lexsort((mine, group, x.owner[j], x.owner[i]))
        new = np.ones(len(i), dtype=bool)
        same = (
            (x.owner[i][order][1:] == x.owner[i][order][:-1])
            & (x.owner[j][order][1:] == x.owner[j][order][:-1])
            & (group[order][1:] == group[order][:-1])
            & (mine[order][1:] - mine[order][:-1] <= 1)
        )
        new[1:] = ~same
        group = group.copy()
        group[order] = np.cumsum(new) - 1
    return _over_seams(x, i, j, group)


def _over_seams(x: Pieces, i: Ints, j: Ints, group: Ints) -> Ints:
    """Places that the seam of a closed filament cuts in two, made one."""
    n = int(x.owner[-1]) + 1
    first = np.searchsorted(x.owner, np.arange(n))
    last = np.searchsorted(x.owner, np.arange(n), "right") - 1
    closed = np.linalg.norm(x.p[last] + x.d[last] - x.p[first], axis=1) <= 2 * END_UM
    if not closed.any():
        return group
    merged = group.copy()
    for mine, other in ((i, j), (j, i)):
        at_first = np.flatnonzero(closed[x.owner[mine]] & (mine == first[x.owner[mine]]))
        at_last = np.flatnonzero(closed[x.owner[mine]] & (mine == last[x.owner[mine]]))
        key = {(int(mine[k]), int(other[k])): k for k in at_first}
        for k in at_last:
            head = int(first[x.owner[mine[k]]])
            for step in (0, -1, 1):
                twin = key.get((head, int(other[k]) + step))
                if twin is not None and merged[twin] != merged[k]:
                    merged[merged == merged[k]] = merged[twin]
                    break
    return np.unique(merged, return_inverse=True)[1].reshape(-1)


def _sections(x: Pieces, i: Ints, j: Ints, away: Floats) -> Sections:
    """Sections seen along the line that joins the axes: the radius that way, and the one across that keeps the area."""
    normal = np.cross(x.d[i], x.d[j])
    size = np.linalg.norm(away, axis=1)
    towards = np.where(size[:, None] > 1e-9, away, normal)
    out = []
    for k in (i, j):
        across = np.abs(np.einsum("ij,ij->i", towards, x.side[k]))
        up = np.abs(np.einsum("ij,ij->i", towards, x.up[k]))
        b = radius(x.a[k], x.b[k], across, up)
        out += [x.a[k] * x.b[k] / b, b]
    return Sections(out[0], out[1], out[2], out[3], size)


def _carried(
    x: Pieces, i: Ints, j: Ints, place: Ints, plain: Bools, best: Ints, at_i: Floats, at_j: Floats
) -> list[Support]:
    """Where a filament rests on a lower one: the nearest point of a crossing, the whole stretch of a long contact."""
    count = len(best)
    up_i = x.p[i[best], 2] + 0.5 * x.d[i[best], 2]
    up_j = x.p[j[best], 2] + 0.5 * x.d[j[best], 2]
    rise = up_i - up_j
    least = 0.1 * (x.b[i[best]] + x.b[j[best]])
    found = []
    for sign, at, rows in ((1.0, at_i, i), (-1.0, at_j, j)):
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, place, at)
        np.maximum.at(high, place, at)
        low, high = np.where(plain, at[best], low), np.where(plain, at[best], high)
        upper = sign * rise > least
        found.append(Support(x.owner[rows[best]][upper], low[upper], high[upper]))
    return found
