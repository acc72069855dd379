"""Two families of rods across each other: which pairs touch, what they share, what they leave between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints
from .ends import Clip, clipped, meets
from .overlap import Sections, Shared, crossing, radius
from .rods import Family, Rods

Bools = npt.NDArray[np.bool_]

#: Pairs looked at in one go: bounds the memory, and keeps the arrays in the cache.
CHUNK = 1 << 18

#: Axes that cross within this of an end still cross: paths are rounded to 1 nm, um.
END_UM = 5e-3

#: Less overlap in height than this is no bond, um.
BOND_UM = 1e-6


class Pairs(NamedTuple):
    """Contacts one by one: row of either family, place along either rod (um), shared volume (um^3)."""

    row1: Ints
    row2: Ints
    along1: Floats
    along2: Floats
    volume: Floats


class Support(NamedTuple):
    """Where rods rest on what is below: row of the upper family, from where to where along the rod, um."""

    row: Ints
    low: Floats
    high: Floats


@dataclass(slots=True, eq=False)
class Cross:
    """What two families have to do with each other; n rods of the first, m of the second.

    `shared`: volume um^3; `hidden`: surface um^2 of both inside each other; `mean_um3`: volume of a whole crossing times
    the sine of the angle, mean over the whole crossings. `touching1[n]`, `touching2[m]`: contacts of each rod;
    `missing1`, `missing2`: crossings in plan view that do not touch. `gap_um`: the least clear distance of a pair that
    does not touch, between filaments `nearest`. `joints`: flat ends that meet. `fused`: rows of
    the table of parallel neighbours of one layer that share space. `pairs`, `supports`: one entry a block.
    """

    touching1: Ints
    touching2: Ints
    missing1: Ints
    missing2: Ints
    gap_um: float
    nearest: tuple[int, int] | None = None
    contacts: int = 0
    missing: int = 0
    shared: float = 0.0
    hidden: float = 0.0
    mean_um3: float = 0.0
    pairs: list[Pairs] = field(default_factory=list)
    supports: list[Support] = field(default_factory=list)
    joints: int = 0
    fused: list[tuple[Ints, Ints]] = field(default_factory=list)

    @staticmethod
    def of(one: Family, two: Family, gap_um: float) -> Cross:
        def zeros(family: Family) -> Ints:
            return np.zeros(len(family), dtype=np.int64)

        return Cross(zeros(one), zeros(two), zeros(one), zeros(two), gap_um)


@dataclass(slots=True, eq=False)
class Kinds:
    """Sections of a family, one row a kind, and the kind of every rod."""

    of: Ints
    a: Floats
    b: Floats
    z: Floats

    def __len__(self) -> int:
        return len(self.a)


def kinds(table: Rods, family: Family) -> Kinds:
    """The mean section of every kind; kinds differ by rounding only, or by as much as MOST_KINDS asks for."""
    of = table.kind[family.rows]
    count = int(of.max()) + 1
    n = np.bincount(of, minlength=count)
    a, b, z = (
        np.bincount(of, v[family.rows], minlength=count) / n for v in (table.a_um, table.b_um, table.z_um)
    )
    return Kinds(of, a, b, z)


@dataclass(slots=True, eq=False)
class _Block:
    """Some rows of the first family against all of the second, [n, m]: place of the crossing of the axes along each,
    and how far that lies beyond the nearer end (negative: inside). `kind`: index of the pair of sections, or None
    where there is one only."""

    rows: slice
    along1: Floats
    along2: Floats
    over1: Floats
    over2: Floats
    kind: Ints | None


class Crossing:
    """Pairs of rods of two families that are not parallel."""

    def __init__(self, table: Rods, one: Family, two: Family) -> None:
        self.table, self.one, self.two = table, one, two
        self.sin = one.ux * two.uy - one.uy * two.ux
        self.cos = one.ux * two.ux + one.uy * two.uy
        self.k1, self.k2 = kinds(table, one), kinds(table, two)
        shape = (len(self.k1), len(self.k2))
        self.sections = Sections(
            *(
                np.broadcast_to(v, shape).reshape(-1)
                for v in (
                    self.k1.a[:, None],
                    self.k1.b[:, None],
                    self.k2.a,
                    self.k2.b,
                    self.k2.z - self.k1.z[:, None],
                )
            )
        )
        self.bond = self.sections.b1 + self.sections.b2 - np.abs(self.sections.h)
        self.touch = self.bond > BOND_UM
        a1, a2 = float(self.k1.a.max()), float(self.k2.a.max())
        self.reach1 = (a2 + a1 * abs(self.cos)) / abs(self.sin)
        self.reach2 = (a1 + a2 * abs(self.cos)) / abs(self.sin)
        # Axes that end farther than this from where they would cross cannot come near enough to touch.
        self.near = (a1 + a2 + float(self.k1.b.max() + self.k2.b.max())) / abs(self.sin)

    def meet(self, wanted_gap: float, *, adjacent: bool, upper: int, pairs: bool) -> Cross:
        """`wanted_gap`: wider gaps are of no interest, um. `adjacent`: a crossing in plan view that does not touch is
        missing. `upper`: 1 or 2, the family that rests on the other, or 0. `pairs`: give every contact."""
        out = Cross.of(self.one, self.two, wanted_gap)
        any_touch = bool(self.touch.any())
        whole = crossing(self.sections) if any_touch else None
        fulls = np.zeros(self.touch.size, dtype=np.int64)
        for block in self._blocks():
            full = (block.over1 <= -self.reach1) & (block.over2 <= -self.reach2)
            if block.kind is None:
                contact = full.copy() if any_touch else np.zeros_like(full)
                fulls[0] += int(np.count_nonzero(contact))
            else:
                contact = full & self.touch[block.kind]
                fulls += np.bincount(block.kind[contact], minlength=fulls.size)
            cut = None
            if any_touch:
                near = (block.over1 < self.near) & (block.over2 < self.near) & ~full
                cut = self._clipped(block, near)
                if cut is not None:
                    i, j, shared = cut
                    contact[i, j] = True
                    out.shared += float(shared.volume.sum())
                    out.hidden += float(shared.hidden1.sum() + shared.hidden2.sum())
            rows = block.rows
            out.touching1[rows] += np.count_nonzero(contact, axis=1)
            out.touching2 += np.count_nonzero(contact, axis=0)
            if not contact.all():
                if adjacent and not self.touch.all():
                    plan = (block.over1 <= END_UM) & (block.over2 <= END_UM) & ~contact
                    out.missing1[rows] += np.count_nonzero(plan, axis=1)
                    out.missing2 += np.count_nonzero(plan, axis=0)
                self._gap(out, block, contact)
            if upper:
                i, j = np.nonzero(contact)
                family, row = (self.one, i + rows.start) if upper == 1 else (self.two, j)
                at = block.along1[i, j] if upper == 1 else block.along2[i, j]
                at = np.clip(at, self.table.s_um[family.start + row], self.table.e_um[family.start + row])
                out.supports.append(Support(row, at, at))
            if pairs:
                out.pairs.append(self._pairs(block, contact, whole, cut))
        if whole is not None:
            count = int(fulls.sum())
            volume = float(fulls @ whole.volume)
            out.shared += volume / abs(self.sin)
            out.hidden += float(fulls @ (whole.hidden1 + whole.hidden2)) / abs(self.sin)
            out.mean_um3 = volume / count if count else 0.0
        out.contacts = int(out.touching1.sum())
        out.missing = int(out.missing1.sum())
        return out

    def _blocks(self) -> Iterator[_Block]:
        t, one, two = self.table, self.one, self.two
        c2, s2, e2 = t.c_um[two.rows], t.s_um[two.rows], t.e_um[two.rows]
        middle2, half2 = 0.5 * (s2 + e2), 0.5 * (e2 - s2)
        step = max(1, CHUNK // len(two))
        for k in range(0, len(one), step):
            rows = slice(k, min(k + step, len(one)))
            at = slice(one.start + rows.start, one.start + rows.stop)
            c1, s1, e1 = (v[at][:, None] for v in (t.c_um, t.s_um, t.e_um))
            along1 = (self.cos / self.sin) * c1 - c2 / self.sin
            along2 = c1 / self.sin - (self.cos / self.sin) * c2
            over1 = np.abs(along1 - 0.5 * (s1 + e1))
            over1 -= 0.5 * (e1 - s1)
            over2 = np.abs(along2 - middle2)
            over2 -= half2
            kind = None
            if self.touch.size > 1:
                kind = self.k1.of[rows][:, None] * len(self.k2) + self.k2.of
            yield _Block(rows, along1, along2, over1, over2, kind)

    def _clipped(self, block: _Block, near: Bools) -> tuple[Ints, Ints, Shared] | None:
        """Pairs at whose place one ends and that touch: rows of the block, columns, what they share."""
        i, j = np.nonzero(near)
        if block.kind is not None and len(i):
            bonded = self.touch[block.kind[i, j]]
            i, j = i[bonded], j[bonded]
        if not len(i):
            return None
        t = self.table
        r1, r2 = self.one.start + block.rows.start + i, self.two.start + j
        u, v = block.along1[i, j], block.along2[i, j]
        kind = np.zeros(len(i), dtype=np.int64) if block.kind is None else block.kind[i, j]
        # Ends beyond reach are all alike, and on a lattice's edge the rest is too: few different cases remain.
        key = np.stack(
            [
                np.clip(t.s_um[r1] - u, -self.near, self.near),
                np.clip(t.e_um[r1] - u, -self.near, self.near),
                np.clip(t.s_um[r2] - v, -self.near, self.near),
                np.clip(t.e_um[r2] - v, -self.near, self.near),
                kind.astype(np.float64),
            ],
            axis=1,
        )
        key[:, :4] = np.round(key[:, :4], 4)
        cases, member = unique_rows(key)
        which = cases[:, 4].astype(np.int64)
        sections = Sections(*(v[which] for v in self.sections))
        ends = Clip(*cases[:, :4].T)
        angle = np.full((2, len(cases)), [[self.sin], [self.cos]])
        found = clipped(sections, ends, angle[0], angle[1])
        shared = Shared(*(v[member] for v in found))
        real = meets(sections, ends, angle[0], angle[1], BOND_UM)[member]
        return i[real], j[real], Shared(*(v[real] for v in shared))

    def _pairs(
        self, block: _Block, contact: Bools, whole: Shared | None, cut: tuple[Ints, Ints, Shared] | None
    ) -> Pairs:
        volume = np.zeros(contact.shape)
        if whole is not None:
            per = whole.volume / abs(self.sin)
            volume[...] = per[0] if block.kind is None else per[block.kind]
        if cut is not None:
            volume[cut[0], cut[1]] = cut[2].volume
        i, j = np.nonzero(contact)
        return Pairs(i + block.rows.start, j, block.along1[i, j], block.along2[i, j], volume[i, j])

    def _gap(self, out: Cross, block: _Block, contact: Bools) -> None:
        """Least clear distance of pairs that do not touch. Where the axes cross in plan view it is the height between
        the surfaces; where one rod ends beside the other it runs from its flat end to the other's flank; where both
        end short, between the boxes around them (a lower bound)."""
        apart = -self.bond
        least = float(np.maximum(apart.min(), 0.0))
        if least >= out.gap_um:
            return
        sin, table = abs(self.sin), self.table
        short = sin * np.maximum(block.over1, block.over2)
        reach = out.gap_um + max(float(self.k1.a.max()), float(self.k2.a.max()))
        i, j = np.nonzero(~contact & (short < reach))
        if not len(i):
            return
        kind = np.zeros(len(i), dtype=np.int64) if block.kind is None else block.kind[i, j]
        a1, b1, a2, b2, h = (v[kind] for v in self.sections)
        d1 = sin * np.maximum(0.0, block.over1[i, j])
        d2 = sin * np.maximum(0.0, block.over2[i, j])
        high = np.abs(h)
        gap = apart[kind]
        for d, a, b, other in ((d1, a2, b2, b1), (d2, a1, b1, b2)):
            up = np.maximum(0.0, high - other)
            away = np.hypot(d, up)
            gap = np.where(d > 0, np.maximum(gap, away - radius(a, b, d, up)), gap)
        corner = np.hypot(
            np.hypot(np.maximum(0.0, d1 - a2), np.maximum(0.0, d2 - a1)), np.maximum(0.0, high - b1 - b2)
        )
        gap = np.where((d1 > 0) & (d2 > 0), corner, gap)
        gap = np.maximum(gap, 0.0)
        k = int(np.argmin(gap))
        if float(gap[k]) < out.gap_um:
            out.gap_um = float(gap[k])
            row1 = self.one.start + block.rows.start + int(i[k])
            out.nearest = (int(table.filament[row1]), int(table.filament[self.two.start + int(j[k])]))


def unique_rows(keys: Floats) -> tuple[Floats, Ints]:
    """Unique rows of keys[N,K] and the row of each; much faster than np.unique over an axis."""
    order = np.lexsort(keys.T[::-1])
    ordered = keys[order]
    new = np.empty(len(keys), dtype=bool)
    new[0] = True
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    member = np.empty(len(keys), dtype=np.int64)
    member[order] = np.cumsum(new) - 1
    return ordered[new], member
