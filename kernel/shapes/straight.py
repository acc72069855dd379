"""Lattices of straight parallel lines: one machinery for every layer, any angle, pitch and phase."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import scene
from ..lattice import FIT_TOLERANCE, floor_fit, lattice_construct
from ..quantity import Construct
from .dense import DENSITY, WIDTH
from .density import filled
from .planar import Frame, Layer, PlanarLattice, reach_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .planar import Pattern


def straight_construct(name: str, doc: str) -> Construct:
    """Construct of a lattice whose layers hold one family of lines and cross each other."""
    return lattice_construct(name, doc, WIDTH, DENSITY)


class StraightLattice(PlanarLattice):
    """Base of the straight-line lattices. `families` are the directions, rad, of the lines within one layer relative
    to the layer's own.
    """

    families: tuple[float, ...] = (0.0,)
    #: Lines stand at odd halves of a pitch from the middle, whatever number of them fits.
    halves = False

    def part_filled(self, fields: dict[str, Any], d: float, layer_height: float) -> float:
        return filled(d, fields["pitch"], layer_height)

    def widest(self, fields: dict[str, Any], layer_height: float | None) -> float:
        # Layers that reach beyond the next one would share more than crossings.
        return float(fields["pitch"] if layer_height is None else min(fields["pitch"], 2 * layer_height))

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        return len(self.families) * 2.0 * (2 * reach_of(node.fields["frame"]) / layer.pitch + 2.0)

    def pattern(self, node: scene.Lattice, layer: Layer) -> Pattern:
        import numpy as np

        frame, clip = node.fields["frame"], node.fields.get("clip")
        lines = [
            parallel_lines(frame, layer.angle + turn, layer.pitch, layer.phase, clip, self.halves)
            for turn in self.families
        ]
        n = sum(map(len, lines))
        return np.concatenate(lines).reshape(-1, 2), np.full(n, 2, dtype=np.int64)


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
        from ..solids import support

        high = min(high, support(clip, (normal[0], normal[1], 0.0)))
        low = max(low, -support(clip, (-normal[0], -normal[1], 0.0)))
    return low, high


def positions(
    low: float, high: float, pitch: float, phase: float, halves: bool = False
) -> npt.NDArray[np.float64]:
    """Places of lines a pitch apart in [low, high]: as many as fit, centred (or, with `halves`, half a pitch beside the
    middle), then shifted by `phase`; with a phase all that lie within the range.
    """
    import numpy as np

    n = floor_fit(high - low, pitch) + 1
    if n <= 0:
        return np.empty(0)
    base = (low + high) / 2 - (0.5 if halves else (n - 1) / 2) * pitch + phase
    first = math.ceil((low - base) / pitch - FIT_TOLERANCE)
    last = math.floor((high - base) / pitch + FIT_TOLERANCE)
    return np.asarray(base + np.arange(first, last + 1) * pitch)


def parallel_lines(
    frame: Frame,
    angle: float,
    pitch: float,
    phase: float,
    clip: Any = None,
    halves: bool = False,
    margin: float = 0.0,
) -> npt.NDArray[np.float64]:
    """Lines of one family, [N, 2 ends, xy], cut to the frame (Liang-Barsky); those outside, or nearer than `margin` to
    the frame's sides along them, are left out.
    """
    import numpy as np

    u = direction(angle)
    # A phase moves lines towards +x or +y, whichever they lie more across.
    normal = (-u[1], u[0]) if u[0] - u[1] > -1e-12 else (u[1], -u[0])
    low, high = across(frame, normal, clip)
    at = positions(low + margin, high - margin, pitch, phase, halves)
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
