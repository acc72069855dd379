"""Straight level filaments sorted into families of one layer and direction: what lattices are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .filaments import FilamentSet, Floats, Ints, State

#: A filament is straight and level while no point is farther than this from the line between its ends, um. Paths are
#: rounded to 1 nm, so a few of these.
STRAIGHT_UM = 5e-3

#: Sections count as even while they differ by less than this part along a filament.
EVEN = 1e-4


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
    numbers sections (a, b, z) that are alike within a family.
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


def rods(filaments: FilamentSet, state: State) -> Rods | None:
    """The filaments as rods, None where one of them bends, climbs or changes its section."""
    n = len(filaments)
    if n == 0:
        return Rods(*(np.zeros(0, dtype=np.int64),), *(np.zeros(0),) * 6, np.zeros(0, dtype=np.int64), ())
    first, last = filaments.offsets[:-1], filaments.offsets[1:] - 1
    p = state.points_um
    start, end = p[first], p[last]
    step = end - start
    length = np.hypot(step[:, 0], step[:, 1])
    if not (length > 0).all() or float(np.abs(step[:, 2]).max()) > STRAIGHT_UM:
        return None
    a, b = 0.5 * state.width_um[first], 0.5 * state.height_um[first]
    if not _straight(filaments, state, start, step, length, a, b):
        return None
    # The end whose direction lies in [0, pi) leads; a little below 0 counts as 0, whatever the rounding says.
    flip = (step[:, 1] < -STRAIGHT_UM) | ((np.abs(step[:, 1]) <= STRAIGHT_UM) & (step[:, 0] < 0))
    step = np.where(flip[:, None], -step, step)
    angle = np.arctan2(step[:, 1], step[:, 0])
    layer = filaments.layer.astype(np.int64)
    order = np.lexsort((angle, layer))
    slack = STRAIGHT_UM / length[order]
    new = np.empty(n, dtype=bool)
    new[0] = True
    new[1:] = (np.diff(layer[order]) != 0) | (np.diff(angle[order]) > np.maximum(slack[1:], slack[:-1]))
    family = np.cumsum(new) - 1
    count = int(family[-1]) + 1
    ux: Floats = np.bincount(family, step[order, 0], minlength=count).astype(np.float64)
    uy: Floats = np.bincount(family, step[order, 1], minlength=count).astype(np.float64)
    norm = np.hypot(ux, uy)
    ux, uy = ux / norm, uy / norm
    middle = 0.5 * (start + end)[order]
    c = ux[family] * middle[:, 1] - uy[family] * middle[:, 0]
    along = ux[family] * middle[:, 0] + uy[family] * middle[:, 1]
    half = 0.5 * length[order]
    inner = np.lexsort((along, c, family))
    order = order[inner]
    c, along, half = c[inner], along[inner], half[inner]
    a, b, z = a[order], b[order], middle[inner, 2]
    starts = np.flatnonzero(new)
    stops = np.append(starts[1:], n)
    low, high = np.minimum.reduceat(z - b, starts), np.maximum.reduceat(z + b, starts)
    families = tuple(
        Family(int(i), int(j), int(k), float(x), float(y), float(lo), float(hi))
        for i, j, k, x, y, lo, hi in zip(starts, stops, layer[order][starts], ux, uy, low, high, strict=True)
    )
    kind = _kinds(families, a, b, z)
    return Rods(order, c, along - half, along + half, z, a, b, kind, families)


def _straight(
    filaments: FilamentSet, state: State, start: Floats, step: Floats, length: Floats, a: Floats, b: Floats
) -> bool:
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
