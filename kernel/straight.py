"""Lattices of straight parallel lines: one machinery for every layer, any angle, pitch and phase."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from . import scene
from .lattice import FIT_TOLERANCE, Strands, complete_common, floor_fit
from .quantity import Construct

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Frame = tuple[float, float, float, float]


class StraightLattice:
    """Base of the straight-line lattices. `turns` is the sequence of layer directions, repeated; `families` are the
    directions of the lines within one layer relative to it. Angles in rad.
    """

    construct: Construct
    turns: tuple[float, ...] = (0.0,)
    families: tuple[float, ...] = (0.0,)

    def complete(self, fields: dict[str, Any]) -> dict[str, Any]:
        return complete_common(self.construct, fields)

    def angles(self, node: scene.Lattice) -> list[float]:
        """Direction of the first family in every layer, rad: a layer rule's `angle` as it stands, otherwise the
        sequence turned by the lattice's `angle`.
        """
        base = node.fields.get("angle") or 0.0
        out = [base + self.turns[k % len(self.turns)] for k in range(node.fields["layers"])]
        for rule in node.layers:
            if rule.fields.get("angle") is not None:
                out[rule.index] = rule.fields["angle"]
        return out

    def estimate(self, node: scene.Lattice) -> float:
        x0, y0, x1, y1 = node.fields["frame"]
        across = math.hypot(x1 - x0, y1 - y0)
        pitches: list[float] = layer_values(node, "pitch")
        return float(len(self.families)) * sum(2.0 * (across / p + 2.0) for p in pitches)

    def build(self, node: scene.Lattice) -> Strands:
        import numpy as np

        frame: Frame = node.fields["frame"]
        heights = layer_z(node)
        patterns: dict[tuple[float, float, float], npt.NDArray[np.float64]] = {}
        points, counts, layers = [], [], []
        values = zip(self.angles(node), layer_values(node, "pitch"), layer_values(node, "phase"), strict=True)
        for k, key in enumerate(values):
            lines = patterns.get(key)
            if lines is None:
                made = [
                    parallel_lines(frame, key[0] + turn, key[1], key[2], node.fields.get("clip"))
                    for turn in self.families
                ]
                lines = patterns[key] = np.concatenate(made)
            layer = np.empty((len(lines), 2, 3))
            layer[:, :, :2] = lines
            layer[:, :, 2] = heights[k]
            points.append(layer.reshape(-1, 3))
            counts.append(len(lines))
            layers.append(k)
        return Strands(
            np.concatenate(points) if points else np.empty((0, 3)),
            np.full(sum(counts), 2, dtype=np.int64),
            np.repeat(np.array(layers, dtype=np.int32), counts),
        )


def layer_values(node: scene.Lattice, name: str) -> list[Any]:
    """A field's value in every layer: the layer rule's where it sets one, otherwise the lattice's."""
    out = [node.fields.get(name)] * node.fields["layers"]
    for rule in node.layers:
        if name in rule.fields:
            out[rule.index] = rule.fields[name]
    return out


def layer_z(node: scene.Lattice) -> list[float]:
    """Centreline height of every layer, um: half of layer 0's filament above the substrate, then layer by layer."""
    h, d0 = node.fields["layer_height"], layer_values(node, "filament")[:1]
    return [d0[0] / 2 + k * h for k in range(node.fields["layers"])]


def direction(angle: float) -> tuple[float, float]:
    """Unit vector of an angle; multiples of 90 deg come out exact, so that lines along x and y stay so."""
    c, s = math.cos(angle), math.sin(angle)
    c = 0.0 if abs(c) < 1e-12 else c
    s = 0.0 if abs(s) < 1e-12 else s
    return (math.copysign(1.0, c) if s == 0.0 else c, math.copysign(1.0, s) if c == 0.0 else s)


def across(frame: Frame, normal: tuple[float, float], clip: Any) -> tuple[float, float]:
    """Range of a frame along a horizontal unit vector, no wider than that of the clip solid."""
    x0, y0, x1, y1 = frame
    middle = ((x0 + x1) * normal[0] + (y0 + y1) * normal[1]) / 2
    half = ((x1 - x0) * abs(normal[0]) + (y1 - y0) * abs(normal[1])) / 2
    low, high = middle - half, middle + half
    if clip is not None:
        from .solids import support

        high = min(high, support(clip, (normal[0], normal[1], 0.0)))
        low = max(low, -support(clip, (-normal[0], -normal[1], 0.0)))
    return low, high


def positions(low: float, high: float, pitch: float, phase: float) -> npt.NDArray[np.float64]:
    """Places of lines a pitch apart in [low, high]: as many as fit, centred, then shifted by `phase`; with a phase
    all that lie within the range.
    """
    import numpy as np

    n = floor_fit(high - low, pitch) + 1
    if n <= 0:
        return np.empty(0)
    base = (low + high) / 2 - (n - 1) / 2 * pitch + phase
    first = math.ceil((low - base) / pitch - FIT_TOLERANCE)
    last = math.floor((high - base) / pitch + FIT_TOLERANCE)
    return np.asarray(base + np.arange(first, last + 1) * pitch)


def parallel_lines(
    frame: Frame, angle: float, pitch: float, phase: float, clip: Any = None
) -> npt.NDArray[np.float64]:
    """Lines of one family, [N, 2 ends, xy], cut to the frame (Liang-Barsky); those outside are left out."""
    import numpy as np

    u = direction(angle)
    # A phase moves lines towards +x or +y, whichever they lie more across.
    normal = (-u[1], u[0]) if u[0] - u[1] > -1e-12 else (u[1], -u[0])
    low, high = across(frame, normal, clip)
    at = positions(low, high, pitch, phase)
    foot = at[:, None] * np.array(normal)
    start, end = np.full(len(at), -np.inf), np.full(len(at), np.inf)
    slack = FIT_TOLERANCE * pitch
    keep = np.ones(len(at), dtype=bool)
    for axis in (0, 1):
        lo, hi = frame[axis], frame[axis + 2]
        if u[axis] == 0.0:
            keep &= (foot[:, axis] >= lo - slack) & (foot[:, axis] <= hi + slack)
            # A line along an edge of the frame belongs to it whatever the rounding says.
            foot[:, axis] = np.clip(foot[:, axis], lo, hi)
        else:
            a, b = (lo - foot[:, axis]) / u[axis], (hi - foot[:, axis]) / u[axis]
            start, end = np.maximum(start, np.minimum(a, b)), np.minimum(end, np.maximum(a, b))
    keep &= end > start
    t = np.stack([start, end], axis=1)[keep]
    return np.asarray(foot[keep][:, None, :] + t[:, :, None] * np.array(u))
