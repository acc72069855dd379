"""Fields over space: an Expr of the scene evaluated on whole arrays of points, and where it changes along lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import solids
from .scene import Expr, Solid, walk

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: Depth below the surface of the part at hand: points[N,3] -> um, positive inside.
Depth = Callable[[Floats], Floats]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "mod": np.mod,
    "floor": np.floor,
    "ceil": np.ceil,
    "min": np.minimum,
    "max": np.maximum,
}


def evaluate(expr: Expr, points_um: Floats, depth: Depth | None = None) -> npt.NDArray[Any]:
    """The field at `points_um[N,3]`: float64[N] or bool[N]. Lengths in um, angles in rad. Never raises on values: a
    division by zero gives inf or nan.
    """
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(_value(expr, points_um, depth)), (len(points_um),))


def _value(expr: Any, p: Floats, depth: Depth | None) -> Any:
    if not isinstance(expr, Expr):
        return expr
    op, args = expr.op, expr.args
    if op == "const":
        return args[0]
    if op == "coord":
        return coordinate(args[0], p, depth)
    if op == "inside":
        return solids.contains(args[0], p)
    if op == "distance":
        return solids.distance(args[0], p)
    if op == "noise":
        *at, seed = args
        return noise([np.asarray(_value(a, p, depth), dtype=float) for a in at], int(seed))
    values = [_value(a, p, depth) for a in args]
    if op == "and":
        return np.logical_and.reduce(np.broadcast_arrays(*values))
    if op == "or":
        return np.logical_or.reduce(np.broadcast_arrays(*values))
    if op == "not":
        return np.logical_not(values[0])
    if op == "if":
        return np.where(*values)
    if op in _COMPARE:
        return _COMPARE[op](values[0], values[1])
    if op in ("min", "max"):
        out = values[0]
        for v in values[1:]:
            out = _ARITHMETIC[op](out, v)
        return out
    if op == "^":
        return np.power(np.asarray(values[0], dtype=float), values[1])
    if op == "/":
        return np.true_divide(values[0], values[1])
    return _ARITHMETIC[op](*values)


def coordinate(name: str, p: Floats, depth: Depth | None = None) -> Floats:
    """One of x y z r theta depth at `p[N,3]`; r is the distance from the part's upright axis, theta the angle about it. The
    parameter t of a curve is known at `p[N,1]`."""
    if name == "t":
        return p[:, 0]
    if name in ("x", "y", "z"):
        return p[:, "xyz".index(name)]
    if name == "r":
        return np.asarray(np.hypot(p[:, 0], p[:, 1]))
    if name == "theta":
        return np.asarray(np.arctan2(p[:, 1], p[:, 0]))
    if name == "depth":
        return np.full(len(p), np.nan) if depth is None else depth(p)
    raise KeyError(name)


_MASK = (1 << 64) - 1


def noise(at: list[Floats], seed: int) -> Floats:
    """A counter-based hash of the arguments' bits in [0, 1): the same on every machine (splitmix64 finaliser)."""
    with np.errstate(over="ignore"):
        state = np.uint64((seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK)
        out: Any = state
        for value in at:
            bits = np.ascontiguousarray(value + 0.0, dtype=np.float64).view(np.uint64)
            out = _mix(bits ^ out)
        return np.asarray((_mix(out ^ state) >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def _mix(z: Any) -> Any:
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def solids_of(expr: Expr) -> list[Solid]:
    """Every solid that the expression names, once each."""
    found: dict[int, Solid] = {}
    for e in walk(expr):
        if e.op in ("inside", "distance"):
            found[id(e.args[0])] = e.args[0]
    return list(found.values())


def changes(
    expr: Expr, start_um: Floats, step_um: Floats, sample_um: float, depth: Depth | None = None
) -> tuple[Ints, Floats]:
    """Where the truth of `expr` may change along the segments start + t * step, 0 < t < 1: (segment, t), unordered.

    Solids and comparisons that are at most quadratic along a line are exact. Others are bracketed by samples no
    farther apart than `sample_um` and bisected to 1e-12 of the segment: a change there and back between two samples is missed.
    """
    segments, ts = [np.empty(0, dtype=np.int64)], [np.empty(0)]

    for e in walk(expr):
        if e.op == "inside":
            rows, t = solids.crossings(e.args[0], start_um, step_um)
            segments.append(rows)
            ts.append(t)
        elif e.op in _COMPARE:
            roots = _exact_roots(e, start_um, step_um)
            if roots is not None:
                rows, t = solids.listed(roots)
            else:
                rows, t = _bracketed(e, start_um, step_um, sample_um, depth)
            segments.append(rows)
            ts.append(t)
    return np.concatenate(segments), np.concatenate(ts)


def _exact_roots(e: Expr, p: Floats, d: Floats) -> Floats | None:
    """t[N,K] where both sides of a comparison are equal, None where that is no polynomial of degree 2 or less in t."""
    left, right = e.args
    for a, b in ((left, right), (right, left)):
        # r = c is a cylinder: r^2 = c^2.
        if isinstance(a, Expr) and a.op == "coord" and a.args[0] == "r":
            c = _constant(b)
            if c is not None:
                flat = Expr("^", (Expr("coord", ("x",), e.span), 2.0), e.span)
                other = Expr("^", (Expr("coord", ("y",), e.span), 2.0), e.span)
                return _exact_roots(Expr("==", (Expr("+", (flat, other), e.span), c * abs(c)), e.span), p, d)
    one, two = _polynomial(left, p, d), _polynomial(right, p, d)
    if one is None or two is None:
        return None
    c0, c1, c2 = (np.broadcast_to(u - v, (len(p),)) for u, v in zip(one, two, strict=True))
    if not np.any(c2):
        with np.errstate(all="ignore"):
            t = -c0 / c1
        return np.asarray(np.where(np.isfinite(t), t, np.inf))[:, None]
    from .solid_kinds.round import quadratic

    return np.stack(quadratic(c2, c1, c0), axis=1)


def _constant(e: Any) -> float | None:
    if not isinstance(e, Expr):
        return float(e)
    if any(x.op in ("coord", "inside", "distance", "noise") for x in walk(e)):
        return None
    with np.errstate(all="ignore"):
        return float(_value(e, np.zeros((1, 3)), None))


def _polynomial(e: Any, p: Floats, d: Floats) -> tuple[Any, Any, Any] | None:
    """Coefficients of 1, t and t^2 of the field along start + t * step, None where it is no such polynomial."""
    c = _constant(e)
    if c is not None:
        return c, 0.0, 0.0
    if e.op == "coord" and e.args[0] in ("x", "y", "z"):
        j = "xyz".index(e.args[0])
        return p[:, j], d[:, j], 0.0
    if e.op not in ("+", "-", "neg", "*", "/", "^"):
        return None
    if e.op == "^":
        n = _constant(e.args[1])
        if n not in (1.0, 2.0):
            return None
        base = _polynomial(e.args[0], p, d)
        return base if n == 1.0 or base is None else _product(base, base)
    parts = [_polynomial(a, p, d) for a in e.args]
    if any(x is None for x in parts):
        return None
    a, b = parts[0], parts[-1]
    assert a is not None and b is not None
    if e.op == "neg":
        return -a[0], -a[1], -a[2]
    if e.op == "*":
        return _product(a, b)
    if e.op == "/":
        k = _constant(e.args[1])
        return None if k is None or k == 0 else (a[0] / k, a[1] / k, a[2] / k)
    sign = 1.0 if e.op == "+" else -1.0
    return a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2]


def _product(a: tuple[Any, Any, Any], b: tuple[Any, Any, Any]) -> tuple[Any, Any, Any] | None:
    if (np.any(a[2]) and (np.any(b[1]) or np.any(b[2]))) or (np.any(b[2]) and np.any(a[1])):
        return None
    return (
        a[0] * b[0],
        a[0] * b[1] + a[1] * b[0],
        a[0] * b[2] + a[1] * b[1] + a[2] * b[0],
    )


#: Samples looked at in one go: bounds the memory.
_SAMPLES = 1_000_000
#: Halvings of a bracket: 2^-44 of the distance of two samples.
_HALVINGS = 44


def _bracketed(
    e: Expr, start: Floats, step: Floats, sample_um: float, depth: Depth | None
) -> tuple[Ints, Floats]:
    lengths = np.linalg.norm(step, axis=1)
    counts = np.maximum(1, np.ceil(lengths / sample_um)).astype(np.int64)
    ends = np.cumsum(counts)
    out_rows, out_t = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    at = 0
    while at < len(start):
        until = max(at + 1, int(np.searchsorted(ends, (ends[at - 1] if at else 0) + _SAMPLES)))
        n = counts[at:until]
        rows = np.repeat(np.arange(at, until), n)
        k = np.arange(len(rows)) - np.repeat(np.cumsum(n) - n, n)
        low, high = k / counts[rows], (k + 1) / counts[rows]

        def truth(t: Floats, r: Ints) -> Bools:
            return np.asarray(evaluate(e, start[r] + t[:, None] * step[r], depth), dtype=bool)

        first, last = truth(low, rows), truth(high, rows)
        hit = first != last
        rows, low, high, first = rows[hit], low[hit], high[hit], first[hit]
        for _ in range(_HALVINGS if len(rows) else 0):
            middle = (low + high) / 2
            same = truth(middle, rows) == first
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        out_rows.append(rows)
        out_t.append((low + high) / 2)
        at = until
    return np.concatenate(out_rows), np.concatenate(out_t)
