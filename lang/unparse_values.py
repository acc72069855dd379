"""Values of a Scene as the language writes them: figures with units that read back to the same bits, and fields over space."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..kernel.quantity import ANGLE, LENGTH, NONE, Dim, Type
from ..kernel.scene import Expr, Solid
from .types import USUAL_UNIT
from .units import parse_unit, unit_text
from .values import _BY_DIM

#: Names that stand for the things a value refers to.
NameOf = Callable[[Any], str]


def figure(value: float, dim: Dim = NONE) -> str:
    """`40um`, `90deg`, `25[mg/mL]`: the shortest text that reads back to exactly `value`. ValueError for what is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written in a design")
    sign = "-" if value < 0 else ""
    value = abs(float(value))
    found = [_digits(value) + _unit(unit_text(dim))] if dim != NONE else [_digits(value)]
    if dim != NONE:
        for unit in ("mm", "um", "nm") if dim == LENGTH else (USUAL_UNIT.get(_BY_DIM.get(dim, ""), ""),):
            bare = unit.strip("[]")
            if not bare:
                continue
            factor = parse_unit(bare)[0]
            tried = [_digits(float(f"{value / factor:.{n}g}")) for n in (12, 15, 17)]
            found += [d + _unit(bare) for d in tried if float(d) * factor == value]
    if dim == LENGTH:
        # One unit throughout reads best; another where it is much shorter.
        return sign + min(found, key=lambda t: (len(t) - (3 if t.endswith("um") else 0), t))
    return sign + min(found, key=lambda t: (len(t), t))


def _digits(value: float) -> str:
    text = repr(float(value)).removesuffix(".0")
    return text.replace("e+", "e")


def _unit(text: str) -> str:
    return text if text.isalpha() else f"[{text}]"


def text(value: str) -> str:
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        value = value.replace(plain, written)
    return f'"{value}"'


def typed(value: Any, kind: Type, name_of: NameOf) -> str:
    """A field's value, in the type that its construct says."""
    if kind.kind == "list" and kind.item is not None:
        return "[" + ", ".join(typed(v, kind.item, name_of) for v in value) + "]"
    if kind.kind == "number":
        return figure(float(value), kind.dim)
    if kind.kind == "count":
        return str(int(value))
    if kind.kind == "text":
        return text(str(value))
    if kind.kind == "bool":
        return "true" if value else "false"
    return name_of(value)


def matrix(rows: tuple[float, ...]) -> str:
    """A place as `move` and `array` take it: a vector where it only moves."""
    flat = tuple(float(v) for v in rows)
    if flat[0:3] + flat[4:7] + flat[8:11] == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0):
        return "[" + ", ".join(figure(flat[i], LENGTH) for i in (3, 7, 11)) + "]"
    lines = [
        "[" + ", ".join([*(figure(v) for v in flat[i : i + 3]), figure(flat[i + 3], LENGTH)]) + "]"
        for i in (0, 4, 8)
    ]
    return "[" + ", ".join(lines) + "]"


_LEVEL = {
    "or": 1,
    "and": 2,
    "not": 3,
    "compare": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "mod": 6,
    "neg": 7,
    "^": 8,
}
_COMPARE = ("<", "<=", ">", ">=", "==", "!=")


def coordinate(value: Any, name_of: NameOf) -> str:
    """A length of a curve: a figure, or an expression of its parameter."""
    return _Writer(name_of).write(value, LENGTH, 0)


def ratio(value: Expr, name_of: NameOf) -> str:
    """A share of a mix that varies over space."""
    return _Writer(name_of).write(value, NONE, 0)


def condition(e: Expr, name_of: NameOf) -> str:
    """A region's `where`. Constants get the units that their place asks for; kernel units are coherent, so any units that
    fit together mean the same."""
    return _Writer(name_of).write(e, None, 0)


