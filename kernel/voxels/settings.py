"""How a print is written with two photons: the fields of its block as numbers, and the voxel that they make. No numpy."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ..quantity import MILLIWATT
from ..records import dataclass
from ..scene import Print
from . import optics


@dataclass(frozen=True)
class Settings:
    """Lengths in um, times in s, speeds in um/s, powers in kernel units; names as in processes/two_photon.py. None: not known."""

    wavelength: float
    aperture: float
    index: float
    scan_speed: float
    threshold_power: float
    threshold_time: float
    power: float | None = None
    full_power: float | None = None
    power_scaling: float = 1.0
    damage: float | None = None
    mode: str = "galvo"
    hatch: float | None = None
    slice: float | None = None
    ripple: float = 0.01
    contours: int = 0
    field: float | None = None
    block: float | None = None
    block_height: float | None = None
    z_range: float | None = None
    overlap: float = 0.0
    shear: float = 0.0
    reach: float | None = None
    interface: float = 0.0
    invert_z: bool = False
    tilt_correction: bool = False
    shrink: float = 0.0
    line_time: float | None = None
    block_time: float | None = None

    @cached_property
    def w_xy(self) -> float:
        return optics.lateral_um(self.wavelength, self.aperture)

    @cached_property
    def w_z(self) -> float:
        return optics.axial_um(self.wavelength, self.aperture, self.index)

    @cached_property
    def share(self) -> float | None:
        """q of a level line at the power that the print names, None where power is found from the struts."""
        if self.power is None:
            return None
        time = optics.line_time_s(self.w_xy, self.scan_speed)
        return optics.dose_share(self.power, time, self.threshold_power, self.threshold_time)

    @cached_property
    def voxel_um(self) -> tuple[float, float] | None:
        """Width and height of a level line at the power that the print names; zeros below the threshold."""
        if self.share is None:
            return None
        return optics.size_um(self.w_xy, self.share), optics.size_um(self.w_z, self.share)

    @cached_property
    def hatch_um(self) -> float:
        """Distance of lines beside each other: what the print says, else the widest that keeps to the ripple and that still
        lets lines run into each other."""
        return self.hatch if self.hatch is not None else self._widest(self.w_xy, 0)

    @cached_property
    def slice_um(self) -> float:
        """Distance of lines above each other, as `hatch_um`."""
        return self.slice if self.slice is not None else self._widest(self.w_z, 1)

    def _widest(self, radius_um: float, side: int) -> float:
        smooth = optics.widest_hatch_um(radius_um, self.ripple)
        size = 0.0 if self.voxel_um is None else self.voxel_um[side]
        return min(smooth, size) if size > 0.0 else smooth

    def percent(self, power: Any) -> Any:
        """Powers as per cent of what the writer gives at LaserPower 100 with this power scaling; `full_power` is known."""
        assert self.full_power is not None
        return 100.0 * power / (self.full_power * self.power_scaling)


_NAMES = (*Settings.__dataclass_fields__,)


def settings_of(made: Print) -> Settings:
    """The settings of a print whose process is two_photon."""
    given = {name: made.fields[name] for name in _NAMES if made.fields.get(name) is not None}
    return Settings(**given)


def milliwatts(power: float) -> str:
    """A power as a bench says it."""
    return f"{power / MILLIWATT:.4g} mW"


def written(made: Print) -> bool:
    """Whether a print is written with light rather than printed with ink."""
    return made.process == "two_photon"
