"""Grid: lines in both directions within every layer, all layers alike, so that square channels run upwards."""

from __future__ import annotations

import math

from ..lattice import lattice_construct
from ..straight import StraightLattice


class Grid(StraightLattice):
    # Both directions lie at the layer's one height: where they cross, ink runs into ink and the filaments share the space.
    construct = lattice_construct(
        "grid", "lines in both directions in every layer, at the same height, so that they cross within it"
    )
    families = (0.0, math.pi / 2)


GRID = Grid()
