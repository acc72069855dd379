"""Filaments that run nearly straight and level, sorted into families of one layer and direction: what lattices are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State
from .course import Course, course

Bools = npt.NDArray[np.bool_]

#: A filament is straight and level while no point is farther than this from the line between its ends, um. Paths are
#: rounded to 1 nm, so a few of these.
STRAIGHT_UM = 5e-3

#: Sections count as even while they differ by less than this part along a filament.
EVEN = 1e-4

#: Bent filaments: neighbours in angle that belong together (rad), steepest slope against the chord, steepest climb.
FAN, BEND, CLIMB = 0.03, 0.5, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Parallel rods of one layer: rows `start:stop` of the table, along `ux`, `uy`."""

    start: int
    stop: int
    layer: int
    ux: float
    uy: float
    low_um: float
    high_um: float

    @property
    def rows(self) -> slice:
        return slice(self.start, self.stop)

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True, eq=False)
class Rods:
    """One row a filament, sorted by family, then across, then along.

    `filament int64[F]`: whose row; `c_um`: offset across (along the direction turned left); `s_um`, `e_um`: where it begins and
    ends along the direction; `z_um`: height of the axis; `a_um`, `b_um`: half-width and half-height. `kind int64[F]`
    numbers sections (a, b, z) that are alike within a family. Where filaments bend, `course` follows them, and the columns here
    hold means over their points.
    """

    filament: Ints
    c_um: Floats
    s_um: Floats
    e_um: Floats
    z_um: Floats
    a_um: Floats
    b_um: Floats
    kind: Ints
    families: tuple[Family, ...]
    course: Course | None = None


def rods(filaments: FilamentSet, state: State) -> Rods | None:
    """The filaments as rods; with a `course` where they bend. None where they climb, turn back, or fan out too finely."""
    n = len(filaments)
    if n == 0:
        none = np.zeros(0)
        nothing = np.zeros(0, dtype=np.int64)
        return Rods(nothing, none, none, none, none, none, none, nothing, ())
    first, last = filaments.offsets[:-1], filaments.offsets[1:] - 1
    p = state.points_um
    start, end = p[first], p[last]
    step = end - start
    length = np.hypot(step[:, 0], step[:, 1])
    if not (length > 0).all():
        return None
    a, b = 0.5 * state.width_um[first], 0.5 * state.height_um[first]
    straight = _straight(filaments, state, start, step, length, a, b)
    # The end whose direction lies in [0, pi) leads; a little below 0 counts as 0, whatever the rounding says.
    slack = STRAIGHT_UM if straight else FAN * length
    flip = (step[:, 1] < -slack) | ((np.abs(step[:, 1]) <= slack) & (step[:, 0] < 0))
    step = np.where(flip[:, None], -step, step)
    angle = np.arctan2(step[:, 1], step[:, 0])
    layer = filaments.layer.astype(np.int64)
    order = np.lexsort((angle, layer))
    apart = STRAIGHT_UM / length[order] if straight else np.full(n, FAN)
    new = np.empty(n, dtype=bool)
    new[0] = True
    new[1:] = (np.diff(layer[order]) != 0) | (np.diff(angle[order]) > np.maximum(apart[1:], apart[:-1]))
    starts = np.flatnonzero(new)
    stops = np.append(starts[1:], n)
    if not straight and float((angle[order][stops - 1] - angle[order][starts]).max()) > 3.0 * FAN:
        return None
    family = np.cumsum(new) - 1
    ux: Floats = np.add.reduceat(step[order, 0], starts)
    uy: Floats = np.add.reduceat(step[order, 1], starts)
    norm = np.hypot(ux, uy)
    ux, uy = ux / norm, uy / norm
    if straight:
        middle = 0.5 * (start + end)[order]
        along = ux[family] * middle[:, 0] + uy[family] * middle[:, 1]
        half = 0.5 * length[order]
        low, high = along - half, along + half
        c = ux[family] * middle[:, 1] - uy[family] * middle[:, 0]
        z, a, b = middle[:, 2], a[order], b[order]
        nodes = None
    else:
        nodes = _nodes(filaments, state, order, flip, ux[family], uy[family])
        if nodes is None:
            return None
        firsts = nodes[0][:-1]
        low, high = nodes[1][firsts], nodes[1][nodes[0][1:] - 1]
        count = np.diff(nodes[0])
        c, z, a, b = (np.add.reduceat(v, firsts) / count for v in nodes[2:])
    inner = np.lexsort((0.5 * (low + high), c, family))
    order = order[inner]
    c, low, high, z, a, b = (v[inner] for v in (c, low, high, z, a, b))
    bends = None
    if nodes is not None:
        bends = _in_order(nodes, inner, c)
        firsts = bends.first[:-1]
        foot, top = (
            np.minimum.reduceat(bends.z_um - bends.b_um, firsts),
            np.maximum.reduceat(bends.z_um + bends.b_um, firsts),
        )
    else:
        foot, top = z - b, z + b
    families = tuple(
        Family(int(i), int(j), int(k), float(x), float(y), float(lo), float(hi))
        for i, j, k, x, y, lo, hi in zip(
            starts,
            stops,
            layer[order][starts],
            ux,
            uy,
            np.minimum.reduceat(foot, starts),
            np.maximum.reduceat(top, starts),
            strict=True,
        )
    )
    kind = np.zeros(n, dtype=np.int64) if bends is not None else _kinds(families, a, b, z)
    return Rods(order, c, low, high, z, a, b, kind, families, bends)


