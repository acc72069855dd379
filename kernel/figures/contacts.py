"""Which filaments touch, what hangs, how near the others come: one pass over all that lie near each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..filaments import FilamentSet, Floats, Ints, State
from ..scene import StateName
from .crossings import Bools, Cross, Crossing, Support
from .parallels import Parallel
from .rods import FAN, Family, Rods, rods

if TYPE_CHECKING:
    from .bent import BentCrossing, BentParallel

#: Rods whose directions part by less than this over the longest of them, in widths, run parallel.
PARALLEL = 1e-3

#: A filament whose underside lies no higher than this part of its height above the substrate rests on it.
RESTS = 0.1


class Places(NamedTuple):
    """Contacts and joints one by one: both filaments, and the part of the way along either, 0 at its first point."""

    one: Ints
    two: Ints
    part1: Floats
    part2: Floats


@dataclass(slots=True, eq=False)
class Contacts:
    """Contacts of one state. Arrays have one entry a filament.

    `contacts`: places where two filaments touch (a crossing, or a stretch of parallel ones); `joints`: flat ends that
    meet; `missing`: crossings of neighbouring layers that do not touch, and filaments above the first layer that nothing
    carries. `span_um`: longest stretch between two places that rest on what is below, axis to axis; the whole length where
    nothing carries it. `overhang_um`: longest free end. `contacts_of`, `missing_of`, `carried`, `fused_of` count
    places, hanging places, whether anything carries it, and parallel neighbours of its layer that it runs into.
    `gap_um`: least clear distance of filaments that do not touch or are neighbours of one layer; `layer_gap_um`: the same
    within layers; `nearest`: the filaments of either. `shared_um3`, `hidden_um2`: volume that is counted twice and surface
    that is covered when filaments are taken one by one. `crowded`: three filaments share one place, so that both
    are upper bounds. `exact`: found by the exact method for straight level filaments.
    """

    contacts: int
    joints: int
    missing: int
    shared_um3: float
    hidden_um2: float
    contacts_of: Ints
    missing_of: Ints
    fused_of: Ints
    carried: Bools
    span_um: Floats
    overhang_um: Floats
    gap_um: float = np.inf
    layer_gap_um: float = np.inf
    nearest: tuple[int, int] | None = None
    layer_nearest: tuple[int, int] | None = None
    crowded: bool = False
    exact: bool = True
    rods: Rods | None = None
    touching: list[tuple[int, int, float]] = field(default_factory=list)
    rows: list[tuple[Ints, Ints]] = field(default_factory=list)
    places: list[Places] = field(default_factory=list)

    @staticmethod
    def empty(n: int) -> Contacts:
        def zeros() -> Ints:
            return np.zeros(n, dtype=np.int64)

        return Contacts(
            0, 0, 0, 0.0, 0.0, zeros(), zeros(), zeros(), np.zeros(n, dtype=bool), np.zeros(n), np.zeros(n)
        )


@lru_cache(maxsize=4)
def contacts_of(filaments: FilamentSet, name: StateName) -> Contacts:
    """`find_contacts`, remembered for the sets last asked for: rules and figures look at the same ones."""
    return find_contacts(filaments, name)


def level_rods(filaments: FilamentSet, state: State) -> Rods | None:
    """The filaments as rods of few directions, None where they bend, climb or lie in too many."""
    table = rods(filaments, state)
    many = table is not None and len(table.families) > 64 + 6 * (int(filaments.layer.max()) + 1)
    return None if many else table


def find_contacts(filaments: FilamentSet, name: StateName, *, pairs: bool = False) -> Contacts:
    """Contacts of the state `name`. `pairs`: list every contact and joint in `places` (and, for
    rods, the pairs of rows in `rows`)."""
    state = filaments.state(name)
    table = level_rods(filaments, state)
    if table is None:
        from .tangle import tangle

        return tangle(filaments, state, pairs=pairs)
    return _Rods(filaments, state, table, pairs).contacts()


class _Rods:
    def __init__(self, filaments: FilamentSet, state: State, table: Rods, pairs: bool) -> None:
        self.table, self.pairs = table, pairs
        self.filaments, self.points = filaments, state.points_um
        self.crossing: type[Crossing] | type[BentCrossing] = Crossing
        self.parallel: type[Parallel] | type[BentParallel] = Parallel
        if table.course is not None:
            from .bent import BentCrossing, BentParallel

            self.crossing, self.parallel = BentCrossing, BentParallel
        self.out = Contacts.empty(len(filaments))
        self.out.rods = table
        self.families = sorted(range(len(table.families)), key=lambda i: (table.families[i].low_um, i))
        self.layer = filaments.layer
        self.longest = [float((table.e_um[f.rows] - table.s_um[f.rows]).max()) for f in table.families]
        self.height = [float(table.z_um[f.rows].mean()) for f in table.families]

    def contacts(self) -> Contacts:
        out, fam = self.out, self.table.families
        for i, f in enumerate(fam):
            found = self.parallel(self.table, f, f).meet(out.layer_gap_um, upper=0, pairs=self.pairs)
            self._add(i, i, found)
        order = self.families
        low = np.array([fam[i].low_um for i in order])
        later: list[tuple[float, int, int]] = []
        below: list[list[tuple[int, int]]] = [[] for _ in fam]
        for p, i in enumerate(order):
            stop = int(np.searchsorted(low, fam[i].high_um))
            for q in range(p + 1, len(order)):
                j = order[q]
                if q < stop or fam[i].layer == fam[j].layer or abs(fam[i].layer - fam[j].layer) == 1:
                    below[self._upper(i, j)].append((i, j))
                elif fam[j].low_um - fam[i].high_um < out.gap_um:
                    later.append((fam[j].low_um - fam[i].high_um, i, j))
                else:
                    break
        for k in order:
            supports: list[Support] = []
            plan = np.zeros(len(fam[k]), dtype=np.int64)
            for i, j in below[k]:
                found = self._meet(i, j)
                self._add(i, j, found)
                supports += found.supports
                plan += (found.missing1 if k == i else found.missing2) if fam[i].layer != fam[j].layer else 0
            self._spans(fam[k], supports, plan)
        for clear, i, j in sorted(later):
            if clear < out.gap_um:
                self._add(i, j, self._meet(i, j))
        out.crowded = self._crowded()
        out.gap_um = min(out.gap_um, out.layer_gap_um)
        return out

    def _upper(self, i: int, j: int) -> int:
        return i if self.height[i] > self.height[j] else j

    def _meet(self, i: int, j: int) -> Cross:
        f, g = self.table.families[i], self.table.families[j]
        same = f.layer == g.layer
        wanted = self.out.layer_gap_um if same else min(self.out.gap_um, self.out.layer_gap_um)
        rise = abs(self.height[i] - self.height[j])
        upper = 0
        if not same and rise > RESTS * (f.high_um - f.low_um):
            upper = 1 if self._upper(i, j) == i else 2
        turn = abs(f.ux * g.uy - f.uy * g.ux)
        length = max(self.longest[i], self.longest[j])
        width = float(self.table.a_um[f.start] + self.table.a_um[g.start])
        sway = 0.0 if self.table.course is None else FAN * length
        if turn * length < PARALLEL * width + sway:
            return self.parallel(self.table, f, g).meet(wanted, upper=upper, pairs=self.pairs)
        adjacent = abs(f.layer - g.layer) == 1
        return self.crossing(self.table, f, g).meet(wanted, adjacent=adjacent, upper=upper, pairs=self.pairs)

    def _add(self, i: int, j: int, found: Cross) -> None:
        out, t = self.out, self.table
        f, g = t.families[i], t.families[j]
        one, two = t.filament[f.rows], t.filament[g.rows]
        out.contacts += found.contacts
        out.missing += found.missing
        out.joints += found.joints
        out.shared_um3 += found.shared
        out.hidden_um2 += found.hidden
        out.contacts_of[one] += found.touching1
        out.contacts_of[two] += found.touching2
        if found.missing:
            # What hangs is the upper one's fault.
            if self._upper(i, j) == i:
                out.missing_of[one] += found.missing1
            else:
                out.missing_of[two] += found.missing2
        for a, b in found.fused:
            np.add.at(out.fused_of, t.filament[a], 1)
            np.add.at(out.fused_of, t.filament[b], 1)
        if f.layer == g.layer and found.gap_um < out.layer_gap_um:
            out.layer_gap_um, out.layer_nearest = found.gap_um, found.nearest
        if found.nearest is not None and found.gap_um < out.gap_um:
            out.gap_um, out.nearest = found.gap_um, found.nearest
        if found.contacts:
            out.touching.append((i, j, found.mean_um3))
        for p in found.pairs:
            row1, row2 = f.start + p.row1, g.start + p.row2
            out.rows.append((row1, row2))
            part1, part2 = self._part(f, row1, p.along1), self._part(g, row2, p.along2)
            out.places.append(Places(t.filament[row1], t.filament[row2], part1, part2))

    def _part(self, family: Family, row: Ints, along: Floats) -> Floats:
        """Part of the way from a filament's first point, of places along its rod."""
        t, offsets = self.table, self.filaments.offsets
        part = np.clip((along - t.s_um[row]) / (t.e_um[row] - t.s_um[row]), 0.0, 1.0)
        i = t.filament[row]
        step = self.points[offsets[i + 1] - 1, :2] - self.points[offsets[i], :2]
        back = family.ux * step[:, 0] + family.uy * step[:, 1] < 0
        return np.asarray(np.where(back, 1.0 - part, part))

    def _spans(self, family: Family, supports: list[Support], plan: Ints) -> None:
        """Spans and free ends of one family, from where its rods rest on what is below."""
        t, out = self.table, self.out
        rows, who = family.rows, t.filament[family.rows]
        start, end = t.s_um[rows], t.e_um[rows]
        rests = t.z_um[rows] - t.b_um[rows] <= RESTS * 2.0 * t.b_um[rows]
        rests |= family.layer == 0
        span, overhang, carried = longest_spans(start, end, supports)
        hangs = ~carried & ~rests
        out.missing_of[who[hangs & (plan == 0)]] += 1
        out.missing += int((hangs & (plan == 0)).sum())
        out.carried[who] = carried | rests
        out.span_um[who] = np.where(rests, 0.0, span)
        out.overhang_um[who] = np.where(rests, 0.0, overhang)

    def _crowded(self) -> bool:
        """Whether three rods may share one place: three families that touch each other, one that fuses and is touched, a
        joint that a crossing rod may cover."""
        if self.out.joints and self.out.contacts:
            return True
        near: dict[int, set[int]] = {}
        for i, j, _ in self.out.touching:
            near.setdefault(i, set()).add(j)
            near.setdefault(j, set()).add(i)
        return any(
            (i == j and len(near[i]) > 1) or (i != j and bool((near[i] & near[j]) - {i, j}))
            for i, j, _ in self.out.touching
        ) or any(i == j and self._row_of_three(i) for i, j, _ in self.out.touching)

    def _row_of_three(self, i: int) -> bool:
        """Whether rods of one family overlap the next but one."""
        f = self.table.families[i]
        c, a = self.table.c_um[f.rows], self.table.a_um[f.rows]
        return bool((c[2:] - c[:-2] < a[2:] + a[:-2]).any())


