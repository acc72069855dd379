"""Small parts for tests of the kernel: inks with chosen figures, woodpiles and freeform sets, by hand and not by build."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.material import Ink, Solvent
from wetprint.kernel.scene import StateName

SPAN = Span(Source("part.wp", "part"), 0, 4)
NMF = Solvent("nmf", 17.4, 18.8, 15.9, 181.6)


def ink(shrink: float = 0.1, poisson: float = 0.2, name: str = "au", swell: float = 1.1) -> Ink:
    return Ink(name, name, NMF, 5e-8, 1.93e-5, (), swell, shrink, poisson, 7.0, 44.0, "#d4a017")


def woodpile(
    lines: int = 5,
    pitch: float = 40.0,
    width: float = 10.0,
    layers: int = 6,
    *,
    rise: float = 0.8,
    inks: Sequence[Ink] = (ink(),),
    material: Callable[[int], int] = lambda k: 0,
    points: int = 2,
    turn: float = 0.0,
    centre: tuple[float, float] = (0.0, 0.0),
    state: StateName = "dried",
) -> FilamentSet:
    """Square lines along x and y in turn, layer k at width / 2 + k * rise * width; turned and moved at the end."""
    span = max((lines - 1) * pitch, pitch)
    t = np.linspace(-span / 2, span / 2, points)
    at = (np.arange(lines) - (lines - 1) / 2) * pitch
    out = np.empty((layers, lines, points, 3))
    for k in range(layers):
        out[k, :, :, k % 2] = t
        out[k, :, :, 1 - k % 2] = at[:, None]
        out[k, :, :, 2] = width / 2 + k * rise * width
    flat = out.reshape(-1, 3)
    c, s = np.cos(turn), np.sin(turn)
    flat = flat @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]]) + [*centre, 0.0]
    layer = np.repeat(np.arange(layers), lines)
    return filaments(
        flat,
        np.full(layers * lines, points),
        width_um=np.array(width),
        material=[material(int(k)) for k in layer],
        layer=layer,
        origin=0,
        inks=tuple(inks),
        spans=(SPAN,),
        state=state,
    )


def paths(
    points: Sequence[npt.ArrayLike],
    width: float = 10.0,
    *,
    inks: Sequence[Ink] = (ink(),),
    material: Sequence[int] | int = 0,
    state: StateName = "dried",
) -> FilamentSet:
    """Freeform filaments, all of layer 0."""
    arrays = [np.asarray(p, dtype=np.float64) for p in points]
    return filaments(
        np.concatenate(arrays),
        np.array([len(a) for a in arrays]),
        width_um=np.array(width),
        material=material,
        layer=0,
        origin=0,
        inks=tuple(inks),
        spans=(SPAN,),
        state=state,
    )


def only(part: FilamentSet, name: StateName) -> FilamentSet:
    """The part with one state alone, as if it had been drawn in it."""
    return part.with_states(part.wet if name == "wet" else None, part.dried if name == "dried" else None)
