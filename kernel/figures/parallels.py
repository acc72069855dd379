"""Parallel rods, of one family or of two: where they fuse, lie on each other or abut, and how far apart they stand."""

from __future__ import annotations

import numpy as np

from ..filaments import Floats, Ints
from .crossings import BOND_UM, END_UM, Cross, Pairs, Support, unique_rows
from .overlap import Sections, lens, radius
from .rods import Family, Rods


class Parallel:
    """Pairs of rods of two parallel families (or of one and the same, each pair once).

    Directions that differ by rounding are taken as one; those of an antiparallel family are turned.
    """

    def __init__(self, table: Rods, one: Family, two: Family) -> None:
        self.table, self.one, self.two = table, one, two
        self.same = one is two
        sign = 1.0 if one.ux * two.ux + one.uy * two.uy > 0 else -1.0
        c, s, e = (v[two.rows] for v in (table.c_um, table.s_um, table.e_um))
        self.c2 = sign * c
        self.s2, self.e2 = (s, e) if sign > 0 else (-e, -s)
        self.sign = sign

    def meet(self, wanted_gap: float, *, upper: int, pairs: bool) -> Cross:
        """As Crossing.meet; a pair of parallel rods that touch is one contact, however long."""
        out = Cross.of(self.one, self.two, wanted_gap)
        t = self.table
        wide = float(t.a_um[self.one.rows].max()) + float(t.a_um[self.two.rows].max())
        i, j = self._within(wide)
        self._touching(out, i, j, upper, pairs)
        reach = self._first_gap(out)
        if reach < np.inf:
            # A little more than needed: rounding must not lose the pair that the reach came from.
            i, j = self._within((reach + wide) * (1.0 + 1e-6))
            self._gap(out, i, j)
        return out

    def _within(self, reach_um: float) -> tuple[Ints, Ints]:
        """Rows (i of the first, j of the second) whose axes are at most `reach_um` apart across."""
        c1 = self.table.c_um[self.one.rows]
        order = np.argsort(self.c2, kind="stable") if self.sign < 0 else np.arange(len(self.c2))
        c2 = self.c2[order]
        first = np.searchsorted(c2, c1 - reach_um, "left")
        if self.same:
            first = np.maximum(first, np.arange(len(c1)) + 1)
        last = np.searchsorted(c2, c1 + reach_um, "right")
        n = np.maximum(0, last - first)
        i = np.repeat(np.arange(len(c1)), n)
        j = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n) + np.repeat(first, n)
        return i, order[j]

    def _pair(self, i: Ints, j: Ints) -> tuple[Sections, Floats, Floats, Floats]:
        """Sections, offset across, and the common range along (low, high; high < low where they stand apart)."""
        t = self.table
        r1, r2 = self.one.start + i, self.two.start + j
        sections = Sections(t.a_um[r1], t.b_um[r1], t.a_um[r2], t.b_um[r2], t.z_um[r2] - t.z_um[r1])
        low = np.maximum(t.s_um[r1], self.s2[j])
        high = np.minimum(t.e_um[r1], self.e2[j])
        return sections, self.c2[j] - t.c_um[r1], low, high

    def _touching(self, out: Cross, i: Ints, j: Ints, upper: int, pairs: bool) -> None:
        if not len(i):
            return
        sections, offset, low, high = self._pair(i, j)
        # A pair of ellipses that touch is close in the metric of the sum of their axes (exactly where both have one shape); the lens decides.
        near = np.hypot(offset / (sections.a1 + sections.a2), sections.h / (sections.b1 + sections.b2)) < 1.1
        near &= high >= low - 2 * END_UM
        i, j = i[near], j[near]
        offset, low, high = offset[near], low[near], high[near]
        if not len(i):
            return
        sections = Sections(*(v[near] for v in sections))
        cases, member = _cases(sections, offset)
        shared = lens(Sections(*cases[:, :5].T), cases[:, 5])
        area, line1, line2 = (v[member] for v in shared)
        real = area > 1e-9 * sections.a1 * sections.b1
        length = np.where(real, high - low, 0.0)
        side = real & (length > END_UM)
        abut = real & ~side
        out.joints += int(abut.sum())
        out.hidden += 2.0 * float(area[abut].sum())
        if side.any():
            out.shared += float((area * length)[side].sum())
            out.hidden += float(((line1 + line2) * length)[side].sum())
            # At either end of the common range one face lies inside the other rod, or two faces lie in one plane and
            # show their common part once: the section that they share is hidden once at either end.
            out.hidden += 2.0 * float(area[side].sum())
            out.touching1 += np.bincount(i[side], minlength=len(self.one))
            out.touching2 += np.bincount(j[side], minlength=len(self.two))
            out.contacts = int(side.sum())
            if upper:
                if upper == 1:
                    out.supports.append(Support(i[side], low[side], high[side]))
                else:
                    lo, hi = (low, high) if self.sign > 0 else (-high, -low)
                    out.supports.append(Support(j[side], lo[side], hi[side]))
            if self.one.layer == self.two.layer:
                out.fused = [(self.one.start + i[side], self.two.start + j[side])]
                self._take(out, i[side], j[side], clear_distance(sections, offset)[side])
        if pairs:
            middle = 0.5 * (low + high)[real]
            share = (area * np.maximum(length, 0.0))[real]
            out.pairs.append(Pairs(i[real], j[real], middle, self.sign * middle, share))

    def _first_gap(self, out: Cross) -> float:
        """A gap that surely is not the least one but near it, so that the search stays short."""
        if out.gap_um < np.inf:
            return out.gap_um
        n, m = len(self.one), len(self.two)
        best = np.inf
        if self.same:
            for lag in range(1, n):
                i = np.arange(n - lag)
                gap = self._clear_pairs(i, i + lag)
                best = float(gap.min(initial=np.inf))
                if best < np.inf:
                    break
            return best
        i = np.arange(n)
        j = np.clip(np.searchsorted(np.sort(self.c2), self.table.c_um[self.one.rows]), 0, m - 1)
        return float(self._clear_pairs(i, j).min(initial=np.inf))

    def _clear_pairs(self, i: Ints, j: Ints) -> Floats:
        """Clear distance of pairs, inf for those that touch or abut."""
        sections, offset, low, high = self._pair(i, j)
        clear, along = clear_distance(sections, offset), low - high
        gap = np.where(along <= 0, clear, np.hypot(np.maximum(clear, 0.0), np.maximum(along, 0.0)))
        touching = (clear < -BOND_UM) & (along <= 2 * END_UM)
        return np.where(touching, np.inf, np.maximum(gap, 0.0))

    def _gap(self, out: Cross, i: Ints, j: Ints) -> None:
        if len(i):
            self._take(out, i, j, self._clear_pairs(i, j))

    def _take(self, out: Cross, i: Ints, j: Ints, gap: Floats) -> None:
        if not len(i):
            return
        k = int(np.argmin(gap))
        if float(gap[k]) < out.gap_um:
            out.gap_um = float(gap[k])
            f = self.table.filament
            out.nearest = (int(f[self.one.start + i[k]]), int(f[self.two.start + j[k]]))


def clear_distance(sections: Sections, offset: Floats) -> Floats:
    """Distance between the axes less the radii along the line that joins them, um; below 0 where they share space."""
    across, up = np.abs(offset), np.abs(sections.h)
    size = np.hypot(across, up)
    out: Floats = (
        size - radius(sections.a1, sections.b1, across, up) - radius(sections.a2, sections.b2, across, up)
    )
    return out


def _cases(sections: Sections, offset: Floats) -> tuple[Floats, Ints]:
    """Different cases among many pairs, to 1e-6 um."""
    key = np.stack([*sections, np.abs(offset)], axis=1)
    return unique_rows(np.round(key, 6))
