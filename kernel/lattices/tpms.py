"""Triply periodic minimal surfaces, each layer the contour of the surface at its height: gyroid, Schwarz P and D, lidinoid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import scene
from ..lattice import lattice_construct
from ..paths import TOLERANCE
from ..quantity import FieldSpec, Ratio
from ..shapes.planar import Layer, PlanarLattice, layer_z

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..shapes.planar import Pattern

    Floats = npt.NDArray[np.float64]

#: Level-set approximations by their leading Fourier terms (Schwarz 1890, Schoen 1970; forms as in Gandy et al. 2001):
#: f(x, y, z, sin, cos), coordinates in rad, a cell is 2 pi wide.
Form = Callable[[Any, Any, Any, Any, Any], Any]

#: How many samples a cell has at least and at most along an edge.
_FEWEST, _MOST = 16, 160


class Tpms(PlanarLattice):
    def __init__(self, name: str, doc: str, form: Form, highest: float) -> None:
        self.construct = lattice_construct(
            name,
            f"{doc}, each layer its contour at that height; `pitch` is the edge of the cubic cell",
            FieldSpec(
                "level",
                Ratio,
                "value of the surface's field: 0 halves the space, others make one half the larger",
                default=0.0,
                low=-highest,
                high=highest,
            ),
            TOLERANCE,
            without=("phase",),
        )
        self.form = form

    def layers(self, node: scene.Lattice) -> list[Layer]:
        # The surface repeats upwards, and so do its contours where whole layers fit in a cell.
        pairs = zip(super().layers(node), layer_z(node), strict=True)
        return [layer._replace(z_um=round(z % layer.pitch, 6)) for layer, z in pairs]

    def _samples(self, node: scene.Lattice, pitch: float) -> int:
        # A chord over 1/n of a cell is off by about the curvature, up to 3 pi / a, times the step squared over 8.
        wanted = math.sqrt(3 * math.pi * pitch / (8 * node.fields["tolerance"]))
        return int(min(_MOST, max(_FEWEST, math.ceil(wanted))))

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        x0, y0, x1, y1 = node.fields["frame"]
        n = self._samples(node, layer.pitch)
        cells = ((x1 - x0) / layer.pitch + 1) * ((y1 - y0) / layer.pitch + 1)
        # The grid is what costs; about one node in n / 4 lies by the contour.
        return float(max(8.0 * n * cells, n * n * cells / 20))

    def pattern(self, node: scene.Lattice, layer: Layer) -> Pattern:
        import numpy as np

        from ..shapes.contours import contours, polished, refined

        x0, y0, x1, y1 = node.fields["frame"]
        step = layer.pitch / self._samples(node, layer.pitch)
        x = np.linspace(x0, x1, max(2, math.ceil((x1 - x0) / step) + 1))
        y = np.linspace(y0, y1, max(2, math.ceil((y1 - y0) / step) + 1))
        per_um = 2 * math.pi / layer.pitch
        c, s = math.cos(layer.angle) * per_um, math.sin(layer.angle) * per_um
        level = node.fields.get("level") or 0.0
        z = layer.z_um * per_um

        def at(u: Floats, v: Floats) -> Floats:
            return np.asarray(self.form(c * u + s * v, c * v - s * u, z, np.sin, np.cos) - level)

        def field(p: Floats) -> Floats:
            return at(p[:, 0], p[:, 1])

        # Unturned, sines and cosines of rows and columns are enough for the whole grid.
        grid = (
            self.form(c * x[None, :], c * y[:, None], z, np.sin, np.cos) - level
            if s == 0
            else at(x[None, :], y[:, None])
        )
        points, counts = contours(grid, x, y)
        held = (x0, y0, x1, y1)
        points = polished(points, field, 1e-4 * step, 2 * step, held)
        return refined(points, counts, field, 1e-4 * step, node.fields["tolerance"], held)


def _gyroid(x: Any, y: Any, z: Any, sin: Any, cos: Any) -> Any:
    return sin(x) * cos(y) + sin(y) * cos(z) + sin(z) * cos(x)


def _schwarz_p(x: Any, y: Any, z: Any, sin: Any, cos: Any) -> Any:
    return cos(x) + cos(y) + cos(z)


def _schwarz_d(x: Any, y: Any, z: Any, sin: Any, cos: Any) -> Any:
    return cos(x) * cos(y) * cos(z) - sin(x) * sin(y) * sin(z)


def _lidinoid(x: Any, y: Any, z: Any, sin: Any, cos: Any) -> Any:
    return (
        sin(2 * x) * cos(y) * sin(z)
        + sin(2 * y) * cos(z) * sin(x)
        + sin(2 * z) * cos(x) * sin(y)
        - cos(2 * x) * cos(2 * y)
        - cos(2 * y) * cos(2 * z)
        - cos(2 * z) * cos(2 * x)
        + 0.3
    ) / 2


GYROID = Tpms("gyroid", "the gyroid", _gyroid, 1.4)
SCHWARZ_P = Tpms("schwarz_p", "the Schwarz P surface", _schwarz_p, 2.9)
SCHWARZ_D = Tpms("schwarz_d", "the Schwarz D (diamond) surface", _schwarz_d, 0.99)
LIDINOID = Tpms("lidinoid", "the lidinoid", _lidinoid, 1.0)
