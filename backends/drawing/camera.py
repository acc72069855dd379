"""Where a picture is taken from. Parallel projection, so that lengths in the picture's plane can be measured with its scale bar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, hypot, inf, isinf, radians, sin
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..tubes import Floats32

_Real = TypeVar("_Real", bound=np.floating[Any])

#: Directions that have a name: azimuth (from x towards y) and elevation of the eye, degrees.
DIRECTIONS: dict[str, tuple[float, float]] = {
    "axonometric": (-58.0, 27.0),
    "isometric": (-45.0, 35.26438968),
    "top": (-90.0, 90.0),
    "front": (-90.0, 0.0),
    "side": (0.0, 0.0),
    "low": (-62.0, 12.0),
}


@dataclass(frozen=True, slots=True)
class Camera:
    """An eye far away, `azimuth_deg` round from x towards y and `elevation_deg` above the substrate; z stays upright.

    `zoom` above 1 fills more than the frame.
    """

    azimuth_deg: float = DIRECTIONS["axonometric"][0]
    elevation_deg: float = DIRECTIONS["axonometric"][1]
    zoom: float = 1.0

    @classmethod
    def named(cls, name: str) -> Camera:
        """The camera of a named direction, or of `AZIMUTH,ELEVATION` in degrees. Raises WetprintError (X723)."""
        if name in DIRECTIONS:
            return cls(*DIRECTIONS[name])
        try:
            azimuth, elevation = (float(v) for v in name.split(","))
        except ValueError:
            raise WetprintError(
                error(
                    "X723",
                    f"{name!r} is not a direction to look from; expected {', '.join(DIRECTIONS)} "
                    "or AZIMUTH,ELEVATION in degrees",
                )
            ) from None
        return cls(azimuth, min(90.0, max(-90.0, elevation)))

    def axes(self) -> Floats:
        """Rows: unit vectors to the right, up and towards the eye, in part coordinates, float64[3,3]."""
        a, e = radians(self.azimuth_deg), radians(self.elevation_deg)
        return np.array(
            [
                [-sin(a), cos(a), 0.0],
                [-sin(e) * cos(a), -sin(e) * sin(a), cos(e)],
                [cos(e) * cos(a), cos(e) * sin(a), sin(e)],
            ]
        )


def extent(part: FilamentSet, state: StateName, axes: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest view coordinates (right, up, towards the eye) of the drawn filaments, um, float64[3] each.

    The half width and half height of a section stand for its reach in every direction, which is never too small.
    """
    s = part.state(state)
    seen = s.points_um @ axes.T
    # Reach of an upright ellipse along each view axis; the direction of the filament is left out of account.
    level = np.hypot(axes[:, 0], axes[:, 1])
    reach = 0.5 * np.hypot(
        s.width_um[:, None] * level[None, :], s.height_um[:, None] * np.abs(axes[:, 2])[None, :]
    )
    return (seen - reach).min(axis=0), (seen + reach).max(axis=0)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of pixels that looks at `centre_um` (view coordinates right, up) with `um_per_px`.

    `near_um` and `far_um` bound the depth (view coordinate towards the eye, near > far).

    The eye is far away, and the frame shows all depths at one scale; or it is at the depth `eye_um` over the middle of the frame, whose
    scale then is that of what lies at the depth `focus_um`.
    """

    width: int
    height: int
    centre_um: tuple[float, float]
    um_per_px: float
    near_um: float
    far_um: float
    eye_um: float = inf
    focus_um: float = 0.0

    @property
    def perspective(self) -> bool:
        return not isinf(self.eye_um)

    def times(self, depth_um: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        """How many times as large as at the focus things at a depth are drawn. What is behind the eye or close before it counts as a
        twentieth of the way from the eye to the focus."""
        if not self.perspective:
            return np.ones_like(depth_um)
        way = self.eye_um - self.focus_um
        return np.asarray(way / np.maximum(self.eye_um - depth_um, 0.05 * way), dtype=depth_um.dtype)

    def largest(self, depth_um: Floats) -> float:
        """The largest of those, 1 at least."""
        return max(1.0, float(self.times(depth_um.max(initial=self.focus_um, keepdims=True)).max()))

    def flattened(self, view_um: npt.NDArray[_Real]) -> npt.NDArray[_Real]:
        """View coordinates [..., 3] moved so that parallel projection shows them as this frame does: what is straight stays straight,
        what is flat flat, and what lies before another thing before it."""
        if not self.perspective:
            return view_um
        out = view_um.copy()
        times = self.times(view_um[..., 2])
        for k in (0, 1):
            out[..., k] = self.centre_um[k] + (view_um[..., k] - self.centre_um[k]) * times
        out[..., 2] = self.focus_um + (self.eye_um - self.focus_um) * (times - 1.0)
        return out

    def flat(self) -> Frame:
        """The frame in parallel projection that shows what is flattened."""
        if not self.perspective:
            return self
        ends = np.array([[0.0, 0.0, self.near_um], [0.0, 0.0, self.far_um]])
        near, far = self.flattened(ends)[:, 2].tolist()
        return replace(self, near_um=near, far_um=far, eye_um=inf)

    def depth_of(self, flattened_um: Floats32) -> Floats32:
        """The depths whose flattened ones these are."""
        if not self.perspective:
            return flattened_um
        way = np.float32(self.eye_um - self.focus_um)
        return np.asarray(self.eye_um - way / (1.0 + (flattened_um - self.focus_um) / way), dtype=np.float32)

    def share_of(self, share: Floats, from_um: Floats, to_um: Floats) -> Floats:
        """Shares of the way between two depths, of shares of the way as it is seen."""
        if not self.perspective:
            return share
        a, b = 1.0 / self.times(from_um), 1.0 / self.times(to_um)
        return np.asarray(share * a / (share * a + (1.0 - share) * b), dtype=np.float64)

    def ground_um(self, up_view: tuple[float, float]) -> Floats:
        """The depth at which each row of pixels (row 0 at the top) shows the substrate, float64[height], NaN above the horizon.
        `up_view`: the part's z in the view, up and towards the eye."""
        up, towards = up_view
        y = (0.5 * self.height - 0.5 - np.arange(self.height)) * self.um_per_px
        if not self.perspective:
            return np.asarray(-(y + self.centre_um[1]) * up / towards, dtype=np.float64)
        way = self.eye_um - self.focus_um
        falls = towards * way - up * y
        times = (up * self.centre_um[1] + towards * self.eye_um) / np.where(falls > 0, falls, np.nan)
        return np.asarray(self.eye_um - way * np.where(times > 0, times, np.nan), dtype=np.float64)

    def to_px(self, view_um: npt.ArrayLike) -> Floats:
        """Pixel coordinates (from the lower left corner) of view coordinates [..., 2 or 3]."""
        v = np.asarray(view_um, dtype=np.float64)
        out: Floats = np.empty((*v.shape[:-1], 2))
        out[..., 0] = (v[..., 0] - self.centre_um[0]) / self.um_per_px + self.width / 2
        out[..., 1] = (v[..., 1] - self.centre_um[1]) / self.um_per_px + self.height / 2
        return out


def nice_length(longest_um: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten (um) that is not above `longest_um`."""
    power = 10.0 ** np.floor(np.log10(longest_um))
    for step in (5.0, 2.0, 1.0):
        if step * power <= longest_um * (1 + 1e-9):
            return float(step * power)
    return float(power)


def length_label(um: float) -> str:
    """`um` as people write it: 500 nm, 20 um, 1 mm."""
    if um < 0.9995:
        return f"{um * 1000:g} nm"
    return f"{um:g} µm" if um < 999.5 else f"{um / 1000:g} mm"


def diagonal(low: Floats, high: Floats) -> float:
    return float(hypot(*(high - low)[:2]))
