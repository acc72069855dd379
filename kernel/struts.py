"""Lattices of straight struts in space: a cell of nodes and edges, repeated along x, y and z."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import scene
from .lattice import (
    FIT_TOLERANCE,
    LAYER_HEIGHT,
    LAYERS,
    PITCH,
    Strands,
    clip_bounds,
    complete_common,
    floor_fit,
    lattice_construct,
)
from .planar import middle_of
from .quantity import Construct, FieldSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Node = tuple[float, float, float]

_CELL_LAYERS = replace(LAYERS, doc="number of cells one above the other")
_CELL_PITCH = replace(PITCH, doc="edge of the cell along x and y", per_layer=False)
_CELL_HEIGHT = replace(LAYER_HEIGHT, doc="height of a cell", default_doc="pitch")


def strut_construct(name: str, doc: str, *more: FieldSpec) -> Construct:
    """A strut lattice's Construct: the common fields with a layer of cells in place of a layer of filaments."""
    return lattice_construct(
        name, doc, _CELL_LAYERS, _CELL_PITCH, _CELL_HEIGHT, *more, without=("angle", "phase")
    )


class StrutLattice:
    """Base of the strut lattices. Each strut of a cell is a filament from its lower to its upper end; struts that
    neighbouring cells share are drawn once. They are printed in the order of the heights of their middles; rules speak
    of layers of cells.
    """

    construct: Construct

    def cell(self, fields: dict[str, Any]) -> tuple[Sequence[Node], Sequence[tuple[int, int]]]:
        """Nodes in units of the cell, 0 to 1, and edges between them (rows of nodes)."""
        raise NotImplementedError

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        """(field, what is wrong with it) of complete fields, None where the cell can be repeated."""
        return None

    def complete(self, fields: dict[str, Any]) -> dict[str, Any]:
        out = dict(fields)
        if out.get("layer_height") is None:
            out["layer_height"] = out.get("pitch")
        h, d = out["layer_height"], out.get("filament")
        bounds = clip_bounds(out.get("clip"))
        if out.get("layers") is None and bounds is not None and h and d:
            out["layers"] = max(0, floor_fit(bounds[1][2] - d, h))
        out = complete_common(self.construct, out)
        if out.get("layers") is not None and h is not None and d is not None:
            out["height"] = d + out["layers"] * h
        return out

    def _counts(self, node: scene.Lattice) -> tuple[int, int]:
        """Whole cells that fit along x and y."""
        x0, y0, x1, y1 = node.fields["frame"]
        a = node.fields["pitch"]
        return math.floor((x1 - x0) / a + FIT_TOLERANCE), math.floor((y1 - y0) / a + FIT_TOLERANCE)

    def estimate(self, node: scene.Lattice) -> float:
        nx, ny = self._counts(node)
        edges = self.cell(dict(node.fields))[1]
        return float(2 * len(edges) * (nx + 1) * (ny + 1) * (node.fields["layers"] + 1))

    def build(self, node: scene.Lattice) -> Strands:
        import numpy as np

        nodes, edges = self.cell(dict(node.fields))
        nx, ny = self._counts(node)
        nz = node.fields["layers"]
        if min(nx, ny, len(edges)) < 1:
            return Strands(np.empty((0, 3)), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32))
        ends = np.array(nodes, dtype=float)[np.array(edges)]
        cells = np.stack(np.meshgrid(*map(np.arange, (nx, ny, nz)), indexing="ij"), axis=3).reshape(-1, 3)
        struts = (cells[:, None, None, :] + ends[None]).reshape(-1, 2, 3)
        layer = np.repeat(cells[:, 2], len(edges))
        struts, layer = _once(struts, layer)
        a, h = node.fields["pitch"], node.fields["layer_height"]
        x, y = middle_of(node.fields["frame"])
        foot = float(_first_width(node)) / 2
        points = struts * np.array([a, a, h]) + np.array([x - nx * a / 2, y - ny * a / 2, foot])
        level = np.unique(np.rint(struts[:, :, 2].sum(axis=1) * 1e6), return_inverse=True)[1]
        counts = np.full(len(struts), 2, dtype=np.int64)
        return Strands(points.reshape(-1, 3), counts, layer.astype(np.int32), level=level.astype(np.int32))


def _first_width(node: scene.Lattice) -> float:
    for rule in node.layers:
        if rule.index == 0 and rule.fields.get("filament") is not None:
            return float(rule.fields["filament"])
    return float(node.fields["filament"])


def _once(
    struts: npt.NDArray[np.float64], layer: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Struts [S,2,3] without repetitions, lower ends first, from below upwards; each keeps its lowest layer of cells."""
    import numpy as np

    grid = np.rint(struts * 1e6).astype(np.int64)
    key = grid[:, :, ::-1]  # z, y, x: lower first
    one, two = key[:, 0], key[:, 1]
    differ = one != two
    first = np.argmax(differ, axis=1)
    rows = np.arange(len(struts))
    swap = one[rows, first] > two[rows, first]
    struts = np.where(swap[:, None, None], struts[:, ::-1], struts)
    key = np.where(swap[:, None, None], key[:, ::-1], key).reshape(len(struts), 6)
    order = np.lexsort((layer, *key.T[::-1]))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(key[order], axis=0) != 0).any(axis=1)
    chosen = order[fresh]
    return struts[chosen], layer[chosen]
