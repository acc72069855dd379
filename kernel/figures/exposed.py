"""Volume and surface of rods that share places three and more at a time: what of every flank and face lies bare.

Where only pairs of rods overlap, sums over pairs are exact (overlap.py). Where lines of one layer cross or fuse, or layers lie
closer than half a filament, what several others hide of a rod is the union of ranges along its flank. The divergence
theorem then gives the volume from the bare flanks alone: V is the integral of z n_z over the surface, to which upright
end faces add nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..filaments import Floats, Ints
from .crossings import END_UM, unique_rows
from .ends import cut
from .overlap import Sections, half_width, outline_crossings, rule
from .rods import Family, Rods

#: Nodes between two heights where another rod begins or ends: as many of these as the part is small enough for.
STEP_NODES = (96, 48, 24, 12)

#: Ranges (pairs times nodes) that are worth spending on a family of rods.
BUDGET = 600_000

#: Pairs beyond which the sums over pairs stand in (they are then marked as not exact).
MOST_PAIRS = 200_000

#: Ranges held at a time.
CHUNK = 1 << 21

#: Pairs, and the ranges of every node that they hide.
Hidden = tuple[slice | Ints, Floats, Floats]

#: Of two coinciding flanks the first shows: the other rod is taken larger or smaller by this part.
TIE = 1e-9


def exposed(table: Rods, row1: Ints, row2: Ints) -> tuple[float, float] | None:
    """(volume um^3, surface um^2) of the union of all rods; `row1`, `row2`: rows of the pairs that touch or abut. None
    where there are more pairs than this method can hold.
    """
    if len(row1) > MOST_PAIRS:
        return None
    me, other = np.concatenate([row1, row2]), np.concatenate([row2, row1])
    order = np.lexsort((other, me))
    me, other = me[order], other[order]
    ux, uy = np.zeros(len(table.c_um)), np.zeros(len(table.c_um))
    for f in table.families:
        ux[f.rows], uy[f.rows] = f.ux, f.uy
    volume = surface = 0.0
    for f in table.families:
        first, last = np.searchsorted(me, [f.start, f.stop])
        sin = f.ux * uy[other[first:last]] - f.uy * ux[other[first:last]]
        cos = f.ux * ux[other[first:last]] + f.uy * uy[other[first:last]]
        v, s = _Bare(table, f, me[first:last], other[first:last], sin, cos).sums()
        volume += v
        surface += s
    return volume, surface


class _Bare:
    """The rods of one family and, pair by pair, what touches them (sorted by rod)."""

    def __init__(self, t: Rods, f: Family, me: Ints, other: Ints, sin: Floats, cos: Floats) -> None:
        self.t, self.f, self.me, self.other, self.sin, self.cos = t, f, me, other, sin, cos
        rows = f.rows
        self.a, self.b, self.z = t.a_um[rows], t.b_um[rows], t.z_um[rows]
        phi, self.weight = self._nodes()
        self.across = self.a[:, None] * np.cos(phi)
        self.up = self.b[:, None] * np.sin(phi)
        self.arc = self.weight * np.hypot(self.a[:, None] * np.sin(phi), self.b[:, None] * np.cos(phi))
        # n_z times the arc: the outward normal of (a cos, b sin) is (b cos, a sin) over the arc.
        self.lift = self.weight * self.a[:, None] * np.sin(phi)
        self.rise = self.weight * self.b[:, None] * np.cos(phi)

    def _nodes(self) -> tuple[Floats, Floats]:
        t = self.t
        ends = np.concatenate([t.z_um[self.other] + k * t.b_um[self.other] for k in (-1.0, 1.0)])
        mine = np.concatenate([self.me, self.me])
        level = (ends - t.z_um[mine]) / t.b_um[mine]
        level = np.unique(np.round(np.concatenate([level, self._parallels()]), 4))
        level = level[(level > -0.999) & (level < 0.999)]
        if len(level) > 24:
            level = np.linspace(-1, 1, 26)[1:-1]
        edge = np.arcsin(np.concatenate([[-1.0], level, [1.0]]))
        steps = len(edge) - 1
        nodes = next((n for n in STEP_NODES if n * steps * len(self.me) <= BUDGET), STEP_NODES[-1])
        x, w = rule(nodes)
        half = 0.5 * np.diff(edge)[:, None]
        middle = 0.5 * (edge[1:] + edge[:-1])[:, None]
        return (middle + half * x).reshape(-1), (half * w).reshape(-1)

    def _parallels(self) -> Floats:
        """Heights (over half-height) where the outlines of parallel neighbours cross: what they hide begins there at once."""
        t = self.t
        along = np.abs(self.sin) < 1e-6
        me, o = self.me[along], self.other[along]
        if not len(me):
            return np.zeros(0)
        offset = np.where(self.cos[along] > 0, t.c_um[o], -t.c_um[o]) - t.c_um[me]
        key = np.stack([t.a_um[me], t.b_um[me], t.a_um[o], t.b_um[o], t.z_um[o] - t.z_um[me], offset], axis=1)
        case, _ = unique_rows(np.round(key, 6))
        at = outline_crossings(Sections(*case[:, :5].T), case[:, 5]) / case[:, 1:2]
        return at[np.isfinite(at)]

    def sums(self) -> tuple[float, float]:
        t, rows = self.t, self.f.rows
        k = self.across.shape[1]
        volume = surface = 0.0
        for side in (1.0, -1.0):
            bare = np.repeat((t.e_um[rows] - t.s_um[rows])[:, None], k, axis=1)
            for p in self._parts(k):
                low, high = self._flank(p, side)
                self._cover(bare, [(p, low, high)])
            surface += float((self.arc * bare).sum())
            volume += float(((self.z[:, None] + self.up) * self.lift * bare).sum())
        for end, out in ((t.s_um, -1.0), (t.e_um, 1.0)):
            bare = 2.0 * self.across
            for p in self._parts(k):
                # A face shows where nothing is just outside it. Of faces in one plane that look the same way the first
                # one shows: for the later ones, what is just inside hides them too.
                before = np.arange(p.start, p.stop)[self.other[p] < self.me[p]]
                hidden: list[Hidden] = [(p, *self._face(p, end, 2.0 * END_UM * out))]
                hidden.append((before, *self._face(before, end, -2.0 * END_UM * out)))
                self._cover(bare, hidden)
            surface += float((self.rise * bare).sum())
        return volume, surface

    def _parts(self, k: int) -> Iterator[slice]:
        """Pairs in pieces of bounded size; all pairs of a rod stay together."""
        step, n, at = max(1, CHUNK // k), len(self.me), 0
        while at < n:
            stop = min(n, at + step)
            if stop < n:
                whole = int(np.searchsorted(self.me, self.me[stop], "left"))
                stop = whole if whole > at else int(np.searchsorted(self.me, self.me[stop], "right"))
            yield slice(at, stop)
            at = stop

    def _half(self, p: slice | Ints) -> Floats:
        """Half-width of the other rod at the heights of the nodes."""
        t, i, o = self.t, self.me[p] - self.f.start, self.other[p]
        grow = np.where(o < self.me[p], 1.0 + TIE, 1.0 - TIE)
        height = self.z[i, None] + self.up[i] - t.z_um[o, None]
        return half_width((t.a_um[o] * grow)[:, None], (t.b_um[o] * grow)[:, None], height)

    def _flank(self, p: slice, side: float) -> tuple[Floats, Floats]:
        """Range along the rod, for every node of one side, that the other rod hides."""
        t, me, o = self.t, self.me[p], self.other[p]
        sin, cos = self.sin[p, None], self.cos[p, None]
        v = t.c_um[me, None] + side * self.across[me - self.f.start]
        x2 = self._half(p)
        low = np.broadcast_to(t.s_um[me, None], v.shape)
        high = np.broadcast_to(t.e_um[me, None], v.shape)
        low, high = cut(low, high, -sin, cos * v - t.c_um[o, None], -x2, x2)
        return cut(low, high, cos, sin * v, t.s_um[o, None], t.e_um[o, None])

    def _face(self, p: slice | Ints, end: Floats, shift: float) -> tuple[Floats, Floats]:
        """Range across the end face, at every height, that the other rod hides."""
        t, me, o = self.t, self.me[p], self.other[p]
        sin, cos = self.sin[p][:, None], self.cos[p][:, None]
        u = end[me][:, None] + shift
        x1, x2 = self.across[me - self.f.start], self._half(p)
        c = t.c_um[me][:, None]
        low, high = cut(c - x1, c + x1, cos, -sin * u - t.c_um[o][:, None], -x2, x2)
        return cut(low, high, sin, cos * u, t.s_um[o][:, None], t.e_um[o][:, None])

    def _cover(self, bare: Floats, hidden: list[Hidden]) -> None:
        """Take the union of the ranges of every (rod, node) off what is bare there."""
        k = bare.shape[1]
        groups, lows, highs = [], [], []
        for p, low, high in hidden:
            r, q = np.nonzero(high > low)
            groups.append((self.me[p] - self.f.start)[r] * k + q)
            lows.append(low[r, q])
            highs.append(high[r, q])
        group, low, high = np.concatenate(groups), np.concatenate(lows), np.concatenate(highs)
        if not len(group):
            return
        order = np.lexsort((low, group))
        group, low, high = group[order], low[order], high[order]
        # One running maximum serves all groups: each is lifted above the one before.
        base = float(low.min())
        far = float(high.max()) - base + 1.0
        lifted = (high - base) + group * far
        reached = np.maximum.accumulate(lifted)
        from_ = (low - base) + group * far
        from_[1:] = np.maximum(from_[1:], np.minimum(reached[:-1], lifted[1:]))
        np.subtract.at(bare.reshape(-1), group, np.maximum(0.0, lifted - from_))
