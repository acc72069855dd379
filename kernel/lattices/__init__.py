"""The lattices on offer: one file for each or for each family, one line here for each."""

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
        "wavy": ".wavy:WAVY",
        "honeycomb": ".honeycomb:HONEYCOMB",
        "kagome": ".kagome:KAGOME",
        "concentric": ".concentric:CONCENTRIC",
        "spiral": ".spiral:SPIRAL",
        "radial": ".radial:RADIAL",
        "fill": ".fill:FILL",
        "gyroid": ".tpms:GYROID",
        "schwarz_p": ".tpms:SCHWARZ_P",
        "schwarz_d": ".tpms:SCHWARZ_D",
        "lidinoid": ".tpms:LIDINOID",
        "cubic": ".cells:CUBIC",
        "bcc": ".cells:BCC",
        "octet": ".cells:OCTET",
        "diamond": ".cells:DIAMOND",
        "graph": ".cells:GRAPH",
    },
)
