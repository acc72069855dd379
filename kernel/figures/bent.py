"""Two families of rods that bend: as crossings.py and parallels.py, each pair with its own place, angle and sections."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..filaments import Floats, Ints
from .course import At
from .crossings import BOND_UM, CHUNK, END_UM, Cross, Pairs, Support
from .ends import Clip, clipped, meets
from .overlap import Sections, crossing, lens, radius
from .parallels import clear_distance
from .rods import Family, Rods

#: Steps of the search for a crossing: each gains a factor of the slopes, which are below a half and mostly near zero.
STEPS = 6

#: Crossings that are listed and refined at a time.
LISTED = 1 << 15

#: Nodes over height at whole crossings (volume to 1e-14, surface to 1e-10 of a place), and at ends.
PLACE_NODES = 16
END_NODES = 24


class BentCrossing:
    """Pairs of rods of two families that are not parallel."""

    def __init__(self, table: Rods, one: Family, two: Family) -> None:
        assert table.course is not None
        self.table, self.one, self.two, self.course = table, one, two, table.course
        self.sin = one.ux * two.uy - one.uy * two.ux
        self.cos = one.ux * two.ux + one.uy * two.uy
        self.turn = float(np.arctan2(self.sin, self.cos))
        a1, a2 = (float(table.a_um[f.rows].max()) * 1.2 for f in (one, two))
        self.reach1 = (a2 + a1 * abs(self.cos)) / abs(self.sin)
        self.reach2 = (a1 + a2 * abs(self.cos)) / abs(self.sin)

    def meet(self, wanted_gap: float, *, adjacent: bool, upper: int, pairs: bool) -> Cross:
        """As Crossing.meet."""
        out = Cross.of(self.one, self.two, wanted_gap)
        mean: list[tuple[int, float]] = []
        near_gap = wanted_gap if wanted_gap < np.inf else 4.0 * (self.reach1 + self.reach2)
        for i, j, u, v in self._candidates(near_gap):
            self._pairs(out, i, j, u, v, adjacent, upper, pairs, mean)
        whole = sum(n for n, _ in mean)
        out.mean_um3 = sum(total for _, total in mean) / whole if whole else 0.0
        out.contacts, out.missing = int(out.touching1.sum()), int(out.missing1.sum())
        return out

    def _candidates(self, slack: float) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
        """Pairs whose mean lines come near each other, with where they cross."""
        t, one, two = self.table, self.one, self.two
        c2, s2, e2 = t.c_um[two.rows], t.s_um[two.rows], t.e_um[two.rows]
        slack += 3.0 * self.course.sway_um / abs(self.sin)
        step = max(1, LISTED // len(two))
        for k in range(0, len(one), step):
            at = slice(one.start + k, min(one.start + k + step, one.stop))
            c1, s1, e1 = (v[at][:, None] for v in (t.c_um, t.s_um, t.e_um))
            u = (self.cos / self.sin) * c1 - c2 / self.sin
            v = c1 / self.sin - (self.cos / self.sin) * c2
            near = (u > s1 - self.reach1 - slack) & (u < e1 + self.reach1 + slack)
            near &= (v > s2 - self.reach2 - slack) & (v < e2 + self.reach2 + slack)
            i, j = np.nonzero(near)
            if len(i):
                yield i + k, j, u[i, j], v[i, j]

    def _refine(self, i: Ints, j: Ints, u: Floats, v: Floats) -> tuple[Floats, Floats, At, At]:
        r1, r2 = self.one.start + i, self.two.start + j
        for _ in range(STEPS):
            one, two = self.course.at(r1, u), self.course.at(r2, v)
            # Newton on the tangents: both as lines c + slope * (place - at).
            p, q = one.c - one.slope * u, two.c - two.slope * v
            # sin u = cos c1 - c2, sin v = c1 - cos c2 with c1 = p + m u, c2 = q + n v.
            m, n = one.slope, two.slope
            a11, a12 = self.sin - self.cos * m, n
            a21, a22 = -m, self.sin + self.cos * n
            b1, b2 = self.cos * p - q, p - self.cos * q
            det = a11 * a22 - a12 * a21
            before = u
            u, v = (b1 * a22 - a12 * b2) / det, (a11 * b2 - a21 * b1) / det
            if float(np.abs(u - before).max(initial=0.0)) < 1e-6:
                break
        return u, v, self.course.at(r1, u), self.course.at(r2, v)

    def _pairs(
        self,
        out: Cross,
        i: Ints,
        j: Ints,
        u: Floats,
        v: Floats,
        adjacent: bool,
        upper: int,
        pairs: bool,
        mean: list[tuple[int, float]],
    ) -> None:
        t = self.table
        u, v, one, two = self._refine(i, j, u, v)
        angle = self.turn + np.arctan(two.slope) - np.arctan(one.slope)
        sin, cos = np.sin(angle), np.cos(angle)
        sections = Sections(one.a, one.b, two.a, two.b, two.z - one.z)
        r1, r2 = self.one.start + i, self.two.start + j
        long1, long2 = np.hypot(1.0, one.slope), np.hypot(1.0, two.slope)
        ends = Clip(
            (t.s_um[r1] - u) * long1,
            (t.e_um[r1] - u) * long1,
            (t.s_um[r2] - v) * long2,
            (t.e_um[r2] - v) * long2,
        )
        bond = sections.b1 + sections.b2 - np.abs(sections.h)
        over1 = np.maximum(ends.low1, -ends.high1)
        over2 = np.maximum(ends.low2, -ends.high2)
        need1 = (sections.a2 + sections.a1 * np.abs(cos)) / np.abs(sin)
        need2 = (sections.a1 + sections.a2 * np.abs(cos)) / np.abs(sin)
        touch = bond > BOND_UM
        full = touch & (over1 <= -need1) & (over2 <= -need2)
        near = touch & ~full & meets(sections, ends, sin, cos, BOND_UM)
        volume = np.zeros(len(i))
        if full.any():
            shared = crossing(Sections(*(x[full] for x in sections)), PLACE_NODES)
            sine = np.abs(sin[full])
            volume[full] = shared.volume / sine
            out.hidden += float(((shared.hidden1 + shared.hidden2) / sine).sum())
            mean.append((int(full.sum()), float(shared.volume.sum())))
        if near.any():
            cut = clipped(
                Sections(*(x[near] for x in sections)),
                Clip(*(x[near] for x in ends)),
                sin[near],
                cos[near],
                END_NODES,
            )
            volume[near] = cut.volume
            out.hidden += float((cut.hidden1 + cut.hidden2).sum())
        out.shared += float(volume.sum())
        contact = full | near
        out.touching1 += np.bincount(i[contact], minlength=len(self.one))
        out.touching2 += np.bincount(j[contact], minlength=len(self.two))
        if adjacent:
            plan = ~contact & (over1 <= END_UM) & (over2 <= END_UM)
            out.missing1 += np.bincount(i[plan], minlength=len(self.one))
            out.missing2 += np.bincount(j[plan], minlength=len(self.two))
        if upper:
            rows, at, r = (i, u, r1) if upper == 1 else (j, v, r2)
            at = np.clip(at, t.s_um[r], t.e_um[r])
            out.supports.append(Support(rows[contact], at[contact], at[contact]))
        if pairs:
            out.pairs.append(Pairs(i[contact], j[contact], u[contact], v[contact], volume[contact]))
        apart = ~contact
        if apart.any():
            self._gap(
                out,
                i[apart],
                j[apart],
                Sections(*(x[apart] for x in sections)),
                over1[apart],
                over2[apart],
                sin[apart],
            )

    def _gap(
        self, out: Cross, i: Ints, j: Ints, sections: Sections, over1: Floats, over2: Floats, sin: Floats
    ) -> None:
        gap = crossing_gap(sections, over1, over2, np.abs(sin))
        k = int(np.argmin(gap))
        if float(gap[k]) < out.gap_um:
            f = self.table.filament
            out.gap_um = float(gap[k])
            out.nearest = (int(f[self.one.start + i[k]]), int(f[self.two.start + j[k]]))


def crossing_gap(sections: Sections, over1: Floats, over2: Floats, sin: Floats) -> Floats:
    """Clear distance of rods that do not touch, from how far the crossing of their axes lies beyond their ends. Where the
    axes cross in plan view it is the height between the surfaces; where one rod ends beside the other it runs from its
    flat end to the other's flank; where both end short, between the boxes around them (a lower bound)."""
    a1, b1, a2, b2, h = sections
    d1, d2 = sin * np.maximum(0.0, over1), sin * np.maximum(0.0, over2)
    high = np.abs(h)
    gap = high - b1 - b2
    for d, a, b, other in ((d1, a2, b2, b1), (d2, a1, b1, b2)):
        up = np.maximum(0.0, high - other)
        away = np.hypot(d, up)
        gap = np.where(d > 0, np.maximum(gap, away - radius(a, b, d, up)), gap)
    corner = np.hypot(
        np.hypot(np.maximum(0.0, d1 - a2), np.maximum(0.0, d2 - a1)), np.maximum(0.0, high - b1 - b2)
    )
    gap = np.where((d1 > 0) & (d2 > 0), corner, gap)
    return np.asarray(np.maximum(gap, 0.0))


