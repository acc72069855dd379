"""Conditions that a design must meet: evaluated before geometry, or kept for when figures of the built part are known."""

from __future__ import annotations

from typing import Any

from ..kernel.diagnostics import error
from ..kernel.records import dataclass
from ..kernel.scene import StateName
from . import syntax as s
from .evaluate import Evaluator
from .frame import Frame
from .scope import Env
from .values import POISON, FieldVal, Thing, shown, type_name


@dataclass(frozen=True, slots=True, eq=False)
class PostCheck:
    """One `assert` of a `check`, to be run with the figures of the built part."""

    name: str
    node: s.Assert
    env: Env
    state: StateName


def depends_on_figures(ev: Evaluator, node: s.Assert, env: Env) -> bool:
    """Whether a condition asks for `part.wet` or `part.dried`."""
    for at in s.walk(node.cond):
        if isinstance(at, s.Member) and at.name.text in ("wet", "dried") and isinstance(at.base, s.Var):
            binding = env.bindings.get(at.base.name)
            if binding is not None and isinstance(binding.value, Thing) and binding.value.kind == "part":
                return True
    return False


def assert_holds(ev: Evaluator, node: s.Assert, frame: Frame, code: str = "E305", check: str = "") -> None:
    """Evaluate a condition; where it does not hold, say so with both sides."""
    value = ev.eval(node.cond, frame)
    if value is POISON:
        return
    if isinstance(value, FieldVal):
        ev.err(
            "E211", f"`{frame.text(node.cond)}` varies over space; `assert` takes one Bool", frame, node.cond
        )
        return
    if not isinstance(value, bool):
        ev.err(
            "E213",
            f"`{frame.text(node.cond)}` is {type_name(value)}; `assert` takes a condition",
            frame,
            node.cond,
        )
        return
    if value:
        return
    why = ""
    if node.message is not None:
        message = ev.eval(node.message, frame)
        if message is POISON:
            return
        if not isinstance(message, str):
            ev.err(
                "E202",
                f"`{frame.text(node.message)}` is {type_name(message)}; a Text was expected",
                frame,
                node.message,
            )
            return
        why = f": {message}"
    sides = _sides(ev, node.cond, frame)
    lead = f"check `{check}` fails" if check else "assert fails"
    ev.say(
        error(
            code,
            f"`{frame.text(node.cond)}` does not hold ({sides}){why}"
            if sides
            else f"`{frame.text(node.cond)}` does not hold{why}",
            frame.span(node.cond),
            label=lead,
        )
    )


def _sides(ev: Evaluator, node: s.Expr, frame: Frame) -> str:
    """`14um > 15um`: the condition with its values put in, of the first part that fails."""
    while isinstance(node, s.Group):
        node = node.inner
    if isinstance(node, s.Binary) and node.op == "and":
        for side in (node.left, node.right):
            if ev.eval(side, frame) is False:
                return _sides(ev, side, frame)
    if isinstance(node, s.Unary) and node.op == "not":
        return ""
    if isinstance(node, s.Binary) and node.op == "or":
        both = [_sides(ev, side, frame) for side in (node.left, node.right)]
        return " and ".join(b for b in both if b)
    if isinstance(node, s.Compare):
        values: list[Any] = [ev.eval(o, frame) for o in node.operands]
        if all(isinstance(o, s.Number | s.Text | s.Truth) for o in node.operands):
            return ""
        text = shown(values[0])
        for op, value in zip(node.ops, values[1:], strict=True):
            text += f" {op} {shown(value)}"
        return text
    return ""
