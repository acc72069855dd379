"""Width, gap, overlap and area of regions of the plane by the Euclidian metric, exact on the grid of 1 nm.

Two edges that run against each other (by more than 90 degrees) and lie before each other are too close where a point of the
one and a point of the other, both on the side that is looked at, are less than the limit apart: the rule of KLayout's checks
with Euclidian metrics. Acute corners have no width. Arrays are looked at through windows (films/window.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from .films.window import windows
from .flat import GRID_UM, Cell, Flat, Floats, Ints, area_um2, copied_out, merged, to_shapely

Bools = npt.NDArray[np.bool_]
Kind = Literal["width", "gap", "overlap"]

#: Distances of slanted edges this near to the limit (of its square) are told by whole numbers instead of floats.
_UNSURE = 1e-9

#: Edges face each other for a measure, not for a check, where they run against each other to within ten degrees.
_FACING = -0.984807753012208


@dataclass(frozen=True, slots=True)
class Close:
    """The closest place that was found: its distance (or area, um^2), where, and how many there are in all that was looked at
    (of an array: in its window)."""

    value_um: float
    at_um: tuple[float, float]
    places: int


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Edges p to q, the region on their left; `following` the edge that begins where each ends, `polygon` the one that each is of."""

    p: Ints
    q: Ints
    following: Ints
    polygon: Ints

    def __len__(self) -> int:
        return len(self.p)

    def lines(self) -> npt.NDArray[np.object_]:
        import shapely

        return np.asarray(shapely.linestrings(np.stack([self.p, self.q], axis=1).astype(float)), dtype=object)


def apart(flat: Flat) -> Cell:
    """The region as polygons that neither overlap nor share an edge: merged where they meet."""
    import shapely

    cell = copied_out(flat)
    if len(cell) < 2:
        return cell if _simple(cell) else copied_out(merged(flat))
    shapes = to_shapely(Flat((cell,)))
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    if (one == two).all() and _simple(cell):
        return cell
    return copied_out(merged(Flat((cell,))))


def _simple(cell: Cell) -> bool:
    import shapely

    return bool(shapely.is_valid(to_shapely(Flat((cell,)))).all())


def _edges(cell: Cell) -> _Edges:
    n = len(cell.points_nm)
    following = np.arange(1, n + 1)
    if n:
        following[cell.rings[1:] - 1] = cell.rings[:-1]
    polygon = np.repeat(np.arange(len(cell)), np.diff(cell.rings[cell.polygons]))
    return _Edges(cell.points_nm, cell.points_nm[following], following, polygon)


def too_close(flat: Flat, limit_um: float, kind: Kind, *, facing: bool = False) -> Close | None:
    """Where a region is narrower ("width") or two of its sides lie closer ("gap": between polygons, and in notches) than the
    limit. `facing`: only sides that run against each other to within ten degrees and share no corner."""
    limit = _whole(limit_um)
    found: list[tuple[Floats, Floats]] = []
    for (one,) in windows((flat,), limit):
        cell = apart(one)
        edges = _edges(cell)
        found.append(_seen(cell, _close(edges, edges, limit, kind, facing, same=True), limit, kind, facing))
    return _nearest(found)


def between(one: Flat, two: Flat, limit_um: float, kind: Literal["gap", "overlap"]) -> Close | None:
    """Where two regions come closer than the limit: polygons of both that share no area by their distance (0 where they touch), and by
    how little others overlap (sides that face each other to within ten degrees)."""
    limit = _whole(limit_um)
    found = []
    for a, b in windows((one, two), limit):
        if not a.cells or not b.cells:
            continue
        cells = apart(a), apart(b)
        if kind == "gap":
            found.append(_distances(*cells, limit))
        else:
            near = _close(_edges(cells[0]), _edges(cells[1]), limit, "width", True, same=False)
            # What lies between the two sides is of both regions, else they do not overlap there.
            both = np.logical_and(*(_Sight(c, "width").along(near.ways) for c in cells))
            found.append((near.distance[both], near.ways[both]))
    return _nearest(found)


