"""Names that nobody bound: what was probably meant, and what is at hand instead."""

from __future__ import annotations

import re
from dataclasses import replace

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Source, Span, error
from ..kernel.quantity import Type
from . import syntax as s
from .heads import head_names
from .scope import CONSTANTS, COORDINATES, FUNCTIONS, Env, nearest
from .units import UNITS


def unknown_member(env: Env, other: Env, source: Source, node: s.Member, alias: str) -> Diagnostic:
    """A name that an imported file does not have. In a field that takes things of one kind, those alone are what was meant."""
    name = node.name.text
    span = Span(source, node.name.start, node.name.end)
    field = next(
        (at.name.text for st in env.module.statements for at in s.walk(st) if isinstance(at, s.Field) and at.value is node), ""
    )  # fmt: skip
    of_kind = [n for n, b in other.bindings.items() if b.kind == field]
    near = nearest(name, of_kind or other.bindings)
    tail = f"; did you mean `{near}`?" if near else ""
    if of_kind and not near:
        tail = f"; one of {', '.join(f'`{n}`' for n in of_kind[:12])} was expected"
    return error(
        "E109",
        f"`{name}` is not in `{alias}` ({other.source.name}){tail}",
        span,
        notes=(f"or define your own: `{field} {name} = {field} {{ ... }}`",) if of_kind and not near else (),
        fixes=(Fix(f"write `{near}`", (Edit(span, near),)),) if near else (),
    )


#: Names of other tools, and what does the same here.
_FOREIGN = {
    "cube": "box", "log_pile": "woodpile", "logpile": "woodpile", "woodpiles": "woodpile", "translate": "move",
    "moved": "move", "subtract": "difference", "minus": "difference", "add": "union", "intersect": "intersection",
    "sum_of": "sum", "count": "len", "length": "len", "size": "len", "None": "rest", "True": "true", "False": "false",
    "int": "exactly", "trunc": "floor_fit", "PI": "pi", "hexagonal": "triangular", "ball": "sphere", "arctan": "atan",
}  # fmt: skip


#: Inks of the library by what chemists call them.
_SYMBOLS = {
    "au": "gold", "ag": "silver", "cdse": "cadmium_selenide", "fe3o4": "magnetite", "fept": "iron_platinum",
}  # fmt: skip

#: A number with its unit and a slash: what stands before the `s` of `1.2mm/s`.
_COMPOUND = re.compile(r"(\d[\d.]*)([A-Za-z]+)\s*/\s*$")


def _places(env: Env, source: Source, node: s.Var) -> list[Span]:
    """Where an unknown name is to be mended: here; all over the file where it stands before a dot, as it is told of once."""
    before_dots = [
        Span(source, at.base.start, at.base.end)
        for statement in env.module.statements
        for at in s.walk(statement)
        if isinstance(at, s.Member) and isinstance(at.base, s.Var) and at.base.name == node.name
    ]
    here = Span(source, node.start, node.end)
    return before_dots if source is env.source and here in before_dots else [here]


def unknown_name(env: Env, source: Source, node: s.Var, head: bool, local: frozenset[str]) -> Diagnostic:
    name = node.name
    span = Span(source, node.start, node.end)
    notes: tuple[str, ...] = ()
    if head:
        pool = [*head_names(), *env.bindings, *env.imports]
        foreign = _FOREIGN.get(name)
        near = foreign if foreign in pool else nearest(name, pool)
        lead = f"`{name}` names nothing that takes a block"
        return error(
            "E106",
            lead
            + (
                f"; did you mean `{near}`?"
                if near
                else f"; one of {', '.join(sorted(head_names()))} was expected"
            ),
            span,
            fixes=(Fix(f"write `{near}`", (Edit(span, near),)),) if near else (),
        )
    if name in UNITS:
        notes = (f"a unit is part of its number: `1{name}`, and `1.2[mm/s]` for a compound one",)
    values = [n for n, b in env.bindings.items() if b.kind != "region"]
    near = _FOREIGN.get(name) or nearest(
        name, [*local, *values, *env.imports, *FUNCTIONS, *CONSTANTS, *COORDINATES]
    )
    fixes: tuple[Fix, ...] = ()
    inside = next((a for a, e in env.imports.items() if e is not None and name in e.bindings), None)
    if inside:
        near = f"{inside}.{name}"
    if not near and (name == "nc" or name.startswith("nano")):
        near = next(
            (a for a, e in env.imports.items() if e is not None and e.source.name == "nanocrystal.wp"), None
        )
    symbol = _SYMBOLS.get(name.lower())
    if not near and symbol:
        inside = next((a for a, e in env.imports.items() if e is not None and symbol in e.bindings), None)
        near = f"{inside}.{symbol}" if inside else None
    compound = _COMPOUND.search(source.text, max(0, node.start - 40), node.start)
    if name in UNITS and compound is not None:
        whole = f"{compound[1]}[{compound[2]}/{name}]"
        near = None
        fixes = (Fix(f"write `{whole}`", (Edit(Span(source, compound.start(), node.end), whole),)),)
    if near:
        fixes = (Fix(f"write `{near}`", tuple(Edit(s_, near) for s_ in _places(env, source, node))),)
    elif name == "nc" or name.startswith("nano"):
        top = Span(env.source, 0, 0)
        after = next((st for st in env.module.statements if isinstance(st, s.Version)), None)
        if after is not None:
            top = Span(env.source, after.end, after.end)
        line = f'use "nanocrystal.wp" as {name};'
        fixes = (Fix(f"insert `{line}`", (Edit(top, f"\n{line}\n" if after else f"{line}\n"),)),)
        notes = ("the built-in library is brought in by `use`",)
    return error(
        "E101",
        f"`{name}` is not known here" + (f"; did you mean `{near}`?" if near else ""),
        span,
        notes=notes,
        fixes=fixes,
    )


#: Words of declarations whose names are of a kind.
_DECLARED = {"part": ("lattice", "path", "part")}


def with_offers(found: Diagnostic, node: s.Expr, env: Env, kind: Type) -> Diagnostic:
    """The message about a thing of another kind, with the names of the right kind that are at hand."""
    words = _DECLARED.get(kind.of, (kind.of,))
    names = [n for n, b in env.bindings.items() if b.kind in words]
    for alias, other in env.imports.items():
        names += [f"{alias}.{n}" for n, b in (other.bindings if other else {}).items() if b.kind in words]
    if not names or found.primary is None:
        return found
    last = {n.rsplit(".", 1)[-1]: n for n in reversed(names)}
    near = nearest(node.value, last) if isinstance(node, s.Text) else None
    more = ", ..." if len(names) > 5 else ""
    note = f"at hand: {', '.join(f'`{n}`' for n in names[:5])}{more}"
    fixes = (Fix(f"write `{last[near]}`", (Edit(found.primary, last[near]),)),) if near else found.fixes
    return replace(found, notes=(note,), fixes=fixes)
