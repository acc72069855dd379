"""Pressure boxes: one file each, one line here each."""

from collections.abc import Callable

from ...kernel.registry import Registry
from ..dispenser import Box, Dispenser

DISPENSERS: Registry[Callable[[Box], Dispenser]] = Registry(
    "dispensers",
    __name__,
    {
        "analog": ".analog:Analog",
        "ultimus_v": ".ultimus:Ultimus",
        "valve": ".valve:Valve",
    },
)
