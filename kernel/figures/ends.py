"""Crossings near the flat ends of filaments: what two share where an end cuts into the place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .overlap import Floats, Sections, Shared, flank, half_width, radius

Bools = npt.NDArray[np.bool_]

#: Nodes over height: the integrand has kinks where an end meets a flank, so that a relative 1e-5 of the place remains.
NODES = 64

#: Directions that differ from a right angle by less than this (cosine) count as square.
SQUARE = 1e-12


class Clip(NamedTuple):
    """N crossings near ends: where the filaments end, measured from the crossing of the axes along each, um."""

    low1: Floats
    high1: Floats
    low2: Floats
    high2: Floats

    def swapped(self) -> Clip:
        return Clip(self.low2, self.high2, self.low1, self.high1)


def clipped(pairs: Sections, ends: Clip, sin: Floats, cos: Floats, nodes: int = NODES) -> Shared:
    """Shared volume and hidden surfaces (flanks and flat end faces) of N crossings that an end cuts into.

    `sin`, `cos` [N] of the angle from the first direction to the second, seen from above.
    """
    z, w = pairs.heights(nodes)
    x1 = half_width(pairs.a1[:, None], pairs.b1[:, None], z)
    x2 = half_width(pairs.a2[:, None], pairs.b2[:, None], z - pairs.h[:, None])
    sine, cosine = sin[:, None], cos[:, None]
    wide = Clip(*(e[:, None] for e in ends))
    volume = np.sum(w * rectangles(x1, x2, wide, sine, cosine), axis=-1)
    turned, back = pairs.swapped(), wide.swapped()
    return Shared(
        volume,
        _flanks(pairs, wide, sine, cosine, nodes) + _faces(w, x1, x2, wide, sine, cosine),
        _flanks(turned, back, -sine, cosine, nodes) + _faces(w, x2, x1, back, -sine, cosine),
    )


def meets(pairs: Sections, ends: Clip, sin: Floats, cos: Floats, least_um: float) -> Bools:
    """Whether filaments touch, [N]: whether their axes, which end where the filaments do, come nearer than both radii
    along the line that joins them. An end counts as round for this: ink wets what it comes so near to."""
    t1 = np.clip(0.0, ends.low1, ends.high1)
    t2 = np.clip(0.0, ends.low2, ends.high2)
    p2 = np.clip(t1 * cos, ends.low2, ends.high2)
    p1 = np.clip(t2 * cos, ends.low1, ends.high1)
    one, two = t1 * t1 + p2 * p2 - 2.0 * t1 * p2 * cos, t2 * t2 + p1 * p1 - 2.0 * t2 * p1 * cos
    across, up = np.sqrt(np.maximum(0.0, np.minimum(one, two))), np.abs(pairs.h)
    room = (
        radius(pairs.a1, pairs.b1, across, up) + radius(pairs.a2, pairs.b2, across, up) - np.hypot(across, up)
    )
    return np.asarray(room > least_um)


def rectangles(x1: Floats, x2: Floats, ends: Clip, sin: Floats, cos: Floats) -> Floats:
    """Area that two rectangles share: [low1, high1] x [-x1, x1] and the same of the second, turned by the angle. All broadcast."""
    if bool((np.abs(cos) < SQUARE).all()):
        along = np.minimum(ends.high1, x2) - np.maximum(ends.low1, -x2)
        across = np.minimum(ends.high2, x1) - np.maximum(ends.low2, -x1)
        return np.asarray(np.maximum(0.0, along) * np.maximum(0.0, across))
    shape = np.broadcast_shapes(x1.shape, x2.shape, ends.low1.shape)
    low1, high1, low2, high2, w1, w2 = (
        np.broadcast_to(v, shape) for v in (ends.low1, ends.high1, ends.low2, ends.high2, x1, x2)
    )
    sin, cos = sin[..., None], cos[..., None]
    # Corners of the first in the frame of the second; sides are cut where they pass a side of the second, and what
    # lies outside is pushed onto it: that leaves the enclosed area inside unchanged and adds none outside.
    u = np.stack([low1, high1, high1, low1], axis=-1)
    v = np.stack([-w1, -w1, w1, w1], axis=-1)
    p, q = cos * u + sin * v, -sin * u + cos * v
    dp, dq = np.roll(p, -1, axis=-1) - p, np.roll(q, -1, axis=-1) - q
    with np.errstate(divide="ignore", invalid="ignore"):
        cuts = np.stack(
            [
                (low2[..., None] - p) / dp,
                (high2[..., None] - p) / dp,
                (-w2[..., None] - q) / dq,
                (w2[..., None] - q) / dq,
            ],
            axis=-1,
        )
    cuts = np.sort(np.clip(np.nan_to_num(cuts, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0), axis=-1)
    t = np.concatenate([np.zeros((*cuts.shape[:-1], 1)), cuts], axis=-1)
    px = np.clip(p[..., None] + t * dp[..., None], low2[..., None, None], high2[..., None, None])
    qx = np.clip(q[..., None] + t * dq[..., None], -w2[..., None, None], w2[..., None, None])
    px, qx = px.reshape(*shape, -1), qx.reshape(*shape, -1)
    area = 0.5 * np.sum(px * np.roll(qx, -1, axis=-1) - np.roll(px, -1, axis=-1) * qx, axis=-1)
    return np.asarray(np.maximum(0.0, area))


def cut(
    low: Floats, high: Floats, slope: Floats, shift: Floats, least: Floats, most: Floats
) -> tuple[Floats, Floats]:
    """[low, high] cut to where least < slope * u + shift < most; all arrays broadcast. On the very edge (two faces in one
    plane) half of the range counts, so that the two of a pair hide it once."""
    level = np.abs(slope) < SQUARE
    if not level.any():
        a, b = (least - shift) / slope, (most - shift) / slope
        return np.maximum(low, np.minimum(a, b)), np.minimum(high, np.maximum(a, b))
    safe = np.where(level, 1.0, slope)
    a, b = (least - shift) / safe, (most - shift) / safe
    inside = (shift > least) & (shift < most)
    edge = (shift == least) | (shift == most)
    middle = 0.5 * (low + high)
    first = np.where(level, -np.inf, np.minimum(a, b))
    last = np.where(level, np.where(inside, np.inf, np.where(edge, middle, -np.inf)), np.maximum(a, b))
    return np.maximum(low, first), np.minimum(high, last)


def _flanks(pairs: Sections, ends: Clip, sin: Floats, cos: Floats, nodes: int) -> Floats:
    """Area of the first one's flanks inside the second: for each height and side the range along the axis is exact."""
    v, z2, arc = flank(pairs, nodes)
    x2 = half_width(pairs.a2[:, None], pairs.b2[:, None], z2)
    total = np.zeros(v.shape)
    for side in (v, -v):
        low, high = cut(ends.low1, ends.high1, cos, sin * side, ends.low2, ends.high2)
        low, high = cut(low, high, -sin, cos * side, -x2, x2)
        total += np.maximum(0.0, high - low)
    return np.asarray(np.sum(arc * total, axis=-1))


def _faces(w: Floats, x1: Floats, x2: Floats, ends: Clip, sin: Floats, cos: Floats) -> Floats:
    """Area of the first one's flat end faces inside the second."""
    total = np.zeros(x1.shape[0])
    for u in (ends.low1, ends.high1):
        low, high = cut(-x1, x1, sin, cos * u, ends.low2, ends.high2)
        low, high = cut(low, high, cos, -sin * u, -x2, x2)
        total += np.sum(w * np.maximum(0.0, high - low), axis=-1)
    return total
