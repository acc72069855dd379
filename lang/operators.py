"""Operators, comparisons and `if`: numbers with dimensions and states, conditions, and fields over space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..kernel.diagnostics import Edit, Fix
from ..kernel.quantity import NONE
from ..kernel.scene import Expr, StateName
from . import syntax as s
from .field_expr import as_expr, binary_field, compare_fields, unary_field
from .frame import Frame
from .types import missing_unit, same
from .values import POISON, FieldVal, Num, Poison, Thing, dim_name, shown, type_name

if TYPE_CHECKING:
    from .evaluate import Evaluator

#: Whole numbers up to here are exact as floats too.
MOST_COUNT = 10**15


def unary(ev: Evaluator, node: s.Unary, frame: Frame) -> Any:
    value = ev.eval(node.operand, frame)
    if value is POISON:
        return POISON
    if node.op == "not":
        if isinstance(value, bool):
            return not value
        if isinstance(value, FieldVal) and value.dim is None:
            return FieldVal(Expr("not", (value.expr,), frame.span(node)), None)
        return not_bool(ev, node.operand, value, frame)
    if isinstance(value, Num):
        return Num(-value.value, value.dim, value.state)
    if isinstance(value, FieldVal) and value.dim is not None:
        return unary_field("neg", value, frame.span(node))
    return ev.err("E202", f"`-` takes a number, not {type_name(value)}", frame, node)


def not_bool(ev: Evaluator, node: s.Expr, value: Any, frame: Frame) -> Poison:
    return ev.err(
        "E213",
        f"`{frame.text(node)}` is {type_name(value)}; a condition (a Bool) was expected",
        frame,
        node,
    )


def binary(ev: Evaluator, node: s.Binary, frame: Frame) -> Any:
    if node.op in ("and", "or"):
        return _logic(ev, node, frame)
    a = ev.eval(node.left, frame)
    b = ev.eval(node.right, frame)
    if a is POISON or b is POISON:
        return POISON
    if isinstance(a, Num) and isinstance(b, Num):
        return arithmetic(ev, node, a, b, frame)
    if isinstance(a, Num | FieldVal) and isinstance(b, Num | FieldVal):
        if node.op in ("+", "-", "mod") and _of_other_state(ev, a, b, (node.left, node.right), frame):
            return POISON
        out = binary_field(node.op, a, b, frame.span(node))
        return (
            ev.bounded(out, node, frame)
            if isinstance(out, FieldVal)
            else ev.err(*_unfit(ev, node, a, b), frame, node)
        )
    if node.op == "+" and isinstance(a, str) and isinstance(b, str):
        return ev.bounded(a + b, node, frame)
    bad, value = (node.left, a) if not isinstance(a, Num | FieldVal) else (node.right, b)
    return ev.err("E202", f"`{frame.text(bad)}` is {type_name(value)}; `{node.op}` takes numbers", frame, bad)


def _logic(ev: Evaluator, node: s.Binary, frame: Frame) -> Any:
    a = ev.eval(node.left, frame)
    b = ev.eval(node.right, frame)
    if a is POISON or b is POISON:
        return POISON
    for operand, value in ((node.left, a), (node.right, b)):
        if not (isinstance(value, bool) or (isinstance(value, FieldVal) and value.dim is None)):
            return not_bool(ev, operand, value, frame)
    if isinstance(a, bool) and isinstance(b, bool):
        return (a and b) if node.op == "and" else (a or b)
    span = frame.span(node)
    both = FieldVal(Expr(node.op, (as_expr(a, span), as_expr(b, span)), span), None)
    return ev.bounded(both, node, frame)


def _unfit(ev: Evaluator, node: s.Binary, a: Any, b: Any) -> tuple[str, str]:
    verb = {"+": "added to", "-": "taken from", "mod": "divided by"}.get(node.op, "combined with")
    first, second = (b, a) if node.op != "mod" else (a, b)
    return (
        "E204",
        f"{type_name(first)} ({shown(first)}) cannot be {verb} {type_name(second)} ({shown(second)})",
    )


def _states(
    ev: Evaluator, node: s.Expr, a: Num, b: Num, frame: Frame, right: s.Expr
) -> StateName | Poison | None:
    """The state of what two lengths make; POISON where they belong to different states."""
    if a.state and b.state and a.state != b.state:
        ink = ink_at_hand(ev, node, frame)
        text = frame.source.text[right.start : right.end]
        new = f"{a.state}({text}, {ink})"
        fixes = (Fix(f"convert it: `{new}`", (Edit(frame.span(right), new),)),) if ink else ()
        return ev.err(
            "E205",
            f"a {a.state} length and a {b.state} length do not mix: `{frame.text(node)}`",
            frame,
            node,
            notes=(f"`{a.state}(length, ink)` converts through the shrinkage of an ink",),
            fixes=fixes,
        )
    return a.state or b.state


def _of_other_state(ev: Evaluator, a: Any, b: Any, nodes: tuple[s.Expr, s.Expr], frame: Frame) -> bool:
    """Whether a length of the other state meets one that varies over the part, which is drawn in the design's state; said."""
    for value, other, node in ((a, b, nodes[0]), (b, a, nodes[1])):
        if isinstance(value, Num) and value.state and value.state != ev.state and isinstance(other, FieldVal):
            ink = ink_at_hand(ev, node, frame)
            new = f"{ev.state}({frame.source.text[node.start : node.end]}, {ink})"
            ev.err(
                "E205",
                f"`{frame.text(node)}` is a {value.state} length; places are those of the {ev.state} part, as it is drawn",
                frame,
                node,
                notes=(f"`{ev.state}(length, ink)` converts through the ink",),
                fixes=(Fix(f"convert it: `{new}`", (Edit(frame.span(node), new),)),) if ink else (),
            )
            return True
    return False


