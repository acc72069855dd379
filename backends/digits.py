"""Numbers to text by the million: lines `prefix X sep Y sep Z` as byte matrices, four digits a look-up.

Coordinates are whole numbers of the last decimal, so text is exact and the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import Ints

Bytes = npt.NDArray[np.uint8]

#: Most digits before the point that the tables hold: 9999 mm.
MOST = 10_000


@cache
def _padded() -> npt.NDArray[np.uint32]:
    """Four ASCII digits of 0..9999, as one word each."""
    text = np.array([f"{i:04d}".encode() for i in range(MOST)], dtype="S4")
    return text.view("<u4")


@cache
def _stripped() -> npt.NDArray[np.uint32]:
    """The same with NUL for leading zeros (0 itself keeps one)."""
    text = np.array([f"{i}".rjust(4, "\0").encode() for i in range(MOST)], dtype="S4")
    return text.view("<u4")


def number_lines(columns: Sequence[Ints], labels: Sequence[bytes], decimals: int) -> tuple[Bytes, bool]:
    """Lines of numbers: label 0, number 0, label 1, number 1 ... last label. Numbers are int64[N], N > 0, in units of
    10^-decimals. Returns uint8[N, width] and whether it holds NULs, which are to be left out (`squeeze`).

    Numbers have no leading zeros and no plus sign. Where signs and digits before the point are the same in all rows, which is
    the rule, lines are equally long and nothing has to be squeezed.
    """
    n = len(columns[0])
    scale = 10**decimals
    forms = []
    width = sum(map(len, labels))
    for column in columns:
        low, high = int(column.min()), int(column.max())
        most = max(abs(low), abs(high))
        if most >= MOST * scale:
            raise ValueError(f"a coordinate of {most / scale:g} mm is beyond what a program can hold")
        sign = low < 0
        digits = len(str(most // scale))
        least = 0 if low <= 0 <= high else min(abs(low), abs(high))
        even = (high < 0 or low >= 0) and len(str(least // scale)) == digits
        forms.append((sign, digits, even))
        width += sign + digits + (decimals > 0) + decimals
    # Three bytes of slack in front: groups of four digits are written from the right and may reach to the left.
    slack = 3
    lines = np.empty((n, width + slack), np.uint8)
    at = width + slack - len(labels[-1])
    literal = [(at, labels[-1])]
    for column, label, (sign, digits, even) in zip(columns[::-1], labels[-2::-1], forms[::-1], strict=True):
        start = at - (sign + digits + (decimals > 0) + decimals)
        value = np.abs(column)
        whole, rest = np.divmod(value, scale)
        _digits(lines, at, rest, decimals)
        point = at - decimals - (decimals > 0)
        if decimals:
            literal.append((point, b"."))
        if even:
            _words(lines, point - 4)[:] = _padded()[whole]
        else:
            _words(lines, point - 4)[:] = _stripped()[whole]
        if sign:
            lines[:, start] = np.where(column < 0, ord("-"), 0)
        at = start - len(label)
        literal.append((at, label))
    for place, label in literal:
        lines[:, place : place + len(label)] = np.frombuffer(label, np.uint8)
    return lines[:, slack:], not all(even for _, _, even in forms)


def squeeze(lines: Bytes) -> tuple[bytes, Ints]:
    """The text of lines without their NULs, and the offset of every line in it, int64[N+1]."""
    keep = lines != 0
    offsets = np.concatenate([[0], np.cumsum(keep.sum(axis=1))]).astype(np.int64)
    return lines[keep].tobytes(), offsets


def _words(lines: Bytes, column: int) -> npt.NDArray[np.uint32]:
    """Columns column..column+3 of every line, as one word each."""
    return np.ndarray((len(lines),), "<u4", lines, column, (lines.shape[1],))


def _digits(lines: Bytes, end: int, value: Ints, count: int) -> None:
    """`count` digits of `value`, zero-padded, ending before column `end`; clobbers up to three columns to their left."""
    while count > 0:
        if count > 4:
            value, group = np.divmod(value, MOST)
        else:
            group = value
        _words(lines, end - 4)[:] = _padded()[group]
        end -= 4
        count -= 4
