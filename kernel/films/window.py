"""Arrays seen through a window: few copies that show all that many do, so that a million pixels are checked as a dozen are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def windows(flats: Sequence[Flat], reach_nm: float, copies: int = 1) -> Iterator[tuple[Flat, ...]]:
    """Regions that show, together, whatever `flats` show within `reach_nm` of any place, each with as many entries as `flats`.

    Of an array so many copies are kept that its inside, its sides and its corners are all there (`copies` at least); where something
    else comes near, the copies that it comes near to are copied out with it.
    """
    groups, rest = _sorted_out(flats)
    boxes = [g.box_nm() for g in groups]
    near: list[set[int]] = [set() for _ in groups]
    for k, group in enumerate(groups):
        for other, box in enumerate(boxes):
            if other != k:
                near[k].update(_copies_near(group, box[None], reach_nm))
        lone = _boxes(rest)
        if len(lone):
            near[k].update(_copies_near(group, lone, reach_nm))
    together: list[list[Cell]] = [list(f.cells) for f in rest]
    for k, group in enumerate(groups):
        r = group.repeat
        if near[k]:
            for cell, of in zip(group.cells, group.of, strict=True):
                together[of].append(_taken(cell, np.array(sorted(near[k]))))
        if len(near[k]) == r.count:
            continue
        if not np.isfinite(_inverse(r)).all():
            few = r
        else:
            i, j = group.steps(reach_nm)
            few = replace(
                r, columns=min(r.columns, max(2 * i + 2, copies)), rows=min(r.rows, max(2 * j + 2, copies))
            )
        shown: list[list[Cell]] = [[] for _ in flats]
        for cell, of in zip(group.cells, group.of, strict=True):
            shown[of].append(replace(cell, repeat=replace(few, origin_nm=cell.repeat.origin_nm)))
        yield tuple(Flat(tuple(cells)) for cells in shown)
    if any(together):
        yield tuple(Flat(tuple(cells)) for cells in together)


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
    origins = cell.repeat.origins_nm()[which]
    one = Cell(cell.points_nm, cell.rings, cell.polygons)
    return copied_out(Flat(tuple(replace(one, repeat=Repeat(origin_nm=(x, y))) for x, y in origins.tolist())))
