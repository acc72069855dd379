"""Grid: lines in both directions within every layer, all layers alike, so that square channels run upwards."""

from __future__ import annotations

import math
from typing import Any

from ..shapes.density import stacked
from ..shapes.straight import StraightLattice, straight_construct


class Grid(StraightLattice):
    # Both directions lie at the layer's one height: where they cross, ink runs into ink and the filaments share the space.
    construct = straight_construct(
        "grid", "lines in both directions in every layer, at the same height, so that they cross within it"
    )
    families = (0.0, math.pi / 2)

    def part_filled(self, fields: dict[str, Any], d: float, layer_height: float) -> float:
        return stacked(d, fields["pitch"], layer_height, crossed=True)

    def widest(self, fields: dict[str, Any], layer_height: float | None) -> float:
        return float(fields["pitch"])


GRID = Grid()
