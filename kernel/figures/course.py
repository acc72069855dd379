"""The course of filaments that bend a little: offset, height and section as functions of the place along their chord."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..filaments import Floats, Ints


class At(NamedTuple):
    """A filament at a place: offset across, height, half-width, half-height, and slope of the offset."""

    c: Floats
    z: Floats
    a: Floats
    b: Floats
    slope: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Nodes of F rods, in the order of their table: rod i has nodes first[i] to first[i + 1] - 1, places rising.

    `u_um`, `c_um`: along and across in the frame of the rod's family; `z_um`; `a_um`, `b_um`: half-width and half-height.
    `key`: place lifted so that rods follow each other, for one search over all of them. `sway_um`: the farthest that any
    node lies from the mean offset of its rod.
    """

    first: Ints
    u_um: Floats
    c_um: Floats
    z_um: Floats
    a_um: Floats
    b_um: Floats
    key: Floats
    base_um: float
    lift_um: float
    sway_um: float

    def at(self, row: Ints, u_um: Floats) -> At:
        """Rods `row[N]` at places `u_um[N]`. Beyond an end the path goes on straight, the section stays as it is."""
        k = np.searchsorted(self.key, row * self.lift_um + (u_um - self.base_um), "right") - 1
        k = np.clip(k, self.first[row], self.first[row + 1] - 2)
        u0, c0, z0 = self.u_um[k], self.c_um[k], self.z_um[k]
        step = self.u_um[k + 1] - u0
        slope = (self.c_um[k + 1] - c0) / step
        t = (u_um - u0) / step
        inside = np.clip(t, 0.0, 1.0)
        return At(
            c0 + slope * (u_um - u0),
            z0 + (self.z_um[k + 1] - z0) * t,
            self.a_um[k] + (self.a_um[k + 1] - self.a_um[k]) * inside,
            self.b_um[k] + (self.b_um[k + 1] - self.b_um[k]) * inside,
            slope,
        )


def course(
    first: Ints, u_um: Floats, c_um: Floats, z_um: Floats, a_um: Floats, b_um: Floats, mean_c_um: Floats
) -> Course:
    """A Course from its columns; `first int64[F + 1]`."""
    base = float(u_um.min())
    lift = 4.0 * (float(u_um.max()) - base) + 1.0
    row = np.repeat(np.arange(len(first) - 1), np.diff(first))
    sway = float(np.abs(c_um - mean_c_um[row]).max())
    return Course(first, u_um, c_um, z_um, a_um, b_um, row * lift + (u_um - base), base, lift, sway)
