"""Filaments as swept tubes: rings, faces and normals of whole sets as arrays, closed at both ends, each true in volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import FilamentSet, Floats, Ints, State
from ..kernel.scene import StateName

Floats32 = npt.NDArray[np.float32]
Ints32 = npt.NDArray[np.int32]

#: A section leans with gravity while its filament keeps this far off the vertical (sine of the slope); a filament that is
#: steeper anywhere carries its first section along without twist instead.
_STEEP = 0.94

#: Where a path turns sharply, the mitre between two tubes grows without bound; beyond 1 / _MITRE it is cut off.
_MITRE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Axes of the section at every point, each float64[P,3] and of unit length: along the filament, across, and upwards.

    `mitre` float64[P] is the cosine of half the turn at a point, `bend` float64[P,3] the unit direction in which the ring
    between two segments must be longer by 1 / mitre, so that the tube keeps its section on both sides.
    """

    along: Floats
    side: Floats
    up: Floats
    mitre: Floats
    bend: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles: `points_um` [V,3], `faces` int32[T,3] seen anticlockwise from outside, `filament` int64[T] each one's own."""

    points_um: Floats
    faces: Ints32
    filament: Ints


def area_factor(sides: int) -> float:
    """Area of a regular polygon over that of its circumscribed circle: n sin(2 pi / n) / (2 pi)."""
    return float(sides * np.sin(2 * np.pi / sides) / (2 * np.pi))


def frames(s: State, offsets: Ints) -> Frames:
    """Axes of the sections along filaments `offsets[F+1]`.

    Flattened sections stand upright, as what lies in a bath or on other filaments does. Round ones, and those of a filament
    that climbs so steeply somewhere that it has no upright there, are carried along without twist (rotation-minimising
    frames by parallel transport), so that the volume of a bent tube is its section times its length.
    """
    points = s.points_um
    p = len(points)
    if p == 0:
        empty = np.zeros((0, 3))
        return Frames(empty, empty, empty, np.zeros(0), empty)
    last = np.zeros(p, dtype=bool)
    last[offsets[1:] - 1] = True
    step = np.zeros((p, 3))
    step[:-1] = points[1:] - points[:-1]
    step[last] = 0.0
    step = _directions(step, offsets, last)
    before = np.empty_like(step)
    before[1:] = step[:-1]
    before[offsets[:-1]] = step[offsets[:-1]]
    after = step.copy()
    after[last] = before[last]
    _close_loops(points, step, offsets, before, after)

    along = before + after
    length = np.sqrt(np.einsum("ij,ij->i", along, along))
    turned = length < 2e-6  # straight back: no middle direction, the ring keeps the one before
    along[turned] = before[turned]
    length[turned] = 1.0
    along /= length[:, None]
    mitre = np.clip(np.where(turned, 1.0, length / 2.0), _MITRE, 1.0)
    bend = after - before
    size = np.sqrt(np.einsum("ij,ij->i", bend, bend))
    straight = size < 1e-9
    bend[straight] = 0.0
    size[straight] = 1.0
    bend /= size[:, None]
    bend -= np.einsum("ij,ij->i", bend, along)[:, None] * along

    side = np.stack([-along[:, 1], along[:, 0], np.zeros(p)], axis=1)
    flat = np.hypot(along[:, 0], along[:, 1])
    begin = offsets[:-1]
    upright = np.minimum.reduceat(flat, begin) > np.sqrt(1.0 - _STEEP**2)
    level = np.maximum.reduceat(np.abs(step[:, 2]), begin) < 1e-9
    oval = np.maximum.reduceat(np.abs(s.width_um - s.height_um), begin) > 1e-9
    straight_on = np.minimum.reduceat(mitre, begin) > 1.0 - 1e-9
    upright &= oval | level | straight_on
    vertical = flat < 1e-9
    side[vertical] = (0.0, 1.0, 0.0)
    flat[vertical] = 1.0
    side /= flat[:, None]
    if not upright.all():
        rows = np.flatnonzero(~np.repeat(upright, np.diff(offsets)))
        side[rows] = _untwisted(along, step, side, last, offsets, rows)
    side -= np.einsum("ij,ij->i", side, along)[:, None] * along
    side /= np.sqrt(np.einsum("ij,ij->i", side, side))[:, None]
    return Frames(along, side, np.cross(along, side), mitre, bend)


