"""Params: their ranges, steps and choices, and the values that come from outside or from presets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Related, Source, Span, error
from ..kernel.quantity import Type
from ..kernel.records import dataclass
from ..kernel.scene import Param
from . import syntax as s
from .evaluate import Evaluator
from .frame import Frame
from .operators import equal_values
from .parser import parse_expression
from .scope import Binding, Env, nearest
from .types import convert, named_type, same
from .units import parse_unit, show
from .values import (
    POISON,
    Num,
    Poison,
    Thing,
    shown,
    type_name,
)


@dataclass(frozen=True, slots=True)
class Override:
    """A value for a param from outside its statement."""

    expr: s.Expr
    source: Source


def overrides_of_sets(env: Env, sets: Mapping[str, str], out: list[Diagnostic]) -> dict[str, Override]:
    """`--set name=value`: each value is an expression of the language; a Text needs no quotes."""
    found: dict[str, Override] = {}
    for name, text in sets.items():
        binding = env.bindings.get(name)
        if binding is None or not isinstance(binding.statement, s.Param):
            source = Source("--set", f"{name}={text}")
            span = Span(source, 0, len(name))
            out.append(_no_param(env, name, span, binding))
            continue
        kind = binding.statement.type
        written = text
        if isinstance(kind, s.TypeName) and kind.name == "Text" and not text.strip().startswith('"'):
            written = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        source = Source(f"--set {name}", written)
        expr, said = parse_expression(source)
        out += said
        found[name] = Override(expr, source)
    return found


def _no_param(env: Env, name: str, span: Span, binding: Binding | None) -> Diagnostic:
    params = [n for n, b in env.bindings.items() if b.kind == "param"]
    near = nearest(name, params)
    what = (
        f"`{name}` is a {binding.kind}, not a param" if binding is not None else f"there is no param `{name}`"
    )
    tail = f"; did you mean `{near}`?" if near and near != name else ""
    notes = (f"params: {', '.join(params)}",) if params else ("this design has no params",)
    fixes = (Fix(f"write `{near}`", (Edit(span, near),)),) if near and near != name else ()
    return error("E110", what + tail, span, notes=notes, fixes=fixes)


def overrides_of_preset(env: Env, name: str, out: list[Diagnostic]) -> dict[str, Override]:
    presets = [st for st in env.module.statements if isinstance(st, s.Preset)]
    chosen = next((p for p in presets if p.name.value == name), None)
    if chosen is None:
        source = Source("--preset", name)
        known = [p.name.value for p in presets]
        near = nearest(name, known)
        tail = (
            f'; did you mean "{near}"?'
            if near
            else f"; it has {', '.join(known)}"
            if known
            else "; it has none"
        )
        out.append(error("E110", f'the design has no preset "{name}"{tail}', Span(source, 0, len(name))))
        return {}
    return overrides_of_block(env, chosen.block, out)


def overrides_of_block(env: Env, block: s.Block, out: list[Diagnostic]) -> dict[str, Override]:
    """The fields of a preset or of `test ... with`, by param."""
    found: dict[str, Override] = {}
    for item in block.items:
        if isinstance(item, s.Layer):
            out.append(error("E112", "`layer` belongs in a lattice", env.span(item.index)))
            continue
        binding = env.bindings.get(item.name.text)
        if binding is None or not isinstance(binding.statement, s.Param):
            out.append(_no_param(env, item.name.text, env.span(item.name), binding))
        elif item.name.text in found:
            out.append(error("E108", f"`{item.name.text}` is given twice", env.span(item.name)))
        else:
            found[item.name.text] = Override(item.value, env.source)
    return found


def param(
    ev: Evaluator, binding: Binding, node: s.Param, frame: Frame, params: dict[str, Param] | None
) -> Any:
    kind = named_type(frame.source, node.type)
    if isinstance(kind, Diagnostic):
        ev.say(kind)
        ev.eval(node.default, frame)
        return POISON
    what = f"`{node.name.text}`"
    _once(ev, node, frame)
    numeric = kind.kind in ("number", "count")
    low: Any = None
    high: Any = None
    step: Any = None
    good = True
    if node.within is not None:
        if not numeric:
            ev.err(
                "E202",
                f"{what} is a {kind}; only numbers have a range, others have `choices [...]`",
                frame,
                node.within,
            )
            return POISON
        low = ev.typed(node.within.low, frame, kind, f"the range of {what}")
        high = ev.typed(node.within.high, frame, kind, f"the range of {what}")
        if isinstance(low, Poison) or isinstance(high, Poison):
            good, low, high = False, None, None
        elif low > high:
            good = False
            text = frame.source.text
            a = text[node.within.low.start : node.within.low.end]
            b = text[node.within.high.start : node.within.high.end]
            swapped = f"{b}..{a}"
            both = Span(frame.source, node.within.low.start, node.within.high.end)
            ev.say(
                error(
                    "E307",
                    f"`{a}..{b}` is empty: {show(low, kind.dim)} is above {show(high, kind.dim)}; `{swapped}` was expected",
                    both,
                    fixes=(Fix(f"write `{swapped}`", (Edit(both, swapped),)),),
                )
            )
            low = high = None
    if node.step is not None:
        step = ev.typed(node.step.value, frame, kind, f"the step of {what}") if numeric else POISON
        if not numeric:
            ev.err("E202", f"{what} is a {kind}; only numbers have a step", frame, node.step)
        if isinstance(step, Poison):
            good, step = False, None
        elif not step > 0:
            ev.err(
                "E310",
                f"{show(step, kind.dim)} is no step; something above zero was expected",
                frame,
                node.step.value,
            )
            good, step = False, None
    choices: tuple[Any, ...] = ()
    if node.choices is not None:
        choices, fine = _choices(ev, node.choices, kind, frame, what)
        good = good and fine
    limits = Limits(node.name.text, kind, low, high, step, choices)
    default = _value(ev, node.default, frame, limits)
    value = default
    if binding.given and binding.expr is not None:
        value = _value(ev, binding.expr, Frame(frame.env, binding.source), limits)
    if default is POISON or value is POISON or not good:
        return POISON
    if params is not None:
        params[node.name.text] = Param(
            name=node.name.text,
            type=str(kind),
            value=held(value),
            default=held(default),
            span=frame.span(node),
            unit=_unit(node, kind),
            low=low,
            high=high,
            step=step,
            choices=tuple(held(c) for c in choices),
            doc=node.doc.value
            if node.doc
            else node.origin.text.value
            if node.origin and node.origin.text
            else "",
            assumed=node.origin is not None and node.origin.assumed,
        )
    return value


#: The clauses of a param by what a user calls them.
_CLAUSES = {s.Within: "its range", s.Step: "its step", s.Choices: "its choices", s.Text: "its description"}


def _once(ev: Evaluator, node: s.Param, frame: Frame) -> None:
    """Each clause stands once."""
    seen: dict[type, s.Node] = {}
    for clause in node.clauses:
        first = seen.setdefault(type(clause), clause)
        if first is not clause:
            span = frame.span(clause)
            ev.err(
                "E108",
                f"`{node.name.text}` has {_CLAUSES[type(clause)]} twice; one was expected",
                frame,
                clause,
                related=(Related(frame.span(first), "given here first"),),
                fixes=(Fix("leave it out", (Edit(span, ""),)),),
            )


@dataclass(slots=True)
class Limits:
    """What a param's values must keep to."""

    name: str
    kind: Type
    low: float | None
    high: float | None
    step: float | None
    choices: tuple[Any, ...]


