"""Lattices of straight struts in space: a cell of nodes and edges, repeated along x, y and z."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .. import scene
from ..lattice import (
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
from ..paths import TOLERANCE
from ..quantity import Construct, Count, FieldSpec, Length, list_of, ref
from . import maps
from .dense import DENSITY, WIDTH, Dense
from .density import joints
from .planar import middle_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Node = tuple[float, float, float]

_CELL_LAYERS = replace(LAYERS, doc="number of cells one above the other")
_CELL_PITCH = replace(
    PITCH,
    doc="edge of the cell along x and y",
    per_layer=False,
    default=None,
    default_doc="must be given, but for cells that are mapped and counted",
)
_MAPPED = (
    FieldSpec(
        "cells",
        list_of(Count, 3),
        "number of mapped cells: around or along, outwards or across, upwards",
        default=None,
        default_doc="as many as come nearest to `pitch` and `layer_height`",
        low=1.0,
    ),
    FieldSpec("map", ref("solid"), "a box, cylinder or annulus that cells are bent to fill", default=None),
    FieldSpec("along", ref("part"), "a path that cells are bent to follow", default=None),
    FieldSpec(
        "section",
        list_of(Length, 2),
        "width and height that cells along a path fill",
        default=None,
        default_doc="must be given with `along`",
        state=True,
        low=0.0,
        above=True,
    ),
    replace(TOLERANCE, doc="farthest that chords of bent struts may lie from the true curve"),
)
_CELL_HEIGHT = replace(LAYER_HEIGHT, doc="height of a cell", default_doc="pitch")


def strut_construct(name: str, doc: str, *more: FieldSpec) -> Construct:
    """A strut lattice's Construct: the common fields with a layer of cells in place of a layer of filaments."""
    return lattice_construct(
        name,
        doc,
        _CELL_LAYERS,
        _CELL_PITCH,
        _CELL_HEIGHT,
        WIDTH,
        DENSITY,
        *more,
        *_MAPPED,
        without=("angle", "phase"),
    )


