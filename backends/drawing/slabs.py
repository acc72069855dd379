"""Slabs: patterned films as prisms, what of them lies in a window, and their faces for a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import Floats
from ...kernel.flat import GRID_UM, Cell, Flat, Repeat, copied_out, from_shapely, to_shapely
from ..tubes import Ints32
from .gbuffer import Patch, together


@dataclass(frozen=True, slots=True, eq=False)
class Slab:
    """A film where it stays: the prism over `region` from `low_um` to `high_um`. `label` and `colour` are for the legend; `row`
    is the pass that leaves it, from 1."""

    label: str
    colour: str
    region: Flat
    low_um: float
    high_um: float
    row: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the plane, um. `whole`: all there is lies in it."""

    x0: float
    y0: float
    x1: float
    y1: float
    whole: bool = True

    @property
    def side_um(self) -> float:
        return max(self.x1 - self.x0, self.y1 - self.y0)


#: A picture shows all of a region of at most so many polygons, else a window that is so many typical features wide.
_MOST, _ACROSS = 6_000, 16.0
#: Of an array that slabs share, so many of its units each way.
_UNITS = 9
#: What is thinner than this share of everything is too fine for a picture of everything.
_THIN = 800


def bounds_um(slabs: Sequence[Slab]) -> Window | None:
    """What all slabs together take of the plane."""
    boxes = [b for s in slabs if (b := s.region.bounds_nm()) is not None]
    if not boxes:
        return None
    low = np.min(boxes, axis=0)[:2] * GRID_UM
    high = np.max(boxes, axis=0)[2:] * GRID_UM
    return Window(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def detail(slabs: Sequence[Slab]) -> Window | None:
    """The window that a picture shows: everything, or a piece of the middle where everything would be too fine to be seen."""
    all_um = bounds_um(slabs)
    if all_um is None:
        return None
    cells = [c for s in slabs for c in s.region.cells if len(c)]
    if sum(s.region.count for s in slabs) > _MOST:
        most = max(cells, key=lambda c: c.repeat.count).repeat
        unit = _units(
            [
                c
                for c in cells
                if (c.repeat.a_nm, c.repeat.b_nm, c.repeat.count) == (most.a_nm, most.b_nm, most.count)
            ]
        )
        if unit is not None:
            return unit
        half = 0.5 * min(_ACROSS * min(_sides_um(c)[1] for c in cells), all_um.side_um)
        x, y = (all_um.x0 + all_um.x1) / 2, (all_um.y0 + all_um.y1) / 2
        return Window(x - half, y - half, x + half, y + half, whole=False)
    # An array whose lines are thinner than a picture's pixels is shown by some of its units.
    fine = [c for c in cells if c.repeat.count > _UNITS and _sides_um(c)[0] < all_um.side_um / _THIN]
    return next((w for c in fine if (w := _units([c])) is not None), all_um)


def typical_um(slabs: Sequence[Slab]) -> float:
    """How wide polygons are by the shorter sides of their boxes: half of what the films cover lies in narrower ones."""
    wide, cover = [np.zeros(0)], [np.zeros(0)]
    for cell in (c for s in slabs for c in s.region.cells if len(c)):
        first = cell.rings[cell.polygons[:-1]]
        box = np.maximum.reduceat(cell.points_nm, first, axis=0) - np.minimum.reduceat(
            cell.points_nm, first, axis=0
        )
        wide.append(box.min(axis=1) * GRID_UM)
        cover.append(box.prod(axis=1, dtype=float) * cell.repeat.count)
    sides, weights = np.concatenate(wide), np.concatenate(cover)
    if not len(sides):
        return 0.0
    order = np.argsort(sides, kind="stable")
    total = np.cumsum(weights[order])
    return float(sides[order[np.searchsorted(total, total[-1] / 2)]])


def _sides_um(cell: Cell) -> tuple[float, float]:
    """What the shorter and the longer sides of the boxes of a cell's polygons are in the middle."""
    first = cell.rings[cell.polygons[:-1]]
    box = np.maximum.reduceat(cell.points_nm, first, axis=0) - np.minimum.reduceat(
        cell.points_nm, first, axis=0
    )
    return float(np.median(box.min(axis=1))) * GRID_UM, float(np.median(box.max(axis=1))) * GRID_UM


def _units(cells: Sequence[Cell]) -> Window | None:
    """Whole units in the middle of an array that all cells share, cut between its units; None where they share none along x and y."""
    first = cells[0].repeat
    shared = (first.a_nm, first.b_nm, first.columns, first.rows)
    if any((c.repeat.a_nm, c.repeat.b_nm, c.repeat.columns, c.repeat.rows) != shared for c in cells):
        return None
    if first.a_nm[1] or first.b_nm[0]:
        return None
    low = np.min([c.points_nm.min(axis=0) + np.array(c.repeat.origin_nm) for c in cells], axis=0) * GRID_UM
    high = np.max([c.points_nm.max(axis=0) + np.array(c.repeat.origin_nm) for c in cells], axis=0) * GRID_UM
    pitch = np.abs([first.a_nm[0], first.b_nm[1]]) * GRID_UM
    sizes = np.array([first.columns, first.rows])
    if not pitch.any():
        return None
    pitch = np.where(sizes > 1, pitch, pitch.max())
    shown = np.minimum(np.maximum(1, np.rint(_UNITS * pitch.max() / pitch)), sizes)
    middle = (low + high) / 2 + pitch * np.floor((sizes - 1) / 2) + pitch * ((shown + 1) % 2) / 2
    half = shown * pitch / 2
    # A line array has one unit along its lines: as much of them is shown as of the way across.
    half = np.where(sizes > 1, half, half.max())
    middle = np.where(sizes > 1, middle, (low + high) / 2)
    (x0, y0), (x1, y1) = (middle - half).tolist(), (middle + half).tolist()
    return Window(x0, y0, x1, y1, whole=False)


def within(region: Flat, window: Window) -> Flat:
    """What of the region lies in the window, its polygons cut at the edge."""
    import shapely

    box_nm = np.rint(np.array([window.x0, window.y0, window.x1, window.y1]) / GRID_UM).astype(np.int64)
    kept: list[Cell] = []
    cut: list[npt.NDArray[np.object_]] = []
    for cell in region.cells:
        if not len(cell):
            continue
        low, high = cell.points_nm.min(axis=0), cell.points_nm.max(axis=0)
        origins = cell.repeat.origins_near_nm(box_nm[:2] - high, box_nm[2:] - low)
        touches = ((origins + high > box_nm[:2]) & (origins + low < box_nm[2:])).all(axis=1)
        inner = ((origins + low >= box_nm[:2]) & (origins + high <= box_nm[2:])).all(axis=1)
        kept += [replace(cell, repeat=Repeat(origin_nm=(int(x), int(y)))) for x, y in origins[inner].tolist()]
        edge = [
            replace(cell, repeat=Repeat(origin_nm=(int(x), int(y))))
            for x, y in origins[touches & ~inner].tolist()
        ]
        if edge:
            cut.append(
                shapely.intersection(to_shapely(Flat(tuple(edge))), shapely.box(*box_nm.astype(float)))
            )
    whole = [copied_out(Flat(tuple(kept)))] if kept else []
    return Flat((*whole, *(from_shapely(np.concatenate(cut)).cells if cut else ())))


def slab_patch(slab: Slab, axes: Floats, index: int) -> Patch:
    """Top and sides of a slab in view coordinates; the foot stands on something and is not seen."""
    cell = copied_out(slab.region)
    parts = [p for p in (_top(slab, cell, axes, index), _sides(slab, cell, axes, index)) if len(p.faces)]
    return together(parts) if parts else _nothing()


def _nothing() -> Patch:
    return Patch(
        np.zeros((0, 3), np.float32),
        np.zeros((0, 3), np.float32),
        np.zeros(0, np.uint8),
        np.zeros((0, 3), np.int32),
    )


def triangles(cell: Cell) -> tuple[Floats, Ints32]:
    """Points float64[V,2] in nm and triangles int32[T,3], anticlockwise, that fill the polygons of a cell."""
    corners = np.diff(cell.rings)
    simple = np.diff(cell.polygons) == 1
    four = simple & (corners[cell.polygons[:-1]] == 4)
    first = cell.rings[cell.polygons[:-1]]
    points = [cell.points_nm.astype(float)]
    # Four corners: two triangles do, where the first diagonal lies inside.
    quads, good = _convex(cell, first[four])
    rest = ~four
    rest[four] = ~good
    faces = [(quads[:, None, None] + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)]
    if rest.any():
        import shapely

        filled = shapely.get_parts(shapely.constrained_delaunay_triangles(to_shapely(Flat((cell,)))[rest]))
        xy = shapely.get_coordinates(filled).reshape(-1, 4, 2)[:, :3]
        u, v = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
        turn = u[:, 0] * v[:, 1] < u[:, 1] * v[:, 0]
        xy[turn] = xy[turn][:, ::-1]
        at = len(cell.points_nm) + np.arange(3 * len(xy)).reshape(-1, 3)
        points.append(xy.reshape(-1, 2))
        faces.append(at)
    return np.concatenate(points), np.concatenate(faces).astype(np.int32)


def _convex(cell: Cell, first: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Those of the rings of four corners at `first` that are convex, and which they are."""
    p = cell.points_nm[first[:, None] + np.arange(4)]
    along = np.roll(p, -1, axis=1) - p
    next_ = np.roll(along, -1, axis=1)
    good = ((along[..., 0] * next_[..., 1] - along[..., 1] * next_[..., 0]) > 0).all(axis=1)
    return first[good], good


def _top(slab: Slab, cell: Cell, axes: Floats, index: int) -> Patch:
    flat_nm, faces = triangles(cell)
    points = np.column_stack([flat_nm * GRID_UM, np.full(len(flat_nm), slab.high_um)])
    normal = np.broadcast_to(axes[:, 2].astype(np.float32), (len(points), 3))
    return Patch((points @ axes.T).astype(np.float32), normal, np.full(len(points), index, np.uint8), faces)


def _sides(slab: Slab, cell: Cell, axes: Floats, index: int) -> Patch:
    a = cell.points_nm * GRID_UM
    following = np.arange(1, len(a) + 1)
    if len(cell.rings) > 1:
        following[cell.rings[1:] - 1] = cell.rings[:-1]
    b = a[following] if len(a) else a
    along = b - a
    length = np.hypot(along[:, 0], along[:, 1])
    out = (
        np.stack([along[:, 1], -along[:, 0], np.zeros(len(a))], axis=1)
        / np.where(length > 0, length, 1.0)[:, None]
    )
    foot, head = np.full(len(a), slab.low_um), np.full(len(a), slab.high_um)
    quad = np.stack(
        [
            np.column_stack([a, foot]),
            np.column_stack([b, foot]),
            np.column_stack([b, head]),
            np.column_stack([a, head]),
        ],
        axis=1,
    )
    faces = (np.arange(len(a))[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    return Patch(
        (quad.reshape(-1, 3) @ axes.T).astype(np.float32),
        np.repeat(out @ axes.T, 4, axis=0).astype(np.float32),
        np.full(4 * len(a), index, np.uint8),
        faces.astype(np.int32),
    )
