"""Woodpile: parallel straight lines in each layer, turned from layer to layer."""

from __future__ import annotations

import math

from ..shapes.straight import StraightLattice, straight_construct


class Woodpile(StraightLattice):
    construct = straight_construct(
        "woodpile", "parallel lines in each layer, every layer across the one below (0, 90, 0 ... deg)"
    )
    turns = (0.0, math.pi / 2)


WOODPILE = Woodpile()