def _choices(
    ev: Evaluator, node: s.Choices, kind: Type, frame: Frame, what: str
) -> tuple[tuple[Any, ...], bool]:
    value = ev.eval(node.items, frame)
    if value is POISON or not isinstance(value, tuple):
        return (), False
    nodes = node.items.items if isinstance(node.items, s.ListExpr) else [node.items] * len(value)
    if not value:
        ev.err("E309", f"the choices of {what} are none; at least one was expected", frame, node)
        return (), False
    good = True
    for one, at in zip(value, nodes, strict=True):
        if ev.check_type(one, kind, frame.place(at, f"the choices of {what}")) is POISON:
            good = False
    return (value if good else ()), good


def _value(ev: Evaluator, node: s.Expr, frame: Frame, limits: Limits) -> Any:
    """A param's value, checked against its type, range, step and choices."""
    what = f"`{limits.name}`"
    raw = ev.eval(node, frame)
    value = ev.check_type(raw, limits.kind, frame.place(node, what))
    if value is POISON:
        return POISON
    if limits.kind.kind == "ref" and not isinstance(value, Thing):
        return ev.err("E206", f"{what} takes one {limits.kind}, not {type_name(value)}", frame, node)
    if isinstance(value, Num) and not in_limits(value, limits):
        low, high = limits.low, limits.high
        dim = limits.kind.dim
        assert low is not None and high is not None
        near = show(low if value.value < low else high, dim)
        return ev.err(
            "E301",
            f"{shown(value)} is outside the range of {what}; {show(low, dim)} to {show(high, dim)} was expected",
            frame,
            node,
            fixes=(Fix(f"write `{near}`", (Edit(frame.span(node), near),)),),
        )
    if isinstance(value, Num) and limits.step:
        base = limits.low or 0.0
        steps = (float(value.value) - base) / limits.step
        if abs(steps - round(steps)) > 1e-6:
            near = show(base + round(steps) * limits.step, limits.kind.dim)
            return ev.err(
                "E308",
                f"{shown(value)} is no whole step of {what}; steps of {show(limits.step, limits.kind.dim)} from "
                f"{show(base, limits.kind.dim)} were expected",
                frame,
                node,
                fixes=(Fix(f"write `{near}`", (Edit(frame.span(node), near),)),),
            )
    if limits.choices and not any(equal_values(value, c) for c in limits.choices):
        names = ", ".join(shown(c) for c in limits.choices)
        near_text = None
        if isinstance(value, str):
            found = nearest(value, [c for c in limits.choices if isinstance(c, str)])
            near_text = f'"{found}"' if found else None
        elif isinstance(value, Num):
            close = [c for c in limits.choices if isinstance(c, Num)]
            if close:
                near_text = shown(min(close, key=lambda c: abs(float(c.value) - float(value.value))))
        return ev.err(
            "E309",
            f"{shown(value)} is not among the choices of {what}: {names}",
            frame,
            node,
            fixes=ev.near_fix(frame, node, near_text),
        )
    return value


