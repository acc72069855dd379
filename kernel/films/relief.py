"""Reliefs (2.5D): thickness over x and y as doses through the film's contrast curve, and the regions of its levels as polygons."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..diagnostics import Span
from ..fields import evaluate
from ..flat import GRID_UM, Flat, Floats, Ints, from_shapely, to_shapely
from ..scene import Expr
from .dose import dose_for

#: Samples along the longer side of a mask, where nothing says how fine its relief is.
SAMPLES = 512
#: Samples along each side that tell how high a relief is.
COARSE = 129
#: Most samples of one relief.
MOST_SAMPLES = 20_000_000
#: Root of the area of a corner that is left out, nm: on a circle of 80 um two corners are then 0.8 um apart, and the chord between
#: them 1 nm from the circle.
CORNER_NM = 20.0
#: Halvings of the distance between two samples where a level runs through: far below the grid of 1 nm.
HALVINGS = 30


class ReliefError(ValueError):
    """A relief that cannot be made: why, and what mends it."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(why)
        self.mend = mend


def factor_for(share: float, gamma: float) -> float:
    """The dose that leaves a share R of the thickness, over the one that leaves all: 10^((R - 1) / gamma). D0 need not be known."""
    return dose_for(share - 1.0, 1.0, gamma)


def phase_rad(thickness_um: npt.ArrayLike, index: float, wavelength_um: float) -> Floats:
    """How far light that passes a relief lags behind light beside it: 2 pi (n - 1) t / lambda."""
    return np.asarray(2.0 * math.pi * (index - 1.0) * np.asarray(thickness_um, dtype=float) / wavelength_um)


def field_of(height: Expr | float, span: Span) -> Expr:
    """The height of a relief over x and y, which may be one figure."""
    return height if isinstance(height, Expr) else Expr("const", (float(height),), span)


def shares(levels: int) -> Floats:
    """Shares of the thickness that `levels` classes leave: k / levels, k = 1 .. levels. Below the first nothing is exposed."""
    return np.arange(1, levels + 1) / levels


def passes_of(doses: Sequence[float]) -> list[float]:
    """Doses of passes that add up to rising `doses`: each lies over all that the later ones reach."""
    return [dose - before for dose, before in zip(doses, (0.0, *doses), strict=False)]


def step_um(size_um: tuple[float, float], finest_um: float | None) -> float:
    """Distance of the samples of a relief: half of the narrowest line that the writer resolves, or 1/SAMPLES of the longer side,
    whichever is less. Raises ValueError where that makes more than MOST_SAMPLES."""
    step = max(size_um) / SAMPLES
    if finest_um is not None:
        step = min(step, finest_um / 2.0)
    count = (size_um[0] / step + 3.0) * (size_um[1] / step + 3.0)
    if count > MOST_SAMPLES:
        raise ReliefError(
            f"{count:.3g} samples of the relief are needed; at most {MOST_SAMPLES:.3g} are taken",
            "heights are sampled every half `min_width`: a larger one, or a smaller mask that is repeated",
        )
    return max(step, GRID_UM)


def level_sets(height: Expr, region: Flat, levels_um: Floats, finest_um: float | None = None) -> list[Flat]:
    """For each of rising `levels_um`: where `region` (um coordinates of the design) has a relief of that height or more.

    The height is sampled (`step_um`); where a level runs between two samples its place is found by halving, so that contours are true
    to the grid at their corners and off by a chord's height between them. A bump narrower than the samples' distance is missed.
    """
    import shapely

    bounds = region.bounds_nm()
    if bounds is None:
        return [Flat() for _ in levels_um]
    values, xs, ys = _samples(height, bounds, finest_um)
    inside = shapely.union_all(to_shapely(region), grid_size=1.0)
    out = []
    for level in levels_um.tolist():
        loops = [_straightened(ring / GRID_UM) for ring in _contours(height, level, values, xs, ys)]
        lines = [shapely.LinearRing(ring) for ring in loops if len(ring) > 2]
        area = shapely.build_area(shapely.union_all(lines, grid_size=1.0))
        out.append(from_shapely(shapely.intersection(area, inside, grid_size=1.0)))
    return out