def _close_loops(points: Floats, step: Floats, offsets: Ints, before: Floats, after: Floats) -> None:
    """A filament that ends where it begins is mitred there as at any other point, so that no wedge stays open."""
    begin, end = offsets[:-1], offsets[1:] - 1
    closed = (end - begin > 2) & (points[begin] == points[end]).all(axis=1)
    if closed.any():
        one, two = begin[closed], end[closed]
        smooth = np.einsum("ij,ij->i", step[two - 1], step[one]) > -0.99
        one, two = one[smooth], two[smooth]
        before[one], after[two] = step[two - 1], step[one]


def _directions(step: Floats, offsets: Ints, last: npt.NDArray[np.bool_]) -> Floats:
    """Unit directions of the segments; one of no length takes that of its neighbour in the same filament."""
    length = np.sqrt(np.einsum("ij,ij->i", step, step))
    good = length > 1e-12
    if not (good | last).all():
        # The nearest good segment at or before, else the first good one after, within the filament; a point-like one lies along x.
        p = len(step)
        index = np.arange(p)
        begin = np.repeat(offsets[:-1], np.diff(offsets))
        end = np.repeat(offsets[1:], np.diff(offsets))
        back = np.maximum.accumulate(np.where(good, index, -1))
        ahead = np.minimum.accumulate(np.where(good, index, p)[::-1])[::-1]
        from_ = np.where(back >= begin, back, np.where(ahead < end, ahead, -1))
        step = np.where(from_[:, None] >= 0, step[from_], (1.0, 0.0, 0.0))
        length = np.where(from_ >= 0, length[from_], 1.0)
    return step / np.where(length > 0, length, 1.0)[:, None]


def _untwisted(
    along: Floats, step: Floats, side: Floats, last: npt.NDArray[np.bool_], offsets: Ints, rows: Ints
) -> Floats:
    """Side axes of the points `rows` (whole filaments): the given ones turned about the filament so that none twists.

    An axis is carried over by the smallest turn from a point's direction to that of the segment and on to that of the next
    point. What is left to the axis there is an angle; summed up along the filament, the angles say how far each must turn back.
    """
    i = rows[~last[rows]]
    j = i + 1
    own = side[rows] - np.einsum("ij,ij->i", side[rows], along[rows])[:, None] * along[rows]
    own /= np.sqrt(np.einsum("ij,ij->i", own, own))[:, None]
    full = np.zeros_like(side)
    full[rows] = own
    carried = _turned(_turned(full[i], along[i], step[i]), step[i], along[j])
    angle = np.zeros(len(side))
    angle[j] = np.arctan2(
        np.einsum("ij,ij->i", carried, np.cross(along[j], full[j])),
        np.einsum("ij,ij->i", carried, full[j]),
    )
    turn = np.cumsum(angle)
    turn -= np.repeat(turn[offsets[:-1]], np.diff(offsets))
    cos, sin = np.cos(turn[rows])[:, None], np.sin(turn[rows])[:, None]
    out: Floats = cos * own + sin * np.cross(along[rows], own)
    return out


def _turned(a: Floats, from_: Floats, to: Floats) -> Floats:
    """Vectors `a`, normal to unit `from_`, under the smallest turn that brings `from_` to unit `to` (kept where that is straight back)."""
    c = 1.0 + np.einsum("ij,ij->i", from_, to)
    c[c < 1e-9] = np.inf
    out: Floats = a - (np.einsum("ij,ij->i", a, to) / c)[:, None] * (from_ + to)
    return out


