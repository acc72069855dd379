"""Blocks: what the writer reaches without moving its stage, and struts cut into pieces at their seams."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..filaments import FilamentSet, Floats, Ints
from .settings import Settings

#: Cuts nearer than this to each other or to an end are one; lengths of the part that a border may be missed by.
_SAME_UM = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Struts cut at the seams of blocks and run on across them, N pieces with Q points.

    `strut int64[N]`, `block int64[N]` (row of `centre_um`), `begin_um`, `end_um [N]`: place along the strut without what runs on.
    `offsets int64[N+1]` over points; point i lies `share[i]` of the way from point `low[i]` of the struts to point `high[i]`.
    `centre_um[B,2]`: centres of the blocks at the substrate (of stacked ones at their foot), in the order in which they are written;
    `tier int64[B]`: 0 for those on the substrate, 1 for those that stand on them.
    """

    strut: Ints
    block: Ints
    begin_um: Floats
    end_um: Floats
    offsets: Ints
    low: Ints
    high: Ints
    share: Floats
    centre_um: Floats
    cuts: int
    tier: Ints

    def at(self, column: Floats) -> Floats:
        """A column of the struts' points at the points of the pieces."""
        share = self.share if column.ndim == 1 else self.share[:, None]
        out: Floats = column[self.low] + share * (column[self.high] - column[self.low])
        return out

    def __len__(self) -> int:
        return len(self.strut)


def pieces_of(filaments: FilamentSet, points_um: Floats, how: Settings) -> Pieces:
    """The struts as pieces, block by block."""
    f = len(filaments)
    first, owner = filaments.segments()
    step = points_um[first + 1] - points_um[first]
    length = np.linalg.norm(step, axis=1)
    # Place of every point along its strut.
    along = np.zeros(len(points_um))
    along[first + 1] = length
    along = np.cumsum(along)
    along -= np.repeat(along[filaments.offsets[:-1]], np.diff(filaments.offsets))
    total = along[filaments.offsets[1:] - 1]
    grid = _grid(points_um, how)
    if grid is None:
        whole = np.arange(len(points_um))
        centre = 0.5 * (points_um[:, :2].min(axis=0) + points_um[:, :2].max(axis=0)) if f else np.zeros(2)
        return Pieces(
            np.arange(f), np.zeros(f, np.int64), np.zeros(f), total, filaments.offsets, whole, whole,
            np.zeros(len(whole)), _nanometres(centre)[None, :], 0, np.zeros(1, np.int64),
        )  # fmt: skip
    origin, count, side = grid
    flat = _upright(points_um, how)
    who, where = [np.arange(f)], [np.zeros(f)]
    for axis in range(3):
        a, b = flat[first, axis], flat[first + 1, axis]
        low = np.ceil((np.minimum(a, b) - origin[axis]) / side[axis] - 1e-12).astype(np.int64)
        high = np.floor((np.maximum(a, b) - origin[axis]) / side[axis] + 1e-12).astype(np.int64)
        low, high = np.maximum(low, 1), np.minimum(high, count[axis] - 1)
        many = np.where(a == b, 0, np.maximum(high - low + 1, 0))
        row = np.repeat(np.arange(len(first)), many)
        k = low[row] + np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
        t = np.clip((origin[axis] + k * side[axis] - a[row]) / (b[row] - a[row]), 0.0, 1.0)
        who.append(owner[row])
        where.append(along[first[row]] + t * length[row])
    strut, begin = np.concatenate(who), np.concatenate(where)
    kept = (begin < total[strut] - _SAME_UM) & ((begin > _SAME_UM) | (begin == 0.0))
    strut, begin = strut[kept], begin[kept]
    order = np.lexsort((begin, strut))
    strut, begin = strut[order], begin[order]
    fresh = np.ones(len(strut), bool)
    fresh[1:] = (strut[1:] != strut[:-1]) | (begin[1:] - begin[:-1] > _SAME_UM)
    strut, begin = strut[fresh], begin[fresh]
    cuts = len(strut) - f
    end = total[strut]
    inner = np.flatnonzero(strut[1:] == strut[:-1])
    end[inner] = begin[inner + 1]
    tile = _tiles(filaments, flat, along, strut, 0.5 * (begin + end), origin, side, count)
    # A line that only touches a border stays in one piece.
    joined = np.zeros(len(strut), bool)
    joined[1:] = (strut[1:] == strut[:-1]) & (tile[1:] == tile[:-1])
    cuts -= int(joined.sum())
    heads = np.flatnonzero(~joined)
    strut, begin, tile = strut[heads], begin[heads], tile[heads]
    end = np.maximum.reduceat(end, heads) if len(heads) else end
    # What the neighbours run on over needs no piece of its own.
    half = 0.5 * how.overlap
    long = end - begin > half
    before, after = np.zeros(len(strut), bool), np.zeros(len(strut), bool)
    before[1:] = (strut[1:] == strut[:-1]) & long[:-1]
    after[:-1] = (strut[1:] == strut[:-1]) & long[1:]
    kept = long | ~(before | after)
    strut, begin, end, tile = strut[kept], begin[kept], end[kept], tile[kept]
    offsets, low_at, high_at, share = _points(
        filaments, along, strut, np.maximum(begin - half, 0.0), np.minimum(end + half, total[strut])
    )
    rank, centre, tier = _order(origin, count, side, how)
    used, block = np.unique(rank[tile], return_inverse=True)
    # Tiers in which nothing lies are none.
    _, tier = np.unique(tier[used], return_inverse=True)
    return Pieces(
        strut, block.astype(np.int64), begin, end, offsets, low_at, high_at, share, centre[used], cuts, tier.astype(np.int64)
    )  # fmt: skip


