"""The lattices on offer: one file each, one line here each."""

from __future__ import annotations

from ..lattice import Lattice
from ..registry import Registry

LATTICES: Registry[Lattice] = Registry(
    "lattices",
    __name__,
    {
        "woodpile": ".woodpile:WOODPILE",
        "grid": ".grid:GRID",
        "triangular": ".triangular:TRIANGULAR",
        "honeycomb": ".honeycomb:HONEYCOMB",
        "kagome": ".kagome:KAGOME",
        "concentric": ".concentric:CONCENTRIC",
        "spiral": ".spiral:SPIRAL",
        "radial": ".radial:RADIAL",
    },
)
