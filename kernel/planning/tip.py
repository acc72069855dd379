"""The outside of a nozzle: a piecewise cone that stands on its tip, and how far things are from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..filaments import Floats
from ..rig import Nozzle


def profile_um(nozzle: Nozzle) -> Floats:
    """Half outline (radius, height over the tip's end), [K,2]: the middle of the end, its rim, the cone, and straight up from
    there as far as anything can be."""
    cone = np.array([(radius, height) for height, radius in nozzle.cone_um], dtype=np.float64)
    return np.vstack([[0.0, 0.0], cone, [cone[-1, 0], max(2 * cone[-1, 1], 0.0) + 1e6]])


def radius_at_um(nozzle: Nozzle, height_um: npt.ArrayLike) -> Floats:
    """Outer radius at heights over the tip's end (0 below it)."""
    outline = profile_um(nozzle)[1:]
    height = np.asarray(height_um, dtype=np.float64)
    radius: Floats = np.where(height < 0.0, 0.0, np.interp(height, outline[:, 1], outline[:, 0]))
    return radius


def gap_um(nozzle: Nozzle, beside_um: Floats, above_um: Floats) -> Floats:
    """Signed distance from points to the nozzle's outside, negative within it: `beside_um` from its axis, `above_um` over
    the end of its tip. The distance to a round filament is this less its radius."""
    outline = profile_um(nozzle)
    a, b = outline[:-1], outline[1:]
    point = np.stack([beside_um, above_um], axis=-1)[..., None, :]
    way = b - a
    share = ((point - a) * way).sum(axis=-1) / (way * way).sum(axis=-1)
    nearest = a + np.clip(share, 0.0, 1.0)[..., None] * way
    distance = np.sqrt(((point - nearest) ** 2).sum(axis=-1)).min(axis=-1)
    inside = (above_um > 0.0) & (beside_um < radius_at_um(nozzle, above_um))
    gap: Floats = np.where(inside, -distance, distance)
    return gap


def least_cosine(nozzle: Nozzle) -> float:
    """Cosine of the widest half-angle of its cone: what is `d` to the side of the outside is at least that part of `d` away."""
    way = np.diff(profile_um(nozzle)[1:], axis=0)
    return float((way[:, 1] / np.hypot(way[:, 0], way[:, 1])).min())


def reach_um(nozzle: Nozzle, above_um: float) -> float:
    """How far to the side the nozzle reaches up to a height over the end of its tip."""
    return float(radius_at_um(nozzle, max(above_um, 0.0)))
