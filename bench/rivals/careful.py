"""What a careful numpy user writes: whole arrays, text as byte matrices, one write a block.  usage: careful.py DESIGN OUT

Every coordinate has a sign and as many digits as the longest needs, so that all lines of a kind are equally long.
"""

import sys
from pathlib import Path

import numpy as np
from moves import DESIGNS, HOP, SINES

DECIMALS = 4
WHOLE = 2


def text(labels, columns):
    """Lines `label number label number ... newline`: uint8[N, width]."""
    n = len(columns[0])
    pieces = []
    for label, column in zip(labels, columns, strict=True):
        value = np.rint(np.abs(column) * 10**DECIMALS).astype(np.int32)
        pieces.append(np.broadcast_to(np.frombuffer(label, np.uint8), (n, len(label))))
        out = np.empty((n, 1 + WHOLE + 1 + DECIMALS), np.uint8)
        out[:, 0] = np.where(column < 0, 45, 43)
        out[:, 1 + WHOLE] = 46
        for place in [*range(WHOLE + 1 + DECIMALS, 1 + WHOLE, -1), *range(WHOLE, 0, -1)]:
            value, digit = np.divmod(value, 10)
            out[:, place] = digit + 48
        pieces.append(out)
    pieces.append(np.full((n, 1), 10, np.uint8))
    return np.concatenate(pieces, axis=1)


def sines(out, filaments, points):
    """A layer of sine lines at a time: up, across, down, then along the line."""
    n = np.arange(points)
    for layer in range(filaments // 100):
        i = np.arange(100 * layer, 100 * (layer + 1))[:, None]
        z0 = (layer + 0.5) * 0.008
        x = np.broadcast_to(10.0 * n / (points - 1), (100, points))
        y = (i % 100) * 0.1 + 0.02 * np.sin(2 * np.pi * n / 100 + 0.1 * i)
        z = np.broadcast_to(z0 + 0.002 * np.cos(2 * np.pi * n / 100), (100, points))
        hop = text([b"G0 Z"], [z[:, 0] + HOP])
        over = text([b"G0 X", b" Y"], [x[:, 0], y[:, 0]])
        down = text([b"G1 Z"], [z[:, 0]])
        way = text([b"G1 X", b" Y", b" Z"], [v[:, 1:].ravel() for v in (x, y, z)])
        out.write(np.concatenate([hop, over, down, way.reshape(100, -1)], axis=1).tobytes())


def straight(out, lines):
    tool, x0, y0, x1, y1, z = np.array([(t, a, b, c, d, z) for t, _, a, b, c, d, z in lines]).T
    hop, over, down = text([b"G0 Z"], [z + HOP]), text([b"G0 X", b" Y"], [x0, y0]), text([b"G1 Z"], [z])
    rows = np.concatenate([hop, over, down, text([b"G1 X", b" Y"], [x1, y1])], axis=1)
    edges = np.flatnonzero(np.diff(tool, prepend=-1))
    for a, b in zip(edges, [*edges[1:], len(rows)], strict=True):
        out.write(b"T%d\n" % tool[a] + rows[a:b].tobytes())


name, path = sys.argv[1:3]
with Path(path).open("wb") as out:
    out.write(b"G21\nG90\n")
    if name in SINES:
        sines(out, *SINES[name])
    else:
        straight(out, DESIGNS[name]())
