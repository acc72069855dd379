"""Emulated machines with one physical truth: what `sim`, `wp rig emulate` and the tests print on. One line each for a controller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...kernel.registry import Registry

if TYPE_CHECKING:
    from .sim import Machine
    from .world import World

#: By dialect; the number is the TCP port to serve at, 0 for any (those on a pseudo-terminal have none).
MACHINES: Registry[Callable[[World, int], Machine]] = Registry(
    "machines",
    __name__,
    {
        "aerotech": ".a3200:A3200",
        "grbl": ".grbl:on_a_line",
        "klipper": ".moonraker:Moonraker",
        "linuxcnc": ".linuxcnc:LinuxCNC",
        "marlin": ".marlin:on_a_line",
    },
)
