"""Arrays seen through a window: few copies that show all that many do, so that a million pixels are checked as a dozen are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..flat import Cell, Flat, Floats, Ints, Repeat, copied_out

#: Arrays of fewer copies than this are copied out. (Where something lies all along a side of a larger array, what only that side
#: would show is still told.)
FEW = 2048


@dataclass(frozen=True, eq=False)
class _Group:
    """Cells of one lattice that stand in one another's reach, `of` which of the regions each belongs to."""

    cells: list[Cell]
    of: list[int]

    @property
    def repeat(self) -> Repeat:
        return self.cells[0].repeat

    def unit_nm(self) -> Ints:
        """Box of copy (0, 0) of all cells: [x0, y0, x1, y1]."""
        low = [c.points_nm.min(axis=0) + np.array(c.repeat.origin_nm) for c in self.cells]
        high = [c.points_nm.max(axis=0) + np.array(c.repeat.origin_nm) for c in self.cells]
        out: Ints = np.concatenate([np.min(low, axis=0), np.max(high, axis=0)])
        return out

    def box_nm(self) -> Ints:
        unit, (a, b) = self.unit_nm(), _vectors(self.repeat)
        r = self.repeat
        corners = np.array(
            [0 * a, a * (r.columns - 1), b * (r.rows - 1), a * (r.columns - 1) + b * (r.rows - 1)]
        )
        out: Ints = np.concatenate([unit[:2] + corners.min(axis=0), unit[2:] + corners.max(axis=0)])
        return out

    def steps(self, reach_nm: float) -> tuple[int, int]:
        """How many columns and rows on a copy may still lie within the reach of another."""
        unit = self.unit_nm()
        radius = float(np.hypot(*(unit[2:] - unit[:2]))) + reach_nm
        back = _inverse(self.repeat)
        k, j = (int(np.hypot(*row) * radius) + 1 for row in back)
        return k, j


def _vectors(r: Repeat) -> tuple[Ints, Ints]:
    return np.array(r.a_nm, dtype=np.int64), np.array(r.b_nm, dtype=np.int64)


def _inverse(r: Repeat) -> Floats:
    """Columns and rows of a place, [2,2]; along what is not repeated, as if it were far."""
    a, b = (v.astype(float) for v in _vectors(r))
    if r.columns == 1 or not a.any():
        a = 1e12 * np.array([-b[1], b[0]]) / max(np.hypot(*b), 1.0) if b.any() else np.array([1e12, 0.0])
    if r.rows == 1 or not b.any():
        b = 1e12 * np.array([-a[1], a[0]]) / max(np.hypot(*a), 1.0)
    if abs(a[0] * b[1] - a[1] * b[0]) < 1e-9 * np.hypot(*a) * np.hypot(*b):
        return np.full((2, 2), np.inf)
    out: Floats = np.linalg.inv(np.column_stack([a, b]))
    return out


@dataclass(frozen=True, eq=False)
class _Array:
    """An array that nothing else comes near to (those copies apart that something does)."""

    group: _Group
    regions: int

    def shown(self, columns: int, rows: int) -> tuple[Flat, ...]:
        """So many of its copies, by region."""
        out: list[list[Cell]] = [[] for _ in range(self.regions)]
        for cell, of in zip(self.group.cells, self.group.of, strict=True):
            few = replace(cell.repeat, columns=columns, rows=rows)
            out[of].append(replace(cell, repeat=few))
        return tuple(Flat(tuple(cells)) for cells in out)


def windows(flats: Sequence[Flat], reach_nm: float, copies: int = 1) -> Iterator[tuple[Flat, ...]]:
    """Regions that show, together, whatever `flats` show within `reach_nm` of any place, each with as many entries as `flats`.

    Of an array so many copies are kept that its inside, its sides and its corners are all there (`copies` at least); where something
    else comes near, the copies that it comes near to are copied out with it.
    """
    arrays, together = _parted(flats, reach_nm, whole=False)
    for array in arrays:
        r = array.group.repeat
        i, j = array.group.steps(reach_nm)
        yield array.shown(min(r.columns, max(2 * i + 2, copies)), min(r.rows, max(2 * j + 2, copies)))
    if any(f.cells for f in together):
        yield together


def total(flats: Sequence[Flat], reach_nm: float, measure: Callable[[tuple[Flat, ...]], float]) -> float:
    """What `measure` finds of regions as a whole, for figures that add up over places and depend on what lies within `reach_nm` only
    (area, perimeter, count). Over the number of columns and rows of an array they grow linearly: four small arrays tell the large one.
    """
    arrays, together = _parted(flats, reach_nm, whole=True)
    found = 0.0
    for array in arrays:
        r = array.group.repeat
        i, j = (2 * k + 2 for k in array.group.steps(reach_nm))
        if r.columns <= i + 1 or r.rows <= j + 1:
            # A long row, or a long column: the other way all of it is taken.
            i, j = (n if n <= k + 1 else k for n, k in ((r.columns, i), (r.rows, j)))
        here = measure(array.shown(i, j))
        more_i = measure(array.shown(i + 1, j)) - here if r.columns > i else 0.0
        more_j = measure(array.shown(i, j + 1)) - here if r.rows > j else 0.0
        both = 0.0
        if r.columns > i and r.rows > j:
            both = measure(array.shown(i + 1, j + 1)) - here - more_i - more_j
        found += (
            here + more_i * (r.columns - i) + more_j * (r.rows - j) + both * (r.columns - i) * (r.rows - j)
        )
    if any(f.cells for f in together):
        found += measure(together)
    return found


