"""Meeting places of bent filaments: touching pieces gathered into places, and what each place holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .crossings import END_UM, Bools, Support
from .filaments import FilamentSet, Floats, Ints
from .overlap import Sections, crossing, gauss_legendre, radius

if TYPE_CHECKING:
    from .contacts import Contacts

#: Sine of the angle below which two filaments run along each other rather than across.
ALONG = 0.3

#: Pairs of pieces sampled at a time.
CHUNK = 1 << 12


@dataclass(slots=True, eq=False)
class Pieces:
    """N pieces of segments, none much longer than a width: start, step, half-width, half-height, filament, place of the
    start along it, length, and the unit vectors across (level) and up (square to axis and across)."""

    p: Floats
    d: Floats
    a: Floats
    b: Floats
    owner: Ints
    at: Floats
    length: Floats
    side: Floats
    up: Floats


@dataclass(slots=True, eq=False)
class Found:
    """Touching pairs of pieces: rows, clear distance (below 0), fractions along, vector between the axes. `hanging`: the
    upper filament of every crossing of neighbouring layers that does not touch."""

    i: Ints
    j: Ints
    clear: Floats
    s: Floats
    t: Floats
    away: Floats
    hanging: Ints
    gap: float = np.inf
    nearest: tuple[int, int] | None = None
    layer_gap: float = np.inf
    layer_nearest: tuple[int, int] | None = None


def places(filaments: FilamentSet, x: Pieces, f: Found, out: Contacts) -> list[Support]:
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

    # A place is a plain crossing where both filaments go on beyond it at a fair angle; others are sampled.
    reach = (x.a[pi] + x.a[pj]) / np.maximum(turn, 1e-9)
    plain = (turn > ALONG) & inside(one, at_i[best], reach) & inside(two, at_j[best], reach)
    if plain.any():
        shared = crossing(_sections(x, pi[plain], pj[plain], f.away[best[plain]]))
        out.shared_um3 += float((shared.volume / turn[plain]).sum())
        out.hidden_um2 += float(((shared.hidden1 + shared.hidden2) / turn[plain]).sum())
    ends = ~inside(one, at_i[best], 2 * END_UM) & ~inside(two, at_j[best], 2 * END_UM)
    joint = ends & (turn < ALONG) & (np.linalg.norm(f.away[best], axis=1) < 2 * END_UM)
    odd = ~plain[place] & ~joint[place]
    if odd.any():
        volume, hidden = _sampled(x, i[odd], j[odd])
        out.shared_um3 += volume
        out.hidden_um2 += hidden
    out.hidden_um2 += 2.0 * float(np.pi * np.minimum(x.a[pi] * x.b[pi], x.a[pj] * x.b[pj])[joint].sum())
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
    return group


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


def _sampled(x: Pieces, i: Ints, j: Ints) -> tuple[float, float]:
    """Volume that pairs of pieces share and flanks that they hide, from 6 x 5 x 24 points of each first piece (relative
    error about 1e-2), both ways for the flanks."""
    volume = hidden = 0.0
    g, w = gauss_legendre(6)
    along, along_w = 0.5 * (g + 1.0), 0.5 * w
    phi = (np.arange(24) + 0.5) * (2.0 * np.pi / 24)
    ring = np.sqrt((np.arange(5) + 0.5) / 5)
    for k in range(0, len(i), CHUNK):
        a, b = i[k : k + CHUNK], j[k : k + CHUNK]
        disc = [(r * np.cos(phi), r * np.sin(phi)) for r in ring]
        cx, cz = (np.concatenate([d[m] for d in disc]) for m in (0, 1))
        inside = _inside(x, a, b, along, cx, cz)
        area = np.pi * x.a[a] * x.b[a]
        volume += float((np.einsum("nup,u->n", inside, along_w) / len(cx) * area * x.length[a]).sum())
        for one, two in ((a, b), (b, a)):
            inside = _inside(x, one, two, along, np.cos(phi), np.sin(phi))
            arc = np.hypot(x.a[one, None] * np.sin(phi), x.b[one, None] * np.cos(phi)) * (2.0 * np.pi / 24)
            hidden += float(np.einsum("nup,u,np,n->", inside, along_w, arc, x.length[one]))
    return volume, hidden


def _inside(x: Pieces, one: Ints, two: Ints, along: Floats, cx: Floats, cz: Floats) -> Floats:
    """1 where points of piece `one` (fractions along, offsets in half-axes) lie in piece `two`, [N, len(along), len(cx)]."""
    r = x.p[one] - x.p[two]
    out = np.ones((len(one), len(along), len(cx)))
    unit = x.d[two] / x.length[two, None]
    level = np.zeros_like(out)
    for axis, half in ((x.side[two], x.a[two]), (x.up[two], x.b[two]), (unit, None)):
        base = np.einsum("ni,ni->n", r, axis)[:, None, None]
        step = np.einsum("ni,ni->n", x.d[one], axis)[:, None, None] * along[None, :, None]
        wide = (np.einsum("ni,ni->n", x.side[one], axis) * x.a[one])[:, None, None] * cx
        high = (np.einsum("ni,ni->n", x.up[one], axis) * x.b[one])[:, None, None] * cz
        at = base + step + wide + high
        if half is not None:
            level += (at / half[:, None, None]) ** 2
        else:
            out *= (at >= 0.0) & (at < x.length[two][:, None, None])
    return out * (level < 1.0)


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
