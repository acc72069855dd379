"""Polygons as layout files hold them: one ring each, with no more corners than a reader takes; nothing is rounded on the way.

The region stays what it is to the last nanometre: polygons whose edges all lie along x and y are cut along lines of the grid, others
from a corner to a corner that is there already, because a line of its own would meet slanted edges between the points of the grid.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Literal

import numpy as np

from .flat import Cell, Flat, Floats, Ints, from_shapely, to_shapely

#: How a polygon with holes becomes one without: one ring that runs into each hole and back on a line of no width, or several polygons.
Holes = Literal["keyhole", "cut"]


def simple(cell: Cell, most: int, holes: Holes = "keyhole") -> Cell:
    """The same region (repeat kept) with one ring a polygon of at most `most` corners (3 or more)."""
    corners = np.add.reduceat(np.diff(cell.rings), cell.polygons[:-1]) if len(cell) else np.zeros(0, np.int64)
    rings = np.diff(cell.polygons)
    odd = (rings > 1) | (corners > most)
    if not odd.any():
        return cell
    kept = np.flatnonzero(~odd)
    loops = [ring for q in np.flatnonzero(odd).tolist() for ring in _simple(_polygon(cell, q), most, holes)]
    first = cell.rings[cell.polygons[kept]]
    counts = corners[kept]
    rows = np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
    sizes = np.concatenate([counts, np.array([len(ring) for ring in loops], dtype=np.int64)])
    return Cell(
        np.concatenate([cell.points_nm[rows], *loops]),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.arange(len(sizes) + 1),
        cell.repeat,
    )


def _polygon(cell: Cell, q: int) -> Cell:
    low, high = cell.polygons[q : q + 2].tolist()
    rings = cell.rings[low : high + 1]
    return Cell(cell.points_nm[rings[0] : rings[-1]], rings - rings[0], np.array([0, high - low]))


def _simple(polygon: Cell, most: int, holes: Holes) -> list[Ints]:
    inner = len(polygon.rings) - 2
    bridged = holes == "keyhole" and len(polygon.points_nm) + 2 * inner <= most
    if not bridged and (bands := _bands(polygon, most)) is not None:
        return bands
    points, ids = np.unique(polygon.points_nm, axis=0, return_inverse=True)
    triangles = _triangles(polygon, points)
    if bridged:
        loop = _keyholed(polygon, points, ids.reshape(-1), triangles)
        return [points[loop]]
    return [points[loop] for loop in _pieces(triangles, most)]


def _following(polygon: Cell) -> Ints:
    """Row of the next corner of each corner's ring."""
    following = np.arange(1, len(polygon.points_nm) + 1)
    following[polygon.rings[1:] - 1] = polygon.rings[:-1]
    return following


