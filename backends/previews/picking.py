"""Picking: which filament lies under the mouse, and where it is met. Told from the filaments themselves, however they are drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..drawing.section import Cut


def hit(
    part: FilamentSet,
    state: StateName,
    there: npt.NDArray[np.bool_],
    near_um: Floats,
    far_um: Floats,
    cut: Cut | None = None,
) -> tuple[int, Floats] | None:
    """The first filament of `there` (bool[F]) on the way from `near_um` to `far_um` [3], and the place on its surface [3]; None where
    none is met. Sections count as ellipses that stand upright across the way."""
    first, owner = part.segments()
    mine = there[owner]
    first, owner = first[mine], owner[mine]
    if not len(first):
        return None
    s = part.state(state)
    along = far_um - near_um
    d = along / np.linalg.norm(along)
    a, u = s.points_um[first] - near_um, s.points_um[first + 1] - s.points_um[first]
    deep, step = a @ d, u @ d
    a = a - deep[:, None] * d
    u = u - step[:, None] * d
    square = np.einsum("ij,ij->i", u, u)
    end_on = square < 1e-12
    t = np.clip(-np.einsum("ij,ij->i", a, u) / np.where(end_on, 1.0, square), 0.0, 1.0)
    t[end_on] = np.where(step[end_on] > 0, 0.0, 1.0)
    off = a + t[:, None] * u
    half_w, half_h = 0.5 * s.width_um[first], 0.5 * s.height_um[first]
    level = np.hypot(off[:, 0], off[:, 1])
    inside = np.flatnonzero((level / half_w) ** 2 + (off[:, 2] / half_h) ** 2 <= 1.0)
    if not len(inside):
        return None
    radius = np.minimum(half_w, half_h)[inside]
    reach = np.sqrt(np.maximum(radius**2 - np.einsum("ij,ij->i", off[inside], off[inside]), 0.0))
    depth = deep[inside] + t[inside] * step[inside] - reach
    places = near_um + depth[:, None] * d
    ahead = depth >= 0.0
    if cut is not None:
        ahead &= cut.level(places) >= 0.0
    if not ahead.any():
        return None
    k = int(np.argmin(np.where(ahead, depth, np.inf)))
    return int(owner[inside[k]]), places[k]