def longest_spans(start: Floats, end: Floats, supports: list[Support]) -> tuple[Floats, Floats, Bools]:
    """Longest stretch between supports, longest free end, and whether anything supports it, for rods [start, end]."""
    n = len(start)
    if not supports or not any(len(s.row) for s in supports):
        return end - start, end - start, np.zeros(n, dtype=bool)
    row = np.concatenate([s.row for s in supports])
    low = np.concatenate([s.low for s in supports])
    high = np.concatenate([s.high for s in supports])
    order = np.lexsort((low, row))
    row, low, high = row[order], low[order], high[order]
    first = np.flatnonzero(np.diff(row, prepend=-1))
    owner = row[first]
    # The farthest support so far, within each rod: rods are pulled apart so that one running maximum serves all.
    far = float(np.abs(high).max() + np.abs(low).max()) * 4.0 + 1.0
    reached = np.maximum.accumulate(high + row * far) - row * far
    step = np.zeros(len(row))
    step[1:] = low[1:] - reached[:-1]
    step[first] = 0.0
    carried = np.zeros(n, dtype=bool)
    carried[owner] = True
    span, overhang = end - start, end - start
    span[owner] = np.maximum(np.maximum.reduceat(step, first), 0.0)
    last = np.append(first[1:], len(row)) - 1
    overhang[owner] = np.maximum(np.maximum(low[first] - start[owner], end[owner] - reached[last]), 0.0)
    return span, overhang, carried
