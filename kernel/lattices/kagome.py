"""Kagome: lines at 0, 60 and 120 deg, so placed that never more than two cross at one point."""

from __future__ import annotations

import math

from ..shapes.straight import StraightLattice, straight_construct


class Kagome(StraightLattice):
    # Lines at c0, c1, c2 from the middle meet in threes where c0 - c1 + c2 = 0; odd halves of a pitch never add up to that.
    construct = straight_construct(
        "kagome",
        "parallel lines in each layer, turned by 60 deg from layer to layer, half a pitch beside the middle: seen from above "
        "triangles and hexagons, and no three lines cross at one point",
    )
    turns = (0.0, math.pi / 3, 2 * math.pi / 3)
    halves = True


KAGOME = Kagome()