def _samples(
    height: Expr, bounds_nm: tuple[int, int, int, int], finest_um: float | None
) -> tuple[Floats, Floats, Floats]:
    """Heights on a grid [rows, columns], and its columns and rows, um. Raises ValueError as `step_um` does."""
    x0, y0, x1, y1 = (v * GRID_UM for v in bounds_nm)
    step = step_um((x1 - x0, y1 - y0), finest_um)
    # Two rows of samples beyond the region: the last of them count as low, so that every contour closes.
    n = [max(1, math.ceil((b - a) / step - 1e-9)) for a, b in ((x0, x1), (y0, y1))]
    xs, ys = (
        np.asarray(np.arange(-2, k + 3) * step + a, dtype=float) for k, a in zip(n, (x0, y0), strict=True)
    )
    nodes = np.zeros((len(xs) * len(ys), 3))
    nodes[:, 0], nodes[:, 1] = np.tile(xs, len(ys)), np.repeat(ys, len(xs))
    return evaluate(height, nodes).astype(float).reshape(len(ys), len(xs)), xs, ys


def reach(height: Expr, region: Flat, levels_um: Floats, finest_um: float | None = None) -> int:
    """How many of rising `levels_um` samples of a relief on `region` come up to. Raises ValueError as `step_um` does."""
    import shapely

    bounds = region.bounds_nm()
    if bounds is None:
        return 0
    values, xs, ys = _samples(height, bounds, finest_um)
    whole = shapely.union_all(to_shapely(region), grid_size=1.0)
    shapely.prepare(whole)
    for k in range(len(levels_um), 0, -1):
        row, column = np.nonzero(values >= levels_um[k - 1])
        if shapely.intersects_xy(whole, xs[column] / GRID_UM, ys[row] / GRID_UM).any():
            return k
    return 0


def heights(height: Expr, region: Flat) -> tuple[float, float] | None:
    """Least and largest height of a relief on `region`, um, of coarse samples; None where none of them lies within."""
    import shapely

    bounds = region.bounds_nm()
    if bounds is None:
        return None
    x0, y0, x1, y1 = bounds
    x, y = np.meshgrid(np.linspace(x0, x1, COARSE), np.linspace(y0, y1, COARSE))
    inside = shapely.contains_xy(shapely.union_all(to_shapely(region), grid_size=1.0), x, y)
    places = np.column_stack([x[inside], y[inside], np.zeros(int(inside.sum()))])
    places *= GRID_UM
    if not len(places):
        return None
    values = evaluate(height, places).astype(float)
    return float(np.nanmin(values, initial=np.inf)), float(np.nanmax(values, initial=-np.inf))


def _straightened(ring_nm: Floats) -> Floats:
    """A closed ring on the grid, without its last point and those that lie on the straight way between their neighbours."""
    ring: Floats = np.rint(ring_nm[:-1])
    ring = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
    to, on = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return np.asarray(ring[(to[:, 0] * on[:, 1] != to[:, 1] * on[:, 0]) | ((to * on).sum(axis=1) < 0)])


def bands(sets: list[Flat]) -> list[Flat]:
    """Of nested regions, each without the next. They do not overlap, and what two of them share as an edge stays shared where corners
    are left out that stand out of their neighbours' line by about a nanometre (CORNER_NM)."""
    import shapely

    whole = np.array([shapely.union_all(to_shapely(flat)) for flat in sets])
    # Faces between all edges have their corners in common; a face lies in as many sets as its level says.
    edges = shapely.union_all(shapely.boundary(whole), grid_size=1.0)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    points = shapely.point_on_surface(faces)
    shapely.prepare(whole)
    level = shapely.contains_properly(whole[:, None], points).sum(axis=0)
    made = np.array([shapely.coverage_union_all(faces[level == k]) for k in range(1, len(sets) + 1)])
    there = ~shapely.is_empty(made)
    if bool(shapely.coverage_is_valid(made[there])):
        made[there] = shapely.coverage_simplify(made[there], CORNER_NM)
    return [from_shapely(one) for one in made]


