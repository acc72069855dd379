"""Triangular: parallel lines in each layer, turned by 60 deg from layer to layer."""

from __future__ import annotations

import math

from ..shapes.straight import StraightLattice, straight_construct


class Triangular(StraightLattice):
    construct = straight_construct(
        "triangular",
        "parallel lines in each layer, turned by 60 deg from layer to layer (0, 60, 120 ... deg)",
    )
    turns = (0.0, math.pi / 3, 2 * math.pi / 3)


TRIANGULAR = Triangular()
