"""Where two filaments share space: volumes and hidden surfaces of crossing and of parallel elliptical cylinders.

A filament's section is an ellipse, half-width a across and half-height b upwards; at height z above its axis it is
x(z) = a sqrt(1 - (z / b)^2) to either side. Cut at one height, two straight level filaments are two rectangles, so what
they share is an integral over height of the area that two rectangles share. Gauss-Legendre in the angle theta,
z = middle - half * cos(theta), turns the square roots at both ends of the range into smooth functions.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Nodes for crossings away from ends: a relative error of 1e-14 where the axes lie half a width apart, of 1e-8 in volume and 1e-5 in
#: surface where they nearly meet.
NODES = 24

#: Keeps divisions finite where rounding puts a node beyond an ellipse.
TINY = 1e-30


@cache
def gauss_legendre(n: int) -> tuple[Floats, Floats]:
    """Nodes and weights by Newton's method on the recurrence: no linear algebra library, the same bits everywhere."""
    x = np.cos(np.pi * (np.arange(1, n + 1) - 0.25) / (n + 0.5))
    for _ in range(6):
        before, p = np.ones(n), x.copy()
        for j in range(2, n + 1):
            before, p = p, ((2 * j - 1) * x * p - (j - 1) * before) / j
        slope = n * (x * p - before) / (x * x - 1.0)
        x = x - p / slope
    nodes, weights = x[::-1].copy(), (2.0 / ((1.0 - x * x) * slope * slope))[::-1].copy()
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


@cache
def rule(n: int) -> tuple[Floats, Floats]:
    """Nodes in (-1, 1) and weights so that sum(w f(x)) is the integral over [-1, 1] of f with square roots at the ends."""
    x, w = gauss_legendre(n)
    theta = 0.5 * np.pi * (x + 1.0)
    nodes, weights = -np.cos(theta), 0.5 * np.pi * w * np.sin(theta)
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


def half_width(a_um: Floats, b_um: Floats, z_um: Floats) -> Floats:
    """Half-width of an ellipse at height z above its centre, 0 beyond its top and bottom."""
    t = z_um / b_um
    out: Floats = a_um * np.sqrt(np.maximum(0.0, 1.0 - t * t))
    return out


def radius(a_um: Floats, b_um: Floats, across_um: Floats, up_um: Floats) -> Floats:
    """Distance from the centre of an ellipse to its outline in the direction (across, up); b where that is no direction."""
    size = np.hypot(across_um, up_um)
    scaled = np.hypot(across_um / a_um, up_um / b_um)
    with np.errstate(divide="ignore", invalid="ignore"):
        out: Floats = np.where(size > 0, size / scaled, b_um)
    return out


class Sections(NamedTuple):
    """N pairs of filaments: half-widths, half-heights, and height of the second axis over the first, um."""

    a1: Floats
    b1: Floats
    a2: Floats
    b2: Floats
    h: Floats

    def heights(self, n: int) -> tuple[Floats, Floats]:
        """Nodes [N, n] over the heights that both reach (from the first axis) and their weights; empty ranges weigh 0."""
        low = np.maximum(-self.b1, self.h - self.b2)
        high = np.minimum(self.b1, self.h + self.b2)
        half = 0.5 * np.maximum(0.0, high - low)
        x, w = rule(n)
        return (0.5 * (low + high))[..., None] + half[..., None] * x, half[..., None] * w

    def swapped(self) -> Sections:
        return Sections(self.a2, self.b2, self.a1, self.b1, -self.h)


class Shared(NamedTuple):
    """What a pair shares: volume um^3, and the area of each one's surface that lies inside the other, um^2."""

    volume: Floats
    hidden1: Floats
    hidden2: Floats


