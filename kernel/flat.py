"""Regions of the plane: polygons on a grid of 1 nm, repeated in rows and columns without being copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Kernel units of the grid that polygons lie on, um.
GRID_UM = 1e-3
#: Most polygons that a region is copied out to.
MOST_POLYGONS = 20_000_000


@dataclass(frozen=True)
class Repeat:
    """`columns` x `rows` copies, copy (i, j) moved by origin + i * a + j * b; all in nm."""

    columns: int = 1
    rows: int = 1
    a_nm: tuple[int, int] = (0, 0)
    b_nm: tuple[int, int] = (0, 0)
    origin_nm: tuple[int, int] = (0, 0)

    @property
    def count(self) -> int:
        return self.columns * self.rows

    def origins_nm(self) -> Ints:
        """Where every copy stands, [columns * rows, 2], the columns running fastest."""
        i = np.tile(np.arange(self.columns), self.rows)
        j = np.repeat(np.arange(self.rows), self.columns)
        a, b = np.array(self.a_nm, dtype=np.int64), np.array(self.b_nm, dtype=np.int64)
        out: Ints = np.array(self.origin_nm, dtype=np.int64) + i[:, None] * a + j[:, None] * b
        return out

    def origins_near_nm(self, low_nm: npt.ArrayLike, high_nm: npt.ArrayLike) -> Ints:
        """Where the copies stand that may stand in a box, [N,2], the columns running fastest: all that do, and few others."""
        a, b = np.array(self.a_nm, dtype=float), np.array(self.b_nm, dtype=float)
        # What is not repeated has no step: one across the other stands in for it.
        a = a if self.columns > 1 else np.array([-b[1], b[0]]) if self.rows > 1 else np.array([1.0, 0.0])
        b = b if self.rows > 1 else np.array([-a[1], a[0]])
        if abs(a[0] * b[1] - a[1] * b[0]) <= 1e-9 * np.hypot(*a) * np.hypot(*b):
            return self.origins_nm()
        (x0, y0), (x1, y1) = (np.asarray(v) - np.array(self.origin_nm) for v in (low_nm, high_nm))
        at = np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)]) @ np.linalg.inv(np.column_stack([a, b])).T
        first = np.maximum(np.floor(at.min(axis=0)) - 1, 0).astype(np.int64)
        last = np.minimum(np.ceil(at.max(axis=0)) + 1, [self.columns - 1, self.rows - 1]).astype(np.int64)
        columns, rows = (max(0, int(n)) for n in last - first + 1)
        (ax, ay), (bx, by) = self.a_nm, self.b_nm
        i, j, (x, y) = int(first[0]), int(first[1]), self.origin_nm
        here = (x + i * ax + j * bx, y + i * ay + j * by)
        return replace(self, columns=columns, rows=rows, origin_nm=here).origins_nm()


@dataclass(frozen=True, eq=False)
class Cell:
    """Polygons, repeated. `points_nm` int64[P,2]; `rings` int64[R+1] offsets into the points; `polygons` int64[Q+1] offsets
    into the rings: the first ring of a polygon is its outside, anticlockwise, others are holes, clockwise. No ring repeats
    its first point. `apart`: polygons of the cell are known not to overlap each other."""

    points_nm: Ints
    rings: Ints
    polygons: Ints
    repeat: Repeat = Repeat()
    apart: bool = True

    def __len__(self) -> int:
        return len(self.polygons) - 1


@dataclass(frozen=True, eq=False)
class Flat:
    """A region of the plane: the union of its cells. Polygons of one cell that is `apart` do not overlap; others, copies and cells
    may, which `merged` ends."""

    cells: tuple[Cell, ...] = ()

    @property
    def count(self) -> int:
        """Polygons, all copies counted."""
        return sum(len(c) * c.repeat.count for c in self.cells)

    def bounds_nm(self) -> tuple[int, int, int, int] | None:
        """(x0, y0, x1, y1), None of an empty region."""
        low, high = [], []
        for cell in self.cells:
            if not len(cell.points_nm):
                continue
            r = cell.repeat
            a, b = np.array(r.a_nm) * (r.columns - 1), np.array(r.b_nm) * (r.rows - 1)
            corners = np.array([(0, 0), a, b, a + b]) + np.array(r.origin_nm)
            low.append(cell.points_nm.min(axis=0) + corners.min(axis=0))
            high.append(cell.points_nm.max(axis=0) + corners.max(axis=0))
        if not low:
            return None
        x0, y0 = np.min(low, axis=0).tolist()
        x1, y1 = np.max(high, axis=0).tolist()
        return x0, y0, x1, y1


def to_nm(points_um: npt.ArrayLike) -> Ints:
    """Points on the grid, halves to even."""
    rounded: Ints = np.rint(np.asarray(points_um, dtype=np.float64) / GRID_UM).astype(np.int64)
    return rounded


def boxes_nm(boxes_um: npt.ArrayLike) -> Ints:
    """Boxes [N,4] (x0, y0, x1, y1) on the grid. Sizes are rounded, then places, halves upwards: what is 401 nm wide stays so, and
    equal boxes stay equal wherever they stand."""
    boxes = np.asarray(boxes_um, dtype=np.float64).reshape(-1, 4) / GRID_UM
    low, size = np.floor(boxes[:, :2] + 0.5 + 1e-6), np.rint(boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([low, low + size], axis=1).astype(np.int64)


def rectangles(boxes_nm: npt.ArrayLike, repeat: Repeat | None = None) -> Flat:
    """A cell of boxes int[N,4] (x0, y0, x1, y1), each one polygon."""
    boxes = np.asarray(boxes_nm, dtype=np.int64).reshape(-1, 4)
    x0, y0, x1, y1 = boxes.T
    points = np.stack([x0, y0, x1, y0, x1, y1, x0, y1], axis=1).reshape(-1, 2)
    n = len(boxes)
    return Flat((Cell(points, np.arange(n + 1) * 4, np.arange(n + 1), repeat or Repeat()),))


def joined(flats: Iterable[Flat]) -> Flat:
    """Several as one, without merging."""
    return Flat(tuple(c for f in flats for c in f.cells))


def shifted(flat: Flat, x_nm: int, y_nm: int) -> Flat:
    """The region moved by whole nm."""
    return Flat(
        tuple(
            replace(
                c,
                repeat=replace(
                    c.repeat, origin_nm=(c.repeat.origin_nm[0] + x_nm, c.repeat.origin_nm[1] + y_nm)
                ),
            )
            for c in flat.cells
        )
    )


def from_rings(rings_um: Iterable[Sequence[Sequence[float]]]) -> Flat:
    """What closed rings (um, no point repeated) hold by the even-odd rule."""
    import shapely

    found = [shapely.make_valid(shapely.Polygon(to_nm(ring).astype(float))) for ring in rings_um]
    while len(found) > 1:
        left = found[-1:] if len(found) % 2 else []
        pairs = zip(found[::2], found[1::2], strict=False)
        found = [*(shapely.symmetric_difference(a, b) for a, b in pairs), *left]
    return from_shapely(found)


def repeated(flat: Flat, columns: int, rows: int, a_nm: tuple[int, int], b_nm: tuple[int, int]) -> Flat:
    """Copies in rows and columns. A cell that is repeated already is copied out along the shorter way."""
    cells: list[Cell] = []
    for cell in flat.cells:
        r = cell.repeat
        if r.count == 1:
            cells.append(
                Cell(
                    cell.points_nm,
                    cell.rings,
                    cell.polygons,
                    Repeat(columns, rows, a_nm, b_nm, r.origin_nm),
                    cell.apart,
                )
            )
            continue
        outer = Repeat(columns, rows, a_nm, b_nm)
        few, many = (r, outer) if r.count <= outer.count else (outer, r)
        for x, y in (few.origins_nm() + np.array(many.origin_nm)).tolist():
            cells.append(
                Cell(
                    cell.points_nm,
                    cell.rings,
                    cell.polygons,
                    Repeat(many.columns, many.rows, many.a_nm, many.b_nm, (x, y)),
                    cell.apart,
                )
            )
    return Flat(tuple(cells))


def copied_out(flat: Flat) -> Cell:
    """All copies as polygons of one cell. Raises ValueError above MOST_POLYGONS."""
    if flat.count > MOST_POLYGONS:
        raise ValueError(
            f"{flat.count} polygons are more than the {MOST_POLYGONS} that can be copied out, as an array is that other shapes lie on"
        )
    points, rings, polygons = [], [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
    at_point = at_ring = 0
    for cell in flat.cells:
        origins = cell.repeat.origins_nm()
        m, p, r = len(origins), len(cell.points_nm), len(cell.rings) - 1
        points.append((cell.points_nm[None] + origins[:, None]).reshape(-1, 2))
        k = np.arange(m)[:, None]
        rings.append((cell.rings[None, 1:] + k * p).reshape(-1) + at_point)
        polygons.append((cell.polygons[None, 1:] + k * r).reshape(-1) + at_ring)
        at_point += m * p
        at_ring += m * r
    if not points:
        return Cell(np.zeros((0, 2), np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))
    alone = len(flat.cells) == 1 and flat.cells[0].repeat.count == 1 and flat.cells[0].apart
    return Cell(np.concatenate(points), np.concatenate(rings), np.concatenate(polygons), apart=alone)


def to_shapely(flat: Flat) -> npt.NDArray[np.object_]:
    """The polygons as shapely has them, in nm, so that they stay whole numbers; all copies, in order of the cells."""
    import shapely

    cell = copied_out(flat)
    if not len(cell):
        return np.empty(0, dtype=object)
    counts = np.diff(cell.rings)
    ring_of = np.repeat(np.arange(len(counts)), counts)
    loops = shapely.linearrings(cell.points_nm.astype(float), indices=ring_of)
    polygon_of = np.repeat(np.arange(len(cell)), np.diff(cell.polygons))
    made = shapely.polygons(loops, indices=polygon_of)  # type: ignore[arg-type]  # the stub forgets arrays of rings
    return np.asarray(made, dtype=object)


def from_shapely(geometry: BaseGeometry | Sequence[BaseGeometry] | npt.NDArray[np.object_]) -> Flat:
    """Polygons of shapely, nm, rounded to the grid (precision model of 1 nm, so that rounding makes no crossings), oriented, in an order
    that depends on their place alone."""
    import shapely

    parts = shapely.get_parts(np.atleast_1d(np.asarray(geometry, dtype=object)))
    parts = shapely.get_parts(shapely.set_precision(parts, 1.0))
    parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    if not len(parts):
        return Flat()
    # normalize: exteriors clockwise in GEOS, holes anticlockwise, each from its lowest point; reversed they are as GDSII has them.
    parts = shapely.normalize(parts)
    box = shapely.bounds(parts)
    parts = parts[np.lexsort((box[:, 2], box[:, 3], box[:, 0], box[:, 1]))]
    rings, of = shapely.get_rings(parts, return_index=True)
    points, ring_of = shapely.get_coordinates(shapely.reverse(rings), return_index=True)
    counts = np.bincount(ring_of, minlength=len(rings))
    last = np.cumsum(counts) - 1  # the first point again
    points = np.delete(points, last, axis=0)
    return Flat(
        (
            Cell(
                np.rint(points).astype(np.int64),
                np.concatenate([[0], np.cumsum(counts - 1)]),
                np.concatenate([[0], np.cumsum(np.bincount(of, minlength=len(parts)))]),
            ),
        )
    )


def merged(flat: Flat) -> Flat:
    """The region as polygons that do not overlap, on the grid."""
    return from_shapely(united(flat))


def united(flat: Flat) -> BaseGeometry:
    """The region as one geometry of shapely, nm, on the grid. Edges along x and y meet on the grid by themselves, which takes a
    fifth of the time."""
    import shapely

    return shapely.union_all(to_shapely(flat), grid_size=None if all(map(_upright, flat.cells)) else 1.0)


def _upright(cell: Cell) -> bool:
    """Whether all edges run along x or y."""
    after = np.arange(1, len(cell.points_nm) + 1)
    if len(after):
        after[cell.rings[1:] - 1] = cell.rings[:-1]
    return bool((cell.points_nm == cell.points_nm[after]).any(axis=1).all())


def area_um2(flat: Flat) -> float:
    """Area of all polygons, copies counted; of overlaps twice, so `merged` before where there are some."""
    total = 0
    for cell in flat.cells:
        if not len(cell):
            continue
        x, y = cell.points_nm.T
        following = np.arange(1, len(x) + 1)
        following[cell.rings[1:] - 1] = cell.rings[:-1]
        total += int((x * y[following] - x[following] * y).sum()) * cell.repeat.count
    return total / 2 * GRID_UM * GRID_UM


def moved(flat: Flat, matrix: tuple[float, ...] | None) -> Flat:
    """The region under the x and y of a row-major affine 3 x 4 matrix (um). Corners are rounded to the grid once; what is repeated
    keeps its repeats where their steps stay whole nm, else is copied out."""
    if matrix is None:
        return flat
    linear = np.array([[matrix[0], matrix[1]], [matrix[4], matrix[5]]])
    shift = np.array([matrix[3], matrix[7]]) / GRID_UM
    flip = np.linalg.det(linear) < 0
    out: list[Cell] = []
    for cell in flat.cells:
        r = cell.repeat
        vectors: Floats = np.array([r.a_nm, r.b_nm, r.origin_nm], dtype=float) @ linear.T
        steps = vectors[:2] * (np.array([[r.columns], [r.rows]]) > 1)
        if np.abs(steps - np.rint(steps)).max() > 1e-6:
            whole = copied_out(Flat((cell,)))
            points = whole.points_nm @ linear.T + shift
            moved_cell = Cell(
                np.rint(points).astype(np.int64), whole.rings, whole.polygons, apart=len(whole) == 1
            )
        else:
            (ax, ay), (bx, by) = np.rint(steps).astype(int).tolist()
            # The corners take what the origin has beyond whole nm, so that both are rounded once.
            origin = np.floor(vectors[2] + shift + 1e-9)
            points = cell.points_nm @ linear.T + (vectors[2] + shift - origin)
            ox, oy = origin.astype(int).tolist()
            moved_cell = Cell(
                np.rint(points).astype(np.int64),
                cell.rings,
                cell.polygons,
                Repeat(r.columns, r.rows, (ax, ay), (bx, by), (ox, oy)),
                cell.apart and (len(cell) == 1 or not np.any(points % 1)),
            )
        out.append(_turned(moved_cell) if flip else moved_cell)
    return Flat(tuple(out))


def _turned(cell: Cell) -> Cell:
    """Every ring run the other way: a mirror makes clockwise of anticlockwise."""
    at = np.arange(len(cell.points_nm))
    counts = np.diff(cell.rings)
    start, last = np.repeat(cell.rings[:-1], counts), np.repeat(cell.rings[1:] - 1, counts)
    return Cell(cell.points_nm[start + last - at], cell.rings, cell.polygons, cell.repeat, cell.apart)
