"""Machine languages: one file each, one line here each."""

from __future__ import annotations

from ...kernel.registry import Registry
from ..dialect import Dialect

DIALECTS: Registry[Dialect] = Registry(
    "dialects",
    __name__,
    {
        "aerotech": ".aerotech:AEROTECH",
        "linuxcnc": ".linuxcnc:LINUXCNC",
    },
)
