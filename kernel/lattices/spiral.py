"""Spiral: one Archimedean line from the middle outwards in every layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import scene
from ..lattice import lattice_construct
from ..paths import TOLERANCE
from ..shapes.dense import DENSITY, WIDTH
from ..shapes.planar import Layer, Walls, middle_of, reach_of, trimmed

if TYPE_CHECKING:
    from ..shapes.planar import Pattern


class Spiral(Walls):
    construct = lattice_construct(
        "spiral",
        "one Archimedean spiral in each layer, counter-clockwise from the middle outwards; `angle` is where it begins, `phase` "
        "how far from the middle",
        WIDTH,
        DENSITY,
        TOLERANCE,
    )

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        reach = reach_of(node.fields["frame"])
        turns = reach / layer.pitch + 1
        return 16 + 2 * math.pi * turns * max(1.0, math.sqrt(reach / (8 * node.fields["tolerance"])))

    def pattern(self, node: scene.Lattice, layer: Layer) -> Pattern:
        import numpy as np

        from ..path_kinds.helix import wound

        frame = node.fields["frame"]
        inner = max(0.0, layer.phase)
        reach = reach_of(frame)
        if inner >= reach:
            return np.empty((0, 2)), np.empty(0, dtype=np.int64)
        fields = {
            "turns": (reach - inner) / layer.pitch,
            "start": layer.angle,
            "tolerance": node.fields["tolerance"],
            "centre": (*middle_of(frame), 0.0),
        }
        line = wound(fields, inner, reach, 0.0)[0][:, :2]
        return trimmed((line, np.array([len(line)], dtype=np.int64)), frame)


SPIRAL = Spiral()
