"""What each top-level binding is worth: params, lets, functions and declarations."""

from __future__ import annotations

from typing import Any

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Span, error
from ..kernel.scene import Param
from . import syntax as s
from .construct import build, named
from .evaluate import Evaluator
from .frame import Frame
from .heads import OWN, registers
from .own import asks_itself
from .param_values import param
from .scope import Env
from .types import named_type
from .values import (
    POISON,
    Builtin,
    Function,
    Graded,
    Head,
    Namespace,
    Rest,
    Thing,
    type_name,
)


def bind(ev: Evaluator, env: Env, name: str, cyclic: bool, params: dict[str, Param] | None) -> None:
    """Evaluate one binding; everything it needs has been."""
    binding = env.bindings[name]
    statement = binding.statement
    frame = Frame(env, env.source)
    if cyclic or isinstance(statement, s.Broken):
        binding.value = POISON
    elif isinstance(statement, s.Region):
        binding.value = Thing("region", None, None, {}, {}, frame.span(statement))
    elif isinstance(statement, s.Fn):
        binding.value = _function(ev, statement, env)
    elif isinstance(statement, s.Param):
        binding.value = param(ev, binding, statement, frame, params)
    elif isinstance(statement, s.Let):
        value = ev.eval(statement.value, frame)
        if statement.type is not None and value is not POISON:
            kind = named_type(env.source, statement.type)
            if isinstance(kind, Diagnostic):
                value = ev.say(kind)
            else:
                value = ev.check_type(value, kind, frame.place(statement.value, f"`{name}`"))
        if isinstance(value, Namespace | Head | Builtin | Function | Rest):
            what = frame.text(statement.value)
            value = ev.err(
                "E209", f"`{what}` is {type_name(value)}; `let` binds a value", frame, statement.value
            )
        binding.value = value
    elif isinstance(statement, s.Decl):
        binding.value = _declaration(ev, statement, frame)


def _function(ev: Evaluator, node: s.Fn, env: Env) -> Any:
    seen: set[str] = set()
    for p in node.params:
        if p.name.text in seen:
            return ev.say(
                error("E103", f"`{p.name.text}` is bound twice in `{node.name.text}`", env.span(p.name))
            )
        seen.add(p.name.text)
    for kind in (*(p.type for p in node.params), node.result):
        found = named_type(env.source, kind)
        if isinstance(found, Diagnostic):
            return ev.say(found)
    return Function(node, env)


#: What a declaration of that kind holds, where it has another name.
_OF_KIND = {"lattice": "part", "path": "part", "part": "part"}


def _declaration(ev: Evaluator, node: s.Decl, frame: Frame) -> Any:
    kind, name = node.kind.text, node.name.text
    value: Any
    own = OWN.get("ink" if kind == "material" else kind)
    if isinstance(node.value, s.Record):
        if own is None:
            return ev.err(
                "E202",
                f"`{kind} {name}` needs the name of a construct before its block{_offers(kind)}",
                frame,
                node.value,
            )
        # `bath b = { ... }` lacks only a word.
        at = Span(frame.source, node.value.start, node.value.start)
        word = "ink" if kind == "material" else kind
        ev.say(
            error(
                "E202",
                f"`{kind} {name}` is given a record; `{word} {{ ... }}` was expected",
                at,
                fixes=(Fix(f"insert `{word}`", (Edit(at, f"{word} "),)),),
            )
        )
        build(ev, own, None, node.value.block, node.value, frame)
        return POISON
    if asks_itself(frame.env.bindings[name]):
        frame = Frame(frame.env, frame.source, own=name)
    if kind in registers():
        frame = frame.of_kind(kind)
    value = ev.eval(node.value, frame)
    if value is POISON:
        return POISON
    wanted = _OF_KIND.get(kind, kind)
    if isinstance(value, Graded) and kind == "material":
        return value
    if not isinstance(value, Thing) or value.kind != wanted:
        found = frame.text(node.value)
        fixes: tuple[Fix, ...] = ()
        if isinstance(value, Thing):
            word = {"part": "part"}.get(value.kind, value.kind)
            fixes = (Fix(f"write `{word}`", (Edit(frame.span(node.kind), word),)),)
        return ev.err(
            "E206",
            f"`{found if len(found) < 40 else name}` is {type_name(value)}; `{kind} {name}` takes a {wanted}{_offers(kind)}",
            frame,
            node.value if not isinstance(node.value, s.Construct) else node.value.head,
            fixes=fixes,
        )
    return named(value, name)


def _offers(kind: str) -> str:
    register = registers().get(kind)
    if register is not None:
        return f": one of {', '.join(register.names())}"
    return f": `{'ink' if kind == 'material' else kind} {{ ... }}`" if kind in ("material", *OWN) else ""