def ink_at_hand(ev: Evaluator, node: s.Node, frame: Frame) -> str:
    """An ink to convert through, as it would be written: one that the design converts through, else one it declares."""
    trees: list[s.Node] = [node, *frame.env.module.statements] if frame.source is frame.env.source else []
    calls = (at for tree in trees for at in s.walk(tree) if isinstance(at, s.Call) and len(at.args) == 2)
    for call in calls:
        if isinstance(call.callee, s.Var) and call.callee.name in ("wet", "dried"):
            return frame.source.text[call.args[1].value.start : call.args[1].value.end]
    return next((n for n, b in frame.env.bindings.items() if b.kind == "material"), "")


def arithmetic(ev: Evaluator, node: s.Binary, a: Num, b: Num, frame: Frame) -> Any:
    op = node.op
    if op in ("+", "-", "mod"):
        if a.dim is not b.dim and a.dim != b.dim:
            for bare, other, operand in ((a, b, node.left), (b, a, node.right)):
                if bare.dim == NONE and isinstance(operand, s.Number):
                    return ev.say(
                        missing_unit(
                            bare,
                            dim_name(other.dim),
                            frame.place(operand, f"`{op}` beside {type_name(other)}"),
                        )
                    )
            return ev.err(*_unfit(ev, node, a, b), frame, node)
        state = None if a.state is b.state is None else _states(ev, node, a, b, frame, node.right)
        if isinstance(state, Poison):
            return POISON
        if op == "mod":
            return _mod(ev, node, a, b, state, frame)
        return _finite(ev, a.value + b.value if op == "+" else a.value - b.value, a.dim, state, node, frame)
    if op == "*":
        state = a.state if b.dim == NONE else b.state if a.dim == NONE else None
        dim = a.dim if b.dim is NONE else b.dim if a.dim is NONE else a.dim.times(b.dim)
        return _finite(ev, a.value * b.value, dim, state, node, frame)
    if op == "/":
        if b.value == 0:
            return ev.err(
                "E302",
                f"`{frame.text(node.right)}` is zero; nothing can be divided by it",
                frame,
                node.right,
            )
        dim = a.dim if b.dim is NONE else a.dim.over(b.dim)
        return _finite(ev, a.value / b.value, dim, a.state if b.dim == NONE else None, node, frame)
    return _power(ev, node, a, b, frame)