def in_limits(value: Num, limits: Limits) -> bool:
    if limits.low is None or limits.high is None:
        return True
    v = float(value.value)
    return (v >= limits.low or same(v, limits.low)) and (v <= limits.high or same(v, limits.high))


def held(value: Any) -> Any:
    """A param's value as a Scene keeps it: kernel units, names for materials and their like."""
    if isinstance(value, Num):
        return value.value
    if isinstance(value, Thing):
        return value.name
    if isinstance(value, tuple):
        return tuple(held(v) for v in value)
    return value


def _unit(node: s.Param, kind: Type) -> str:
    """The unit that the default was written in, where it says one."""
    if kind.kind != "number":
        return ""
    for at in s.walk(node.default):
        if isinstance(at, s.Number) and at.unit:
            try:
                if parse_unit(at.unit)[1] == kind.dim:
                    return at.unit
            except ValueError:
                continue
    shown_unit = show(1.0, kind.dim).lstrip("0123456789.e-")
    return shown_unit.strip("[]")


def check_presets(ev: Evaluator, env: Env, out: list[Diagnostic]) -> None:
    """Every preset keeps to the ranges of its params, whether it is used or not."""
    seen: dict[str, s.Preset] = {}
    for preset in env.module.statements:
        if not isinstance(preset, s.Preset):
            continue
        if preset.name.value in seen:
            out.append(error("E103", f'preset "{preset.name.value}" is there already', env.span(preset.name)))
        seen[preset.name.value] = preset
        _check_overrides(ev, env, preset.block, out)


def check_test_overrides(env: Env, block: s.Block, out: list[Diagnostic]) -> None:
    """A test sets params that exist; whether their values fit is what the test may be about."""
    overrides_of_block(env, block, out)


def _check_overrides(ev: Evaluator, env: Env, block: s.Block, out: list[Diagnostic]) -> None:
    frame = Frame(env, env.source)
    for name, override in overrides_of_block(env, block, out).items():
        statement = env.bindings[name].statement
        assert isinstance(statement, s.Param)
        kind = named_type(env.source, statement.type)
        if isinstance(kind, Diagnostic):
            continue
        w = statement.within
        numeric = kind.kind in ("number", "count")
        low = convert(ev.eval(w.low, frame), kind, frame.place(w.low, "")) if w and numeric else None
        high = convert(ev.eval(w.high, frame), kind, frame.place(w.high, "")) if w and numeric else None
        if isinstance(low, Diagnostic | Poison) or isinstance(high, Diagnostic | Poison):
            continue
        step = (
            convert(ev.eval(statement.step.value, frame), kind, frame.place(statement.step, ""))
            if statement.step
            else None
        )
        if isinstance(step, Diagnostic | Poison):
            continue
        choices = ev.eval(statement.choices.items, frame) if statement.choices else ()
        _value(
            ev,
            override.expr,
            frame,
            Limits(name, kind, low, high, step, choices if isinstance(choices, tuple) else ()),
        )