def _bands(polygon: Cell, most: int) -> list[Ints] | None:
    """Rings of a polygon whose edges all lie along x and y, cut along lines of the grid; None for any other."""
    import shapely

    step = polygon.points_nm[_following(polygon)] - polygon.points_nm
    if (step != 0).all(axis=1).any():
        return None
    out: list[Ints] = []
    todo = [to_shapely(Flat((polygon,)))[0]]
    while todo:
        one = todo.pop()
        corners = shapely.get_num_coordinates(one) - 1
        x0, y0, x1, y1 = shapely.bounds(one).tolist()
        if shapely.get_num_interior_rings(one):
            holes = shapely.bounds(shapely.get_rings(one)[1:])
            lines, along = _stabs(holes[:, 1], holes[:, 3]), 1
        elif corners > most:
            values = [np.unique(column) for column in shapely.get_coordinates(one).T]
            # More than four corners: along one axis at least there is one between the ends.
            along = int(len(values[0]) < 3 or (y1 - y0 > x1 - x0 and len(values[1]) > 2))
            lines = [float(values[along][len(values[along]) // 2])]
        else:
            for cell in from_shapely(one).cells:
                out += np.split(cell.points_nm, cell.rings[1:-1])
            continue
        edges = [(x0, y0)[along], *lines, (x1, y1)[along]]
        for low, high in pairwise(edges):
            if low == high:
                continue
            box = (low, y0, high, y1) if along == 0 else (x0, low, x1, high)
            parts = shapely.get_parts(shapely.clip_by_rect(one, *box))
            todo += parts[shapely.area(parts) > 0].tolist()
    whole = sum(shapely.area(shapely.polygons(ring)) for ring in out)
    return out if whole == shapely.area(to_shapely(Flat((polygon,)))[0]) else None


def _stabs(low: Floats, high: Floats) -> list[float]:
    """As few values as meet all closed intervals, rising."""
    found: list[float] = []
    for k in np.argsort(high, kind="stable").tolist():
        if not found or low[k] > found[-1]:
            found.append(float(high[k]))
    return found


def _triangles(polygon: Cell, points: Ints) -> Ints:
    """Rows of `points` of the triangles of one polygon, anticlockwise [T,3]; its own corners, no others."""
    import shapely

    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(to_shapely(Flat((polygon,)))))
    corners = np.rint(shapely.get_coordinates(parts).reshape(-1, 4, 2)[:, :3]).astype(np.int64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    clockwise = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] < 0
    corners[clockwise] = corners[clockwise][:, ::-1]
    # np.unique sorts by x, then y: so does this key.
    span = int(points[:, 1].max() - points[:, 1].min()) + 1
    low = points[:, 1].min()
    key = points[:, 0] * span + (points[:, 1] - low)
    found: Ints = np.searchsorted(key, corners[..., 0] * span + (corners[..., 1] - low)).astype(np.int64)
    return found


def _keyholed(polygon: Cell, points: Ints, ids: Ints, triangles: Ints) -> Ints:
    """One closed walk around the inside: along the rings, and along sides of triangles that join rings, once each way."""
    count = np.diff(polygon.rings)
    following = _following(polygon)
    ring = np.repeat(np.arange(len(count)), count)
    # Rings that share a corner hang together as they are.
    root = np.arange(len(count))
    owner = np.full(len(points), -1)

    def join(a: int, b: int) -> bool:
        if root[a] == root[b]:
            return False
        root[root == root[b]] = root[a]
        return True

    for v, r in zip(ids.tolist(), ring.tolist(), strict=True):
        if owner[v] < 0:
            owner[v] = r
        else:
            join(int(owner[v]), r)
    out: list[list[int]] = [[] for _ in points]
    for u, v in zip(ids.tolist(), ids[following].tolist(), strict=True):
        out[u].append(v)
    sides = np.unique(
        np.sort(np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1), axis=0
    )
    between = sides[owner[sides[:, 0]] != owner[sides[:, 1]]]
    way = points[between[:, 0]] - points[between[:, 1]]
    for u, v in between[np.argsort((way**2).sum(axis=1), kind="stable")].tolist():
        if join(int(owner[u]), int(owner[v])):
            out[u].append(v)
            out[v].append(u)
    place = [(int(x), int(y)) for x, y in points]
    start = int(ids[0])
    before, at = start, out[start][0]
    walk = [start]
    first = at
    while True:
        nearest = _next(place, before, at, out[at])
        if at == start and nearest == first:
            break
        walk.append(at)
        before, at = at, nearest
    return np.array(walk)


def _next(place: list[tuple[int, int]], before: int, at: int, ways: list[int]) -> int:
    """Of the ways on from `at`, the first one clockwise from where the walk came, so that the inside stays on its left."""
    if len(ways) == 1:
        return ways[0]
    x, y = place[at]
    bx, by = place[before][0] - x, place[before][1] - y

    def turn(v: int) -> float:
        dx, dy = place[v][0] - x, place[v][1] - y
        angle = float(np.arctan2(-(bx * dy - by * dx), bx * dx + by * dy))
        return angle if angle > 0.0 else angle + 2.0 * np.pi

    return min(ways, key=turn)


def _pieces(triangles: Ints, most: int) -> list[list[int]]:
    """Rings of triangles that lie side by side, each ring simple and of at most `most` corners."""
    side: dict[tuple[int, int], int] = {}
    rows = triangles.tolist()
    for t, (a, b, c) in enumerate(rows):
        side[a, b] = side[b, c] = side[c, a] = t
    free = [True] * len(rows)
    loops = []
    for t, (a, b, c) in enumerate(rows):
        if not free[t]:
            continue
        free[t] = False
        after = {a: b, b: c, c: a}
        edges = deque([(a, b), (b, c), (c, a)])
        while edges and len(after) < most:
            u, v = edges.popleft()
            beyond = side.get((v, u))
            if beyond is None or not free[beyond]:
                continue
            w = next(k for k in rows[beyond] if k not in (u, v))
            if w in after:
                # The piece would close around a hole, or touch itself.
                continue
            free[beyond] = False
            after[u], after[w] = w, v
            edges += ((u, w), (w, v))
        loop = [a]
        while after[loop[-1]] != a:
            loop.append(after[loop[-1]])
        loops.append(loop)
    return loops