class StrutLattice(Dense):
    """Base of the strut lattices. Each strut of a cell is a filament from its lower to its upper end; struts that
    neighbouring cells share are drawn once. They are printed in the order of the heights of their middles; rules speak
    of layers of cells. Cells that are mapped fill the whole of a solid, or follow a path, and bend.
    """

    construct: Construct

    def cell(self, fields: dict[str, Any]) -> tuple[Sequence[Node], Sequence[tuple[int, int]]]:
        """Nodes in units of the cell, 0 to 1, and edges between them (rows of nodes)."""
        raise NotImplementedError

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        """(field, what is wrong with it) of complete fields, None where the cell can be repeated."""
        for name in ("cells", "section"):
            if fields.get(name) is not None and not _mapped(fields):
                return name, f"`{name}` is for cells that are mapped: give `map` or `along` too"
        if fields.get("density") is not None and _mapped(fields):
            return "density", "cells that are mapped differ in size, and so in density: give `filament`"
        return maps.fault(fields) or self.density_fault(fields)

    def part_filled(self, fields: dict[str, Any], d: float, layer_height: float) -> float:
        """Sum over the struts of a cell less what they share at its nodes, each strut and node of neighbours counted once."""
        a = float(fields["pitch"])
        length, shared, _ = _cell_sums(*map(tuple, self._tuples(fields)), (a, a, float(layer_height)))
        return (math.pi * length * d * d / 4 - shared * (d / 2) ** 3) / (a * a * layer_height)

    def widest(self, fields: dict[str, Any], layer_height: float | None) -> float:
        a = float(fields["pitch"])
        return _cell_sums(*map(tuple, self._tuples(fields)), (a, a, float(layer_height or a)))[2]

    def _tuples(self, fields: dict[str, Any]) -> tuple[tuple[Node, ...], tuple[tuple[int, int], ...]]:
        nodes, edges = self.cell(fields)
        return tuple((n[0], n[1], n[2]) for n in nodes), tuple((i, j) for i, j in edges)

    def complete(self, fields: dict[str, Any]) -> dict[str, Any]:
        out = dict(fields)
        if _mapped(out):
            return self._complete_mapped(out)
        # A cell that cannot be has no density; `complaint` says why.
        with suppress(KeyError, TypeError, ValueError, ArithmeticError, IndexError):
            out = self.with_width(out, ratio=None)
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

    def _complete_mapped(self, out: dict[str, Any]) -> dict[str, Any]:
        """Cells by their number, or as near to the pitch as whole cells come; their size as it is midway."""
        if out.get("tolerance") is None:
            out["tolerance"] = TOLERANCE.default
        long, a = maps.lengths(out), out.get("pitch")
        if out.get("cells") is None and long is not None and a and a > 0:
            h = out.get("layer_height") or a
            out["cells"] = tuple(
                max(1, round(span / step)) for span, step in zip(long, (a, a, h), strict=True)
            )
        box = maps.bounds(out)
        if box is not None:
            (x0, y0, _), (x1, y1, _) = box
            out["frame"], out["size"] = (x0, y0, x1, y1), (x1 - x0, y1 - y0)
        if out.get("cells") is not None:
            out["layers"] = out["cells"][2]
            if long is not None:
                out["pitch"] = long[0] / out["cells"][0]
                out["layer_height"] = long[2] / out["cells"][2]
        out = complete_common(self.construct, out)
        if box is not None:
            out["height"] = box[1][2]
        return out

    def _counts(self, node: scene.Lattice) -> tuple[int, int]:
        """Whole cells that fit along x and y."""
        if _mapped(node.fields):
            return int(node.fields["cells"][0]), int(node.fields["cells"][1])
        x0, y0, x1, y1 = node.fields["frame"]
        a = node.fields["pitch"]
        return math.floor((x1 - x0) / a + FIT_TOLERANCE), math.floor((y1 - y0) / a + FIT_TOLERANCE)

    def estimate(self, node: scene.Lattice) -> float:
        nx, ny = self._counts(node)
        edges = self.cell(dict(node.fields))[1]
        each = 2.0
        if _mapped(node.fields):
            # Bent struts: the sagitta over the extent of a cell at the tolerance.
            each += math.sqrt(node.fields["pitch"] / (4 * node.fields["tolerance"]))
        return float(each * len(edges) * (nx + 1) * (ny + 1) * (node.fields["layers"] + 1))

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
        if _mapped(node.fields):
            found = maps.map_of(dict(node.fields))
            if found is None:
                raise ValueError("cells without a map")
            return bent(struts, layer, (nx, ny, nz), found, node.fields["tolerance"])
        struts, layer = _once(struts, layer)
        a, h = node.fields["pitch"], node.fields["layer_height"]
        x, y = middle_of(node.fields["frame"])
        foot = float(_first_width(node)) / 2
        points = struts * np.array([a, a, h]) + np.array([x - nx * a / 2, y - ny * a / 2, foot])
        level = np.unique(np.rint(struts[:, :, 2].sum(axis=1) * 1e6), return_inverse=True)[1]
        counts = np.full(len(struts), 2, dtype=np.int64)
        return Strands(points.reshape(-1, 3), counts, layer.astype(np.int32), level=level.astype(np.int32))


@lru_cache(maxsize=32)
def _cell_sums(
    nodes: tuple[Node, ...], edges: tuple[tuple[int, int], ...], size: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Of one cell among its like: length of its struts, um; what they share at its nodes over their radius cubed; and the
    widest strut for which no node reaches another's."""

    def same(place: Sequence[float]) -> tuple[int, ...]:
        return tuple(round(v * 1e6) % 1_000_000 for v in place)

    struts: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[float, ...]] = {}
    meeting: dict[tuple[int, ...], list[tuple[float, float, float]]] = {}
    for i, j in edges:
        a, b = sorted((nodes[i], nodes[j]))
        way = tuple(q - p for p, q in zip(a, b, strict=True))
        key = same(a), tuple(round(v * 1e6) for v in way)
        if key not in struts:
            struts[key] = step = tuple(v * s for v, s in zip(way, size, strict=True))
            meeting.setdefault(same(a), []).append((step[0], step[1], step[2]))
            meeting.setdefault(same(b), []).append((-step[0], -step[1], -step[2]))
    lengths = [math.sqrt(sum(v * v for v in step)) for step in struts.values()]
    shared, sharpest = 0.0, math.pi
    for directions in meeting.values():
        unit = [tuple(v / math.sqrt(sum(w * w for w in u)) for v in u) for u in directions]
        for k, u in enumerate(unit):
            for v in unit[:k]:
                cosine = sum(p * q for p, q in zip(u, v, strict=True))
                sharpest = min(sharpest, math.acos(max(-1.0, min(1.0, cosine))))
        shared += joints(tuple(sorted((round(u[0], 9), round(u[1], 9), round(u[2], 9)) for u in unit)))
    return sum(lengths), shared, min(lengths) * math.tan(min(sharpest, math.pi / 2) / 2)


