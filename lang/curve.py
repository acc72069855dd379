"""Curves: `curve(t in 0deg..720deg: [x, y, z]) { ... }`, coordinates and width as expressions of a parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..kernel.quantity import LENGTH, NONE
from ..kernel.scene import Expr, walk
from . import syntax as s
from .construct import build
from .evaluate import Evaluator
from .frame import Frame
from .types import missing_unit
from .values import POISON, FieldVal, Head, Num, Parameter, Poison, Varying, dim_name, shown, type_name


def curve(ev: Evaluator, node: s.Construct | s.Curve, frame: Frame) -> Any:
    """The path as a Thing, POISON where something about it is wrong."""
    at = node.head if isinstance(node, s.Construct) else node
    assert isinstance(at, s.Curve)
    head = ev.eval(at.head, frame)
    over = _range(ev, at, frame)
    if head is not POISON and not (isinstance(head, Head) and head.construct.name == "curve"):
        head = ev.err(
            "E209",
            f"`{frame.text(at.head)}` is {type_name(head)}, which takes no range; `curve({at.name.text} in ...)` was expected",
            frame,
            at.head,
        )
    if isinstance(over, Poison):
        return POISON
    low, high = over
    span = frame.span(at.name)
    t = Parameter(Expr("coord", ("t", low.dim), span), low.dim, low)
    inner = frame.with_local(**{at.name.text: t})
    point = _point(ev, at, inner)
    block = node.block if isinstance(node, s.Construct) else s.Block(at.end, at.end, [])
    if not isinstance(head, Head):
        return POISON
    made = build(ev, head.construct, None, block, node, inner)
    if isinstance(made, Poison) or isinstance(point, Poison):
        return POISON
    fields = dict(made.node.fields)
    if point[2] is None:
        # It rests on the substrate, wherever its width goes.
        width = fields.get("width")
        half = fields["filament"] / 2
        if width is not None:
            half = Expr("/", (width, Expr("const", (2.0,), span)), span)
        point = (*point[:2], half)
    own = {"over": (float(low.value), float(high.value)), "of": low.dim, "point": point}
    return replace(made, node=replace(made.node, fields={**fields, **own}))


def _range(ev: Evaluator, at: s.Curve, frame: Frame) -> tuple[Num, Num] | Poison:
    low, high = ev.eval(at.low, frame), ev.eval(at.high, frame)
    for value, node in ((low, at.low), (high, at.high)):
        if isinstance(value, Poison):
            return POISON
        if not isinstance(value, Num):
            return ev.err(
                "E202",
                f"`{frame.text(node)}` is {type_name(value)}; the range of a curve goes from a number to a number",
                frame,
                node,
            )
    assert isinstance(low, Num) and isinstance(high, Num)
    if low.dim != high.dim:
        for bare, other, node in ((low, high, at.low), (high, low, at.high)):
            if bare.dim == NONE and bare.value == 0 and isinstance(node, s.Number):
                return ev.say(
                    missing_unit(bare, dim_name(other.dim), frame.place(node, "the range of the curve"))
                )
        return ev.err("E204", f"a range cannot go from {type_name(low)} to {type_name(high)}", frame, at.high)
    if low.value == high.value:
        return ev.err(
            "E302",
            f"the range goes from {shown(low)} to {shown(high)}, so the curve has no length",
            frame,
            at.high,
        )
    return low, high


def _point(ev: Evaluator, at: s.Curve, frame: Frame) -> tuple[Any, ...] | Poison:
    """The three coordinates, numbers or expressions; None for a height that is not given."""
    value = ev.eval(at.value, frame)
    if isinstance(value, Poison):
        return POISON
    if not (isinstance(value, tuple) and len(value) in (2, 3)):
        return ev.err(
            "E202",
            f"`{frame.text(at.value)}` is {type_name(value)}; a curve takes its coordinates, `[x, y, z]`",
            frame,
            at.value,
        )
    nodes = at.value.items if isinstance(at.value, s.ListExpr) else [at.value] * len(value)
    out: list[Any] = []
    for axis, one, node in zip("xyz", value, nodes, strict=False):
        figure = _length(ev, one, node, frame, f"coordinate {axis} of the curve")
        if isinstance(figure, Poison):
            return POISON
        out.append(figure)
    return (*out, *([None] * (3 - len(out))))


def _length(ev: Evaluator, value: Any, node: s.Expr, frame: Frame, what: str) -> Any:
    """A length, as a number or an expression of the parameter alone."""
    if isinstance(value, Num) and value.dim != LENGTH and value.dim == NONE:
        return ev.say(missing_unit(value, "Length", frame.place(node, what)))
    if not isinstance(value, Num | FieldVal) or value.dim != LENGTH:
        return ev.err("E202", f"`{frame.text(node)}` is {type_name(value)}; {what} is a Length", frame, node)
    if isinstance(value, Num):
        if value.state and value.state != ev.state:
            return ev.err(
                "E205",
                f"`{frame.text(node)}` is a {value.state} length; {what} is a {ev.state} one, as the design is drawn {ev.state}",
                frame,
                node,
            )
        return float(value.value)
    for part in walk(value.expr):
        if part.op in ("inside", "distance") or (part.op == "coord" and part.args[0] != "t"):
            return ev.err(
                "E211",
                f"`{frame.text(node)}` varies over space; {what} may vary with the curve's own parameter alone",
                frame,
                node,
            )
    return value.expr


def varying(ev: Evaluator, value: FieldVal, node: s.Expr, frame: Frame) -> Varying | Poison:
    """A width that varies along the curve; `frame` knows the parameter."""
    expression = _length(ev, value, node, frame, "`filament`")
    begin = {n: v.first for n, v in frame.local.items() if isinstance(v, Parameter)}
    if isinstance(expression, Poison) or not begin:
        return (
            POISON
            if isinstance(expression, Poison)
            else ev.err(
                "E211", f"`{frame.text(node)}` varies over space; `filament` takes one Length", frame, node
            )
        )
    first = ev.eval(node, frame.with_local(**begin))
    return Varying(expression, float(first.value)) if isinstance(first, Num) else POISON
