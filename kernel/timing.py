"""How long motion takes: trapezoids from rest to rest, and polylines with look-ahead over their corners.

A controller accelerates along the path with one acceleration; `u` is a squared speed, because v^2 grows by 2 a L along a
length L. Everything works on whole arrays; numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .filaments import Floats

Bools = npt.NDArray[np.bool_]


def rest_to_rest_s(length_um: Floats, speed_um_s: Floats, acceleration_um_s2: float) -> Floats:
    """Time of straight moves that begin and end at rest: up, cruise, down (a triangle where too short to cruise)."""
    a = acceleration_um_s2
    peak = np.minimum(speed_um_s, np.sqrt(a * length_um))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(length_um > 0.0, peak / a + length_um / peak, 0.0)


@dataclass(frozen=True, slots=True)
class Profile:
    """Time law of polylines: per pair of neighbouring points (P - 1 of them; those that join one polyline to the next are
    of no meaning and take no time) its length, squared speeds at both ends and at its fastest, and its time."""

    length_um: Floats
    u_in: Floats
    u_out: Floats
    u_peak: Floats
    time_s: Floats

    def left_um(self, at: npt.NDArray[np.int64], before_s: Floats, acceleration_um_s2: float) -> Floats:
        """Distance left on segments `at`, `before_s` before they end."""
        a = acceleration_um_s2
        v0, v1 = np.sqrt(self.u_in[at]), np.sqrt(self.u_out[at])
        peak, total, length = np.sqrt(self.u_peak[at]), self.time_s[at], self.length_um[at]
        down, up = (peak - v1) / a, (peak - v0) / a
        braking = v1 * before_s + 0.5 * a * before_s**2
        cruising = 0.5 * (v1 + peak) * down + peak * (before_s - down)
        gone = np.maximum(total - before_s, 0.0)
        starting = length - (v0 * gone + 0.5 * a * gone**2)
        return np.where(before_s <= down, braking, np.where(before_s <= total - up, cruising, starting))


def profile(
    points_um: Floats, stops: Bools, speed_um_s: Floats | float, acceleration_um_s2: float, corner_um: float
) -> Profile:
    """Time law along points[P,3] that are passed in order; `stops bool[P]` marks those where motion rests (the ends of every
    polyline). `speed_um_s` is the commanded speed, one or one for each of the P - 1 segments.

    The speed at a corner keeps the rounded path within `corner_um` of it (v^2 = a d s / (1 - s), s = sin of half the angle
    between the legs) and the turn of short segments within the acceleration (v^2 = a L tan / 2): the rules of GRBL and
    Klipper. Look-ahead is a running minimum of `cap - 2 a L` from both sides.
    """
    a = acceleration_um_s2
    step = points_um[1:] - points_um[:-1]
    length = np.sqrt(np.einsum("ij,ij->i", step, step))
    fastest = np.broadcast_to(np.square(speed_um_s), length.shape)
    cap = np.zeros(len(points_um))
    if not stops[1:-1].all():
        with np.errstate(invalid="ignore", divide="ignore"):
            dot = np.einsum("ij,ij->i", step[1:], step[:-1]) / (length[1:] * length[:-1])
            # A repeated point has no direction: motion goes straight on.
            np.nan_to_num(dot, copy=False, nan=1.0)
            np.clip(dot, -1.0, 1.0, out=dot)
            sine = np.sqrt(0.5 * (1.0 + dot))
            cosine = np.sqrt(0.5 * (1.0 - dot))
            turn = corner_um * sine / (1.0 - sine)
            short = 0.5 * np.minimum(length[1:], length[:-1]) * sine / cosine
        # 1 - dot of a straight pair is rounding noise: 1e-12 is an angle of 1.4e-6 rad.
        allowed = np.where(1.0 - dot < 1e-12, np.inf, a * np.minimum(turn, short))
        cap[1:-1] = np.minimum(allowed, np.minimum(fastest[1:], fastest[:-1]))
        cap[stops] = 0.0
    run = np.empty(len(points_um))
    run[0] = 0.0
    np.cumsum(2.0 * a * length, out=run[1:])
    u = run + np.minimum.accumulate(cap - run)
    back = u + run
    u = np.minimum(u, np.minimum.accumulate(back[::-1])[::-1] - run)
    np.maximum(u, 0.0, out=u)
    u[stops] = 0.0
    u_in, u_out = u[:-1], u[1:]
    u_peak = np.minimum(fastest, 0.5 * (2.0 * a * length + u_in + u_out))
    np.maximum(u_peak, np.maximum(u_in, u_out), out=u_peak)
    peak = np.sqrt(u_peak)
    v = np.sqrt(u)
    with np.errstate(invalid="ignore", divide="ignore"):
        cruise = np.maximum(length - (2.0 * u_peak - u_in - u_out) / (2.0 * a), 0.0) / peak
    time = (2.0 * peak - v[:-1] - v[1:]) / a + cruise
    between = stops[:-1] & stops[1:] & _joins(stops)
    time[(length == 0.0) | between] = 0.0
    return Profile(length, u_in, u_out, u_peak, time)


def _joins(stops: Bools) -> Bools:
    """Pairs of stops that join one polyline to the next: stops come as start, end, start, end ..."""
    number = np.cumsum(stops)
    joins: Bools = (number[:-1] % 2 == 0) & stops[:-1]
    return joins
