"""OASIS: rectangles and polygons with their repetitions, written as whole arrays of numbers.

All that follows the head is one row of whole numbers without sign, each in as many bytes of seven bits as it needs; so polygons become
bytes without a loop. Record numbers and codes: SEMI P39. KLayout and gdstk read every file back in the tests.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...kernel.flat import Cell, Ints, Repeat
from ...kernel.flat_simple import Holes
from ..layout import Layer, Layout, Shapes, Sink

MAGIC = b"%SEMI-OASIS\r\n"
START, END, CELLNAME, LAYERNAME, CELL, XYABSOLUTE, RECTANGLE, POLYGON = 1, 2, 3, 11, 13, 15, 20, 21
#: Which fields follow: S W H X Y R D L of a rectangle, 0 0 P X Y R D L of a polygon.
BOX, RING, LAYERED, REPEATED = 0b01111000, 0b00111000, 0b00000011, 0b00000100
#: A list of corners as steps of any direction.
ANY_STEPS = 4
#: Kinds of repetition: as before, rows and columns along any two vectors, a row along one.
AGAIN, LATTICE, ROW = 0, 8, 9
#: The last record takes this many bytes.
END_BYTES = 256
#: Polygons whose numbers are held at once.
CHUNK = 1 << 18

Tokens = npt.NDArray[np.uint64]


def unsigned(values: npt.ArrayLike) -> bytes:
    """Whole numbers from 0 on, each as seven bits a byte, low ones first; all bytes but the last have the high bit."""
    left = np.asarray(values, dtype=np.uint64).reshape(-1)
    if not len(left):
        return b""
    most = max(1, -(-int(left.max()).bit_length() // 7))
    out = np.empty((len(left), most), np.uint8)
    used = np.empty((len(left), most), np.bool_)
    for k in range(most):
        used[:, k] = left > 0 if k else True
        low = (left & np.uint64(127)).astype(np.uint8)
        left = left >> np.uint64(7)
        out[:, k] = low | ((left > 0).astype(np.uint8) << 7)
    return out[used].tobytes()


def signed(values: npt.ArrayLike) -> Tokens:
    """Numbers with a sign as those without: the sign is the lowest bit."""
    v = np.asarray(values, dtype=np.int64)
    return np.asarray((np.abs(v) << 1) | (v < 0), dtype=np.uint64)


def steps(values: npt.ArrayLike) -> Tokens:
    """Steps [N,2] in any direction as two numbers each: the lowest bit says that two follow, the next is the sign of x."""
    v = np.asarray(values, dtype=np.int64).reshape(-1, 2)
    x = (np.abs(v[:, 0]) << 2) | ((v[:, 0] < 0).astype(np.int64) << 1) | 1
    return np.stack([x.astype(np.uint64), signed(v[:, 1])], axis=1)


def text(name: str) -> bytes:
    data = name.encode("ascii")
    return unsigned([len(data)]) + data


class Oas:
    name = "oas"
    doc = "OASIS, 1 nm a unit"
    holes: Holes | None = None

    def write(self, layout: Layout, out: Sink) -> None:
        # Version, 1000 grid steps a um (a real of kind 0: a whole number), no table of names ahead.
        out.write(MAGIC + unsigned([START]) + text("1.0") + unsigned([0, 1000, 0, *[0] * 12]))
        out.write(unsigned([CELLNAME]) + text(layout.name))
        for layer in layout.layers:
            # One name for a layer and all of its datatypes: a layer of kind 3 (one number), datatypes of kind 0 (all).
            out.write(unsigned([LAYERNAME]) + text(layer.name) + unsigned([3, layer.number, 0]))
        out.write(unsigned([CELL, 0, XYABSOLUTE]))
        for layer, shapes, _, cell in layout.shapes():
            _polygons(out, cell, layer, shapes)
        end = unsigned([END])
        # A padding string, its length in two bytes, and the way of proof: none.
        pad = END_BYTES - len(end) - 2 - 1
        out.write(end + bytes([pad & 127 | 128, pad >> 7]) + b"\0" * pad + b"\0")


OAS = Oas()


def _repetition(r: Repeat) -> list[int]:
    """What says how a cell is repeated; counts are told less two."""
    if r.columns > 1 and r.rows > 1:
        return [LATTICE, r.columns - 2, r.rows - 2, *steps([r.a_nm, r.b_nm]).ravel().tolist()]
    vector, count = (r.a_nm, r.columns) if r.columns > 1 else (r.b_nm, r.rows)
    return [ROW, count - 2, *steps([vector]).ravel().tolist()]


def _polygons(out: Sink, cell: Cell, layer: Layer, shapes: Shapes) -> None:
    """All polygons of a cell. The first one says layer, datatype and repetition, which hold for those behind it."""
    points = cell.points_nm + np.array(cell.repeat.origin_nm)
    repeated = cell.repeat.count > 1
    head, tail = [layer.number, shapes.datatype], _repetition(cell.repeat) if repeated else []
    boxes = _boxes(points, cell)
    for make, rows in ((_rectangles, np.flatnonzero(boxes)), (_rings, np.flatnonzero(~boxes))):
        at = 0
        while at < len(rows):
            some = rows[at : at + (1 if head else CHUNK)]
            out.write(unsigned(make(points, cell, some, head, tail)))
            at += len(some)
            head, tail = [], [AGAIN] if repeated else []


def _info(bits: int, head: list[int], tail: list[int]) -> int:
    """Which fields follow: layer and datatype where `head` has them, a repetition where `tail` is one."""
    return bits | LAYERED * bool(head) | REPEATED * bool(tail)


def _boxes(points: Ints, cell: Cell) -> npt.NDArray[np.bool_]:
    """Which polygons are rectangles along x and y."""
    four = np.diff(cell.rings) == 4
    corners = points[cell.rings[:-1][four, None] + np.arange(4)]
    along = np.diff(corners, axis=1, append=corners[:, :1]) == 0
    turns = (along.sum(axis=2) == 1).all(axis=1) & (along[:, :-1, 0] != along[:, 1:, 0]).all(axis=1)
    out = np.zeros(len(four), np.bool_)
    out[four] = turns
    return out


def _rectangles(points: Ints, cell: Cell, rows: Ints, head: list[int], tail: list[int]) -> Tokens:
    """Rectangles as rows of numbers: width, height and the lower left corner."""
    corners = points[cell.rings[rows][:, None] + np.arange(4)]
    least, size = corners.min(axis=1), np.ptp(corners, axis=1)
    before, behind = (
        np.broadcast_to(np.array(v, np.uint64), (len(rows), len(v)))
        for v in ([RECTANGLE, _info(BOX, head, tail), *head], tail)
    )
    return np.concatenate([before, size.astype(np.uint64), signed(least), behind], axis=1)


def _rings(points: Ints, cell: Cell, rows: Ints, head: list[int], tail: list[int]) -> Tokens:
    """Polygons of any shape: a list of the steps from corner to corner, and where the first one is."""
    low, counts = cell.rings[rows], np.diff(cell.rings)[rows]
    begin = [POLYGON, _info(RING, head, tail), *head, ANY_STEPS]
    # Numbers of each polygon: begin, how many steps, the steps, x, y, repetition.
    size = len(begin) + 1 + 2 * (counts - 1) + 2 + len(tail)
    start = np.cumsum(size) - size
    stream = np.empty(int(size.sum()), np.uint64)
    for k, value in enumerate(begin):
        stream[start + k] = value
    stream[start + len(begin)] = (counts - 1).astype(np.uint64)
    each = np.repeat(np.arange(len(rows)), counts - 1)
    within = np.arange(len(each)) - np.repeat(np.cumsum(counts - 1) - (counts - 1), counts - 1)
    at = low[each] + within
    made = steps(points[at + 1] - points[at])
    place = start[each] + len(begin) + 1 + 2 * within
    stream[place], stream[place + 1] = made[:, 0], made[:, 1]
    behind = start + size - 2 - len(tail)
    where = signed(points[low])
    stream[behind], stream[behind + 1] = where[:, 0], where[:, 1]
    for k, value in enumerate(tail):
        stream[behind + 2 + k] = value
    return stream