class _Writer:
    def __init__(self, name_of: NameOf) -> None:
        self.name_of = name_of

    def dim(self, e: Any, natural: bool = False) -> Dim | None:
        """The dimension of a number, None where its constants leave it open. `natural`: what it is when factors that are
        open are plain numbers."""
        if not isinstance(e, Expr) or e.op == "const":
            return None
        if e.op == "coord":
            if e.args[0] == "t":
                return Dim(*e.args[1])
            return ANGLE if e.args[0] == "theta" else LENGTH
        if e.op == "distance":
            return LENGTH
        if e.op in ("noise", "sin", "cos", "floor", "ceil"):
            return NONE
        if e.op in ("asin", "acos", "atan"):
            return ANGLE
        if e.op in ("+", "-", "mod", "min", "max", "neg", "abs"):
            return self.shared(e.args, natural)
        if e.op == "if":
            return self.shared(e.args[1:], natural)
        if e.op == "sqrt":
            inner = self.dim(e.args[0], natural)
            return None if inner is None else inner.power(0.5)
        if e.op == "^":
            inner, power = self.dim(e.args[0], natural), _constant(e.args[1])
            return inner.power(power) if inner is not None and power is not None else None
        if e.op in ("*", "/"):
            a, b = (self.dim(x, natural) for x in e.args)
            if (a is None or b is None) and not (natural and (a or b) is not None):
                return None
            return (a or NONE).times(b or NONE) if e.op == "*" else (a or NONE).over(b or NONE)
        return None

    def shared(self, args: tuple[Any, ...], natural: bool) -> Dim | None:
        """The dimension of values that must have one."""
        for free in (False, True) if natural else (False,):
            for a in args:
                found = self.dim(a, free)
                if found is not None:
                    return found
        return None

    def write(self, e: Any, want: Dim | None, level: int) -> str:
        """The text of `e` as a value of dimension `want` (None: what it is by itself), in brackets where it binds less
        than `level`."""
        out, binds = self._text(e, want)
        return f"({out})" if binds < level else out

    def _text(self, e: Any, want: Dim | None) -> tuple[str, int]:
        value = e if not isinstance(e, Expr) else e.args[0] if e.op == "const" else None
        if value is not None:
            if isinstance(value, bool):
                return ("true" if value else "false"), 9
            out = figure(float(value), want or NONE)
            return out, 7 if out.startswith("-") else 9
        op, args = e.op, e.args
        if op == "coord":
            return str(args[0]), 9
        if op in ("inside", "distance"):
            return f"{op}({self.name_of(_solid(args[0]))})", 9
        if op == "noise":
            *at, seed = args
            inner = ", ".join(self.write(a, None, 0) for a in at)
            return f"noise({inner}, seed: {int(seed)})", 9
        if op in ("and", "or"):
            here = _LEVEL[op]
            return f" {op} ".join(self.write(a, None, here + (i > 0)) for i, a in enumerate(args)), here
        if op == "not":
            return f"not {self.write(args[0], None, 3)}", 3
        if op == "if":
            number = want if want is not None else self.dim(e, True)
            cond, then, other = (
                self.write(args[0], None, 0),
                *(self.write(a, number, 0) for a in args[1:]),
            )
            return f"if {cond} then {then} else {other}", 0
        if op in _COMPARE:
            shared = self.shared(args, True)
            return f"{self.write(args[0], shared, 5)} {op} {self.write(args[1], shared, 5)}", 4
        own = want if want is not None else self.dim(e, True)
        if op in ("min", "max", "abs"):
            return f"{op}({', '.join(self.write(a, own, 0) for a in args)})", 9
        if op in ("sin", "cos"):
            return f"{op}({self.write(args[0], ANGLE, 0)})", 9
        if op in ("asin", "acos", "atan", "floor", "ceil"):
            return f"{op}({self.write(args[0], NONE, 0)})", 9
        if op == "sqrt":
            return f"sqrt({self.write(args[0], own.power(2) if own is not None else None, 0)})", 9
        if op == "neg":
            return f"-{self.write(args[0], own, 7)}", 7
        if op in ("+", "-"):
            return f"{self.write(args[0], own, 5)} {op} {self.write(args[1], own, 6)}", 5
        if op == "mod":
            shared = own if own is not None else NONE
            return f"{self.write(args[0], shared, 6)} mod {self.write(args[1], shared, 7)}", 6
        if op in ("*", "/"):
            a, b = self._sides(op, args, own)
            return f"{self.write(args[0], a, 6)} {op} {self.write(args[1], b, 7)}", 6
        if op == "^":
            power = _constant(args[1])
            base = own.power(1 / power) if own is not None and power else None
            return f"{self.write(args[0], base, 9)} ^ {self.write(args[1], NONE, 8)}", 8
        raise ValueError(f"a field with the operation {op!r} cannot be written in a design")

    def _sides(self, op: str, args: tuple[Any, ...], own: Dim | None) -> tuple[Dim | None, Dim | None]:
        """Dimensions that a product's or quotient's sides must have to make `own`."""
        a, b = self.dim(args[0]), self.dim(args[1])
        if own is None:
            return a, b
        if a is None and b is None:
            return own, NONE
        if b is None and a is not None:
            return a, own.over(a) if op == "*" else a.over(own)
        if a is None and b is not None:
            return (own.over(b) if op == "*" else own.times(b)), b
        return a, b


def _constant(e: Any) -> float | None:
    if isinstance(e, Expr):
        return _constant(e.args[0]) if e.op == "const" else None
    return float(e) if isinstance(e, int | float) else None


def _solid(value: Any) -> Any:
    if not isinstance(value, Solid):
        raise ValueError(f"{type(value).__name__} where a solid was expected")
    return value
