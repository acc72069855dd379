"""Acceleration-limited motion along a polyline: where the emulated stage is at every instant, as exact pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """M pieces of constant acceleration: piece k runs from `time_s[k]` for `span_s[k]`, starts at `start_um[k]` with speed
    `speed_um_s[k]` along the unit vector `along[k]` and gains `gain_um_s2[k]`. `move int64[M]`: the move it belongs to."""

    time_s: Floats
    span_s: Floats
    start_um: Floats
    along: Floats
    speed_um_s: Floats
    gain_um_s2: Floats
    move: Ints

    @property
    def end_s(self) -> float:
        return float(self.time_s[-1] + self.span_s[-1]) if len(self.time_s) else 0.0

    def at(self, time_s: Floats) -> Floats:
        """Positions [N,3] at N instants; before the first piece its start, after the last its end."""
        k = np.clip(np.searchsorted(self.time_s, time_s, "right") - 1, 0, None)
        dt = np.clip(time_s - self.time_s[k], 0.0, self.span_s[k])
        way = self.speed_um_s[k] * dt + 0.5 * self.gain_um_s2[k] * dt * dt
        return np.asarray(self.start_um[k] + self.along[k] * way[:, None])

    def speed_at(self, time_s: float) -> float:
        k = int(np.searchsorted(self.time_s, time_s, "right")) - 1
        if k < 0 or time_s > self.time_s[k] + self.span_s[k]:
            return 0.0
        return float(self.speed_um_s[k] + self.gain_um_s2[k] * (time_s - self.time_s[k]))

    def cut(self, time_s: float) -> Pieces:
        """What of it lies before `time_s`."""
        n = int(np.searchsorted(self.time_s, time_s, "left"))
        span = self.span_s[:n].copy()
        if n:
            span[-1] = min(span[-1], time_s - self.time_s[n - 1])
        return Pieces(
            self.time_s[:n],
            span,
            self.start_um[:n],
            self.along[:n],
            self.speed_um_s[:n],
            self.gain_um_s2[:n],
            self.move[:n],
        )

    def last(self) -> Pieces:
        """The last piece alone."""
        return Pieces(*(getattr(self, name)[-1:] for name in self.__slots__))


def join(parts: list[Pieces]) -> Pieces:
    return Pieces(
        *(
            np.concatenate([getattr(p, name) for p in parts])
            for name in ("time_s", "span_s", "start_um", "along", "speed_um_s", "gain_um_s2", "move")
        )
    )


def profile(
    points_um: Floats,
    feed_um_s: Floats,
    *,
    acceleration_um_s2: float,
    max_speed_um_s: Floats,
    corner_um: float,
    begin_s: float = 0.0,
    first_move: int = 0,
    begin_speed_um_s: float = 0.0,
) -> tuple[Pieces, Floats]:
    """Pieces of N moves through `points_um[N+1,3]`, at rest at the end, and the end time of every move, float64[N].

    They begin at rest, or at `begin_speed_um_s` along the first move, for motion that is planned anew while it goes on.

    One acceleration along the path, as a coordinated ramp rate is. Speeds along a move are limited by `feed_um_s[N]` and by each
    axis; at a corner by the junction-deviation rule (a circle that departs `corner_um` from the corner is taken at the
    acceleration limit; Sungeun K. Jeon, Grbl, 2011) and, between short moves, by the turn itself. The corner is not rounded here.
    """
    step = np.diff(points_um, axis=0)
    length = np.linalg.norm(step, axis=1)
    real = length > 1e-9
    along = np.zeros_like(step)
    along[real] = step[real] / length[real, None]
    index = np.flatnonzero(real)
    ends = np.full(len(length), begin_s)
    if not len(index):
        return _empty(), ends
    u, size = along[index], length[index]
    with np.errstate(divide="ignore"):
        top = np.minimum(feed_um_s[index], (max_speed_um_s / np.abs(u)).min(axis=1))
    gain = np.full(len(u), acceleration_um_s2)
    corner = _corner_speeds(u, size, acceleration_um_s2, top, corner_um)
    # Speeds at the n + 1 junctions, at rest at the end; then what can be braked for and what can be reached.
    limit = np.concatenate([[begin_speed_um_s**2], corner**2, [0.0]])
    reach = (2.0 * gain * size).tolist()
    square = limit.tolist()
    for k in range(len(size) - 1, -1, -1):
        square[k] = min(square[k], square[k + 1] + reach[k])
    for k in range(len(size)):
        square[k + 1] = min(square[k + 1], square[k] + reach[k])
    v2 = np.array(square)
    v0, v1 = np.sqrt(v2[:-1]), np.sqrt(v2[1:])
    peak = np.sqrt(np.minimum(top**2, 0.5 * (v2[:-1] + v2[1:]) + gain * size))
    peak = np.maximum(peak, np.maximum(v0, v1))
    rise, fall = (peak - v0) / gain, (peak - v1) / gain
    rise_um, fall_um = 0.5 * (v0 + peak) * rise, 0.5 * (peak + v1) * fall
    flat = np.maximum(size - rise_um - fall_um, 0.0) / peak
    span = np.stack([rise, flat, fall], axis=1)
    offset = np.stack([np.zeros_like(size), rise_um, size - fall_um], axis=1)
    speed = np.stack([v0, peak, peak], axis=1)
    gains = np.stack([gain, np.zeros_like(gain), -gain], axis=1)
    end = begin_s + np.cumsum(span.sum(axis=1))
    ends[index] = end
    ends = np.maximum.accumulate(ends)
    clock = begin_s + np.concatenate([[0.0], np.cumsum(span.ravel())[:-1]])
    start = points_um[index][:, None, :] + u[:, None, :] * offset[:, :, None]
    keep = span.ravel() > 0.0
    pieces = Pieces(
        clock[keep],
        span.ravel()[keep],
        start.reshape(-1, 3)[keep],
        np.repeat(u, 3, axis=0)[keep],
        speed.ravel()[keep],
        gains.ravel()[keep],
        np.repeat(index + first_move, 3)[keep],
    )
    return pieces, ends


def _corner_speeds(u: Floats, size: Floats, gain: float, top: Floats, corner_um: float) -> Floats:
    if len(u) < 2:
        return np.zeros(0)
    dot = np.clip((u[:-1] * u[1:]).sum(axis=1), -1.0, 1.0)
    sine, cosine = np.sqrt(0.5 * (1.0 + dot)), np.sqrt(0.5 * (1.0 - dot))
    with np.errstate(divide="ignore", invalid="ignore"):
        round_um = np.minimum(
            corner_um * sine / (1.0 - sine), 0.5 * np.minimum(size[:-1], size[1:]) * sine / cosine
        )
    # 1 - dot of a straight pair is rounding noise: 1e-12 is an angle of 1.4e-6 rad.
    free = np.where(1.0 - dot < 1e-12, np.inf, gain * round_um)
    return np.asarray(np.minimum(np.minimum(top[:-1], top[1:]), np.sqrt(free)))


def _empty() -> Pieces:
    zero = np.zeros(0)
    return Pieces(zero, zero, np.zeros((0, 3)), np.zeros((0, 3)), zero, zero, np.zeros(0, dtype=np.int64))
