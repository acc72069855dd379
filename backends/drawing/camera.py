"""Where a picture is taken from. Parallel projection, so that lengths in the picture's plane can be measured with its scale bar."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, radians, sin

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName

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
    """

    width: int
    height: int
    centre_um: tuple[float, float]
    um_per_px: float
    near_um: float
    far_um: float

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