class BentParallel:
    """Pairs of rods of two parallel families, or of one: compared at the nodes of either."""

    def __init__(self, table: Rods, one: Family, two: Family) -> None:
        assert table.course is not None
        self.table, self.one, self.two, self.course = table, one, two, table.course
        self.same = one is two
        self.listed = False
        # Chords of the two families differ by a small angle; places and offsets are carried over through the plane.
        self.sin = one.ux * two.uy - one.uy * two.ux
        self.cos = one.ux * two.ux + one.uy * two.uy

    def meet(self, wanted_gap: float, *, upper: int, pairs: bool) -> Cross:
        """As Parallel.meet."""
        out = Cross.of(self.one, self.two, wanted_gap)
        self.listed = pairs
        t = self.table
        wide = 1.2 * float(t.a_um[self.one.rows].max() + t.a_um[self.two.rows].max())
        half = 0.5 * float((t.e_um[self.two.rows] - t.s_um[self.two.rows]).max())
        slack = 2.0 * self.course.sway_um + abs(self.sin) * half
        near = wanted_gap if wanted_gap < np.inf else self._nearest(wide)
        i, j = self._within(wide + slack + near)
        # Bounded memory: as many pairs at a time as their nodes allow.
        nodes = np.diff(self.course.first)
        many = max(1, int(nodes[self.one.rows].max() + nodes[self.two.rows].max()))
        step = max(1, CHUNK // many)
        for k in range(0, len(i), step):
            self._pairs(out, i[k : k + step], j[k : k + step], upper, pairs)
        return out

    def _offsets(self) -> Floats:
        """Mean offsets of the second family's rods across the first family's direction."""
        t, two = self.table, self.two
        middle = 0.5 * (t.s_um[two.rows] + t.e_um[two.rows])
        return np.asarray(self.cos * t.c_um[two.rows] + self.sin * middle)

    def _nearest(self, wide: float) -> float:
        """Distance to look at for a first gap: a few steps between neighbours."""
        c = np.unique(np.round(np.concatenate([self.table.c_um[self.one.rows], self._offsets()]), 3))
        steps = np.diff(c)
        steps = steps[steps > 0.5 * wide]
        return 2.0 * float(steps.min()) if len(steps) else wide

    def _within(self, reach: float) -> tuple[Ints, Ints]:
        c1, c2 = self.table.c_um[self.one.rows], self._offsets()
        order = np.argsort(c2, kind="stable")
        first = np.searchsorted(c2[order], c1 - reach, "left")
        last = np.searchsorted(c2[order], c1 + reach, "right")
        if self.same:
            first = np.maximum(first, np.arange(len(c1)) + 1)
        n = np.maximum(0, last - first)
        i = np.repeat(np.arange(len(c1)), n)
        j = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n) + np.repeat(first, n)
        return i, order[j]

    def _samples(self, i: Ints, j: Ints) -> tuple[Ints, Floats, Floats, Sections]:
        """Nodes of both rods of every pair inside what they have in common: (pair, place along the first, offset across,
        sections), sorted by pair and place."""
        t, course = self.table, self.course
        r1, r2 = self.one.start + i, self.two.start + j
        count = np.diff(course.first)
        columns = []
        for mine, rows in ((True, r1), (False, r2)):
            n = count[rows]
            pair = np.repeat(np.arange(len(i)), n)
            k = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n) + np.repeat(course.first[rows], n)
            u, c = course.u_um[k], course.c_um[k]
            if not mine:
                u = self.cos * u - self.sin * c
            columns.append((pair, u))
        # Ends of the common range, so that it is sampled even where no node lies in it.
        low2, high2 = self._ends(r2)
        low, high = np.maximum(t.s_um[r1], low2), np.minimum(t.e_um[r1], high2)
        columns += [(np.arange(len(i)), low), (np.arange(len(i)), high)]
        pair, u = np.concatenate([p for p, _ in columns]), np.concatenate([x for _, x in columns])
        kept = (u >= low[pair] - END_UM) & (u <= high[pair] + END_UM) & (high > low)[pair]
        pair, u = pair[kept], u[kept]
        order = np.lexsort((u, pair))
        pair, u = pair[order], u[order]
        one = course.at(r1[pair], u)
        # The second at the same place: u2 = cos u + sin c2', to first order in the small angle.
        v = self.cos * u + self.sin * one.c
        two = course.at(r2[pair], v)
        offset = (self.cos * two.c + self.sin * v) - one.c if self.cos > 0 else (-two.c - one.c)
        # Distance is square to the path, not to the chord.
        offset = offset / np.hypot(1.0, one.slope)
        return pair, u, offset, Sections(one.a, one.b, two.a, two.b, two.z - one.z)

    def _ends(self, rows: Ints) -> tuple[Floats, Floats]:
        t = self.table
        low = self.cos * t.s_um[rows] - self.sin * t.c_um[rows]
        high = self.cos * t.e_um[rows] - self.sin * t.c_um[rows]
        return np.minimum(low, high), np.maximum(low, high)

    def _pairs(self, out: Cross, i: Ints, j: Ints, upper: int, pairs: bool) -> None:
        t = self.table
        r1, r2 = self.one.start + i, self.two.start + j
        low2, high2 = self._ends(r2)
        apart = np.maximum(t.s_um[r1], low2) - np.minimum(t.e_um[r1], high2)
        self._abutting(out, i, j, apart)
        pair, u, offset, sections = self._samples(i, j)
        if not len(pair):
            return
        clear = clear_distance(sections, offset)
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        which = pair[first]
        least = np.minimum.reduceat(clear, first)
        touching = least < -BOND_UM
        self._take(out, i, j, which[~touching], np.maximum(least[~touching], 0.0))
        if not touching.any():
            return
        hit = which[touching]
        if self.one.layer == self.two.layer:
            out.fused.append((r1[hit], r2[hit]))
            self._take(out, i, j, hit, least[touching])
        out.touching1 += np.bincount(i[hit], minlength=len(self.one))
        out.touching2 += np.bincount(j[hit], minlength=len(self.two))
        out.contacts += len(hit)
        mine = np.isin(pair, hit)
        pair, u, offset = pair[mine], u[mine], offset[mine]
        shared = lens(Sections(*(x[mine] for x in sections)), offset)
        step = np.diff(u)
        within = pair[1:] == pair[:-1]
        for column, add in ((shared.volume, "shared"), (shared.hidden1 + shared.hidden2, "hidden")):
            total = float((0.5 * (column[1:] + column[:-1]) * step)[within].sum())
            setattr(out, add, getattr(out, add) + total)
        # At either end of what they have in common one face lies inside the other (as in parallels.py).
        face = np.ones(len(pair), dtype=bool)
        face[1:-1] = (pair[1:-1] != pair[:-2]) | (pair[1:-1] != pair[2:])
        out.hidden += float(shared.volume[face].sum())
        close = clear[mine] < -BOND_UM
        if upper:
            low, high = np.full(len(i), np.inf), np.full(len(i), -np.inf)
            np.minimum.at(low, pair[close], u[close])
            np.maximum.at(high, pair[close], u[close])
            lo, hi = low[hit], high[hit]
            if upper == 2:
                sign = 1.0 if self.cos > 0 else -1.0
                lo, hi = (lo, hi) if sign > 0 else (-hi, -lo)
            out.supports.append(Support((i if upper == 1 else j)[hit], lo, hi))
        if pairs:
            low, high = np.full(len(i), np.inf), np.full(len(i), -np.inf)
            np.minimum.at(low, pair[close], u[close])
            np.maximum.at(high, pair[close], u[close])
            at = 0.5 * (low[hit] + high[hit])
            out.pairs.append(Pairs(i[hit], j[hit], at, at if self.cos > 0 else -at, np.zeros(len(hit))))

    def _abutting(self, out: Cross, i: Ints, j: Ints, apart: Floats) -> None:
        """Pairs one behind the other: ends that meet are joints, others stand apart by what lies between them."""
        behind = np.flatnonzero(apart >= -2 * END_UM)
        if not len(behind):
            return
        t = self.table
        r1, r2 = self.one.start + i[behind], self.two.start + j[behind]
        before = (
            t.e_um[r1] < 0.5 * (t.s_um[r2] + t.e_um[r2]) if self.cos > 0 else np.ones(len(r1), dtype=bool)
        )
        u = np.where(before, t.e_um[r1], t.s_um[r1])
        one = self.course.at(r1, u)
        two = self.course.at(r2, self.cos * u + self.sin * one.c)
        sections = Sections(one.a, one.b, two.a, two.b, two.z - one.z)
        clear = clear_distance(sections, (two.c if self.cos > 0 else -two.c) - one.c)
        gap = np.hypot(np.maximum(apart[behind], 0.0), np.maximum(clear, 0.0))
        joint = (clear < -BOND_UM) & (apart[behind] <= 2 * END_UM)
        if self.listed and joint.any():
            v = np.where(before, t.s_um[r2], t.e_um[r2]) if self.cos > 0 else u
            k = behind[joint]
            out.pairs.append(Pairs(i[k], j[k], u[joint], v[joint], np.zeros(len(k))))
        out.joints += int(joint.sum())
        out.hidden += 2.0 * float(np.pi * np.minimum(one.a * one.b, two.a * two.b)[joint].sum())
        self._take(out, i, j, behind[~joint], gap[~joint])

    def _take(self, out: Cross, i: Ints, j: Ints, which: Ints, gap: Floats) -> None:
        if not len(which):
            return
        k = int(np.argmin(gap))
        if float(gap[k]) < out.gap_um:
            f = self.table.filament
            out.gap_um = float(gap[k])
            out.nearest = (int(f[self.one.start + i[which[k]]]), int(f[self.two.start + j[which[k]]]))
