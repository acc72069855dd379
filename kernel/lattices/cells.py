"""Strut cells: cubic, BCC, octet and diamond, and any cell that a design writes as nodes and edges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from ..quantity import Count, FieldSpec, Ratio, list_of
from ..shapes.struts import Node, StrutLattice, strut_construct

_CORNERS = [(float(x), float(y), float(z)) for x, y, z in product((0, 1), repeat=3)]
_FACES = [
    (0.5, 0.5, 0.0),
    (0.5, 0.5, 1.0),
    (0.5, 0.0, 0.5),
    (0.5, 1.0, 0.5),
    (0.0, 0.5, 0.5),
    (1.0, 0.5, 0.5),
]


def _pairs(nodes: Sequence[Node], length: float) -> list[tuple[int, int]]:
    """Edges between all nodes that are `length` cells apart."""
    return [
        (i, j)
        for i, a in enumerate(nodes)
        for j, b in enumerate(nodes[:i])
        if abs(sum((u - v) ** 2 for u, v in zip(a, b, strict=True)) - length**2) < 1e-9
    ]


class FixedCell(StrutLattice):
    def __init__(self, name: str, doc: str, nodes: Sequence[Node], edges: Sequence[tuple[int, int]]) -> None:
        self.construct = strut_construct(name, doc)
        self._cell = tuple(nodes), tuple(edges)

    def cell(self, fields: dict[str, Any]) -> tuple[Sequence[Node], Sequence[tuple[int, int]]]:
        return self._cell


class GraphCell(StrutLattice):
    construct = strut_construct(
        "graph",
        "struts as a graph: nodes in units of the cell and edges between them, repeated along x, y and z",
        FieldSpec("nodes", list_of(list_of(Ratio, 3)), "nodes of one cell, each coordinate from 0 to 1"),
        FieldSpec("edges", list_of(list_of(Count, 2)), "struts, as pairs of nodes counted from 0"),
    )

    def cell(self, fields: dict[str, Any]) -> tuple[Sequence[Node], Sequence[tuple[int, int]]]:
        return fields["nodes"], [(int(a), int(b)) for a, b in fields["edges"]]

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        return self._cell_fault(fields) or super().complaint(fields)

    def _cell_fault(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        nodes, edges = fields.get("nodes") or (), fields.get("edges") or ()
        if not edges:
            return "edges", "no edges, a cell has at least one strut"
        for i, node in enumerate(nodes):
            if not all(-1e-9 <= v <= 1 + 1e-9 for v in node):
                return (
                    "nodes",
                    f"node {i} at {_shown(node)} lies outside the cell, coordinates run from 0 to 1",
                )
        for a, b in edges:
            if not (0 <= a < len(nodes) and 0 <= b < len(nodes)):
                return "edges", f"an edge from node {a} to node {b}, there are nodes 0 to {len(nodes) - 1}"
            if a == b or _same(nodes[int(a)], nodes[int(b)]):
                return "edges", f"the edge from node {a} to node {b} has no length"
        # Without its partner a strut would end in the air at the face between two cells.
        for i, node in enumerate(nodes):
            for axis in range(3):
                if min(abs(node[axis]), abs(node[axis] - 1)) < 1e-9:
                    across = [*node]
                    across[axis] = 1.0 - round(node[axis])
                    if not any(_same(across, other) for other in nodes):
                        face = "xyz"[axis]
                        return (
                            "nodes",
                            f"node {i} at {_shown(node)} lies on a face across {face} and has no partner at {_shown(across)}: "
                            "cells would not join there",
                        )
        return None


def _same(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(abs(u - v) < 1e-9 for u, v in zip(a, b, strict=True))


def _shown(node: Sequence[float]) -> str:
    return "[" + ", ".join(f"{v:g}" for v in node) + "]"


_BCC = [*_CORNERS, (0.5, 0.5, 0.5)]
_FCC = [*_CORNERS, *_FACES]
_INNER = [(0.25, 0.25, 0.25), (0.75, 0.75, 0.25), (0.75, 0.25, 0.75), (0.25, 0.75, 0.75)]
_DIAMOND = [*_FCC, *_INNER]

CUBIC = FixedCell("cubic", "struts along the edges of cubes", _CORNERS, _pairs(_CORNERS, 1.0))
BCC = FixedCell("bcc", "struts from the middle of each cube to its corners", _BCC, _pairs(_BCC, 0.75**0.5))
OCTET = FixedCell(
    "octet",
    "the octet truss: octahedra and tetrahedra, twelve struts at a node",
    _FCC,
    _pairs(_FCC, 0.5**0.5),
)
DIAMOND = FixedCell(
    "diamond", "four struts at a node, as the bonds in diamond", _DIAMOND, _pairs(_DIAMOND, 0.1875**0.5)
)
GRAPH = GraphCell()
