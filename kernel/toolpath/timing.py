"""How long motion takes: trapezoids from rest to rest, and polylines with look-ahead over their corners.

A controller accelerates along the path with one acceleration; `u` is a squared speed, because v^2 grows by 2 a L along a
length L. Everything works on whole arrays; numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints

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
    # Column by column: short inner axes are slow, and every array here is as long as the path.
    step = [column[1:] - column[:-1] for column in points_um.T]
    length = _dot(step, step)
    np.sqrt(length, out=length)
    fastest = np.broadcast_to(np.square(speed_um_s), length.shape)
    cap = np.zeros(len(points_um))
    if not stops[1:-1].all():
        with np.errstate(invalid="ignore", divide="ignore"):
            dot = _dot([s[1:] for s in step], [s[:-1] for s in step])
            dot /= length[1:] * length[:-1]
            # A repeated point has no direction (NaN, which fmin passes over): motion goes straight on.
            np.fmin(dot, 1.0, out=dot)
            np.maximum(dot, -1.0, out=dot)
            off = 1.0 - dot
            # 1 - dot of a straight pair is rounding noise: 1e-12 is an angle of 1.4e-6 rad.
            straight = off < 1e-12
            off *= 0.5
            cosine = np.sqrt(off, out=off)
            dot += 1.0
            dot *= 0.5
            sine = np.sqrt(dot, out=dot)
            short = np.minimum(length[1:], length[:-1])
            short *= 0.5
            short *= sine
            short /= cosine
            turn = corner_um * sine
            turn /= 1.0 - sine
        allowed = np.minimum(turn, short, out=turn)
        allowed *= a
        allowed[straight] = np.inf
        np.minimum(allowed, fastest[1:], out=allowed)
        np.minimum(allowed, fastest[:-1], out=cap[1:-1])
        cap[stops] = 0.0
    gain = (2.0 * a) * length
    run = np.empty(len(points_um))
    run[0] = 0.0
    np.cumsum(gain, out=run[1:])
    cap -= run
    u = np.minimum.accumulate(cap, out=cap)
    u += run
    back = u + run
    np.minimum.accumulate(back[::-1], out=back[::-1])
    back -= run
    np.minimum(u, back, out=u)
    np.maximum(u, 0.0, out=u)
    u[stops] = 0.0
    u_in, u_out = u[:-1], u[1:]
    ends = u_in + u_out
    u_peak = gain
    u_peak += ends
    u_peak *= 0.5
    np.minimum(u_peak, fastest, out=u_peak)
    np.maximum(u_peak, u_in, out=u_peak)
    np.maximum(u_peak, u_out, out=u_peak)
    peak = np.sqrt(u_peak)
    v = np.sqrt(u)
    # Way at the highest speed: what speeding up and slowing down leave of the length.
    cruise = 2.0 * u_peak
    cruise -= ends
    cruise /= -2.0 * a
    cruise += length
    np.maximum(cruise, 0.0, out=cruise)
    with np.errstate(invalid="ignore", divide="ignore"):
        cruise /= peak
    time = peak
    time *= 2.0
    time -= v[:-1]
    time -= v[1:]
    time /= a
    time += cruise
    time[length == 0.0] = 0.0
    time[_joins(stops)] = 0.0
    return Profile(length, u_in, u_out, u_peak, time)


def _dot(a: list[Floats], b: list[Floats]) -> Floats:
    out = a[0] * b[0]
    for one, two in zip(a[1:], b[1:], strict=True):
        out += one * two
    return out


def _joins(stops: Bools) -> Ints:
    """Segments between stops that join one polyline to the next: stops come as start, end, start, end ..."""
    at = np.flatnonzero(stops)
    end, start = at[1:-1:2], at[2::2]
    joins: Ints = end[start == end + 1]
    return joins
