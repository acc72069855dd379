"""Machine languages: one file each, one line here each."""

from __future__ import annotations

from ...kernel.registry import Registry
from ..dialect import Dialect

DIALECTS: Registry[Dialect] = Registry(
    "dialects",
    __name__,
    {
        "aerotech": ".aerotech:AEROTECH",
        "automation1": ".automation1:AUTOMATION1",
        "grbl": ".grbl:GRBL",
        "klipper": ".klipper:KLIPPER",
        "linuxcnc": ".linuxcnc:LINUXCNC",
        "marlin": ".marlin:MARLIN",
    },
)