def _distances(one: Cell, two: Cell, limit: float) -> tuple[Floats, Floats]:
    """Distances below the limit of polygons that share no area, and the ends of the ways."""
    import shapely

    a, b = to_shapely(Flat((one,))), to_shapely(Flat((two,)))
    i, j = shapely.STRtree(b).query(a, predicate="dwithin", distance=limit)
    distance = shapely.distance(a[i], b[j])
    # What touches may overlap as well.
    lone = (distance > 0) | (shapely.area(shapely.intersection(a[i], b[j])) == 0)
    lone &= distance < limit * (1 - _UNSURE)
    ways = shapely.get_coordinates(shapely.shortest_line(a[i][lone], b[j][lone])).reshape(-1, 2, 2)
    return distance[lone], ways


def least(flat: Flat, kind: Kind) -> float | None:
    """Smallest width or gap of a region, um, between sides that face each other; None where it has none."""
    box = flat.bounds_nm()
    if box is None:
        return None
    most = max(box[2] - box[0], box[3] - box[1]) * GRID_UM * 1.5
    lengths = [np.hypot(*(e.q - e.p).T) for e in (_edges(c) for c in flat.cells) if len(e)]
    limit = max(float(np.median(np.concatenate(lengths))) * GRID_UM, 4 * GRID_UM)
    while True:
        found = too_close(flat, limit, kind, facing=True)
        if found is not None or limit > most:
            return None if found is None else found.value_um
        limit *= 2


def too_small(flat: Flat, limit_um2: float) -> Close | None:
    """Pieces whose area (holes taken off) is below the limit."""
    import shapely

    unit = min((area_um2(Flat((c,))) / c.repeat.count / max(len(c), 1) for c in flat.cells), default=0.0)
    copies = int(min(limit_um2 / unit if unit > 0 else 1, 1e4)) + 2
    worst: Close | None = None
    places = 0
    for (one,) in windows((flat,), 1.0, copies):
        shapes = to_shapely(Flat((apart(one),)))
        areas = shapely.area(shapes) * GRID_UM**2
        # Areas are halves of whole numbers of nm^2, which floats hold.
        small = areas < limit_um2 * (1 - 1e-12)
        if not small.any():
            continue
        places += int(small.sum())
        i = int(np.argmin(areas))
        if worst is None or areas[i] < worst.value_um:
            at = shapely.get_coordinates(shapely.point_on_surface(shapes[i]))[0] * GRID_UM
            worst = Close(float(areas[i]), (float(at[0]), float(at[1])), places)
    return None if worst is None else Close(worst.value_um, worst.at_um, places)


def _whole(limit_um: float) -> float:
    """A limit in nm; whole where it is meant to be."""
    nm = limit_um / GRID_UM
    return float(round(nm)) if abs(nm - round(nm)) < 1e-6 else nm


