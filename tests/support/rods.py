"""Rods for tests of figures: filament sets from plain segments, and manifold3d's union of them as a referee."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.material import Ink, Solvent

SPAN = Span(Source("rods.wp", "rods"), 0, 4)
INK = Ink("au", "Au", Solvent("nmf", 0, 0, 0, 181.6), 5e-8, 1.93e-5, (), 1.0, 0.1, 0.2, 7.0, 44.0, "#d4a017")

Segment = Sequence[Sequence[float]]


def rods(
    segments: Sequence[Segment],
    width: float | npt.ArrayLike = 1.0,
    layer: npt.ArrayLike = 0,
    height: float | npt.ArrayLike | None = None,
) -> FilamentSet:
    """Filaments of any number of points; width and height are for all, or one a filament."""
    counts = np.array([len(s) for s in segments])

    def column(value: float | npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.repeat(np.broadcast_to(np.asarray(value, dtype=float), (len(segments),)), counts)

    return filaments(
        np.concatenate([np.asarray(s, dtype=float) for s in segments]),
        counts,
        width_um=column(width),
        height_um=None if height is None else column(height),
        material=0,
        layer=layer,
        origin=0,
        inks=(INK,),
        spans=(SPAN,),
    )


def turned(segments: Sequence[Segment], angle: float) -> list[list[tuple[float, float, float]]]:
    c, s = math.cos(angle), math.sin(angle)
    return [[(c * x - s * y, s * x + c * y, z) for x, y, z in seg] for seg in segments]


def grid(layers: int, side: float, pitch: float, d: float, h: float) -> FilamentSet:
    """Lines along x and along y in every layer, at one height."""
    at = (np.arange(round(side / pitch) + 1) - round(side / pitch) / 2) * pitch
    out: list[Segment] = []
    for k in range(layers):
        z = d / 2 + k * h
        for v in at:
            out += [[(-side / 2, v, z), (side / 2, v, z)], [(v, -side / 2, z), (v, side / 2, z)]]
    return rods(out, d, np.repeat(np.arange(layers), 2 * len(at)))


def union(f: FilamentSet, corners: int = 96) -> tuple[float, float]:
    """(volume, surface) of the union of straight rods with flat ends, as polygons of equal area."""
    import manifold3d as m3

    solids = []
    s = f.dried
    assert s is not None
    grow = math.sqrt(2 * math.pi / corners / math.sin(2 * math.pi / corners))
    for i in range(len(f)):
        p, q = s.points_um[f.offsets[i]], s.points_um[f.offsets[i + 1] - 1]
        length = float(np.linalg.norm(q - p))
        along = (q - p) / length
        side = np.array([-along[1], along[0], 0.0])
        side /= np.linalg.norm(side)
        up = np.cross(along, side)
        a, b = grow * s.width_um[f.offsets[i]] / 2, grow * s.height_um[f.offsets[i]] / 2
        solids.append(
            m3.Manifold.cylinder(length, 1.0, 1.0, corners).transform(
                np.stack([a * side, b * up, along, p], axis=1)
            )
        )
    whole = m3.Manifold.batch_boolean(solids, m3.OpType.Add)
    return whole.volume(), whole.surface_area()