Nodes = tuple[Ints, Floats, Floats, Floats, Floats, Floats]


def _nodes(
    filaments: FilamentSet, state: State, order: Ints, flip: Bools, ux: Floats, uy: Floats
) -> Nodes | None:
    """(first, along, across, height, half-width, half-height) of the points of the filaments `order`, places rising; None
    where one turns back or bends or climbs too much for a course."""
    count = np.diff(filaments.offsets)[order]
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    row = np.repeat(np.arange(len(order)), count)
    k = np.arange(len(row)) - first[row]
    k = np.where(flip[order][row], count[row] - 1 - k, k)
    at = filaments.offsets[:-1][order][row] + k
    p = state.points_um[at]
    u = ux[row] * p[:, 0] + uy[row] * p[:, 1]
    c = ux[row] * p[:, 1] - uy[row] * p[:, 0]
    inner = np.ones(len(row), dtype=bool)
    inner[first[1:-1]] = False
    du, dc, dz = (np.diff(v)[inner[1:]] for v in (u, c, p[:, 2]))
    if not ((du > 0).all() and (np.abs(dc) <= BEND * du).all() and (np.abs(dz) <= CLIMB * du).all()):
        return None
    return first, u, c, p[:, 2].copy(), 0.5 * state.width_um[at], 0.5 * state.height_um[at]


def _in_order(nodes: Nodes, order: Ints, mean_c: Floats) -> Course:
    first, columns = nodes[0], nodes[1:]
    count = np.diff(first)[order]
    begin = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    at = np.arange(begin[-1]) + np.repeat(first[:-1][order] - begin[:-1], count)
    u, c, z, a, b = (v[at] for v in columns)
    return course(begin, u, c, z, a, b, mean_c)


def _straight(
    filaments: FilamentSet, state: State, start: Floats, step: Floats, length: Floats, a: Floats, b: Floats
) -> bool:
    """Whether all filaments are straight, level and even."""
    if float(np.abs(step[:, 2]).max()) > STRAIGHT_UM:
        return False
    counts = np.diff(filaments.offsets)
    if (counts == 2).all():
        last = filaments.offsets[1:] - 1
        even = np.abs(0.5 * state.width_um[last] - a) <= EVEN * a
        return bool((even & (np.abs(0.5 * state.height_um[last] - b) <= EVEN * b)).all())
    owner = filaments.owner()
    off = state.points_um - start[owner]
    unit = step / length[:, None]
    across = np.abs(unit[owner, 0] * off[:, 1] - unit[owner, 1] * off[:, 0])
    even = np.abs(0.5 * state.width_um - a[owner]) <= EVEN * a[owner]
    even &= np.abs(0.5 * state.height_um - b[owner]) <= EVEN * b[owner]
    along = unit[owner, 0] * off[:, 0] + unit[owner, 1] * off[:, 1]
    first, _ = filaments.segments()
    onward = along[first + 1] - along[first] >= -STRAIGHT_UM
    level = np.abs(off[:, 2]) <= STRAIGHT_UM
    return bool(even.all() and level.all() and onward.all() and (across <= STRAIGHT_UM).all())


#: At most so many different sections are told apart in one family; beyond, near ones share their mean.
MOST_KINDS = 256


def _kinds(families: tuple[Family, ...], a: Floats, b: Floats, z: Floats) -> Ints:
    """Number of the section of every rod within its family."""
    kind = np.zeros(len(a), dtype=np.int64)
    for f in families:
        rows = f.rows
        unit = 1e-6 * float(b[f.start])
        if all(float(np.ptp(v[rows])) <= unit for v in (a, b, z)):
            continue
        keys = np.stack([v[rows] for v in (a, b, z)], axis=1)
        for _ in range(40):
            found, member = np.unique(np.rint(keys / unit), axis=0, return_inverse=True)
            if len(found) <= MOST_KINDS:
                break
            unit *= 2.0
        kind[rows] = member.reshape(-1)
    return kind
