"""Numbers to text by the million: lines `prefix X sep Y sep Z` as byte matrices, several letters a look-up.

Coordinates are whole numbers of the last decimal, so text is exact and the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import Floats, Ints

Bytes = npt.NDArray[np.uint8]

#: Numbers reach up to this before the point: 9999 mm.
MOST = 10_000


@cache
def _groups() -> npt.NDArray[np.uint32]:
    """Four ASCII digits of 0..9999, as one word each."""
    text = np.array([f"{i:04d}".encode() for i in range(MOST)], dtype="S4")
    return text.view("<u4")


@cache
def _heads(size: int, point: bool, lead: bool) -> npt.NDArray[np.uint64]:
    """What stands before the groups of 0..size-1, at the end of eight bytes, as one word each: digits (NUL for leading zeros), the
    point, and behind it one digit that no group takes."""
    number = np.arange(size)
    text = np.zeros((size, 8), np.uint8)
    at = 7
    if lead:
        number, digit = np.divmod(number, 10)
        text[:, at] = digit + 48
        at -= 1
    if point:
        text[:, at] = ord(".")
        at -= 1
    for place in range(4):
        digit = number // 10**place
        text[:, at - place] = np.where((digit > 0) | (place == 0), digit % 10 + 48, 0)
    return text.view("<u8").reshape(size)


def number_lines(
    columns: Sequence[Ints | Floats], labels: Sequence[bytes], decimals: int
) -> tuple[Bytes, bool]:
    """Lines of numbers: label 0, number 0, label 1, number 1 ... last label. Numbers are whole, [N], N > 0, in units of
    10^-decimals. Returns uint8[N, width] and whether it holds NULs, which are to be left out (`squeeze`).

    Numbers have no leading zeros and no plus sign. Where signs and digits before the point are the same in all rows, which is
    the rule, lines are equally long and nothing has to be squeezed.
    """
    n = len(columns[0])
    scale = 10**decimals
    lead = decimals % 4 == 1
    unit = 10 ** (decimals - lead)
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
        forms.append((sign, digits, even, most))
        width += sign + digits + (decimals > 0) + decimals
    # Words are written from the right and reach beyond their number to the left; what stands there is written after them.
    slack = max(0, 8 - len(labels[0]) - forms[0][0] - forms[0][1] - (decimals > 0) - lead)
    lines = np.empty((n, width + slack), np.uint8)
    at = width + slack
    at = _literal(lines, at, labels[-1])
    for column, label, (sign, digits, _, most) in zip(
        columns[::-1], labels[-2::-1], forms[::-1], strict=True
    ):
        value = np.abs(column) if sign else column
        # Half as wide, and division is several times as fast.
        value = value.astype(np.int32 if most < 1 << 31 else np.int64, copy=False)
        head = value // unit
        _digits(lines, at, value - head * unit, decimals - lead)
        at -= decimals - lead
        heads = _heads(1 << (most // unit).bit_length(), decimals > 0, lead)
        taken = sign + digits + (decimals > 0) + lead
        # As much of the label as goes into the word.
        near = b"" if sign else label[-(8 - taken) :] if taken < 8 else b""
        words = heads[head]
        if near:
            words |= np.frombuffer(near.rjust(8 - taken, b"\0").ljust(8, b"\0"), "<u8")
        np.ndarray((n,), "<u8", lines, at - 8, (lines.shape[1],))[:] = words
        at -= taken
        if sign:
            lines[:, at] = np.where(column < 0, ord("-"), 0)
        at = _literal(lines, at - len(near), label[: len(label) - len(near)])
    return lines[:, slack:], not all(even for _, _, even, _ in forms)


def _literal(lines: Bytes, end: int, text: bytes) -> int:
    """The same text in all lines, up to column `end`; where it begins."""
    for place, letter in enumerate(text, end - len(text)):
        lines[:, place] = letter
    return end - len(text)


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
        rest, group = None, value
        if count > 4:
            rest = value // MOST
            group = value - rest * MOST
        _words(lines, end - 4)[:] = _groups()[group]
        end -= 4
        count -= 4
        if rest is not None:
            value = rest
