"""GDSII: boundaries and arrays of cells, written as whole arrays of records.

The records are written here and not by a library, because a library's polygon objects take longer to make than all else: 10^6 boxes cost
seconds. KLayout and gdstk read every file back in the tests. Record numbers: Calma, GDSII Stream Format Manual, release 6.0.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from ...kernel.flat import Cell
from ...kernel.flat_simple import Holes
from ..layout import Layer, Layout, Shapes, Sink, clean

HEADER, BGNLIB, LIBNAME, UNITS, ENDLIB = 0x0002, 0x0102, 0x0206, 0x0305, 0x0400
BGNSTR, STRNAME, ENDSTR = 0x0502, 0x0606, 0x0700
BOUNDARY, AREF, LAYER, DATATYPE, XY, ENDEL = 0x0800, 0x0B00, 0x0D02, 0x0E02, 0x1003, 0x1100
SNAME, COLROW = 0x1206, 0x1302
#: The release that files of today name.
RELEASE = 600
#: Modified and accessed: a fixed date, so that the same design gives the same bytes.
NEVER = (1970, 1, 1, 0, 0, 0) * 2
#: Polygons whose records are held at once.
CHUNK = 1 << 18


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack(">HH", 4 + len(data), kind) + data


def numbers(kind: int, *values: int) -> bytes:
    return record(kind, struct.pack(f">{len(values)}h", *values))


def text(kind: int, name: str) -> bytes:
    data = name.encode("ascii")
    return record(kind, data + b"\0" * (len(data) % 2))


def real(value: float) -> bytes:
    """A positive number as GDSII has it: 7 bits of a power of 16, in excess of 64, and 56 bits of a fraction."""
    power = 64
    while value >= 1.0:
        value, power = value / 16.0, power + 1
    while value < 1.0 / 16.0:
        value, power = value * 16.0, power - 1
    return bytes([power]) + round(value * 2**56).to_bytes(7, "big")


class Gds:
    name = "gds"
    doc = "GDSII, 1 nm a unit"
    holes: Holes | None = None

    def write(self, layout: Layout, out: Sink) -> None:
        out.write(numbers(HEADER, RELEASE) + numbers(BGNLIB, *NEVER) + text(LIBNAME, layout.name))
        out.write(record(UNITS, real(1e-3) + real(1e-9)))
        arrays: list[tuple[str, Cell]] = []
        for layer, shapes, k, cell in layout.shapes():
            if cell.repeat.count > 1:
                name = _cell_name(layout, layer, shapes, k)
                _begin(out, name)
                _boundaries(out, cell, layer, shapes, (0, 0))
                out.write(record(ENDSTR))
                arrays.append((name, cell))
        _begin(out, layout.name)
        for layer, shapes, _, cell in layout.shapes():
            if cell.repeat.count == 1:
                _boundaries(out, cell, layer, shapes, cell.repeat.origin_nm)
        for name, cell in arrays:
            _array(out, name, cell)
        out.write(record(ENDSTR) + record(ENDLIB))


GDS = Gds()


def _cell_name(layout: Layout, layer: Layer, shapes: Shapes, k: int) -> str:
    name = clean(f"L{layer.number}D{shapes.datatype}C{k}", layout.writer.names)
    return f"{name}_" if name == layout.name else name


def _begin(out: Sink, name: str) -> None:
    out.write(numbers(BGNSTR, *NEVER) + text(STRNAME, name))


def _boundaries(out: Sink, cell: Cell, layer: Layer, shapes: Shapes, at_nm: tuple[int, int]) -> None:
    """The polygons of a cell, those with few corners first, in the order of the cell where they have as many."""
    head = record(BOUNDARY) + numbers(LAYER, layer.number) + numbers(DATATYPE, shapes.datatype)
    first, corners = cell.rings[:-1], np.diff(cell.rings)
    order = np.argsort(corners, kind="stable")
    edges = np.flatnonzero(np.diff(corners[order], prepend=0))
    for low, high in zip(edges, [*edges[1:], len(order)], strict=True):
        n = int(corners[order[low]])
        start = head + struct.pack(">HH", 4 + 8 * (n + 1), XY)
        kind = np.dtype([("start", f"V{len(start)}"), ("xy", ">i4", (n + 1, 2)), ("end", "V4")])
        for at in range(low, high, CHUNK):
            rows = order[at : min(at + CHUNK, high)]
            made: npt.NDArray[np.void] = np.empty(len(rows), dtype=kind)
            made["start"] = np.void(start)
            made["end"] = np.void(record(ENDEL))
            made["xy"][:, :n] = cell.points_nm[first[rows, None] + np.arange(n)] + np.array(at_nm)
            made["xy"][:, n] = made["xy"][:, 0]
            out.write(made.data.cast("B"))


def _array(out: Sink, name: str, cell: Cell) -> None:
    """AREF: its origin, and where the copy behind the last column and the one behind the last row would stand."""
    r = cell.repeat
    origin = np.array(r.origin_nm)
    ends = [origin, origin + r.columns * np.array(r.a_nm), origin + r.rows * np.array(r.b_nm)]
    out.write(record(AREF) + text(SNAME, name) + numbers(COLROW, r.columns, r.rows))
    out.write(record(XY, np.concatenate(ends).astype(">i4").tobytes()) + record(ENDEL))
