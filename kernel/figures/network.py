"""A part as a network of resistors: what it conducts between two opposite faces. Needs scipy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..drying.sections import segment_lengths
from ..filaments import FilamentSet, Floats, Ints
from ..quantity import SIEMENS_PER_METRE
from ..scene import StateName
from .contacts import find_contacts

if TYPE_CHECKING:
    from collections.abc import Mapping

Axis = Literal["x", "y", "z"]
AXES: tuple[Axis, ...] = ("x", "y", "z")

#: How the contacts of filaments conduct.
Contact = Literal["perfect", "necks"]

#: Places on one filament that are nearer than this part of its length count as this far apart: their resistance is
#: nothing, but a network wants a number.
LEAST = 1e-9

#: Filaments that touch all but side by side share no more than this sine gives: ten widths of their length, assumed.
LEAST_SINE = 0.1


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
    contacts: Contact = "perfect",
) -> Conductance:
    """What the part conducts along `axis` between its outermost layers of one filament width.

    Filaments between contacts are resistors L / (sigma A). Where contacts are `perfect` (an upper bound), those that lie
    above each other resist nothing; as `necks` each is a resistor as long as the axes are apart, with the section that both
    filaments have where they meet (assumed: nobody measured a contact, and current does not flow straight). Parallel
    filaments that touch are joined at one place. `conductivity_s_m` by ink name overrides the inks' own (aerogel) figure.
    LookupError names an ink that has none.
    """
    from ..measure import bounding_box

    k = "xyz".index(axis)
    sigma = _sigma(filaments, conductivity_s_m or {})
    low, high = (b[k] for b in bounding_box(filaments, state))
    size = [b - a for a, b in zip(*bounding_box(filaments, state), strict=True)]
    width = float(filaments.state(state).width_um.max())
    at, node, position, g = _edges(filaments, state, sigma, contacts)
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


def _edges(
    filaments: FilamentSet, state: StateName, sigma: Floats, contacts: Contact
) -> tuple[Ints, Ints, Floats, Floats]:
    """(node, node, position of every node, conductance of every edge in S). Nodes: two for the ends of each filament, and
    one for each perfect contact, two for one with a neck."""
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
    k = 2 * m if contacts == "necks" else m
    node = np.concatenate([np.arange(m), np.arange(k - m, k), k + every, k + n + every])
    position = np.empty((k + 2 * n, 3))
    position[k - m : k], unit2 = _along(filaments, s.points_um, length, owner, two, part2)
    position[:m], unit1 = _along(filaments, s.points_um, length, owner, one, part1)
    position[k : k + n] = s.points_um[filaments.offsets[:-1]]
    position[k + n :] = s.points_um[filaments.offsets[1:] - 1]
    order = np.lexsort((part, of))
    of, part, node = of[order], part[order], node[order]
    same = of[1:] == of[:-1]
    step = np.maximum(np.diff(part)[same], LEAST)
    which = of[1:][same]
    # sigma S/m * 1e-6 m/um turns um^2 / um into S.
    with np.errstate(divide="ignore"):
        g = np.where(total[which] > 0, sigma[which] * 1e-6 / (step * thin[which]), 0.0)
    a, b = node[:-1][same], node[1:][same]
    if contacts == "necks" and m:
        apart = np.linalg.norm(position[m:k] - position[:m], axis=1)
        cross = np.linalg.norm(np.cross(unit1, unit2), axis=1)
        size = [s.points_um[:0, 0]] * 4
        for j, (column, which) in enumerate((c, w) for c in (s.width_um, s.height_um) for w in (one, two)):
            size[j] = (
                0.5
                * np.add.reduceat(column, filaments.offsets[:-1])[which]
                / np.diff(filaments.offsets)[which]
            )
        g = np.concatenate([g, _necks(apart, cross, size, sigma[one], sigma[two])])
        a, b = np.append(a, np.arange(m)), np.append(b, np.arange(m, k))
    return a, b, position, g


def _necks(apart: Floats, cross: Floats, half: list[Floats], sigma1: Floats, sigma2: Floats) -> Floats:
    """Conductance, S, of contacts whose axes lie `apart` um and cross at an angle of sine `cross`: half-widths a1, a2 and
    half-heights b1, b2 are those of the filaments' means. Both sections have the same share of their height where they
    meet; a joint at one place is taken as a thousandth of a width long."""
    a1, a2, b1, b2 = half
    share = np.clip(apart / (b1 + b2), 0.0, 1.0)
    area = 4.0 * a1 * a2 * (1.0 - share**2) / np.maximum(cross, LEAST_SINE)
    long = np.maximum(apart, 1e-3 * (a1 + a2))
    with np.errstate(divide="ignore"):
        resist = 0.5 * (1.0 / sigma1 + 1.0 / sigma2) * long
        return np.asarray(np.where(np.isfinite(resist), 1e-6 * area / resist, 0.0))


def _along(
    filaments: FilamentSet, points: Floats, length: Floats, owner: Ints, which: Ints, part: Floats
) -> tuple[Floats, Floats]:
    """Points a part of the way along filaments, and the unit vectors along them there."""
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
    step = points[first[k] + 1] - p
    size = np.linalg.norm(step, axis=1)[:, None]
    return p + t[:, None] * step, step / np.where(size > 0, size, 1.0)


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
