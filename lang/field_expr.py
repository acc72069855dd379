"""Values that vary over space: builds the kernel's expression trees, with dimensions checked as they grow."""

from __future__ import annotations

from typing import Any

from ..kernel.diagnostics import Span
from ..kernel.quantity import ANGLE, LENGTH, NONE, Dim
from ..kernel.scene import Expr
from .values import FieldVal, Num


def coordinate(name: str, span: Span) -> FieldVal:
    """x y z r depth are lengths in part coordinates, theta is an angle."""
    return FieldVal(Expr("coord", (name,), span), ANGLE if name == "theta" else LENGTH)


def as_expr(value: Any, span: Span) -> Expr:
    """A field, a number or a Bool as an expression tree."""
    if isinstance(value, FieldVal):
        return value.expr
    if isinstance(value, Num):
        return Expr("const", (float(value.value),), span)
    return Expr("const", (value,), span)


def unary_field(op: str, value: FieldVal, span: Span, dim: Dim | None = None) -> FieldVal:
    return FieldVal(Expr(op, (value.expr,), span), value.dim if dim is None else dim)


def binary_field(op: str, a: Num | FieldVal, b: Num | FieldVal, span: Span) -> FieldVal | None:
    """`a op b`, None where their dimensions do not fit (or a Bool stands where a number should)."""
    if a.dim is None or b.dim is None:
        return None
    x, y = as_expr(a, span), as_expr(b, span)
    if op in ("+", "-", "mod"):
        return FieldVal(Expr(op, (x, y), span), a.dim) if a.dim == b.dim else None
    if op == "*":
        return FieldVal(Expr("*", (x, y), span), a.dim.times(b.dim))
    if op == "/":
        return FieldVal(Expr("/", (x, y), span), a.dim.over(b.dim))
    if op == "^" and b.dim == NONE and isinstance(b, Num):
        return FieldVal(Expr("^", (x, y), span), a.dim.power(float(b.value)))
    if op == "^" and a.dim == NONE and b.dim == NONE:
        return FieldVal(Expr("^", (x, y), span), NONE)
    return None


def compare_fields(op: str, a: Num | FieldVal, b: Num | FieldVal, span: Span) -> FieldVal:
    return FieldVal(Expr(op, (as_expr(a, span), as_expr(b, span)), span), None)


def ramp(value: Num | FieldVal, low: float, high: float, span: Span) -> FieldVal:
    """0 where the field is at `low`, 1 where it is at `high`, straight between and flat outside."""
    x = as_expr(value, span)

    def const(v: float) -> Expr:
        return Expr("const", (v,), span)

    part = Expr("/", (Expr("-", (x, const(low)), span), const(high - low)), span)
    return FieldVal(Expr("min", (Expr("max", (part, const(0.0)), span), const(1.0)), span), NONE)


def interval(e: Any) -> tuple[float, float]:
    """Bounds of a field by interval arithmetic; (-inf, inf) where they cannot be told. What stands in a mix is checked so."""
    inf = float("inf")
    if not isinstance(e, Expr):
        return (float(e), float(e))
    if e.op == "const":
        return (float(e.args[0]), float(e.args[0]))
    if e.op == "noise":
        return (0.0, 1.0)
    if e.op in ("sin", "cos"):
        return (-1.0, 1.0)
    if e.op in ("floor", "ceil") and e.args:
        low, high = interval(e.args[0])
        return (low - 1.0, high + 1.0)
    if e.op == "if":
        a, b = interval(e.args[1]), interval(e.args[2])
        return (min(a[0], b[0]), max(a[1], b[1]))
    if e.op == "sqrt":
        a = interval(e.args[0])
        return (max(a[0], 0.0) ** 0.5, max(a[1], 0.0) ** 0.5)
    if e.op == "^":
        return _power(interval(e.args[0]), interval(e.args[1]))
    if e.op == "/":
        a, b = interval(e.args[0]), interval(e.args[1])
        if b[0] == b[1] != 0 and max(map(abs, a)) < inf:
            return (min(a[0] / b[0], a[1] / b[0]), max(a[0] / b[0], a[1] / b[0]))
        return (-inf, inf)
    if e.op not in ("+", "-", "*", "neg", "min", "max", "abs"):
        return (-inf, inf)
    parts = [interval(a) for a in e.args]
    (a0, a1), (b0, b1) = parts[0], parts[-1]
    if e.op == "+":
        return (a0 + b0, a1 + b1)
    if e.op == "-":
        return (a0 - b1, a1 - b0)
    if e.op == "neg":
        return (-a1, -a0)
    if e.op == "min":
        return (min(p[0] for p in parts), min(p[1] for p in parts))
    if e.op == "max":
        return (max(p[0] for p in parts), max(p[1] for p in parts))
    if e.op == "abs":
        return (0.0 if a0 <= 0 <= a1 else min(abs(a0), abs(a1)), max(abs(a0), abs(a1)))
    products = [p * q if p and q else 0.0 for p in (a0, a1) for q in (b0, b1)]
    return (min(products), max(products))


def _power(base: tuple[float, float], by: tuple[float, float]) -> tuple[float, float]:
    """Bounds of a power above zero of what is never below zero; (-inf, inf) for all others."""
    try:
        if by[0] == by[1] > 0 and 0 <= base[0]:
            return (base[0] ** by[0], base[1] ** by[0])
    except OverflowError:
        pass
    return (-float("inf"), float("inf"))