def reached(parts: list[Flat]) -> list[Flat]:
    """Of bands, each with all that follow: the region of a pass whose dose the higher levels need, too."""
    import shapely

    whole = [shapely.union_all(to_shapely(flat)) for flat in parts]
    return [from_shapely(shapely.union_all(whole[k:], grid_size=1.0)) for k in range(len(whole))]


def _contours(height: Expr, level: float, values: Floats, xs: Floats, ys: Floats) -> list[Floats]:
    """Closed lines (first point again at the end) around where the height is `level` or more, um."""
    high = values >= level
    high[[0, -1], :] = high[:, [0, -1]] = False
    columns = high.shape[1]
    flags = high.reshape(-1)
    some = np.logical_or.reduce([high[corner] for corner in _CORNERS])
    some &= ~np.logical_and.reduce([high[corner] for corner in _CORNERS])
    row, column = np.nonzero(some)
    a = row * columns + column
    b, c, d = a + 1, a + columns + 1, a + columns
    # Two triangles a square, anticlockwise. A side is known by its first node and its direction: 0 along x, 1 along y, 2 across.
    corners = np.concatenate([np.stack([a, b, c]), np.stack([a, c, d])], axis=1)
    sides = np.concatenate(
        [np.stack([3 * a, 3 * b + 1, 3 * a + 2]), np.stack([3 * a + 2, 3 * d, 3 * a + 1])], axis=1
    )
    up = flags[corners]
    count = up.sum(axis=0)
    follow: list[Ints] = []
    lead: list[Ints] = []
    for k in range(3):
        # The corner that is unlike both others: the line runs from the side behind it to the side before it, or back.
        for alone, ways in ((True, (lead, follow)), (False, (follow, lead))):
            mine = (count == (1 if alone else 2)) & (up[k] == alone)
            ways[0].append(sides[k][mine])
            ways[1].append(sides[k - 1][mine])
    first, then = np.concatenate(lead), np.concatenate(follow)
    if not len(first):
        return []
    ends = np.unique(first)
    points = _crossings(height, level, ends, flags, columns, xs, ys)
    after = np.empty(len(ends), dtype=np.int64)
    after[np.searchsorted(ends, first)] = np.searchsorted(ends, then)
    return [points[loop] for loop in _loops(after.tolist())]


#: Nodes of all squares: lower left, lower right, upper right, upper left.
_LOW, _HIGH = slice(None, -1), slice(1, None)
_CORNERS = ((_LOW, _LOW), (_LOW, _HIGH), (_HIGH, _HIGH), (_HIGH, _LOW))


def _crossings(
    height: Expr,
    level: float,
    sides: Ints,
    flags: npt.NDArray[np.bool_],
    columns: int,
    xs: Floats,
    ys: Floats,
) -> Floats:
    """Where the level runs through sides of triangles, [N,2] um."""
    node, way = np.divmod(sides, 3)
    other = node + np.array([1, columns, columns + 1])[way]
    one, two = (np.stack([xs[k % columns], ys[k // columns]], axis=1) for k in (node, other))
    up = flags[node]
    low, high = np.zeros(len(sides)), np.ones(len(sides))
    points = np.zeros((len(sides), 3))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        points[:, :2] = one + middle[:, None] * (two - one)
        same = (np.asarray(evaluate(height, points), dtype=float) >= level) == up
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.asarray(one + ((low + high) / 2)[:, None] * (two - one))


def _loops(after: list[int]) -> list[list[int]]:
    """Circles of a permutation, each with its first member again at the end."""
    free = [True] * len(after)
    out = []
    for start in range(len(after)):
        if free[start]:
            loop = [start]
            free[start] = False
            while free[after[loop[-1]]]:
                loop.append(after[loop[-1]])
                free[loop[-1]] = False
            out.append([*loop, start])
    return out