def _mod(ev: Evaluator, node: s.Binary, a: Num, b: Num, state: StateName | None, frame: Frame) -> Any:
    if b.value == 0:
        return ev.err(
            "E302", f"`{frame.text(node.right)}` is zero; nothing can be divided by it", frame, node.right
        )
    if a.is_count and b.is_count:
        return Num(a.value % b.value)
    whole = a.value / b.value
    if same(round(whole), whole):
        return Num(0.0, a.dim, state)
    return Num(a.value - math.floor(whole) * b.value, a.dim, state)


def _power(ev: Evaluator, node: s.Binary, a: Num, b: Num, frame: Frame) -> Any:
    if b.dim != NONE:
        return ev.err(
            "E204",
            f"`{frame.text(node.right)}` is {type_name(b)}; an exponent is a plain number",
            frame,
            node.right,
        )
    if abs(b.value) > 64:
        return ev.err("E303", f"{shown(b)} is too large an exponent", frame, node.right)
    try:
        value = float(a.value) ** float(b.value)
    except (ZeroDivisionError, OverflowError, ValueError):
        value = math.inf
    if isinstance(value, complex):
        return ev.err("E303", f"{shown(a)} is below zero and has no such power", frame, node)
    if a.is_count and b.is_count and b.value >= 0 and abs(value) <= MOST_COUNT:
        value = int(a.value) ** int(b.value)
    return _finite(ev, value, a.dim.power(float(b.value)), None, node, frame)


def _finite(
    ev: Evaluator, value: float, dim: Any, state: StateName | None, node: s.Expr, frame: Frame
) -> Any:
    if isinstance(value, int):
        if abs(value) > MOST_COUNT:
            return ev.err("E303", f"`{frame.text(node)}` is too large a number", frame, node)
    elif not math.isfinite(value):
        return ev.err("E303", f"`{frame.text(node)}` is too large a number", frame, node)
    return Num(value, dim, state)


def compare(ev: Evaluator, node: s.Compare, frame: Frame) -> Any:
    values = [ev.eval(o, frame) for o in node.operands]
    result: Any = True
    for i, op in enumerate(node.ops):
        a, b = values[i], values[i + 1]
        if a is POISON or b is POISON:
            return POISON
        if _of_other_state(ev, a, b, (node.operands[i], node.operands[i + 1]), frame):
            return POISON
        one = _compare_two(ev, op, a, b, node, i, frame)
        if one is POISON:
            return POISON
        if isinstance(one, FieldVal) or isinstance(result, FieldVal):
            span = frame.span(node)
            result = (
                one
                if result is True
                else FieldVal(Expr("and", (as_expr(result, span), as_expr(one, span)), span), None)
            )
        else:
            result = result and one
    return result


def _compare_two(ev: Evaluator, op: str, a: Any, b: Any, node: s.Compare, i: int, frame: Frame) -> Any:
    if type(a) is type(b) is Num and a.dim == b.dim and not (a.state or b.state):
        return compare_numbers(op, a.value, b.value)
    left, right = node.operands[i], node.operands[i + 1]
    if isinstance(a, Num | FieldVal) and isinstance(b, Num | FieldVal) and None not in (a.dim, b.dim):
        if a.dim != b.dim:
            for bare, other, operand in ((a, b, left), (b, a, right)):
                if (
                    isinstance(bare, Num)
                    and bare.dim == NONE
                    and isinstance(operand, s.Number)
                    and other.dim is not None
                ):
                    what = f"`{op}` beside {type_name(other)}"
                    return ev.say(missing_unit(bare, dim_name(other.dim), frame.place(operand, what)))
            return ev.err(
                "E212",
                f"{type_name(a)} and {type_name(b)} cannot be compared: `{frame.text(node)}`",
                frame,
                node,
            )
        if isinstance(a, Num) and isinstance(b, Num):
            if isinstance(_states(ev, node, a, b, frame, right), Poison):
                return POISON
            return compare_numbers(op, a.value, b.value)
        return compare_fields(op, a, b, frame.span(node))
    if op in ("==", "!=") and type(a) is type(b) and isinstance(a, str | bool | tuple | Thing):
        equal = a.node is b.node if isinstance(a, Thing) else equal_values(a, b)
        return equal if op == "==" else not equal
    return ev.err("E212", f"{type_name(a)} and {type_name(b)} cannot be compared with `{op}`", frame, node)


