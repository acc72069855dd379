"""What filaments can be coloured by: one figure a filament, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.registry import Registry

if TYPE_CHECKING:
    from ..colouring import Colouring

COLOURINGS: Registry[Colouring] = Registry(
    "colourings",
    __name__,
    {
        "layer": ".shape:LAYER",
        "width": ".shape:WIDTH",
        "height": ".shape:HEIGHT",
        "gap": ".place:GAP",
        "span": ".place:SPAN",
        "order": ".course:ORDER",
        "time": ".course:TIME",
        "speed": ".course:SPEED",
        "pressure": ".course:PRESSURE",
        "block": ".course:BLOCK",
        "power": ".course:POWER",
    },
)