def rings(state: State, f: Frames, sides: int, *, true_volume: bool = True) -> Floats:
    """Corners of the section at every point, float64[P, sides, 3].

    The section is an ellipse `width` across and `height` upwards. With `true_volume` the polygon is grown until its area is
    that of the ellipse; without it the corners lie on the ellipse, as shading wants it.
    """
    grow = 1.0 / np.sqrt(area_factor(sides)) if true_volume else 1.0
    angle = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    a = (0.5 * grow * state.width_um)[:, None] * np.cos(angle)
    b = (0.5 * grow * state.height_um)[:, None] * np.sin(angle)
    out: Floats = a[:, :, None] * f.side[:, None, :] + b[:, :, None] * f.up[:, None, :]
    bent = np.flatnonzero(f.mitre < 1.0 - 1e-9)
    if len(bent):
        part = out[bent]
        reach = np.einsum("pnk,pk->pn", part, f.bend[bent]) * (1.0 / f.mitre[bent] - 1.0)[:, None]
        out[bent] = part + reach[:, :, None] * f.bend[bent][:, None, :]
    out += state.points_um[:, None, :]
    return out


def side_faces(first: Ints, sides: int) -> Ints32:
    """Two triangles for each of `sides` strips of the segments that begin at the rings `first`, int32[S * sides * 2, 3]."""
    j = np.arange(sides)
    k = (j + 1) % sides
    quad = np.stack([j, k, k + sides, j, k + sides, j + sides], axis=1).reshape(-1, 3)
    out: Ints32 = (quad[None] + (first * sides)[:, None, None]).reshape(-1, 3).astype(np.int32)
    return out


def cap_faces(starts: Ints, ends: Ints, sides: int) -> tuple[Ints32, Ints32]:
    """Flat ends: fans over the rings `starts` (seen from before) and `ends` (seen from behind), int32[F * (sides - 2), 3]."""
    j = np.arange(1, sides - 1)
    front = np.stack([np.zeros_like(j), j + 1, j], axis=1)
    back = np.stack([np.zeros_like(j), j, j + 1], axis=1)
    return tuple(
        (fan[None] + (ring * sides)[:, None, None]).reshape(-1, 3).astype(np.int32)
        for fan, ring in ((front, starts), (back, ends))
    )  # type: ignore[return-value]


def tubes(filaments: FilamentSet, state: StateName, sides: int = 16) -> Mesh:
    """All filaments as closed tubes of `sides` sides. The volume of each straight tube is pi / 4 * width * height * length."""
    s = filaments.state(state)
    points = rings(s, frames(s, filaments.offsets), sides).reshape(-1, 3)
    first, owner = filaments.segments()
    starts, ends = filaments.offsets[:-1], filaments.offsets[1:] - 1
    front, back = cap_faces(starts, ends, sides)
    every = np.arange(len(filaments), dtype=np.int64)
    faces = np.concatenate([side_faces(first, sides), front, back])
    own = np.concatenate(
        [np.repeat(owner, 2 * sides), np.repeat(every, sides - 2), np.repeat(every, sides - 2)]
    )
    order = np.argsort(own, kind="stable")  # the triangles of one filament together
    return Mesh(points, faces[order], own[order])


def batches(filaments: FilamentSet, points: int = 200_000) -> Iterator[FilamentSet]:
    """The set in runs of whole filaments of about `points` points, so that meshes of large parts can be written piece by piece."""
    at = 0
    while at < len(filaments):
        to = int(np.searchsorted(filaments.offsets, filaments.offsets[at] + points, side="right")) - 1
        to = max(at + 1, min(to, len(filaments)))
        yield filaments.take(np.arange(at, to, dtype=np.int64))
        at = to


def chord_sides(radius: float, tolerance: float) -> int:
    """Sides of a polygon whose flats stay within `tolerance` of a circle of `radius` (same unit), even, 6 to 64."""
    if tolerance >= radius:
        return 6
    n = int(np.ceil(np.pi / np.arccos(1.0 - tolerance / radius)))
    return min(64, max(6, n + n % 2))
