"""Affine maps of parts and solids, row by row: [a b c x  d e f y  g h i z]."""

from __future__ import annotations

import math

Matrix = tuple[float, ...]


def apply(m: Matrix, p: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = p
    return (
        m[0] * x + m[1] * y + m[2] * z + m[3],
        m[4] * x + m[5] * y + m[6] * z + m[7],
        m[8] * x + m[9] * y + m[10] * z + m[11],
    )


def compose(a: Matrix, b: Matrix) -> Matrix:
    """First b, then a."""
    out: list[float] = []
    for i in range(3):
        row = a[4 * i : 4 * i + 4]
        out += [sum(row[k] * b[4 * k + j] for k in range(3)) + (row[3] if j == 3 else 0.0) for j in range(4)]
    return tuple(out)


def translation(x: float, y: float, z: float) -> Matrix:
    return (1.0, 0.0, 0.0, x, 0.0, 1.0, 0.0, y, 0.0, 0.0, 1.0, z)


def rotation(axis: tuple[float, float, float], angle: float) -> Matrix:
    """Rodrigues' formula; quarter turns are exact."""
    n = math.sqrt(sum(a * a for a in axis))
    x, y, z = (a / n for a in axis)
    c, s_ = math.cos(angle), math.sin(angle)
    quarter = angle / (math.pi / 2)
    if abs(quarter - round(quarter)) < 1e-12:
        c, s_ = float((1, 0, -1, 0)[round(quarter) % 4]), float((0, 1, 0, -1)[round(quarter) % 4])
    t = 1 - c
    return (
        t * x * x + c, t * x * y - s_ * z, t * x * z + s_ * y, 0.0,
        t * x * y + s_ * z, t * y * y + c, t * y * z - s_ * x, 0.0,
        t * x * z - s_ * y, t * y * z + s_ * x, t * z * z + c, 0.0,
    )  # fmt: skip
