"""Concentric: closed lines that follow the outline of each layer, one inside the other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import scene
from ..lattice import lattice_construct
from ..paths import TOLERANCE
from ..shapes.dense import DENSITY, WIDTH
from ..shapes.planar import Layer, Walls, layer_z

if TYPE_CHECKING:
    from ..shapes.planar import Pattern


class Concentric(Walls):
    construct = lattice_construct(
        "concentric",
        "closed lines along the outline of each layer, a pitch apart, from the outline inwards; `phase` moves the first one in",
        WIDTH,
        DENSITY,
        TOLERANCE,
        without=("angle",),
    )
    clipped = True

    def layers(self, node: scene.Lattice) -> list[Layer]:
        if node.fields.get("clip") is None:
            return super().layers(node)
        # What a solid's slice looks like depends on the height.
        return [layer._replace(z_um=z) for layer, z in zip(super().layers(node), layer_z(node), strict=True)]

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        x0, y0, x1, y1 = node.fields["frame"]
        rings = min(x1 - x0, y1 - y0) / 2 / layer.pitch + 1
        bends = (
            math.sqrt(max(x1 - x0, y1 - y0) / node.fields["tolerance"]) if node.fields.get("clip") else 1.0
        )
        return float(rings * (8 + 4 * bends))

    def pattern(self, node: scene.Lattice, layer: Layer) -> Pattern:
        import numpy as np

        x0, y0, x1, y1 = node.fields["frame"]
        if node.fields.get("clip") is None:
            half = min(x1 - x0, y1 - y0) / 2
            inset = layer.phase + layer.pitch * np.arange(max(0.0, (half - layer.phase) // layer.pitch + 1))
            inset = inset[(inset >= 0) & (inset < half * (1 - 1e-9))]
            low, high = np.stack([x0 + inset, y0 + inset]), np.stack([x1 - inset, y1 - inset])
            turns = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
            corners = [[(low, high)[u][0], (low, high)[v][1]] for u, v in turns]
            points = np.array(corners).transpose(2, 0, 1).reshape(-1, 2)
            return points, np.full(len(inset), 5, dtype=np.int64)
        return self._rings(node, layer)

    def _rings(self, node: scene.Lattice, layer: Layer) -> Pattern:
        import numpy as np
        import shapely

        from ..shapes.slices import rings_of, slice_solid

        tolerance = node.fields["tolerance"]
        area = slice_solid(node.fields["clip"], layer.z_um, tolerance).intersection(
            shapely.box(*node.fields["frame"])
        )
        points, counts = [np.empty((0, 2))], [np.empty(0, dtype=np.int64)]
        inset = layer.phase
        while not area.is_empty:
            # Mitred corners keep the corners of the outline; holes grow as the rest shrinks.
            ring = area.buffer(-inset, join_style="mitre", mitre_limit=10.0) if inset else area
            ring = ring.simplify(tolerance / 4)
            if ring.is_empty:
                break
            p, n = rings_of(ring)
            points.append(p)
            counts.append(n)
            inset += layer.pitch
        return np.concatenate(points), np.concatenate(counts)


CONCENTRIC = Concentric()
