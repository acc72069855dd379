"""Functions that a design defines and never calls: their bodies are tried on values of the right types, for errors of type."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ..kernel.diagnostics import Diagnostic
from ..kernel.quantity import Type
from .evaluate import Evaluator
from .frame import Frame
from .scope import Env
from .types import named_type
from .values import POISON, Function, Num

#: Errors that do not hang on which value is tried: names, fields, types and units, and arguments.
_OF_TYPE = ("E10", "E11", "E20", "E21")
#: The value that stands for any number of a type, and for any Count (the 2 divides evenly more often than others do).
_ANY, _COUNT = 7.5, 2
#: A figure that a message shows: here that of a value which was only tried.
_FIGURE = re.compile(r" \(-?[\d.]+[^()`]*\)")


def try_unused(ev: Evaluator, env: Env) -> None:
    """Say what is wrong with the bodies of the functions of `env` that nothing has called."""
    for binding in env.bindings.values():
        fn = binding.value
        if isinstance(fn, Function) and id(fn.node) not in ev.called:
            _try(ev, fn, env)


def _try(ev: Evaluator, fn: Function, env: Env) -> None:
    local: dict[str, Any] = {}
    for p in fn.node.params:
        kind = named_type(env.source, p.type)
        if isinstance(kind, Diagnostic):
            return
        local[p.name.text] = _sample(kind)
    frame = Frame(env, env.source, local)
    kept, ev.diagnostics = ev.diagnostics, []
    said, ev._said = ev._said, set(ev._said)
    try:
        value = ev.eval(fn.node.body, frame)
        kind = named_type(env.source, fn.node.result)
        if not isinstance(kind, Diagnostic):
            ev.check_type(value, kind, frame.place(fn.node.body, f"the result of `{fn.node.name.text}`"))
    finally:
        found, ev.diagnostics, ev._said = ev.diagnostics, kept, said
    for d in found:
        if d.code.startswith(_OF_TYPE):
            ev.say(replace(d, message=_FIGURE.sub("", d.message)))


def _sample(kind: Type) -> Any:
    """A value of that type; POISON, of which nothing is said, for lists and for what a design must declare."""
    if kind.kind == "number":
        return Num(_ANY, kind.dim)
    if kind.kind == "count":
        return Num(_COUNT)
    if kind.kind == "bool":
        return True
    return "" if kind.kind == "text" else POISON