def crossing(pairs: Sections, nodes: int = NODES) -> Shared:
    """Shared volume and hidden surfaces of filaments that cross at right angles, both going on beyond the crossing.

    At an angle t all three are larger by 1 / sin(t): the integral of 4 x1 x2 dz over the common heights, and for the
    surface of the first the integral of 2 * 2 x2 ds along both of its flanks.
    """
    z, w = pairs.heights(nodes)
    a1, b1, a2, b2, h = (v[..., None] for v in pairs)
    s1, s2 = z / b1, (z - h) / b2
    c1, c2 = np.sqrt(np.maximum(TINY, 1.0 - s1 * s1)), np.sqrt(np.maximum(TINY, 1.0 - s2 * s2))
    # The slope of the arc over height, infinite at top and bottom, where the weights vanish as fast.
    arc1, arc2 = np.hypot(a1 * s1, b1 * c1) / (b1 * c1), np.hypot(a2 * s2, b2 * c2) / (b2 * c2)
    x1, x2 = a1 * c1, a2 * c2
    w = 4.0 * w
    volume, hidden1, hidden2 = (np.sum(v, axis=-1) for v in (w * x1 * x2, w * x2 * arc1, w * x1 * arc2))
    return Shared(volume, hidden1, hidden2)


def flank(pairs: Sections, n: int) -> tuple[Floats, Floats, Floats]:
    """Points on the flank of the first filament at heights of the second: (x across >= 0, height above the second
    axis, arc length weight), each [N, n]."""
    low = np.maximum(-1.0, (pairs.h - pairs.b2) / pairs.b1)
    high = np.minimum(1.0, (pairs.h + pairs.b2) / pairs.b1)
    top, foot = np.arcsin(np.clip(high, -1.0, 1.0)), np.arcsin(np.clip(low, -1.0, 1.0))
    half = 0.5 * np.maximum(0.0, top - foot)
    x, w = rule(n)
    phi = (0.5 * (top + foot))[..., None] + half[..., None] * x
    a, b = pairs.a1[..., None], pairs.b1[..., None]
    s, c = np.sin(phi), np.cos(phi)
    arc = half[..., None] * w * np.hypot(a * s, b * c)
    return a * c, b * s - pairs.h[..., None], arc


def lens(pairs: Sections, offset_um: Floats) -> Shared:
    """Parallel filaments, the second axis `offset_um` to the side: shared area of their sections (um^2, in `volume`) and
    the length of each one's outline inside the other (um). Exact where both ellipses are scaled copies of each other
    (round filaments), otherwise from 256 heights and 720 chords (relative error about 1e-4).
    """
    k = pairs.a2 / pairs.a1
    alike = np.abs(pairs.b2 / pairs.b1 - k) < ALIKE
    out = Shared(*(np.zeros(len(k)) for _ in range(3)))
    for which, method in ((alike, _alike), (~alike, _unlike)):
        rows = np.flatnonzero(which)
        # Bounded memory: the methods hold hundreds of points a pair.
        for at in range(0, len(rows), LENSES):
            some = rows[at : at + LENSES]
            found = method(Sections(*(v[some] for v in pairs)), offset_um[some])
            for column, part in zip(out, found, strict=True):
                column[some] = part
    return out


#: Shapes count as alike while their aspects differ by less than this, relative to one of them.
ALIKE = 1e-5

#: Pairs whose sections are compared at a time.
LENSES = 1 << 13


def _alike(pairs: Sections, offset: Floats) -> Shared:
    a1, b1, a2, b2, h = pairs
    k, d = a2 / a1, np.hypot(offset / a1, h / b1)
    area = a1 * b1 * _circles(d, k)
    back = np.hypot(offset / a2, h / b2)
    return Shared(area, _arc(a1, b1, offset, h, d, k), _arc(a2, b2, -offset, -h, back, 1.0 / k))