def _mapped(fields: Mapping[str, Any]) -> bool:
    return fields.get("map") is not None or fields.get("along") is not None


def bent(
    struts: npt.NDArray[np.float64],
    layer: npt.NDArray[np.int64],
    cells: tuple[int, int, int],
    onto: maps.Map,
    tolerance_um: float,
) -> Strands:
    """Struts [S,2,3], in units of cells, under a map: each once, in chords within the tolerance, lower end first."""
    import numpy as np

    from ..filaments import QUANTUM_UM

    number = np.array(cells, dtype=float)
    ends = np.concatenate([struts, struts.mean(axis=1, keepdims=True)], axis=1)
    key = np.rint(ends * 1e6).astype(np.int64)
    if onto.closed:
        key[:, :, 0] %= cells[0] * 1_000_000
    if onto.axis:
        key[:, :, 0][key[:, :, 1] == 0] = 0
    swap = (key[:, 0] != key[:, 1]).any(axis=1)
    first = np.argmax(key[:, 0] != key[:, 1], axis=1)
    rows = np.arange(len(key))
    swap &= key[rows, 0, first] > key[rows, 1, first]
    key[swap] = key[swap][:, (1, 0, 2)]
    key = key.reshape(len(key), 9)
    order = np.lexsort((layer, *key.T[::-1]))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(key[order], axis=0) != 0).any(axis=1)
    chosen = order[fresh]
    struts, layer = struts[chosen] / number, layer[chosen]
    # Sagittas at four places tell how many chords a strut needs; half as many again for what lies between.
    t = np.linspace(0.0, 1.0, 9)
    p = onto.at(_between(struts, t).reshape(-1, 3)).reshape(len(struts), 9, 3)
    # The chord of each eighth against the curve: second differences, which go with the square of the step.
    bend = np.linalg.norm(p[:, 2:] - 2 * p[:, 1:-1] + p[:, :-2], axis=2).max(axis=1) / 8
    n = np.maximum(1, np.ceil(8 * np.sqrt(bend / tolerance_um) * 1.1 - 1e-9)).astype(np.int64)
    straight = np.linalg.norm(p[:, 4] - (p[:, 0] + p[:, 8]) / 2, axis=1) < 1e-6
    n[straight & (bend < 1e-6)] = 1
    lasting = np.linalg.norm(np.diff(p, axis=1), axis=2).sum(axis=1) > QUANTUM_UM
    struts, layer, n, p = struts[lasting], layer[lasting], n[lasting], p[lasting]
    down = p[:, 0, 2] > p[:, 8, 2] + 1e-6
    struts[down] = struts[down][:, ::-1]
    counts = n + 1
    which = np.repeat(np.arange(len(n)), counts)
    part = (np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)) / n[which]
    points = onto.at(struts[which, 0] + part[:, None] * (struts[which, 1] - struts[which, 0]))
    level = np.unique(np.rint(p[:, 4, 2] / QUANTUM_UM), return_inverse=True)[1]
    return Strands(points, counts, layer.astype(np.int32), level=level.astype(np.int32))


def _between(struts: npt.NDArray[np.float64], t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return struts[:, None, 0] + t[None, :, None] * (struts[:, None, 1] - struts[:, None, 0])


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
