"""A part as a network of resistors: what it conducts between two opposite faces. Needs scipy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .contacts import find_contacts
from .filaments import FilamentSet, Floats, Ints
from .quantity import SIEMENS_PER_METRE
from .scene import StateName
from .sections import segment_lengths

if TYPE_CHECKING:
    from collections.abc import Mapping

Axis = Literal["x", "y", "z"]

#: Places on one filament that are nearer than this part of its length count as this far apart: their resistance is
#: nothing, but a network wants a number.
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Conductance:
    """Between two faces: `siemens`; `effective_s_m`, the conductivity of a block of the size of the bounding box that
    conducts as much; `nodes` of the network. 0 where nothing connects the faces."""

    siemens: float
    effective_s_m: float
    nodes: int


def conductance(
    filaments: FilamentSet,
    state: StateName = "dried",
    axis: Axis = "x",
    conductivity_s_m: Mapping[str, float] | None = None,
) -> Conductance:
    """What the part conducts along `axis` between its outermost layers of one filament width.

    Filaments between contacts are resistors L / (sigma A), contacts and joints are perfect (nobody measured one, so this is an
    upper bound, and across layers whose contacts lie above each other a useless one); parallel filaments that touch are
    joined at one place. `conductivity_s_m` by ink name overrides the
    inks' own (aerogel) figure. LookupError names an ink that has none.
    """
    from .measure import bounding_box

    k = "xyz".index(axis)
    sigma = _sigma(filaments, conductivity_s_m or {})
    low, high = (b[k] for b in bounding_box(filaments, state))
    size = [b - a for a, b in zip(*bounding_box(filaments, state), strict=True)]
    width = float(filaments.state(state).width_um.max())
    at, node, position, g = _edges(filaments, state, sigma)
    count = len(position)
    first = position[:, k] <= low + width
    last = position[:, k] >= high - width
    siemens = 0.0 if (first & last).any() else _solve(count, at, node, g, first, last)
    area = size[(k + 1) % 3] * size[(k + 2) % 3]
    # S um / um^2 is 1e6 S/m.
    effective = siemens * (high - low) / area * 1e6 if area > 0 else 0.0
    return Conductance(siemens, effective, count)


def _sigma(filaments: FilamentSet, given: Mapping[str, float]) -> Floats:
    table = []
    used = set(filaments.material.tolist())
    for m, ink in enumerate(filaments.inks):
        value = given.get(ink.name)
        if value is None and ink.conductivity is not None:
            value = ink.conductivity / SIEMENS_PER_METRE
        if value is None and m in used:
            raise LookupError(f"the conductivity of ink {ink.name} is not known")
        table.append(value or 0.0)
    return np.array(table)[filaments.material]


def _edges(filaments: FilamentSet, state: StateName, sigma: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """(node, node, position of every node, conductance of every edge in S). Nodes: one for each contact, two for the ends
    of each filament."""
    s = filaments.state(state)
    first, owner = filaments.segments()
    length = segment_lengths(s.points_um, first)
    area = 0.25 * np.pi * s.width_um * s.height_um
    n = len(filaments)
    total = np.bincount(owner, length, minlength=n)
    # Resistance over length and sigma of the whole filament, for sections that change along it.
    thin = np.bincount(owner, length * 0.5 * (1.0 / area[first] + 1.0 / area[first + 1]), minlength=n)
    places = find_contacts(filaments, state, pairs=True).places
    one, two, part1, part2 = (
        np.concatenate([np.zeros(0, dtype=np.int64 if c < 2 else np.float64), *(p[c] for p in places)])
        for c in range(4)
    )
    m = len(one)
    every = np.arange(n)
    of = np.concatenate([one, two, every, every])
    part = np.concatenate([part1, part2, np.zeros(n), np.ones(n)])
    node = np.concatenate([np.arange(m), np.arange(m), m + every, m + n + every])
    position = np.empty((m + 2 * n, 3))
    position[:m] = _along(filaments, s.points_um, length, owner, one, part1)
    position[m : m + n] = s.points_um[filaments.offsets[:-1]]
    position[m + n :] = s.points_um[filaments.offsets[1:] - 1]
    order = np.lexsort((part, of))
    of, part, node = of[order], part[order], node[order]
    same = of[1:] == of[:-1]
    step = np.maximum(np.diff(part)[same], LEAST)
    which = of[1:][same]
    # sigma S/m * 1e-6 m/um turns um^2 / um into S.
    with np.errstate(divide="ignore"):
        g = np.where(total[which] > 0, sigma[which] * 1e-6 / (step * thin[which]), 0.0)
    return node[:-1][same], node[1:][same], position, g


def _along(
    filaments: FilamentSet, points: Floats, length: Floats, owner: Ints, which: Ints, part: Floats
) -> Floats:
    """Points a part of the way along filaments."""
    ends = np.cumsum(length)
    n = len(filaments)
    head = np.searchsorted(owner, np.arange(n))
    tail = np.searchsorted(owner, np.arange(n), "right") - 1
    begin = (ends - length)[head]
    want = begin[which] + part * (ends[tail] - begin)[which]
    k = np.clip(np.searchsorted(ends, want, "left"), head[which], tail[which])
    t = np.clip((want - (ends - length)[k]) / np.maximum(length[k], 1e-300), 0.0, 1.0)
    first, _ = filaments.segments()
    p = points[first[k]]
    return np.asarray(p + t[:, None] * (points[first[k] + 1] - p))


def _solve(
    count: int,
    at: Ints,
    node: Ints,
    g: Floats,
    first: np.ndarray[tuple[int], np.dtype[np.bool_]],
    last: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> float:
    """Current at one volt between the nodes `first` and `last`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import cg, spsolve

    # Two nodes stand for the faces.
    name = np.arange(count)
    name[first], name[last] = count, count + 1
    i, j = name[at], name[node]
    kept = (i != j) & (g > 0)
    i, j, g = i[kept], j[kept], g[kept]
    size = count + 2
    graph = coo_matrix((np.ones(len(i)), (i, j)), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    if part[count] != part[count + 1]:
        return 0.0
    mine = part[i] == part[count]
    i, j, g = i[mine], j[mine], g[mine]
    inner = np.flatnonzero((part == part[count]) & (np.arange(size) < count))
    slot = np.full(size, -1)
    slot[inner] = np.arange(len(inner))
    a, b = slot[i], slot[j]
    n = len(inner)
    both = (a >= 0) & (b >= 0)
    diagonal = np.bincount(a[a >= 0], g[a >= 0], minlength=n) + np.bincount(b[b >= 0], g[b >= 0], minlength=n)
    rows = np.concatenate([a[both], b[both], np.arange(n)])
    columns = np.concatenate([b[both], a[both], np.arange(n)])
    values = np.concatenate([-g[both], -g[both], diagonal])
    source = np.zeros(n)
    for x, y in ((i, b), (j, a)):
        pulled = (x == count) & (y >= 0)
        np.add.at(source, y[pulled], g[pulled])
    matrix = coo_matrix((values, (rows, columns)), shape=(n, n)).tocsc()
    if n == 0:
        volts = np.zeros(0)
    elif n < 200_000:
        volts = np.atleast_1d(spsolve(matrix, source))
    else:
        scale = coo_matrix((1.0 / diagonal, (np.arange(n), np.arange(n))), shape=(n, n)).tocsr()
        volts, failed = cg(matrix, source, rtol=1e-10, maxiter=20_000, M=scale)
        if failed:
            raise ArithmeticError("the network of resistors did not settle")
    level = np.zeros(size)
    level[count] = 1.0
    level[inner] = volts
    # Current into the far face.
    current = 0.0
    for x, y in ((i, j), (j, i)):
        into = y == count + 1
        current += float((g[into] * level[x[into]]).sum())
    return current
