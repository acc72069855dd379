"""Regions without overlaps that keep their repeats: only what overlaps is copied out and merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .flat import Cell, Flat, Ints, Repeat, merged, to_shapely

if TYPE_CHECKING:
    import shapely

#: Displacements of copies that are looked at one by one, where a lattice has no inverse.
MOST_DISPLACEMENTS = 4_000_000
#: Pairs of polygons that are looked at in one go: the first that overlap end the search.
PAIRS = 4096


def without_overlaps(flat: Flat) -> Flat:
    """The same region with no two polygons that overlap. Cells that overlap nothing keep their repeats; polygons that merely touch stay
    as they are. Raises ValueError where what overlaps is more than can be copied out."""
    cells = [c for c in flat.cells if len(c)]
    group = np.arange(len(cells))
    dirty = [_crowded(c) or (c.repeat.count > 1 and _overlap(c, c)) for c in cells]
    extents = np.array([Flat((c,)).bounds_nm() for c in cells]).reshape(-1, 4)
    for i, one in enumerate(cells):
        near = np.flatnonzero(_apart(extents[i], extents[i + 1 :])) + i + 1
        for j in near.tolist():
            if group[i] != group[j] and _overlap(one, cells[j]):
                group[group == group[j]] = group[i]
    out: list[Cell] = []
    done: set[int] = set()
    for i, cell in enumerate(cells):
        mine = np.flatnonzero(group == group[i])
        if len(mine) == 1 and not dirty[i]:
            out.append(cell)
        elif int(group[i]) not in done:
            done.add(int(group[i]))
            out += merged(Flat(tuple(cells[k] for k in mine.tolist()))).cells
    return Flat(tuple(out))


def _apart(box: npt.NDArray[np.int64], boxes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of `boxes[N,4]` overlap `box`."""
    meets: npt.NDArray[np.bool_] = (
        (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])
    )
    return meets


def _crowded(cell: Cell) -> bool:
    """Whether polygons of one cell overlap each other."""
    if cell.apart or len(cell) < 2:
        return False
    shapes = to_shapely(Flat((_once(cell),)))
    rows, found = _tree(shapes).query(shapes)
    pairs = rows < found
    return _inside_meets(shapes[rows[pairs]], shapes[found[pairs]])


def _overlap(one: Cell, two: Cell) -> bool:
    """Whether any copy of one overlaps any copy of the other; of a cell with itself, any two different copies."""
    a, b = one.repeat, two.repeat
    if one is not two and (a.count, b.count) != (1, 1) and (a.columns, a.rows, a.a_nm, a.b_nm) != (
        b.columns, b.rows, b.a_nm, b.b_nm,
    ):  # fmt: skip
        # Of an array only those copies are looked at that something of the other comes near to.
        from .films.window import windows

        return any(
            _meet(_tree(to_shapely(mine)), to_shapely(other))
            for mine, other in windows((Flat((one,)), Flat((two,))), 1.0)
            if mine.cells and other.cells
        )
    box1, box2 = _box(one), _box(two)
    offset = np.array(b.origin_nm) - np.array(a.origin_nm)
    # Displacements at which the boxes overlap lie strictly within these.
    low = np.array([box1[0] - box2[2], box1[1] - box2[3]]) - offset
    high = np.array([box1[2] - box2[0], box1[3] - box2[1]]) - offset
    shifts = _displacements(a, low, high)
    if one is two:
        still = (shifts == 0).all(axis=1)
        if still.sum() > 1:
            # Copies lie on each other.
            return True
        shifts = shifts[~still]
        # A shift and its opposite say the same.
        shifts = shifts[(shifts[:, 0] > 0) | ((shifts[:, 0] == 0) & (shifts[:, 1] > 0))]
    if not len(shifts):
        return False
    tree = _tree(to_shapely(Flat((_once(one),))))
    copy = _once(two)
    for shift in shifts + offset:
        moved = Cell(copy.points_nm + shift, copy.rings, copy.polygons)
        if _meet(tree, to_shapely(Flat((moved,)))):
            return True
    return False


def _once(cell: Cell) -> Cell:
    return Cell(cell.points_nm, cell.rings, cell.polygons)


def _box(cell: Cell) -> tuple[int, int, int, int]:
    found = Flat((_once(cell),)).bounds_nm()
    assert found is not None
    return found


def _tree(shapes: npt.NDArray[np.object_]) -> shapely.STRtree:
    import shapely

    return shapely.STRtree(shapes)


def _meet(tree: shapely.STRtree, shapes: npt.NDArray[np.object_]) -> bool:
    """Whether the inside of any shape meets the inside of any in the tree."""
    rows, found = tree.query(shapes)
    return _inside_meets(shapes[rows], tree.geometries[found])


def _inside_meets(one: npt.NDArray[np.object_], two: npt.NDArray[np.object_]) -> bool:
    """Whether the insides of any pair meet. Boxes around them tell of most pairs, and of all that lie side by side, that they do not."""
    import shapely

    a, b = shapely.bounds(one), shapely.bounds(two)
    near = np.flatnonzero((a[:, :2] < b[:, 2:]).all(axis=1) & (b[:, :2] < a[:, 2:]).all(axis=1))
    return any(
        bool(shapely.relate_pattern(one[near[k : k + PAIRS]], two[near[k : k + PAIRS]], "T********").any())
        for k in range(0, len(near), PAIRS)
    )


def _displacements(r: Repeat, low: Ints, high: Ints) -> Ints:
    """i a + j b, |i| < columns and |j| < rows, that lie strictly between `low` and `high`: int64[K,2]; the same one several times where
    copies lie on each other."""
    lattice = np.array([r.a_nm if r.columns > 1 else (0, 0), r.b_nm if r.rows > 1 else (0, 0)])
    most = np.array([r.columns - 1, r.rows - 1])
    if r.columns > 1 and r.rows > 1 and round(np.linalg.det(lattice)) != 0:
        corners = np.array([low, high, (low[0], high[1]), (high[0], low[1])], dtype=float)
        where = corners @ np.linalg.inv(lattice.astype(float))
        first = np.maximum(np.floor(where.min(axis=0)).astype(np.int64), -most)
        last = np.minimum(np.ceil(where.max(axis=0)).astype(np.int64), most)
    else:
        first, last = -most, most
    n = np.maximum(last - first + 1, 0)
    if n[0] * n[1] > MOST_DISPLACEMENTS:
        raise ValueError(f"{n[0] * n[1]} displacements")
    i, j = np.meshgrid(np.arange(first[0], last[0] + 1), np.arange(first[1], last[1] + 1), indexing="ij")
    shifts = np.stack([i.ravel(), j.ravel()], axis=1) @ lattice
    inside = ((shifts > low) & (shifts < high)).all(axis=1)
    found: Ints = shifts[inside]
    return found
