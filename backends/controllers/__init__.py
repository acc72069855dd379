"""Live drivers of motion controllers: one file each, one line here each."""

from collections.abc import Callable

from ...kernel.registry import Registry
from ..controller import Controller, Seat

CONTROLLERS: Registry[Callable[[Seat], Controller]] = Registry(
    "controllers",
    __name__,
    {
        "aerotech": ".aerotech:A3200",
        "automation1": ".automation1:Automation1",
        "grbl": ".grbl:Grbl",
        "klipper": ".klipper:Klipper",
        "linuxcnc": ".linuxcnc:LinuxCNC",
        "marlin": ".marlin:Marlin",
    },
)
