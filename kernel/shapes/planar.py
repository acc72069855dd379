"""Lattices made of flat layers: one pattern for each layer, drawn once and laid at every height that it is used at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import scene
from ..lattice import Strands, complete_common
from ..quantity import Construct
from .dense import Dense
from .density import stacked

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    #: Points [P,2] and the number of points of each line.
    Pattern = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]

Frame = tuple[float, float, float, float]


class Layer(NamedTuple):
    """What decides how a layer is drawn; layers of equal values share one pattern. `step` tells apart layers that a
    lattice draws in turn, `z_um` is 0 unless the pattern depends on the height.
    """

    step: int
    angle: float
    pitch: float
    phase: float
    z_um: float = 0.0


class PlanarLattice(Dense):
    """Base of the planar lattices. `turns` is the sequence of layer directions, rad, repeated."""

    construct: Construct
    turns: tuple[float, ...] = (0.0,)
    #: How many layers it takes until patterns repeat, beside their angles.
    period = 1
    #: Patterns follow the outline of the solid that clips the lattice, and are not cut again.
    clipped = False

    def complete(self, fields: dict[str, Any]) -> dict[str, Any]:
        return complete_common(self.construct, self.with_width(fields))

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        return self.density_fault(fields)

    def angles(self, node: scene.Lattice) -> list[float]:
        """Direction of every layer, rad: a layer rule's `angle` as it stands, otherwise the sequence turned by the
        lattice's `angle`.
        """
        base = node.fields.get("angle") or 0.0
        out = [base + self.turns[k % len(self.turns)] for k in range(node.fields["layers"])]
        for rule in node.layers:
            if rule.fields.get("angle") is not None:
                out[rule.index] = rule.fields["angle"]
        return out

    def layers(self, node: scene.Lattice) -> list[Layer]:
        """Every layer from the lowest."""
        values = zip(self.angles(node), layer_values(node, "pitch"), layer_values(node, "phase"), strict=True)
        return [Layer(k % self.period, a, p, q or 0.0) for k, (a, p, q) in enumerate(values)]

    def pattern(self, node: scene.Lattice, layer: Layer) -> Pattern:
        """The lines of one layer; they may stand over the solid that clips the lattice, but not over its frame."""
        raise NotImplementedError

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        """About how many points the pattern has, at most: cheap."""
        raise NotImplementedError

    def estimate(self, node: scene.Lattice) -> float:
        known: dict[Layer, float] = {}
        total = 0.0
        for layer in self.layers(node):
            if layer not in known:
                known[layer] = self.pattern_points(node, layer)
            total += known[layer]
        return total

    def build(self, node: scene.Lattice) -> Strands:
        patterns: dict[Layer, Pattern] = {}
        for layer in self.layers(node):
            if layer not in patterns:
                patterns[layer] = self.pattern(node, layer)
        return self.laid(node, [patterns[layer] for layer in self.layers(node)])

    def laid(self, node: scene.Lattice, patterns: list[Pattern]) -> Strands:
        """The pattern of every layer at its height."""
        import numpy as np

        points, counts, layers = [np.empty((0, 3))], [np.empty(0, dtype=np.int64)], []
        for (flat, n), z in zip(patterns, layer_z(node), strict=True):
            here = np.empty((len(flat), 3))
            here[:, :2], here[:, 2] = flat, z
            points.append(here)
            counts.append(n)
            layers.append(len(n))
        return Strands(
            np.concatenate(points),
            np.concatenate(counts),
            np.repeat(np.arange(len(layers), dtype=np.int32), layers),
            self.clipped,
        )


class Walls(PlanarLattice):
    """Planar lattices whose lines stand upon each other as walls, a pitch apart."""

    #: Walls run in more than one direction and share their crossings.
    crossed = False

    def part_filled(self, fields: dict[str, Any], d: float, layer_height: float) -> float:
        return stacked(d, fields["pitch"], layer_height, self.crossed)


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


def middle_of(frame: Frame) -> tuple[float, float]:
    return (frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2


def reach_of(frame: Frame) -> float:
    """From the middle of the frame to its corners."""
    return math.hypot(frame[2] - frame[0], frame[3] - frame[1]) / 2


def placed(points: npt.NDArray[np.float64], frame: Frame, angle: float) -> npt.NDArray[np.float64]:
    """Points [P,2] about the origin, turned and moved to the middle of the frame."""
    import numpy as np

    c, s = math.cos(angle), math.sin(angle)
    return np.asarray(points @ np.array([[c, s], [-s, c]]) + np.array(middle_of(frame)))


def trimmed(pattern: Pattern, frame: Frame) -> Pattern:
    """What of the pattern lies within the frame."""
    import numpy as np

    points, counts = within_frame(np.column_stack([pattern[0], np.zeros(len(pattern[0]))]), pattern[1], frame)
    return points[:, :2], counts


def within_frame(points: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], frame: Frame) -> Pattern:
    """What of lines [P,3] lies within the frame, at any height."""
    import numpy as np

    from ..diagnostics import Source, Span
    from ..solids import SURFACE_UM
    from .clip import clip
    from .split import Lines

    x0, y0, x1, y1 = frame
    low, high = (x0 - SURFACE_UM, y0 - SURFACE_UM), (x1 + SURFACE_UM, y1 + SURFACE_UM)
    if not len(points) or all(
        low[k] <= points[:, k].min() and points[:, k].max() <= high[k] for k in range(2)
    ):
        return points, counts
    tall = 1.0 + 2 * float(np.abs(points[:, 2]).max())
    at = (*middle_of(frame), -tall)
    block = scene.Solid("box", {"size": (x1 - x0, y1 - y0, 2 * tall), "at": at}, Span(Source("", ""), 0, 0))
    rows, wide = np.zeros(len(counts), dtype=np.int64), np.ones(len(points))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    kept = clip(Lines(points, offsets, wide, wide, rows, rows, rows), block)
    return kept.points_um, np.diff(kept.offsets)