def choose(ev: Evaluator, node: s.If, frame: Frame) -> Any:
    cond = ev.eval(node.cond, frame)
    if cond is POISON:
        return POISON
    if isinstance(cond, FieldVal) and cond.dim is None:
        return _choose_field(ev, node, cond, frame)
    if not isinstance(cond, bool):
        return not_bool(ev, node.cond, cond, frame)
    taken, other = (node.then, node.other) if cond else (node.other, node.then)
    value = ev.eval(taken, frame)
    if id(node) not in ev._checked and value is not POISON:
        ev._checked.add(id(node))
        unused = _only_types(ev, other, frame)
        if isinstance(value, Num) and isinstance(unused, Num) and value.dim == unused.dim:
            first, second = (value, unused) if cond else (unused, value)
            if isinstance(_states(ev, node, first, second, frame, node.other), Poison):
                return POISON
        if isinstance(value, Num) and isinstance(unused, Num) and value.dim != unused.dim:
            for bare, good, at in ((value, unused, taken), (unused, value, other)):
                if bare.dim == NONE and isinstance(at, s.Number):
                    return ev.say(
                        missing_unit(bare, dim_name(good.dim), frame.place(at, "this branch of `if`"))
                    )
            return ev.err(
                "E214",
                f"one branch is {type_name(value)}, the other {type_name(unused)}; both must be of one type",
                frame,
                node,
            )
    return value


def _only_types(ev: Evaluator, node: s.Expr, frame: Frame) -> Any:
    """Evaluate the branch that is not taken for its errors of type; errors of value (a division by zero) do not count."""
    kept, ev.diagnostics = ev.diagnostics, []
    said, ev._said = ev._said, set(ev._said)
    value = ev.eval(node, frame)
    found, ev.diagnostics, ev._said = ev.diagnostics, kept, said
    for d in found:
        if d.code.startswith("E2"):
            ev.say(d)
    return value


def _choose_field(ev: Evaluator, node: s.If, cond: FieldVal, frame: Frame) -> Any:
    a, b = ev.eval(node.then, frame), ev.eval(node.other, frame)
    if a is POISON or b is POISON:
        return POISON
    if isinstance(a, Num | FieldVal) and isinstance(b, Num | FieldVal) and a.dim == b.dim:
        span = frame.span(node)
        chosen = FieldVal(Expr("if", (cond.expr, as_expr(a, span), as_expr(b, span)), span), a.dim)
        return ev.bounded(chosen, node, frame)
    return ev.err(
        "E214",
        f"one branch is {type_name(a)}, the other {type_name(b)}; both must be numbers of one type",
        frame,
        node,
    )


def compare_numbers(op: str, a: float, b: float) -> bool:
    """Compare within rounding: figures that agree to 1e-9 of themselves are equal."""
    equal = same(a, b)
    if op == "==":
        return equal
    if op == "!=":
        return not equal
    if op in ("<=", ">="):
        return equal or (a < b if op == "<=" else a > b)
    return not equal and (a < b if op == "<" else a > b)


def equal_values(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, Num) and isinstance(b, Num):
        return a.dim == b.dim and same(a.value, b.value)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(equal_values(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Thing) and isinstance(b, Thing):
        return a.node is b.node
    return bool(a == b)
