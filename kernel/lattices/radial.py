"""Radial: spokes and rings about the middle, in turn from layer to layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import scene
from ..lattice import lattice_construct
from ..paths import TOLERANCE, steps_for
from ..quantity import FieldSpec, Length
from ..shapes.planar import Layer, PlanarLattice, middle_of, reach_of, trimmed

if TYPE_CHECKING:
    from ..shapes.planar import Pattern


class Radial(PlanarLattice):
    """A woodpile in polar coordinates. Where spokes stand two pitches apart, new ones begin between them."""

    construct = lattice_construct(
        "radial",
        "spokes in even layers, rings in odd ones, about the middle; spokes are never nearer than `pitch`, and new ones begin "
        "where they are two pitches apart; `angle` turns the spokes, `phase` moves the rings outwards",
        FieldSpec(
            "inner_radius",
            Length,
            "where spokes and rings begin",
            default=None,
            default_doc="pitch",
            state=True,
            low=0.0,
        ),
        TOLERANCE,
    )
    period = 2

    def _inner(self, node: scene.Lattice, layer: Layer) -> float:
        given = node.fields.get("inner_radius")
        return float(given if given is not None and given > 0 else layer.pitch)

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        reach = reach_of(node.fields["frame"])
        if layer.step == 0:
            return 4 * math.pi * (reach + layer.pitch) / layer.pitch + 8
        return (reach / layer.pitch + 2) * (
            8 + 2 * math.pi * math.sqrt(reach / (4 * node.fields["tolerance"]))
        )

    def pattern(self, node: scene.Lattice, layer: Layer) -> Pattern:
        frame = node.fields["frame"]
        inner, reach = self._inner(node, layer), reach_of(frame)
        draw = self._spokes if layer.step == 0 else self._rings
        return trimmed(draw(node, layer, inner, reach), frame)

    def _spokes(self, node: scene.Lattice, layer: Layer, inner: float, reach: float) -> Pattern:
        import numpy as np

        x, y = middle_of(node.fields["frame"])
        first = max(1, math.floor(2 * math.pi * inner / layer.pitch + 1e-6))
        turns, starts = [np.arange(first) / first], [np.full(first, inner)]
        # n spokes are two pitches apart at r = n pitch / pi; there as many again begin between them.
        n = first
        while n * layer.pitch / math.pi < reach:
            turns.append((np.arange(n) + 0.5) / n)
            starts.append(np.full(n, max(inner, n * layer.pitch / math.pi)))
            n *= 2
        turn = layer.angle + 2 * math.pi * np.concatenate(turns)
        start = np.concatenate(starts)
        keep = start < reach
        turn, start = turn[keep], start[keep]
        u = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        ends = np.stack([start[:, None] * u, reach * u], axis=1)
        return ends.reshape(-1, 2) + np.array([x, y]), np.full(len(u), 2, dtype=np.int64)

    def _rings(self, node: scene.Lattice, layer: Layer, inner: float, reach: float) -> Pattern:
        import numpy as np

        x, y = middle_of(node.fields["frame"])
        points, counts = [np.empty((0, 2))], []
        r = inner + layer.phase % layer.pitch
        while r < reach:
            n = max(8, steps_for(r, 2 * math.pi, node.fields["tolerance"]))
            turn = layer.angle + 2 * math.pi * np.arange(n + 1) / n
            ring = np.stack([x + r * np.cos(turn), y + r * np.sin(turn)], axis=1)
            ring[-1] = ring[0]
            points.append(ring)
            counts.append(n + 1)
            r += layer.pitch
        return np.concatenate(points), np.array(counts, dtype=np.int64)


RADIAL = Radial()
