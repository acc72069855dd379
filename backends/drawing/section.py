"""Sections: what a plane leaves of a part, and the flat faces that it opens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..tubes import Floats32, Ints32, frames, rings
from .gbuffer import Bytes, Patch


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A plane through `origin_um` [3]; what lies against its unit `normal` [3] is cut away."""

    origin_um: Floats
    normal: Floats

    def level(self, points_um: npt.NDArray[np.floating]) -> Floats:
        """How far points [..., 3] lie on the side that stays, um."""
        return np.asarray(points_um @ self.normal - self.origin_um @ self.normal, dtype=np.float64)

    def seen(self, axes: Floats) -> Cut:
        """The same plane in the coordinates of a view."""
        return Cut(axes @ self.origin_um, axes @ self.normal)


def left(patch: Patch, cut: Cut) -> Patch:
    """What the plane leaves of the triangles of a patch, in whose coordinates it is."""
    new, faces, (one, two, share) = _parted(patch.points_um, patch.faces, cut)
    normal = patch.normal[one] + share * (patch.normal[two] - patch.normal[one])
    return Patch(
        new,
        np.concatenate([patch.normal, normal.astype(np.float32)]),
        np.concatenate([patch.index, patch.index[one]]),
        faces,
    )


def left_of(
    points_um: Floats32, faces: Ints32, colours: Bytes | None, cut: Cut
) -> tuple[Floats32, Ints32, Bytes | None]:
    """As `left`, for bare triangles whose corners have the colour of their triangle."""
    new, kept, (one, _, _) = _parted(points_um, faces, cut)
    return new, kept, None if colours is None else np.concatenate([colours, colours[one]])


def _parted(
    points_um: Floats32, faces: Ints32, cut: Cut
) -> tuple[Floats32, Ints32, tuple[Ints32, Ints32, Floats32]]:
    """Points with those where edges are cut behind them, the triangles that are left, and between which points, at which share of the
    way (a column), each new one lies."""
    level = cut.level(points_um)
    inside = (level >= 0.0)[faces]
    count = inside.sum(axis=1)
    rows = np.flatnonzero((count == 1) | (count == 2))
    alone = np.argmax(inside[rows] == (count[rows] == 1)[:, None], axis=1)
    corner = faces[rows[:, None], (alone[:, None] + np.arange(3)) % 3]
    lone, after, before = corner[:, 0], corner[:, 1], corner[:, 2]
    one, two = np.concatenate([lone, lone]), np.concatenate([after, before])
    share = (level[one] / (level[one] - level[two])).astype(np.float32)[:, None]
    new = points_um[one] + share * (points_um[two] - points_um[one])
    a = len(points_um) + np.arange(len(rows), dtype=np.int32)  # on the edge to the next corner
    b = a + np.int32(len(rows))
    tip = count[rows] == 1
    faces_left = np.concatenate(
        [
            faces[count == 3],
            np.stack([lone, a, b], axis=1)[tip],
            np.stack([a, after, before], axis=1)[~tip],
            np.stack([a, before, b], axis=1)[~tip],
        ]
    ).astype(np.int32)
    return np.concatenate([points_um, new]).astype(np.float32), faces_left, (one, two, share)


def faces_of(part: FilamentSet, state: StateName, index: Bytes, cut: Cut, axes: Floats, sides: int) -> Patch:
    """The flat faces that a plane opens in filaments, in view coordinates: in every segment the convex figure in which the plane
    meets it, a prism of so many `sides`."""
    s, (first, owner) = part.state(state), part.segments()
    level, reach = cut.level(s.points_um), 0.5 * np.maximum(s.width_um, s.height_um)
    low = np.minimum((level - reach)[first], (level - reach)[first + 1])
    high = np.maximum((level + reach)[first], (level + reach)[first + 1])
    met = np.unique(owner[(low < 0.0) & (high > 0.0)])
    some = part.take(met)
    s, (first, owner) = some.state(state), some.segments()
    corner = rings(s, frames(s, some.offsets), sides, true_volume=False)
    a, b = corner[first], corner[first + 1]
    from_ = np.concatenate([a, a, b], axis=1)
    to = np.concatenate([b, np.roll(a, -1, axis=1), np.roll(b, -1, axis=1)], axis=1)
    here, there = cut.level(from_), cut.level(to)
    on = (here < 0.0) != (there < 0.0)
    rows = np.flatnonzero(on.sum(axis=1) > 2)
    on, here, there, from_, to = on[rows], here[rows], there[rows], from_[rows], to[rows]
    share = np.where(on, here / np.where(on, here - there, 1.0), 0.0)
    points = from_ + share[..., None] * (to - from_)
    # Around the middle of its corners, anticlockwise as seen from what is cut away.
    count = on.sum(axis=1)
    middle = (points * on[..., None]).sum(axis=1) / count[:, None]
    right = np.cross(cut.normal, (0.0, 0.0, 1.0) if abs(cut.normal[2]) < 0.9 else (1.0, 0.0, 0.0))
    off = points - middle[:, None]
    angle = np.where(on, np.arctan2(off @ np.cross(right, cut.normal), off @ right), np.inf)
    points = np.take_along_axis(points, np.argsort(angle, axis=1)[..., None], axis=1)
    corners = points.shape[1]
    k = np.arange(corners)
    real = k < count[:, None]
    start = np.arange(len(rows))[:, None] * (corners + 1)
    fan = np.stack(np.broadcast_arrays(start, start + 1 + k, start + 1 + (k + 1) % count[:, None]), axis=-1)
    return Patch(
        (np.concatenate([middle[:, None], points], axis=1).reshape(-1, 3) @ axes.T).astype(np.float32),
        np.tile((-cut.normal @ axes.T).astype(np.float32), (len(rows) * (corners + 1), 1)),
        np.repeat(index[met][owner[rows]], corners + 1),
        fan[real].astype(np.int32),
    )
