"""The voxel: what a focus of two-photon light leaves standing, from optics, power and time. Scalars and arrays alike.

The squared intensity of a focus is a Gaussian in both directions, with the 1/e radii of Zipfel, Williams and Webb (Nat.
Biotechnol. 2003, 21, 1369). What takes more than the threshold stands: a share q of the threshold dose at the centre leaves an
ellipsoid of the semi-axes w sqrt(ln q). Lengths in um, times in s, powers in any one unit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..filaments import Floats

#: Above this numerical aperture the lateral radius follows the second formula.
HIGH_NA = 0.7


def lateral_um(wavelength_um: float, aperture: float) -> float:
    """1/e radius w_xy of the squared focus, across the beam."""
    if aperture <= HIGH_NA:
        return 0.320 * wavelength_um / (math.sqrt(2.0) * aperture)
    return 0.325 * wavelength_um / (math.sqrt(2.0) * math.pow(aperture, 0.91))


def axial_um(wavelength_um: float, aperture: float, index: float) -> float:
    """1/e radius w_z of the squared focus, along the beam; `aperture` below `index`."""
    return 0.532 * wavelength_um / math.sqrt(2.0) / (index - math.sqrt(index**2 - aperture**2))


def half_angle(aperture: float, index: float) -> float:
    """Half the angle of the beam at its focus, rad: asin(NA / n)."""
    return math.asin(aperture / index)


def dose_share(power: float, time_s: float, threshold_power: float, threshold_time_s: float) -> float:
    """q = (P / Pth)^2 (t / tth), the dose at the centre of a focus in thresholds."""
    return (power / threshold_power) ** 2 * (time_s / threshold_time_s)


def size_um(radius_um: float, share: float) -> float:
    """Width (of w_xy) or length (of w_z) of a voxel, 2 w sqrt(ln q); 0 where the dose stays below the threshold."""
    return 2.0 * radius_um * math.sqrt(math.log(share)) if share > 1.0 else 0.0


def line_time_s(radius_um: float, speed_um_s: float) -> float:
    """How long a focus at rest would have to stay to leave at the axis of a line what one leaves that passes at `speed_um_s`:
    the integral of exp(-(v t / w)^2) over time, sqrt(pi) w / v. `radius_um` is the 1/e radius in the direction of the line."""
    return math.sqrt(math.pi) * radius_um / speed_um_s


def power_for(
    size: Floats | float,
    radius_um: float,
    time_s: Floats | float,
    threshold_power: float,
    threshold_time_s: float,
) -> Floats:
    """The power that makes a voxel of `size` um in the direction in which the 1/e radius is `radius_um`: the inverse of `size_um`."""
    import numpy as np

    share = np.exp((0.5 * np.asarray(size) / radius_um) ** 2)
    found: Floats = threshold_power * np.sqrt(share * threshold_time_s / time_s)
    return found


def ripple(radius_um: float, pitch_um: float) -> float:
    """Share by which the dose of parallel lines `pitch_um` apart swings about its mean, peak to peak: 4 exp(-(pi w / h)^2), the
    first harmonic of a row of Gaussians; good while it is small."""
    return 4.0 * math.exp(-((math.pi * radius_um / pitch_um) ** 2))


def widest_hatch_um(radius_um: float, allowed: float) -> float:
    """The largest distance of lines whose dose swings by no more than `allowed`: 1.28 w for 1 %."""
    return math.pi * radius_um / math.sqrt(math.log(4.0 / allowed))


def along_um(climb2: Floats, w_xy: float, w_z: float) -> Floats:
    """1/e radius of the squared focus in the direction of a line; `climb2` is the square of the z of its unit vector."""
    import numpy as np

    found: Floats = 1.0 / np.sqrt((1.0 - climb2) / w_xy**2 + climb2 / w_z**2)
    return found


def upright_um(climb2: Floats, w_xy: float, w_z: float) -> Floats:
    """1/e radius of a line's section upwards, square to the line and to the level direction across it (which has w_xy): the
    shadow of the ellipsoid along the line."""
    import numpy as np

    found: Floats = np.sqrt((1.0 - climb2) * w_z**2 + climb2 * w_xy**2)
    return found
