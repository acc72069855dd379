"""A mask as the lines of a spot: hatched along x or y, or along its outlines. Whole arrays, no loop over lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..flat import GRID_UM, Cell, Flat, Floats, Ints, copied_out, from_shapely, to_shapely
from ..flat_merge import without_overlaps


@dataclass(frozen=True, eq=False)
class Lines:
    """Straight strokes in the order in which they are written: `start_um[N,2]`, `end_um[N,2]`. Strokes of one `row int64[N]` lie on one
    scan line (or one outline) and follow each other along it. `lost`: shapes that are narrower than the spot; `lost_um2` their area."""

    start_um: Floats
    end_um: Floats
    row: Ints
    lost: int = 0
    lost_um2: float = 0.0

    def __len__(self) -> int:
        return len(self.row)

    def then(self, after: Lines) -> Lines:
        """Both, one after the other, over the same mask: what outlines can write is not lost."""
        row = after.row + (int(self.row[-1]) + 1 if len(self) else 0)
        return Lines(
            np.concatenate([self.start_um, after.start_um]),
            np.concatenate([self.end_um, after.end_um]),
            np.concatenate([self.row, row]),
            after.lost,
            after.lost_um2,
        )


def within(flat: Flat, spot_um: float) -> tuple[Flat, int, float]:
    """Where the middle of the spot may go so that it writes nothing beside the region; how many shapes it cannot write at all, and their
    area (um^2). Repeats stay."""
    import shapely

    cells: list[Cell] = []
    lost, lost_um2 = 0, 0.0
    for cell in without_overlaps(flat).cells:
        one = to_shapely(Flat((Cell(cell.points_nm, cell.rings, cell.polygons),)))
        inside = shapely.buffer(one, -0.5 * spot_um / GRID_UM, join_style="mitre", mitre_limit=10.0)
        gone = shapely.is_empty(inside)
        lost += int(gone.sum()) * cell.repeat.count
        lost_um2 += float(shapely.area(one[gone]).sum()) * cell.repeat.count * GRID_UM**2
        cells += [
            Cell(c.points_nm, c.rings, c.polygons, cell.repeat, c.apart) for c in from_shapely(inside).cells
        ]
    return Flat(tuple(cells)), lost, lost_um2


def hatch(flat: Flat, spot_um: float, hatch_um: float, along: str = "x") -> Lines:
    """Strokes along x or y, `hatch_um` apart, that write a region with a spot of this width. Scan lines lie at whole multiples of the
    hatch, so that neighbouring shapes share them; every other one runs back."""
    inner, lost, lost_um2 = within(flat, spot_um)
    cell = copied_out(inner)
    points = cell.points_nm.astype(float) * GRID_UM
    if along == "y":
        points = points[:, ::-1]
    following = np.arange(1, len(points) + 1)
    following[cell.rings[1:] - 1] = cell.rings[:-1]
    line, at, edge = _crossings(points, points[following], hatch_um)
    met = np.zeros(len(cell), bool)
    met[_polygon_of(cell)[edge]] = True
    lost += int((~met).sum())
    order = np.lexsort((at, line))
    line, at = line[order], at[order]
    row, low, high = line[0::2], at[0::2], at[1::2]
    # Strokes that end where the next begins are one; what is shorter than the grid is none.
    meets = np.zeros(len(row), bool)
    meets[1:] = (row[1:] == row[:-1]) & (low[1:] - high[:-1] < GRID_UM)
    first = np.flatnonzero(~meets)
    last = np.append(first[1:], len(row)) - 1 if len(row) else first
    row, low, high = row[first], low[first], high[last]
    long = high - low >= GRID_UM
    row, low, high = row[long], low[long], high[long]
    number = np.cumsum(np.diff(row, prepend=row[:1]) != 0)
    back = number % 2 == 1
    across = row * hatch_um
    start = np.stack([np.where(back, high, low), across], axis=1)
    end = np.stack([np.where(back, low, high), across], axis=1)
    if along == "y":
        start, end = start[:, ::-1], end[:, ::-1]
    # A line that runs back is written from its far end: within it the strokes turn round.
    place = np.arange(len(row))
    if len(row):
        begins = np.flatnonzero(np.diff(number, prepend=-1))
        sizes = np.diff(np.append(begins, len(row)))
        turned = np.repeat(2 * begins + sizes - 1, sizes) - place
        place = np.where(back, turned, place)
    return Lines(start[place], end[place], number[place], lost, lost_um2)


def _polygon_of(cell: Cell) -> Ints:
    """Number of the polygon that each point belongs to."""
    return np.repeat(np.arange(len(cell)), np.diff(cell.rings[cell.polygons]))


def _crossings(a: Floats, b: Floats, hatch_um: float) -> tuple[Ints, Floats, Ints]:
    """(scan line, place along it, edge) of every crossing of the edges a -> b with lines at k * hatch. An edge holds its lower end and not its
    upper one, so that every line crosses a ring an even number of times."""
    low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    # An edge that ends on a line does so in whatever the division says: the same for both edges of a corner.
    first, last = np.ceil(low / hatch_um).astype(np.int64), np.ceil(high / hatch_um).astype(np.int64)
    count = last - first
    edge = np.repeat(np.arange(len(a)), count)
    line = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (line * hatch_um - a[edge, 1]) / (b[edge, 1] - a[edge, 1])
    return line, a[edge, 0] + np.clip(share, 0.0, 1.0) * (b[edge, 0] - a[edge, 0]), edge


def outlines(flat: Flat, spot_um: float) -> Lines:
    """Strokes along the outlines of a region, half the spot within them: every ring from its first corner and back to it."""
    inner, lost, lost_um2 = within(flat, spot_um)
    cell = copied_out(inner)
    points = cell.points_nm.astype(float) * GRID_UM
    following = np.arange(1, len(points) + 1)
    following[cell.rings[1:] - 1] = cell.rings[:-1]
    ring = np.repeat(np.arange(len(cell.rings) - 1), np.diff(cell.rings))
    return Lines(points, points[following], ring, lost, lost_um2)
