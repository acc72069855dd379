"""Contour lines of a field sampled on a grid, as ordered polylines, whole arrays at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Marching squares: for each pattern of corners below the level (1 lower left, 2 lower right, 4 upper right, 8 upper
#: left) the edges (0 bottom, 1 right, 2 top, 3 left) at which a line comes in and goes out, what is below on its left.
_LINES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((0, 3),), 2: ((1, 0),), 3: ((1, 3),), 4: ((2, 1),), 6: ((2, 0),), 7: ((2, 3),), 8: ((3, 2),),
    9: ((0, 2),), 11: ((1, 2),), 12: ((3, 1),), 13: ((0, 1),), 14: ((3, 0),),
}  # fmt: skip
#: Saddles, by whether the middle of the cell is below the level.
_SADDLES: dict[tuple[int, bool], tuple[tuple[int, int], ...]] = {
    (5, False): ((0, 3), (2, 1)), (5, True): ((0, 1), (2, 3)),
    (10, False): ((1, 0), (3, 2)), (10, True): ((3, 0), (1, 2)),
}  # fmt: skip

#: Field at points[N,2].
Field = Callable[[Floats], Floats]


def contours(values: Floats, x: Floats, y: Floats) -> tuple[Floats, Ints]:
    """Lines where `values[ny,nx]`, sampled at x[nx] and y[ny], are 0: points [P,2] and the number of each line's points.
    What is below 0 lies on the left. Closed lines end where they begin, the others at the edge of the grid.
    """
    ny, nx = values.shape
    below = values < 0
    case = below[:-1, :-1] + 2 * below[:-1, 1:] + 4 * below[1:, 1:] + 8 * below[1:, :-1]
    middle = (values[:-1, :-1] + values[:-1, 1:] + values[1:, 1:] + values[1:, :-1]) < 0
    # Rows of crossing edges: horizontal ones first, then vertical ones.
    j, i = np.meshgrid(np.arange(ny - 1), np.arange(nx - 1), indexing="ij")
    vertical = ny * (nx - 1)
    edge = (j * (nx - 1) + i, vertical + j * nx + i + 1, (j + 1) * (nx - 1) + i, vertical + j * nx + i)
    start, end = [], []

    def add(where: npt.NDArray[np.bool_], lines: tuple[tuple[int, int], ...]) -> None:
        for a, b in lines:
            start.append(edge[a][where])
            end.append(edge[b][where])

    for number, lines in _LINES.items():
        add(case == number, lines)
    for (number, joined), lines in _SADDLES.items():
        add((case == number) & (middle == joined), lines)
    a, b = np.concatenate(start), np.concatenate(end)
    if not len(a):
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    node, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    order, counts = chains(index[: len(a)], index[len(a) :], len(node))
    points = _crossings(node, values, x, y, vertical)
    return points[order], counts


def _crossings(node: Ints, values: Floats, x: Floats, y: Floats, vertical: int) -> Floats:
    nx = len(x)
    out = np.empty((len(node), 2))
    flat = node < vertical
    j, i = np.divmod(node[flat], nx - 1)
    u, v = values[j, i], values[j, i + 1]
    out[flat, 0], out[flat, 1] = x[i] + u / (u - v) * (x[i + 1] - x[i]), y[j]
    j, i = np.divmod(node[~flat] - vertical, nx)
    u, v = values[j, i], values[j + 1, i]
    out[~flat, 0], out[~flat, 1] = x[i], y[j] + u / (u - v) * (y[j + 1] - y[j])
    return out


def chains(start: Ints, end: Ints, nodes: int) -> tuple[Ints, Ints]:
    """Links start -> end between `nodes` nodes, at most one in and one out of each, as chains: the nodes in order, a
    loop with its first node again at its end, and the number of each chain's nodes. Pointer doubling, no loop over nodes.
    """
    follow = np.arange(nodes)
    follow[start] = end
    headed = np.zeros(nodes, dtype=bool)
    headed[end] = True
    least, jump = np.arange(nodes), follow.copy()
    for _ in range(int(nodes).bit_length()):
        least = np.minimum(least, least[jump])
        jump = jump[jump]
    # Nodes of open chains end at one that leads to itself; what is left lies on loops, each cut before its least node.
    loop = follow[jump] != jump
    head_of_loop = loop & (least == np.arange(nodes))
    cut = loop & head_of_loop[follow]
    follow[cut] = np.flatnonzero(cut)
    away = (follow != np.arange(nodes)).astype(np.int64)
    jump = follow.copy()
    for _ in range(int(nodes).bit_length()):
        away = away + np.where(jump != np.arange(nodes), away[jump], 0)
        jump = jump[jump]
    order = np.lexsort((-away, jump))
    last = jump[order]
    first = np.flatnonzero(np.append(True, last[1:] != last[:-1]))
    counts = np.diff(np.append(first, nodes))
    closed = loop[order[first]]
    if closed.any():
        order = np.insert(order, (first + counts)[closed], order[first][closed])
        counts = counts + closed
    return order, counts


#: How often a contour's chords are halved at most.
_HALVINGS = 5


#: Newton steps below this have arrived: a hundredth of what paths are rounded to.
_AT_REST_UM = 1e-5


def polished(points: Floats, field: Field, step_um: float, most_um: float, held: tuple[float, ...]) -> Floats:
    """The points moved onto the zero of the true field by Newton's method along its slope (central differences over
    `step_um`), none farther than `most_um`. Points on the frame `held` (x0, y0, x1, y1) move along it.
    """
    out = points.copy()
    x0, y0, x1, y1 = held
    on_x = (points[:, 0] == x0) | (points[:, 0] == x1)
    on_y = (points[:, 1] == y0) | (points[:, 1] == y1)
    fixed = np.stack([on_x, on_y], axis=1)
    going = np.arange(len(out))
    with np.errstate(all="ignore"):
        for _ in range(4):
            here = out[going]
            slope = slope_of(field, here, step_um)
            slope[fixed[going]] = 0.0
            move = -field(here)[:, None] * slope / (slope * slope).sum(axis=1)[:, None]
            there = here + np.where(np.isfinite(move), move, 0.0)
            gone = np.linalg.norm(there - points[going], axis=1) > most_um
            there[gone] = points[going[gone]]
            out[going] = there
            going = going[~gone & (np.linalg.norm(there - here, axis=1) > _AT_REST_UM)]
            if not len(going):
                break
    return np.clip(out, (x0, y0), (x1, y1))


def slope_of(field: Field, points: Floats, step_um: float) -> Floats:
    """Gradient [N,2] of the field by central differences over `step_um`."""
    ex, ey = np.array([step_um, 0.0]), np.array([0.0, step_um])
    along = [(field(points + e) - field(points - e)) / (2 * step_um) for e in (ex, ey)]
    return np.stack(along, axis=1)


def refined(
    points: Floats, counts: Ints, field: Field, step_um: float, tolerance_um: float, held: tuple[float, ...]
) -> tuple[Floats, Ints]:
    """The lines with points put in until the middle of every chord lies within `tolerance_um` of the zero of the field,
    or the chord has been halved five times (by the rim of a flat place, where a contour has no one place).
    """
    fresh = np.ones(len(points), dtype=bool)
    for _ in range(_HALVINGS):
        inner = fresh.copy()
        inner[np.cumsum(counts) - 1] = False
        first = np.flatnonzero(inner)
        middle = (points[first] + points[first + 1]) / 2
        chord = np.linalg.norm(points[first + 1] - points[first], axis=1)
        with np.errstate(all="ignore"):
            away = np.abs(field(middle)) / np.linalg.norm(slope_of(field, middle, step_um), axis=1)
        coarse = (away > tolerance_um) & (chord > tolerance_um)
        if not coarse.any():
            break
        new = polished(middle[coarse], field, step_um, float(chord.max()), held)
        line = np.repeat(np.arange(len(counts)), counts)[first[coarse]]
        # Only the two halves of a chord that was cut are looked at again.
        fresh = np.zeros(len(points), dtype=bool)
        fresh[first[coarse]] = True
        fresh = np.insert(fresh, first[coarse] + 1, True)
        points = np.insert(points, first[coarse] + 1, new, axis=0)
        counts = counts + np.bincount(line, minlength=len(counts))
    return points, counts
