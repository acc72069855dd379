"""Honeycomb: hexagonal cells, their walls drawn as zigzag lines and the short walls between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import scene
from ..lattice import lattice_construct
from ..shapes.dense import DENSITY, WIDTH
from ..shapes.planar import Layer, Walls, placed, reach_of, trimmed

if TYPE_CHECKING:
    from ..shapes.planar import Pattern


class Honeycomb(Walls):
    """Every wall is drawn once in a layer. The zigzags turn by 60 deg from layer to layer about the middle of a cell, so
    that the walls stand upon each other and the ends of the short ones do not.
    """

    construct = lattice_construct(
        "honeycomb",
        "hexagonal cells, `pitch` from the middle of one to the next, whose walls stand upon each other; one cell lies in the middle",
        WIDTH,
        DENSITY,
        without=("phase",),
    )
    crossed = True
    turns = (0.0, math.pi / 3, 2 * math.pi / 3)

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        cells = (2 * reach_of(node.fields["frame"]) / layer.pitch + 4) ** 2 * 1.2
        return 6 * cells

    def pattern(self, node: scene.Lattice, layer: Layer) -> Pattern:
        import numpy as np

        frame = node.fields["frame"]
        a, side = layer.pitch, layer.pitch / math.sqrt(3)
        m = math.ceil(reach_of(frame) / (1.5 * side)) + 1
        n = math.ceil(reach_of(frame) / a) + 2
        # Rows of zigzags lie between rows j and j + 1 of cells; cells of odd rows stand half a pitch aside.
        j = np.arange(-m, m)
        i = np.arange(-2 * n, 2 * n + 1)
        x = np.broadcast_to(i * a / 2, (len(j), len(i)))
        up = (i[None, :] + j[:, None]) % 2 == 0
        y = (j[:, None] * 1.5 + np.where(up, 1.0, 0.5)) * side
        zigzag = np.stack([x, y], axis=2).reshape(-1, 2)
        # From each low corner of a zigzag a wall goes down to a high corner of the one below.
        foot = np.stack([x, y], axis=2)[~up]
        walls = np.stack([foot, foot - np.array([0.0, side])], axis=1).reshape(-1, 2)
        points = np.concatenate([zigzag, walls])
        counts = np.concatenate([np.full(len(j), len(i)), np.full(len(foot), 2)]).astype(np.int64)
        return trimmed((placed(points, frame, layer.angle), counts), frame)


HONEYCOMB = Honeycomb()