def _arc(a: Floats, b: Floats, offset: Floats, h: Floats, d: Floats, k: Floats) -> Floats:
    """Length of an ellipse's outline inside an alike one k times as large, d away in units of the first: the arc that faces it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.arccos(np.clip((d * d + 1.0 - k * k) / (2.0 * d), -1.0, 1.0))
    # One within the other: all or nothing. Outlines that coincide hide half each, so that the two show them once.
    half = np.where(d <= np.abs(1.0 - k), np.where(k > 1.0, np.pi, 0.0), half)
    half = np.where((d < 1e-9) & (np.abs(k - 1.0) < 1e-9), 0.5 * np.pi, half)
    half = np.where(d >= 1.0 + k, 0.0, half)
    if bool((np.abs(a - b) <= 1e-12 * a).all()):
        return np.asarray(2.0 * half * a)
    middle = np.arctan2(h / b, offset / a)
    x, w = gauss_legendre(NODES)
    phi = middle[:, None] + half[:, None] * x
    speed = np.hypot(a[:, None] * np.sin(phi), b[:, None] * np.cos(phi))
    return np.asarray((speed * w).sum(axis=1) * half)


def _unlike(pairs: Sections, offset: Floats) -> Shared:
    a1, b1, a2, b2, h = pairs
    z, w = pairs.heights(256)
    x1 = half_width(a1[..., None], b1[..., None], z)
    x2 = half_width(a2[..., None], b2[..., None], z - h[..., None])
    o = offset[..., None]
    both = np.maximum(0.0, np.minimum(x1, o + x2) - np.maximum(-x1, o - x2))
    return Shared(
        np.sum(w * both, axis=-1), _outline_inside(pairs, offset), _outline_inside(pairs.swapped(), -offset)
    )


def _circles(d: Floats, k: Floats) -> Floats:
    """Area that a unit circle shares with one of radius k whose centre is d away."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.arccos(np.clip((d * d + 1.0 - k * k) / (2.0 * d), -1.0, 1.0))
        two = np.arccos(np.clip((d * d + k * k - 1.0) / (2.0 * d * k), -1.0, 1.0))
    kite = 0.5 * np.sqrt(np.maximum(0.0, (1 + k - d) * (d + 1 - k) * (d - 1 + k) * (d + 1 + k)))
    out: Floats = one + k * k * two - kite
    out = np.where(d <= np.abs(1.0 - k), np.pi * np.minimum(1.0, k) ** 2, out)
    return np.where(d >= 1.0 + k, 0.0, out)


def _outline_inside(pairs: Sections, offset_um: Floats) -> Floats:
    """Length of the first ellipse's outline inside the second, from 720 chords cut where they pass the outline."""
    phi = np.linspace(0.0, 2.0 * np.pi, 721)
    x, z = pairs.a1[..., None] * np.cos(phi), pairs.b1[..., None] * np.sin(phi)
    level = (
        np.hypot(
            (x - offset_um[..., None]) / pairs.a2[..., None], (z - pairs.h[..., None]) / pairs.b2[..., None]
        )
        - 1.0
    )
    p, q = level[..., :-1], level[..., 1:]
    middle = 0.5 * (phi[1:] + phi[:-1])
    step = np.hypot(pairs.a1[..., None] * np.sin(middle), pairs.b1[..., None] * np.cos(middle)) * (
        phi[1] - phi[0]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(p < 0, np.where(q < 0, 1.0, p / (p - q)), np.where(q < 0, q / (q - p), 0.0))
    # Outlines that coincide: each hides half, so that the two together show it once.
    part = np.where((np.abs(p) < 1e-9) & (np.abs(q) < 1e-9), 0.5, np.nan_to_num(part))
    return np.asarray(np.sum(part * step, axis=-1))


def outline_crossings(pairs: Sections, offset_um: Floats) -> Floats:
    """Heights over the first axis where the outlines of two parallel filaments cross, [N, 2 per sample found], NaN for none."""
    phi = np.linspace(0.0, 2.0 * np.pi, 361)
    a1, b1, a2, b2, h = (v[..., None] for v in pairs)

    def level(angle: Floats) -> Floats:
        x, z = a1 * np.cos(angle), b1 * np.sin(angle)
        out: Floats = np.hypot((x - offset_um[..., None]) / a2, (z - h) / b2) - 1.0
        return out

    low = np.broadcast_to(phi[:-1], (*pairs.a1.shape, 360)).copy()
    high = np.broadcast_to(phi[1:], low.shape).copy()
    first = level(low)
    crosses = (first < 0) != (level(high) < 0)
    for _ in range(40):
        middle = 0.5 * (low + high)
        same = (level(middle) < 0) == (first < 0)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    found: Floats = np.where(crosses, b1 * np.sin(low), np.nan)
    return found


def perimeter(a_um: Floats, b_um: Floats) -> Floats:
    """Circumference of an ellipse (Gauss-Kummer series; below 1e-10 for axes within a factor of two)."""
    a, b = np.asarray(a_um, dtype=np.float64), np.asarray(b_um, dtype=np.float64)
    x = ((a - b) / (a + b)) ** 2
    total, term = np.ones_like(x), np.ones_like(x)
    for n in range(1, 40):
        term = term * ((1.5 - n) / n) ** 2 * x
        total = total + term
    out: Floats = np.pi * (a + b) * total
    return out
