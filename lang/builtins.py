"""The functions of the language: counts, mathematics, noise, fields, states. Those that make parts stand in parts.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..kernel.diagnostics import Edit, Fix
from ..kernel.quantity import ANGLE, LENGTH, NONE, Construct, Length, ref
from ..kernel.scene import Expr, StateName
from . import masks, mixes, parts
from . import syntax as s
from .call import Call
from .chance import noise
from .field_expr import as_expr, ramp, unary_field
from .operators import ink_at_hand
from .types import missing_unit, same
from .units import show
from .values import POISON, Builtin, FieldVal, Num, Poison, Thing, dim_name, shown, type_name


def _exactly(c: Call) -> Any:
    v = c.numbers(1, 1)
    if v is None:
        return POISON
    value = v[0]
    if not isinstance(value, Num) or value.dim != NONE:
        return c.err(
            "E202", f"`exactly` takes a plain number, not {type_name(value)}; divide by a length first"
        )
    near = round(value.value)
    if abs(value.value - near) > 1e-6 * max(1.0, abs(near)):
        node = c.node.args[0].value
        fixes: tuple[Fix, ...] = ()
        if isinstance(node, s.Binary) and node.op == "/":
            a, b = c.frame.text(node.left), c.frame.text(node.right)
            fixes = (
                Fix("count the whole steps that fit", (Edit(c.frame.span(c.node), f"floor_fit({a}, {b})"),)),
            )
        return c.err(
            "E306",
            f"`{c.frame.text(node)}` is {show(value.value, NONE)}, not a whole number",
            node,
            notes=(
                "`floor_fit(a, b)` counts the whole steps, `even_pitch(span: a, near: b)` finds a step that fits",
            ),
            fixes=fixes,
        )
    return Num(int(near))


def _floor_fit(c: Call) -> Any:
    a = c.take("span", "step")
    if a is None:
        return POISON
    span, step = c.ev.eval(a["span"], c.frame), c.ev.eval(a["step"], c.frame)
    if span is POISON or step is POISON:
        return POISON
    if not (isinstance(span, Num) and isinstance(step, Num)):
        return c.err("E202", f"`floor_fit` takes two lengths, not {type_name(span)} and {type_name(step)}")
    if span.dim != step.dim:
        return _unlike(c, span, step, a["span"], a["step"])
    if step.value <= 0:
        return c.err("E302", f"{shown(step)} is no step; something above zero was expected", a["step"])
    whole = span.value / step.value
    near = round(whole)
    count = near if abs(whole - near) <= 1e-6 else math.floor(whole)
    if abs(count) > 1_000_000_000:
        return c.err("E303", f"{count:.3g} steps are too many")
    return Num(int(count))


def _unlike(c: Call, a: Num, b: Num, an: s.Expr, bn: s.Expr) -> Poison:
    for bare, other, node in ((a, b, an), (b, a, bn)):
        if bare.dim == NONE and isinstance(node, s.Number):
            return c.ev.say(
                missing_unit(
                    bare, dim_name(other.dim), c.frame.place(node, f"`{c.name}` beside {type_name(other)}")
                )
            )
    return c.err("E204", f"`{c.name}` takes values of one type, not {type_name(a)} and {type_name(b)}")


def _even_pitch(c: Call) -> Any:
    a = c.take("span", "near")
    if a is None:
        return POISON
    span, near = c.typed(a["span"], Length, "`span`"), c.typed(a["near"], Length, "`near`")
    if isinstance(span, Poison) or isinstance(near, Poison):
        return POISON
    if near <= 0 or span <= 0:
        return c.err("E302", "`even_pitch` takes lengths above zero")
    # Of the two whole divisions around, the one whose pitch is nearest.
    n = max(1, math.floor(span / near))
    best = min((n, n + 1), key=lambda k: abs(span / k - near))
    return Num(span / best, LENGTH)


def _math(op: Callable[[float], float], needs: Any, gives: Any, field_op: str = "") -> Callable[[Call], Any]:
    def run(c: Call) -> Any:
        v = c.numbers(1, 1)
        if v is None:
            return POISON
        value = v[0]
        if value.dim != needs:
            node = c.node.args[0].value
            if value.dim == NONE and isinstance(value, Num) and needs == ANGLE:
                return c.ev.say(missing_unit(value, "Angle", c.frame.place(node, f"`{c.name}`")))
            return c.err(
                "E202",
                f"`{c.name}` takes {'an angle' if needs == ANGLE else 'a plain number'}, not {type_name(value)}",
                node,
            )
        if isinstance(value, FieldVal):
            if not field_op:
                return c.err("E211", f"`{c.name}` is not on offer for values that vary over space")
            return unary_field(field_op, value, c.frame.span(c.node), gives)
        try:
            return Num(op(value.value), gives)
        except ValueError:
            return c.err("E303", f"`{c.name}` has no value at {shown(value)}")

    return run


def _tan(c: Call) -> Any:
    v = c.numbers(1, 1)
    if v is None:
        return POISON
    if isinstance(v[0], FieldVal):
        if v[0].dim != ANGLE:
            return c.err("E202", f"`tan` takes an angle, not {type_name(v[0])}")
        span = c.frame.span(c.node)
        return FieldVal(
            Expr("/", (Expr("sin", (v[0].expr,), span), Expr("cos", (v[0].expr,), span)), span), NONE
        )
    return _math(math.tan, ANGLE, NONE)(c)


def _sqrt(c: Call) -> Any:
    v = c.numbers(1, 1)
    if v is None:
        return POISON
    value = v[0]
    assert value.dim is not None
    if isinstance(value, FieldVal):
        return unary_field("sqrt", value, c.frame.span(c.node), value.dim.power(0.5))
    if value.value < 0:
        return c.err("E303", f"{shown(value)} is below zero and has no square root")
    return Num(math.sqrt(value.value), value.dim.power(0.5))


def _abs(c: Call) -> Any:
    v = c.numbers(1, 1)
    if v is None:
        return POISON
    if isinstance(v[0], FieldVal):
        return unary_field("abs", v[0], c.frame.span(c.node))
    return Num(abs(v[0].value), v[0].dim, v[0].state)


def _extreme(pick: Callable[..., float]) -> Callable[[Call], Any]:
    def run(c: Call) -> Any:
        v = c.numbers(1)
        if v is None:
            return POISON
        first = v[0]
        for i, other in enumerate(v[1:], 1):
            if other.dim != first.dim:
                nodes = [a.value for a in c.node.args]
                if isinstance(first, Num) and isinstance(other, Num) and len(nodes) == len(v):
                    return _unlike(c, first, other, nodes[0], nodes[i])
                return c.err(
                    "E204",
                    f"`{c.name}` takes values of one type, not {type_name(first)} and {type_name(other)}",
                )
        if any(isinstance(x, FieldVal) for x in v):
            span = c.frame.span(c.node)
            return FieldVal(Expr(c.name, tuple(as_expr(x, span) for x in v), span), first.dim)
        numbers = [x for x in v if isinstance(x, Num)]
        states = {x.state for x in numbers if x.state}
        if len(states) > 1:
            return _both_states(c, numbers)
        return Num(pick(x.value for x in numbers), numbers[0].dim, next(iter(states), None))

    return run


def _both_states(c: Call, numbers: list[Num]) -> Poison:
    """A wet and a dried length in one call: the second is what is to be converted."""
    first = next(n.state for n in numbers if n.state)
    fixes: tuple[Fix, ...] = ()
    ink = ink_at_hand(c.ev, c.node, c.frame)
    if ink and len(numbers) == len(c.node.args):
        node = next(a for a, n in zip(c.node.args, numbers, strict=True) if n.state and n.state != first)
        new = f"{first}({c.frame.source.text[node.start : node.end]}, {ink})"
        fixes = (Fix(f"convert it: `{new}`", (Edit(c.frame.span(node), new),)),)
    return c.err(
        "E205",
        f"`{c.name}` of a wet and a dried length; convert one with `wet(x, ink)` or `dried(x, ink)`",
        fixes=fixes,
    )


def _round(op: Callable[[float], float]) -> Callable[[Call], Any]:
    def run(c: Call) -> Any:
        a = c.take("value", optional=("to",))
        if a is None:
            return POISON
        value = c.ev.eval(a["value"], c.frame)
        if value is POISON:
            return POISON
        if isinstance(value, FieldVal) and value.dim is not None:
            return _round_field(c, value, a.get("to"))
        if not isinstance(value, Num):
            return c.err("E202", f"`{c.name}` takes a number, not {type_name(value)}", a["value"])
        if "to" in a:
            grid = c.ev.eval(a["to"], c.frame)
            if grid is POISON:
                return POISON
            if not isinstance(grid, Num) or grid.dim != value.dim or grid.value <= 0:
                return c.err(
                    "E202", f"`to` takes a step above zero of the same type, not {type_name(grid)}", a["to"]
                )
            return Num(op(value.value / grid.value) * float(grid.value), value.dim, value.state)
        if value.is_count:
            return value
        if value.dim != NONE:
            text = c.frame.text(a["value"])
            return c.err(
                "E202",
                f"`{c.name}({text})` says not to what; `{c.name}({text}, to: 1um)` was expected",
                notes=("a length is rounded to a multiple of a length",),
            )
        # Stays a Ratio: a Count never comes from rounding.
        return Num(float(op(value.value)))

    return run


def _round_field(c: Call, value: FieldVal, to: s.Expr | None) -> Any:
    """floor, ceil and round of what varies, to a step."""
    span = c.frame.span(c.node)
    step: Any = Num(1.0) if to is None else c.ev.eval(to, c.frame)
    if step is POISON:
        return POISON
    if not isinstance(step, Num) or step.dim != value.dim or step.value <= 0:
        return c.err(
            "E202",
            f"`{c.name}` of {type_name(value)} takes a step above zero of the same type, as `to`",
            to or c.node,
        )

    def const(v: float) -> Expr:
        return Expr("const", (v,), span)

    parts = Expr("/", (value.expr, const(float(step.value))), span)
    if c.name == "round":
        parts = Expr("+", (parts, const(0.5)), span)
    whole = Expr("ceil" if c.name == "ceil" else "floor", (parts,), span)
    return FieldVal(Expr("*", (whole, const(float(step.value))), span), value.dim)


def _half_up(x: float) -> float:
    return math.floor(x + 0.5)


def _len(c: Call) -> Any:
    nodes = c.positional(1, 1)
    if nodes is None:
        return POISON
    value = c.ev.eval(nodes[0], c.frame)
    if value is POISON:
        return POISON
    if isinstance(value, tuple | str):
        return Num(len(value))
    return c.err("E202", f"`len` takes a list, not {type_name(value)}", nodes[0])


def _sum(c: Call) -> Any:
    v = c.numbers(1)
    if v is None:
        return POISON
    total = v[0]
    for other in v[1:]:
        if not (isinstance(total, Num) and isinstance(other, Num)) or total.dim != other.dim:
            return c.err(
                "E204", f"`sum` takes values of one type, not {type_name(total)} and {type_name(other)}"
            )
        if total.state and other.state and total.state != other.state:
            return _both_states(c, [x for x in v if isinstance(x, Num)])
        total = Num(total.value + other.value, total.dim, total.state or other.state)
    return total


def _ramp(c: Call) -> Any:
    a = c.take("value", "over")
    if a is None:
        return POISON
    value, over = c.ev.eval(a["value"], c.frame), c.ev.eval(a["over"], c.frame)
    if value is POISON or over is POISON:
        return POISON
    if not isinstance(value, Num | FieldVal) or value.dim is None:
        return c.err("E202", f"`ramp` takes a coordinate such as `x`, not {type_name(value)}", a["value"])
    if not (isinstance(over, tuple) and len(over) == 2 and all(isinstance(o, Num) for o in over)):
        return c.err(
            "E202",
            f"`over` takes two ends such as `[0um, 100um]` or `body.x`, not {type_name(over)}",
            a["over"],
        )
    low, high = over
    if low.dim != value.dim or high.dim != value.dim:
        return c.err("E204", f"`ramp` of {type_name(value)} cannot run over {type_name(low)}", a["over"])
    if same(low.value, high.value):
        return c.err("E302", f"`ramp` needs two different ends, not {shown(low)} twice", a["over"])
    out = ramp(value, float(low.value), float(high.value), c.frame.span(c.node))
    if isinstance(value, Num):
        return Num(min(max((value.value - low.value) / (high.value - low.value), 0.0), 1.0))
    return out


def _about_solid(op: str) -> Callable[[Call], Any]:
    def run(c: Call) -> Any:
        nodes = c.positional(1, 1)
        if nodes is None:
            return POISON
        thing = c.typed(nodes[0], ref("solid"), f"`{op}`")
        if isinstance(thing, Poison):
            return POISON
        return FieldVal(Expr(op, (thing.node,), c.frame.span(c.node)), None if op == "inside" else LENGTH)

    return run


def _to_state(to: StateName) -> Callable[[Call], Any]:
    def run(c: Call) -> Any:
        a = c.take("length", "ink")
        if a is None:
            return POISON
        value = c.ev.eval(a["length"], c.frame)
        ink = c.typed(a["ink"], ref("material"), f"`{to}`")
        if value is POISON or isinstance(ink, Poison):
            return POISON
        if not isinstance(value, Num) or value.dim != LENGTH:
            if isinstance(value, Num) and value.dim == NONE:
                return c.ev.say(missing_unit(value, "Length", c.frame.place(a["length"], f"`{to}`")))
            return c.err("E202", f"`{to}` takes a Length, not {type_name(value)}", a["length"])
        if not isinstance(ink, Thing):
            return c.err(
                "E206",
                f"`{to}` takes one ink; {type_name(ink)} shrinks differently from place to place",
                a["ink"],
            )
        if value.state == to:
            inner = c.frame.text(a["length"])
            fix = Fix(f"write `{inner}`", (Edit(c.frame.span(c.node), inner),))
            return c.err("E205", f"`{inner}` is a {to} length already", a["length"], fixes=(fix,))
        left = 1.0 - ink.node.shrink
        return Num(value.value / left if to == "wet" else value.value * left, LENGTH, to)

    return run


_RUN: dict[str, Callable[[Call], Any]] = {
    "exactly": _exactly,
    "floor_fit": _floor_fit,
    "even_pitch": _even_pitch,
    "sqrt": _sqrt,
    "sin": _math(math.sin, ANGLE, NONE, "sin"),
    "cos": _math(math.cos, ANGLE, NONE, "cos"),
    "tan": _tan,
    "asin": _math(math.asin, NONE, ANGLE, "asin"),
    "acos": _math(math.acos, NONE, ANGLE, "acos"),
    "atan": _math(math.atan, NONE, ANGLE, "atan"),
    "abs": _abs,
    "min": _extreme(min),
    "max": _extreme(max),
    "round": _round(_half_up),
    "ceil": _round(math.ceil),
    "floor": _round(math.floor),
    "len": _len,
    "sum": _sum,
    "noise": noise,
    "ramp": _ramp,
    "inside": _about_solid("inside"),
    "distance": _about_solid("distance"),
    "wet": _to_state("wet"),
    "dried": _to_state("dried"),
    "mix": mixes.mix_call,
    "move": parts.move,
    "rotate": parts.rotate,
    "mirror": parts.mirror,
    "scale": parts.scale,
    "array": parts.array,
    "union": parts.union,
    "difference": parts.boolean,
    "intersection": parts.boolean,
    "grow": masks.grow,
    "invert": masks.invert,
    "slice": masks.cut,
    "outline": masks.outline,
}
BUILTINS: dict[str, Builtin] = {name: Builtin(name, run) for name, run in _RUN.items()}


def call_head(c: Call, construct: Construct) -> Any:
    """A construct used like a function: right for those made of others (`difference(a, b)`), else its block is shown."""
    if construct.children:
        return parts.boolean(c)
    if construct.name == "curve":
        return c.err(
            "E208",
            "`curve` takes a parameter, its range and coordinates: `curve(t in 0..1: [x, y, z])` was expected",
        )
    texts = [f for f in construct.fields if f.type.kind == "text"]
    args = c.node.args
    if len(args) == 1 and args[0].name is None and texts:
        from .construct import from_values

        value = c.typed(args[0].value, texts[0].type, f"`{construct.name}`")
        if isinstance(value, Poison):
            return POISON
        return from_values(
            c.ev, construct, {texts[0].name: value}, {texts[0].name: args[0].value}, c.node, c.frame
        )
    inner = "; ".join(
        f"{c.frame.text(a.name) if a.name else '...'}: {c.frame.source.text[a.value.start : a.value.end]}"
        for a in args
    )
    right = f"{construct.name} {{ {inner}; }}" if inner else f"{construct.name} {{ }}"
    fixes = (
        (Fix(f"write `{right}`", (Edit(c.frame.span(c.node), right),)),) if all(a.name for a in args) else ()
    )
    return c.err(
        "E209",
        f"`{construct.name}` takes a block, not arguments; `{right}` was expected",
        fixes=fixes,
    )
