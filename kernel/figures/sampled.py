"""Volume and surface that any number of bent filaments share, from points on and in their pieces."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints

Bools = npt.NDArray[np.bool_]

#: Pairs of pieces held at a time.
CHUNK = 1 << 11

#: Points in a piece, and on its flank or an end face.
INNER, FLANK = 192, 96

#: Pieces reach so far (in half-widths) into the next one of their filament, so that no gap opens at a bend.
BEND = 0.2


@dataclass(slots=True, eq=False)
class Pieces:
    """N pieces of segments, none much longer than a width: start, step, half-width, half-height, filament, place of the
    start along it, length, the unit vectors across (level) and up (square to axis and across). Sorted by filament; `first`, `last` mark their ends."""

    p: Floats
    d: Floats
    a: Floats
    b: Floats
    owner: Ints
    at: Floats
    length: Floats
    side: Floats
    up: Floats
    first: Bools = field(init=False)
    last: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.first = np.diff(self.owner, prepend=-1) != 0
        self.last = np.diff(self.owner, append=-1) != 0
        head, tail = np.flatnonzero(self.first), np.flatnonzero(self.last)
        # A filament that ends where it begins has no ends.
        closed = (np.abs(self.p[head] - self.p[tail] - self.d[tail]) < 1e-6).all(axis=1)
        self.first[head[closed]] = self.last[tail[closed]] = False


def shared_by(x: Pieces, i: Ints, j: Ints) -> tuple[float, float]:
    """(volume um^3, surface um^2) to take off the sums over filaments, for touching pairs of pieces (i, j) of different
    filaments (each pair once): a point in n filaments is counted n times and stands for one, so each counts 1 - 1/n too
    much; a point of a flank or an end face inside another filament is hidden. Of a single crossing a tenth may be missed, of
    many a hundredth.
    """
    if not len(i):
        return 0.0, 0.0
    me, other = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.lexsort((x.owner[other], me))
    me, other = me[order], other[order]
    volume = hidden = 0.0
    at = 0
    while at < len(me):
        stop = min(len(me), at + CHUNK)
        if stop < len(me):
            # All pairs of a piece stay together.
            whole = int(np.searchsorted(me, me[stop], "left"))
            stop = whole if whole > at else int(np.searchsorted(me, me[stop], "right"))
        v, s = _block(x, me[at:stop], other[at:stop])
        volume, hidden = volume + v, hidden + s
        at = stop
    return volume, hidden


def _block(x: Pieces, me: Ints, other: Ints) -> tuple[float, float]:
    first = np.flatnonzero(np.diff(me, prepend=-1))
    piece = me[first]
    area, size = np.pi * x.a[piece] * x.b[piece], x.length[piece]

    run = np.repeat(np.arange(len(first)), np.diff(first, append=len(me)))
    u, r, turn = _points(piece, INNER)
    ring = np.sqrt(r)
    inside = _covers(x, me, other, u[run], (ring * np.cos(turn))[run], (ring * np.sin(turn))[run])
    count = _filaments(inside, x.owner[other], me, first)
    volume = float(((count / (1.0 + count)).mean(axis=1) * area * size).sum())

    u, _, turn = _points(piece, FLANK)
    cx, cz = np.cos(turn), np.sin(turn)
    covered = np.logical_or.reduceat(_covers(x, me, other, u[run], cx[run], cz[run]), first, axis=0)
    arc = 2.0 * np.pi * np.hypot(x.a[piece, None] * cz, x.b[piece, None] * cx)
    hidden = float(((covered * arc).mean(axis=1) * size).sum())

    # End faces of filaments, seen from just outside: what abuts hides them too.
    for end, flag in ((0.0, x.first), (1.0, x.last)):
        mine = flag[me]
        if not mine.any():
            continue
        part, others = me[mine], other[mine]
        shift = 0.02 * x.a[part] / x.length[part]
        start = np.flatnonzero(np.diff(part, prepend=-1))
        run = np.repeat(np.arange(len(start)), np.diff(start, append=len(part)))
        _, r, turn = _points(part[start], FLANK)
        u = np.broadcast_to((end + (shift if end else -shift))[:, None], (len(part), FLANK))
        ring = np.sqrt(r)
        inside = _covers(x, part, others, u, (ring * np.cos(turn))[run], (ring * np.sin(turn))[run])
        covered = np.logical_or.reduceat(inside, start, axis=0)
        hidden += float((covered.mean(axis=1) * np.pi * x.a[part[start]] * x.b[part[start]]).sum())
    return volume, hidden


def _points(piece: Ints, count: int) -> tuple[Floats, Floats, Floats]:
    """`count` points a piece, evenly spread: place along it in [0, 1), square of the radius in [0, 1), direction. The
    lattice of the plastic number's powers, shifted differently for every piece, so that errors of many pieces cancel
    instead of adding up; no chance is involved.
    """
    k = np.arange(1, count + 1)[None, :]
    n = piece[:, None]

    def spread(step: float, shift: float) -> Floats:
        return np.asarray((k * step + n * shift + 0.5) % 1.0)

    # 1/g, 1/g^2, 1/g^3 with g^4 = g + 1 (Roberts' sequence in three dimensions), and square roots as shifts.
    return (
        spread(0.8191725133961645, 0.41421356237309503),
        spread(0.6710436067037893, 0.7320508075688772),
        spread(0.5497004779019703, 0.23606797749978969) * 2.0 * np.pi,
    )


def _filaments(inside: Bools, owner: Ints, me: Ints, first: Ints) -> Floats:
    """How many other filaments hold each point of each piece, from what single pieces hold."""
    runs = np.ones(len(me), dtype=bool)
    runs[1:] = (me[1:] != me[:-1]) | (owner[1:] != owner[:-1])
    run = np.flatnonzero(runs)
    any_piece = np.logical_or.reduceat(inside, run, axis=0)
    return np.asarray(
        np.add.reduceat(any_piece.astype(np.float32), np.searchsorted(run, first), axis=0), dtype=np.float64
    )


def _covers(x: Pieces, one: Ints, two: Ints, u: Floats, cx: Floats, cz: Floats) -> Bools:
    """Whether points of pieces `one` (fractions along, offsets in half-axes, [N, K] each) lie in pieces `two`: [N, K]."""
    r = x.p[one] - x.p[two]
    unit = x.d[two] / x.length[two, None]
    more = BEND * x.a[two]
    low = np.where(x.first[two], 0.0, -more)
    high = x.length[two] + np.where(x.last[two], 0.0, more)

    def along(axis: Floats) -> Floats:
        out: Floats = np.einsum("ni,ni->n", x.d[one], axis)[:, None] * u
        out += np.einsum("ni,ni->n", r, axis)[:, None]
        out += (np.einsum("ni,ni->n", x.side[one], axis) * x.a[one])[:, None] * cx
        out += (np.einsum("ni,ni->n", x.up[one], axis) * x.b[one])[:, None] * cz
        return out

    level = (along(x.side[two]) / x.a[two, None]) ** 2
    level += (along(x.up[two]) / x.b[two, None]) ** 2
    at = along(unit)
    return np.asarray((level < 1.0) & (at >= low[:, None]) & (at < high[:, None]))
