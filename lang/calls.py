"""Calls of the functions that a design defines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..kernel.diagnostics import Diagnostic
from . import syntax as s
from .frame import Frame
from .scope import nearest
from .types import named_type
from .values import POISON, Function

if TYPE_CHECKING:
    from .evaluate import Evaluator

#: Calls within calls.
MOST_CALLS = 60


def call_function(ev: Evaluator, fn: Function, node: s.Call, frame: Frame) -> Any:
    ev.called.add(id(fn.node))
    names = [p.name.text for p in fn.node.params]
    given: dict[str, s.Expr] = {}
    for i, arg in enumerate(node.args):
        if arg.name is None:
            if i >= len(names):
                shape = f"{fn.node.name.text}({', '.join(names)})"
                return ev.err(
                    "E208", f"`{shape}` takes {len(names)} values, not {len(node.args)}", frame, arg
                )
            name = names[i]
        else:
            name = arg.name.name if isinstance(arg.name, s.Var) else frame.text(arg.name)
        if name not in names:
            near = nearest(name, names)
            return ev.err(
                "E208",
                f"`{fn.node.name.text}` has no `{name}`; it takes {', '.join(names) or 'nothing'}",
                frame,
                arg.name or arg,
                fixes=ev.near_fix(frame, arg.name or arg, near),
            )
        if name in given:
            return ev.err("E208", f"`{name}` is given twice", frame, arg)
        given[name] = arg.value
    missing = [n for n in names if n not in given]
    if missing:
        types = {p.name.text: fn.env.source.text[p.type.start : p.type.end] for p in fn.node.params}
        wanted = ", ".join(f"`{m}: {types[m]}`" for m in missing)
        return ev.err("E208", f"`{fn.node.name.text}` also takes {wanted}", frame, node)
    local: dict[str, Any] = {}
    for p in fn.node.params:
        kind = named_type(fn.env.source, p.type)
        if isinstance(kind, Diagnostic):
            return ev.say(kind)
        value = ev.eval(given[p.name.text], frame)
        checked = ev.check_type(value, kind, frame.place(given[p.name.text], f"`{p.name.text}`"))
        if checked is POISON:
            return POISON
        local[p.name.text] = checked
    if ev.calls >= MOST_CALLS:
        return ev.err("E316", f"more than {MOST_CALLS} calls within calls", frame, node)
    ev.calls += 1
    try:
        result = fn.node.result
        kind_of = result.name.lower() if isinstance(result, s.TypeName) else ""
        inner = Frame(fn.env, fn.env.source, local, kind=kind_of)
        value = ev.eval(fn.node.body, inner)
    finally:
        ev.calls -= 1
    kind = named_type(fn.env.source, fn.node.result)
    if isinstance(kind, Diagnostic):
        return ev.say(kind)
    return ev.check_type(value, kind, inner.place(fn.node.body, f"the result of `{fn.node.name.text}`"))