def _parted(flats: Sequence[Flat], reach_nm: float, *, whole: bool) -> tuple[list[_Array], tuple[Flat, ...]]:
    """Arrays that stand by themselves, and all else copied out. `whole`: an array that anything comes near to is copied out as a whole,
    else those of its copies alone, and the array is looked at besides."""
    groups, rest = _sorted_out(flats)
    boxes = [g.box_nm() for g in groups]
    lone = _boxes(rest)
    together: list[list[Cell]] = [list(f.cells) for f in rest]
    arrays: list[_Array] = []
    for k, group in enumerate(groups):
        others = [lone, *(box[None] for other, box in enumerate(boxes) if other != k)]
        near = _copies_near(group, np.concatenate(others), reach_nm)
        if not np.isfinite(_inverse(group.repeat)).all() or (whole and near):
            near = set(range(group.repeat.count))
        if near:
            for cell, of in zip(group.cells, group.of, strict=True):
                together[of].append(_taken(cell, np.array(sorted(near))))
        if len(near) < group.repeat.count:
            arrays.append(_Array(group, len(flats)))
    return arrays, tuple(Flat(tuple(cells)) for cells in together)


def _sorted_out(flats: Sequence[Flat]) -> tuple[list[_Group], list[Flat]]:
    """Arrays, those of one lattice that stand within a few of its steps together; and what is no array, by region."""
    groups: list[_Group] = []
    rest: list[list[Cell]] = [[] for _ in flats]
    for of, flat in enumerate(flats):
        for cell in flat.cells:
            if not len(cell.points_nm):
                continue
            if cell.repeat.count < FEW:
                rest[of].append(copied_out(Flat((cell,))))
                continue
            home = next((g for g in groups if _same_place(g, cell)), None)
            if home is None:
                home = _Group([], [])
                groups.append(home)
            home.cells.append(cell)
            home.of.append(of)
    return groups, [Flat(tuple(cells)) for cells in rest]


def _same_place(group: _Group, cell: Cell) -> bool:
    one, two = group.cells[0].repeat, cell.repeat
    if (one.columns, one.rows, one.a_nm, one.b_nm) != (two.columns, two.rows, two.a_nm, two.b_nm):
        return False
    step = max(float(np.hypot(*v)) for v in _vectors(one))
    away = np.array(two.origin_nm) + cell.points_nm[0] - np.array(one.origin_nm) - group.cells[0].points_nm[0]
    return float(np.hypot(*away)) <= 2 * step


def _boxes(flats: Sequence[Flat]) -> Ints:
    """A box of every polygon of regions that repeat nothing, [N,4]."""
    out = [np.zeros((0, 4), dtype=np.int64)]
    for flat in flats:
        for cell in flat.cells:
            # The outside of a polygon is its first ring, and holes lie within it.
            start = cell.rings[cell.polygons[:-1]]
            low = np.minimum.reduceat(cell.points_nm, start, axis=0)
            high = np.maximum.reduceat(cell.points_nm, start, axis=0)
            out.append(np.hstack([low, high]) + np.tile(np.array(cell.repeat.origin_nm), 2))
    return np.concatenate(out)


def _copies_near(group: _Group, boxes: Ints, reach_nm: float) -> set[int]:
    """Numbers (columns fastest) of the copies that lie within the reach of some box, and of their neighbours."""
    r, unit = group.repeat, group.unit_nm()
    back = _inverse(r)
    if not np.isfinite(back).all():
        return set(range(r.count))
    # Copy (i, j) lies near where the box, grown by the reach and by the unit, holds i a + j b.
    low, high = boxes[:, :2] - unit[2:] - reach_nm, boxes[:, 2:] - unit[:2] + reach_nm
    own = group.box_nm()
    met = ((boxes[:, :2] - reach_nm <= own[2:]) & (boxes[:, 2:] + reach_nm >= own[:2])).all(axis=1)
    found: set[int] = set()
    for (x0, y0), (x1, y1) in zip(low[met].tolist(), high[met].tolist(), strict=True):
        at = np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)]) @ back.T
        i0, j0 = np.floor(at.min(axis=0)).astype(int) - 1
        i1, j1 = np.ceil(at.max(axis=0)).astype(int) + 1
        i = np.arange(max(i0, 0), min(i1, r.columns - 1) + 1)
        j = np.arange(max(j0, 0), min(j1, r.rows - 1) + 1)
        if len(i) and len(j):
            found.update((j[:, None] * r.columns + i).ravel().tolist())
            if len(found) == r.count:
                break
    return found


def _taken(cell: Cell, which: Ints) -> Cell:
    """Copies `which` of a cell, copied out."""
    row, column = which // cell.repeat.columns, which % cell.repeat.columns
    a, b = _vectors(cell.repeat)
    origins: Ints = np.array(cell.repeat.origin_nm, dtype=np.int64) + column[:, None] * a + row[:, None] * b
    m, p, r = len(which), len(cell.points_nm), len(cell.rings) - 1
    k = np.arange(m)[:, None]
    return Cell(
        (cell.points_nm[None] + origins[:, None]).reshape(-1, 2),
        np.append(0, (cell.rings[None, 1:] + k * p).reshape(-1)),
        np.append(0, (cell.polygons[None, 1:] + k * r).reshape(-1)),
    )