def _lean(how: Settings) -> float:
    """How far seams lean to x and to y for a um upwards."""
    return math.tan(how.shear) if how.block is not None else 0.0


def _upright(points_um: Floats, how: Settings) -> Floats:
    """Points as the seams see them: upright seams, whatever their lean."""
    flat = points_um.copy()
    if how.shear:
        flat[:, :2] -= _lean(how) * points_um[:, 2:]
    return flat


def _grid(points_um: Floats, how: Settings) -> tuple[Floats, Ints, Floats] | None:
    """Lower corner, numbers and sides of the blocks, by axis; None where one holds all. They lie about the middle of the part and are
    stacked from its lowest axis up."""
    if (how.block is None and how.block_height is None) or not len(points_um):
        return None
    flat = _upright(points_um, how)
    low, high = flat.min(axis=0), flat.max(axis=0)
    # An axis along which nothing is cut has one block that is as long as the part.
    asked = [np.inf if s is None else s for s in (how.block, how.block, how.block_height)]
    side = np.minimum(asked, np.where(np.isinf(asked), np.maximum(high - low, 1.0), np.inf))
    count = np.maximum(np.ceil((high - low) / side - 1e-9), 1.0).astype(np.int64)
    if (count == 1).all():
        return None
    origin = 0.5 * (low + high) - 0.5 * count * side
    origin[2] = low[2]
    return origin, count, side


def _tiles(
    filaments: FilamentSet, flat: Floats, along: Floats, strut: Ints, at_um: Floats, origin: Floats, side: Floats, count: Ints
) -> Ints:  # fmt: skip
    """The block of each place `at_um` along its strut: tier by tier, row by row of blocks. What lies in a seam is the next one's."""
    low, share = _between(filaments, along, strut, at_um)
    place = flat[low] + share[:, None] * (flat[low + 1] - flat[low])
    cell = np.clip(np.floor((place - origin) / side + 1e-9).astype(np.int64), 0, count - 1)
    return np.asarray((cell[:, 2] * count[1] + cell[:, 1]) * count[0] + cell[:, 0])


def _between(filaments: FilamentSet, along: Floats, strut: Ints, at_um: Floats) -> tuple[Ints, Floats]:
    """The point before each place along a strut, and the share of the way to the next."""
    far = float(along.max()) * 2.0 + 1.0
    key = along + np.repeat(np.arange(len(filaments)) * far, np.diff(filaments.offsets))
    low = np.searchsorted(key, at_um + strut * far, "right") - 1
    low = np.clip(low, filaments.offsets[strut], filaments.offsets[strut + 1] - 2)
    step = along[low + 1] - along[low]
    share = np.divide(at_um - along[low], step, out=np.zeros(len(low)), where=step > 0)
    return low, np.clip(share, 0.0, 1.0)


def _points(
    filaments: FilamentSet, along: Floats, strut: Ints, begin: Floats, end: Floats
) -> tuple[Ints, Ints, Ints, Floats]:
    """Points of stretches of struts: their ends, and the struts' own points between. (offsets, low, high, share)."""
    low0, share0 = _between(filaments, along, strut, begin)
    low1, share1 = _between(filaments, along, strut, end)
    # Own points strictly inside.
    first = low0 + 1
    last = np.where(share1 > 0.0, low1, low1 - 1)
    first = np.where(share0 >= 1.0, first + 1, first)
    inside = np.maximum(last - first + 1, 0)
    offsets = np.concatenate([[0], np.cumsum(inside + 2)]).astype(np.int64)
    low, share = np.empty(int(offsets[-1]), np.int64), np.zeros(int(offsets[-1]))
    head, tail = offsets[:-1], offsets[1:] - 1
    low[head], share[head] = low0, share0
    low[tail], share[tail] = low1, share1
    own = np.ones(len(low), bool)
    own[head] = own[tail] = False
    row = np.repeat(np.arange(len(strut)), inside)
    low[own] = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(inside) - inside, inside)
    high = np.where(share > 0.0, low + 1, low)
    return offsets, low, high, share


def _order(origin: Floats, count: Ints, side: Floats, how: Settings) -> tuple[Ints, Floats, Ints]:
    """Rank of every block in the order of writing; the centres, rounded to the quantum of all files, and the tiers in that order.

    Tier by tier from the substrate up: light from above never passes a finished tier, and an objective that dips into the resin has
    nothing beside it that is higher than what it writes. In a tier row by row, there and back. Blocks whose seams lean come one
    behind the other, so that none has to be written beneath what hangs over its seam: away from the side they lean to, or
    towards it where light comes from above (`invert_z`).
    """
    tier, rest = np.divmod(np.arange(int(count.prod())), int(count[0] * count[1]))
    y, x = np.divmod(rest, int(count[0]))
    foot = np.where(tier > 0, origin[2] + tier * side[2], 0.0)
    centre = origin[:2] + (np.stack([x, y], axis=1) + 0.5) * side[:2] + (_lean(how) * foot)[:, None]
    if how.shear:
        sign = -1 if (how.shear > 0) == how.invert_z else 1
        order = np.lexsort((sign * x, sign * y, tier))
    else:
        order = np.lexsort((np.where(y % 2 == 0, x, -x), y, tier))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank, _nanometres(centre)[order], tier[order]


def _nanometres(points_um: Floats) -> Floats:
    return np.round(points_um, 3) + 0.0