def _nearest(found: Sequence[tuple[Floats, Floats]]) -> Close | None:
    places = sum(len(d) for d, _ in found)
    if not places:
        return None
    distance, at = min(((d, p) for d, p in found if len(d)), key=lambda x: float(x[0].min()))
    i = int(np.argmin(distance))
    x, y = (at[i].mean(axis=0) * GRID_UM).tolist()
    return Close(float(distance[i]) * GRID_UM, (x, y), places)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Edges that face each other within the limit: distance nm [N], ends of the shortest way [N,2,2], and the parts of both edges that lie
    before each other [N,2,2,2]."""

    distance: Floats
    ways: Floats
    parts: Floats


def _seen(cell: Cell, pairs: _Pairs, limit: float, kind: Kind, facing: bool) -> tuple[Floats, Floats]:
    """Of edges, those that see each other within the limit: on some way that runs through the region (a width) or outside of it (a
    gap) all along. Others have something between them, which is nearer. Of edges that are `facing` the nearest are enough, and
    their shortest ways."""
    see = _Sight(cell, kind) if len(pairs.distance) else None
    order = np.argsort(pairs.distance, kind="stable")
    distance, ways, parts = pairs.distance[order], pairs.ways[order], pairs.parts[order]
    if see is None:
        return distance, ways
    if facing:
        for at in range(0, len(distance), _CHUNK):
            some = slice(at, at + _CHUNK)
            clear = see.along(ways[some]) | (distance[some] == 0)
            if clear.any():
                return distance[some][clear], ways[some][clear]
        return distance[:0], ways[:0]
    kept = see.along(ways) | (distance == 0)
    best = float(distance[kept].min(initial=np.inf))
    # Those that are hidden on their shortest way and would be nearer than any other: other ways.
    for k in np.flatnonzero(~kept & (distance < best))[:_TRIED].tolist():
        ends = [p[0] + _ALONG[:, None] * (p[1] - p[0]) for p in parts[k]]
        others = np.stack(
            [np.repeat(ends[0], len(_ALONG), axis=0), np.tile(ends[1], (len(_ALONG), 1))], axis=1
        )
        long = np.hypot(*(others[:, 0] - others[:, 1]).T)
        near = np.flatnonzero((long > 0) & (long < min(limit, best)))
        clear = near[see.along(others[near])] if len(near) else near
        if len(clear):
            nearest = int(clear[np.argmin(long[clear])])
            kept[k], distance[k], ways[k] = True, long[nearest], others[nearest]
            best = float(long[nearest])
    return distance[kept], ways[kept]


#: So many pairs at a time are looked at for a figure; of so many that are hidden other ways are tried.
_CHUNK, _TRIED = 512, 400
#: Where on two edges ways between them are tried.
_ALONG = np.linspace(0.0, 1.0, 17)
#: Where on a way it is looked whether it lies on the side that is wanted.
_SAMPLES = np.linspace(0.02, 0.98, 25)


class _Sight:
    """Which ways lie on the side of the boundary that is wanted; on the boundary itself, to within rounding, they do."""

    def __init__(self, cell: Cell, kind: Kind) -> None:
        import shapely

        shapes = to_shapely(Flat((cell,)))
        self.inside, self.rings = shapely.STRtree(shapes), shapely.STRtree(shapely.get_rings(shapes))
        self.width = kind == "width"

    def along(self, ways: Floats) -> Bools:
        """Of ways [N,2,2], [N]."""
        import shapely

        share = _SAMPLES[:, None, None]
        places = (ways[None, :, 0] * (1 - share) + ways[None, :, 1] * share).reshape(-1, 2)
        points: npt.NDArray[np.object_] = np.asarray(shapely.points(places), dtype=object)
        found = np.zeros(len(points), dtype=bool)
        if self.width:
            found[self.inside.query(points, predicate="dwithin", distance=1e-3)[0]] = True
            return np.asarray(found.reshape(len(_SAMPLES), -1).all(axis=0))
        found[self.inside.query(points, predicate="within")[0]] = True
        found[self.rings.query(points, predicate="dwithin", distance=1e-3)[0]] = False
        return np.asarray(~found.reshape(len(_SAMPLES), -1).any(axis=0))


def _close(one: _Edges, two: _Edges, limit: float, kind: Kind, facing: bool, *, same: bool) -> _Pairs:
    """Edges that face each other at less than the limit."""
    import shapely

    none = _Pairs(np.zeros(0), np.zeros((0, 2, 2)), np.zeros((0, 2, 2, 2)))
    if not len(one) or not len(two):
        return none
    lines = one.lines()
    others = lines if same else two.lines()
    # A hair more than the limit: what is at the limit is sorted out below.
    i, j = shapely.STRtree(others).query(lines, predicate="dwithin", distance=limit * (1 + 1e-9) + 1e-6)
    if same:
        once = i < j
        if kind == "width":
            once &= one.polygon[i] == one.polygon[j]
        i, j = i[once], j[once]
    p, q, r, s = one.p[i], one.q[i], two.p[j], two.q[j]
    along, other = q - p, s - r
    product = (along * other).sum(axis=1)
    keep = product < 0
    joined = np.zeros(len(i), dtype=bool)
    if same:
        joined = (one.following[i] == j) | (one.following[j] == i)
    if facing:
        lengths = np.hypot(*along.T.astype(float)) * np.hypot(*other.T.astype(float))
        keep &= (product <= _FACING * lengths) & ~joined
    p, q, r, s, joined = (a[keep] for a in (p, q, r, s, joined))
    if not len(p):
        return none
    side = 1 if kind == "width" else -1
    # On which side of the one edge the ends of the other lie; above zero is the side looked at.
    of_r, of_s = side * _cross(q - p, r - p), side * _cross(q - p, s - p)
    of_p, of_q = side * _cross(s - r, p - r), side * _cross(s - r, q - r)
    before = ((of_r > 0) | (of_s > 0)) & ((of_p > 0) | (of_q > 0))
    # Corners that kiss: sides on one line, run against each other, that share a point.
    kiss = (of_r == 0) & (of_s == 0) & ~joined if kind == "gap" else np.zeros(len(p), dtype=bool)
    keep = before | kiss
    p, q, r, s, of_p, of_q, of_r, of_s, kiss = (a[keep] for a in (p, q, r, s, of_p, of_q, of_r, of_s, kiss))
    if not len(p):
        return none
    a, b = _clipped(p, q, of_p, of_q)
    c, d = _clipped(r, s, of_r, of_s)
    squared, ways = _apart(a, b, c, d)
    close = squared < limit * limit
    slanted = ((p != q).all(axis=1) | (r != s).all(axis=1)) & ~kiss
    for k in np.flatnonzero(slanted & (np.abs(squared - limit * limit) <= _UNSURE * limit * limit)).tolist():
        close[k] = (
            _exactly(_point(p[k]), _point(q[k]), _point(r[k]), _point(s[k]), side) < Fraction(limit) ** 2
        )
    close &= ~kiss | (squared == 0)
    parts = np.stack([np.stack([a, b], axis=1), np.stack([c, d], axis=1)], axis=1)
    return _Pairs(np.sqrt(squared[close]), ways[close], parts[close])


def _cross(u: Ints, v: Ints) -> Ints:
    out: Ints = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    return out


def _clipped(p: Ints, q: Ints, of_p: Ints, of_q: Ints) -> tuple[Floats, Floats]:
    """The part of edges on the side where `of` is not below zero."""
    start, end = p.astype(float), q.astype(float)
    cuts = (of_p < 0) | (of_q < 0)
    cut = p[cuts] + (q - p)[cuts] * (of_p[cuts] / (of_p - of_q)[cuts].astype(float))[:, None]
    start[of_p < 0] = cut[of_p[cuts] < 0]
    end[of_q < 0] = cut[of_q[cuts] < 0]
    return start, end


def _apart(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    """Squared distance of segments ab and cd that do not cross, and the ends of the way, [N,2,2]. Exact between edges along x
    and y."""
    best = np.full(len(a), np.inf)
    ways = np.zeros((len(a), 2, 2))
    for point, start, end in ((a, c, d), (b, c, d), (c, a, b), (d, a, b)):
        way = end - start
        length = np.hypot(way[:, 0], way[:, 1])
        unit = np.divide(way, length[:, None], out=np.zeros_like(way), where=length[:, None] > 0)
        off = point - start
        along = (off * unit).sum(axis=1)
        across = off[:, 0] * unit[:, 1] - off[:, 1] * unit[:, 0]
        beyond = np.where(along < 0, along, np.maximum(along - length, 0.0))
        squared = across**2 + beyond**2
        nearer = squared < best
        best[nearer] = squared[nearer]
        foot = start + unit * along.clip(0.0, length)[:, None]
        ways[nearer] = np.stack([point, foot], axis=1)[nearer]
    return best, ways


_Point = tuple[Fraction, Fraction]


def _point(v: Ints) -> _Point:
    return Fraction(int(v[0])), Fraction(int(v[1]))


def _exactly(p: _Point, q: _Point, r: _Point, s: _Point, side: int) -> Fraction:
    """The squared distance of `_clipped` edges in whole numbers."""

    def cross(o: _Point, u: _Point, v: _Point) -> Fraction:
        return side * ((u[0] - o[0]) * (v[1] - o[1]) - (u[1] - o[1]) * (v[0] - o[0]))

    def cut(u: _Point, v: _Point, of_u: Fraction, of_v: Fraction) -> tuple[_Point, _Point]:
        if of_u >= 0 and of_v >= 0:
            return u, v
        t = of_u / (of_u - of_v)
        at = u[0] + (v[0] - u[0]) * t, u[1] + (v[1] - u[1]) * t
        return (at, v) if of_u < 0 else (u, at)

    def reach(x: _Point, u: _Point, v: _Point) -> Fraction:
        wx, wy = v[0] - u[0], v[1] - u[1]
        long = wx * wx + wy * wy
        t = ((x[0] - u[0]) * wx + (x[1] - u[1]) * wy) / long if long else Fraction(0)
        t = min(max(t, Fraction(0)), Fraction(1))
        return (u[0] + t * wx - x[0]) ** 2 + (u[1] + t * wy - x[1]) ** 2

    a, b = cut(p, q, cross(r, s, p), cross(r, s, q))
    c, d = cut(r, s, cross(p, q, r), cross(p, q, s))
    return min(reach(a, c, d), reach(b, c, d), reach(c, a, b), reach(d, a, b))
