"""Fill: a solid drawn as walls along its outline, hatch within, and denser skins where nothing lies above or below."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import scene
from ..lattice import Strands, lattice_construct
from ..paths import TOLERANCE
from ..quantity import Count, FieldSpec, Length
from ..shapes.dense import DENSITY, WIDTH
from ..shapes.density import filled
from ..shapes.planar import Layer, PlanarLattice, layer_values, layer_z, reach_of
from ..shapes.straight import across, direction, positions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from shapely.geometry.base import BaseGeometry

    from ..shapes.planar import Pattern

    Floats = npt.NDArray[np.float64]


class Fill(PlanarLattice):
    construct = lattice_construct(
        "fill",
        "the solid of `clip` filled: walls along its outline, then parallel lines a `pitch` apart across what they enclose, turned "
        "by 90 deg from layer to layer",
        WIDTH,
        replace(
            DENSITY, doc="part of the hatch to fill, in place of `filament`: between the walls and the skins"
        ),
        FieldSpec("walls", Count, "closed lines along the outline, the first on it", default=2, low=0),
        FieldSpec(
            "wall_pitch",
            Length,
            "from one wall to the next, and from the last to the hatch",
            default=None,
            default_doc="filament",
            state=True,
            low=0.0,
        ),
        FieldSpec("skins", Count, "layers of dense hatch at the top and at the bottom", default=0, low=0),
        FieldSpec(
            "skin_pitch",
            Length,
            "centre to centre distance in the skins",
            default=None,
            default_doc="filament",
            state=True,
            low=0.0,
        ),
        TOLERANCE,
    )
    turns = (0.0, math.pi / 2)
    clipped = True

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        if fields.get("clip") is None:
            return "", "a fill needs the solid that it fills: give `clip`"
        for name in ("wall_pitch", "skin_pitch"):
            if fields.get(name) is not None and not fields[name] > 0:
                return name, f"{name} is {fields[name]:g} um, it must be above zero"
        return super().complaint(fields)

    def part_filled(self, fields: dict[str, Any], d: float, layer_height: float) -> float:
        return filled(d, fields["pitch"], layer_height)

    def widest(self, fields: dict[str, Any], layer_height: float | None) -> float:
        return float(fields["pitch"] if layer_height is None else min(fields["pitch"], 2 * layer_height))

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        reach = reach_of(node.fields["frame"])
        narrow = min(layer.pitch, node.fields["filament"]) if node.fields["skins"] else layer.pitch
        bends = 8 + 8 * math.sqrt(reach / node.fields["tolerance"])
        return float(4 * (2 * reach / narrow + 2) + (node.fields["walls"] + 1) * bends)

    def build(self, node: scene.Lattice) -> Strands:
        import shapely

        from ..shapes.slices import slice_solid

        f = node.fields
        frame = shapely.box(*f["frame"])
        areas = [slice_solid(f["clip"], z, f["tolerance"]).intersection(frame) for z in layer_z(node)]
        widths = layer_values(node, "filament")
        patterns = []
        for k, layer in enumerate(self.layers(node)):
            skin = f.get("skin_pitch") or widths[k]
            covered = self._covered(areas, k, f["skins"])
            patterns.append(
                self._layer(node, layer, areas[k], covered, f.get("wall_pitch") or widths[k], skin)
            )
        return self.laid(node, patterns)

    def _covered(self, areas: list[BaseGeometry], k: int, skins: int) -> BaseGeometry | None:
        """What of layer k lies under and over `skins` full layers; None where there are no skins to lay."""
        import shapely

        if not skins:
            return None
        near = [
            areas[i] if 0 <= i < len(areas) else shapely.Polygon() for i in range(k - skins, k + skins + 1)
        ]
        return shapely.intersection_all(near)

    def _layer(
        self,
        node: scene.Lattice,
        layer: Layer,
        area: BaseGeometry,
        covered: BaseGeometry | None,
        wall_pitch: float,
        skin_pitch: float,
    ) -> Pattern:
        import numpy as np

        from ..shapes.slices import rings_of

        points, counts = [np.empty((0, 2))], [np.empty(0, dtype=np.int64)]

        def add(pattern: Pattern) -> None:
            points.append(pattern[0])
            counts.append(pattern[1])

        tolerance = node.fields["tolerance"]
        for i in range(node.fields["walls"]):
            ring = inset(area, i * wall_pitch, tolerance)
            if ring.is_empty:
                break
            add(rings_of(ring))
        inner = inset(area, node.fields["walls"] * wall_pitch, tolerance)
        if covered is None:
            add(self._hatch(node, layer, inner, layer.pitch))
        else:
            # Shapely's areas meet at a rounded edge; what is thinner than a tolerance is no area.
            sparse = inner.intersection(covered).buffer(-tolerance).buffer(tolerance)
            add(self._hatch(node, layer, inner.difference(sparse), skin_pitch))
            add(self._hatch(node, layer, sparse, layer.pitch))
        return np.concatenate(points), np.concatenate(counts)

    def _hatch(self, node: scene.Lattice, layer: Layer, area: BaseGeometry, pitch: float) -> Pattern:
        u = direction(layer.angle)
        low, high = across(node.fields["frame"], (-u[1], u[0]), node.fields["clip"])
        return hatch(area, u, positions(low, high, pitch, layer.phase))


def inset(area: BaseGeometry, by_um: float, tolerance_um: float) -> BaseGeometry:
    """The area less a rim: corners stay corners, holes grow."""
    if by_um == 0:
        return area
    return area.buffer(-by_um, join_style="mitre", mitre_limit=10.0).simplify(tolerance_um / 4)


def hatch(area: BaseGeometry, u: tuple[float, float], at: Floats) -> Pattern:
    """The pieces within `area` of lines along the unit vector `u` at distances `at` (sorted) across it."""
    import numpy as np

    from ..shapes.slices import rings_of

    rings, sizes = rings_of(area)
    nothing = np.empty((0, 2)), np.empty(0, dtype=np.int64)
    if not len(rings) or not len(at):
        return nothing
    along, over = rings @ np.array(u), rings @ np.array([-u[1], u[0]])
    edge = np.ones(len(rings), dtype=bool)
    edge[np.cumsum(sizes) - 1] = False
    i = np.flatnonzero(edge)
    # A line along the upper rim of the area belongs to it.
    place = np.where(np.abs(at - over.max()) < 1e-6, over.max() - 1e-7, at)
    lower, upper = np.minimum(over[i], over[i + 1]), np.maximum(over[i], over[i + 1])
    first, last = np.searchsorted(place, lower, "left"), np.searchsorted(place, upper, "left")
    n = last - first
    if not n.sum():
        return nothing
    row = np.repeat(i, n)
    line = np.repeat(first, n) + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    t = (place[line] - over[row]) / (over[row + 1] - over[row])
    cross = along[row] + t * (along[row + 1] - along[row])
    order = np.lexsort((cross, line))
    line, cross = line[order], cross[order]
    # Every line passes closed outlines an even number of times: in, out, in, out.
    ends = cross[:, None] * np.array(u) + at[line][:, None] * np.array([-u[1], u[0]])
    return ends, np.full(len(ends) // 2, 2, dtype=np.int64)


FILL = Fill()
