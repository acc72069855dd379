"""What an editor shows of a design that is loaded: hover, outline, computed values, colours of names."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..kernel.diagnostics import Edit, Span
from ..kernel.quantity import NONE, Construct, FieldSpec, Type
from . import syntax as s
from . import words
from .load import Loaded
from .names import Names, Occurrence, Symbol, path_of
from .tables import tables
from .types import number
from .units import show
from .values import POISON, Function, Num, Rec, Thing, shown, type_name

#: Kinds of names as the protocol calls them; the place in the list is the number on the wire.
COLOURS = ("namespace", "type", "class", "parameter", "variable", "property", "function", "enumMember")
MODIFIERS = ("declaration", "readonly", "defaultLibrary")
_COLOUR = {
    "param": "parameter", "let": "variable", "fn": "function", "local": "variable", "alias": "namespace",
    "builtin": "function", "constant": "enumMember", "head": "class", "type": "type", "field": "property",
    "member": "property",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outline:
    """A line of the outline."""

    name: str
    kind: str
    detail: str
    span: Span
    name_span: Span
    children: tuple[Outline, ...] = field(default=())


class View:
    """One version of a design, as an editor asks about it. Offsets are code points of its source."""

    def __init__(self, loaded: Loaded, before: View | None = None) -> None:
        self.loaded = loaded
        # The last version that was sound: what a name was worth before the text was broken by typing. Not a chain of them.
        self.before = before if loaded.scene is None else None
        self.source = loaded.source
        self.module = loaded.module
        self.env = loaded.env
        self.params = {p.name: p for p in loaded.params}

    @cached_property
    def names(self) -> Names:
        return Names(self.env)

    def span(self, node: s.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def sound(self) -> View | None:
        """This version if it has no errors, else the last one that had none."""
        return self if self.loaded.scene is not None else self.before

    # --- names -------------------------------------------------------------------------------------------------------

    def definition(self, offset: int) -> Span | None:
        """Where the name at a place is bound; for the path of a `use`, the file."""
        for use in self.module.statements:
            if isinstance(use, s.Use) and use.path.start <= offset <= use.path.end:
                return self._file_of(use)
        found = self.names.at(offset)
        return found.symbol.span if found is not None else None

    def _file_of(self, use: s.Use) -> Span | None:
        name = next((n for n, u in self.env.aliases.items() if u is use), None)
        other = self.env.imports.get(name) if name is not None else None
        return Span(other.source, 0, 0) if other is not None and path_of(other.source) else None

    def references(self, offset: int, with_definition: bool = True) -> list[Span]:
        found = self.names.at(offset)
        if found is None or found.symbol.kind in ("field", "member"):
            return []
        spans = [
            Span(self.source, o.start, o.end)
            for o in self.names.of(found.symbol)
            if with_definition or not o.binds
        ]
        at = found.symbol.span
        if with_definition and at is not None and at.source is not self.source:
            spans.insert(0, at)
        return spans

    def renamed(self, offset: int, name: str) -> list[Edit] | str:
        """The edits that give another name, or why it cannot be had."""
        found = self.names.at(offset)
        if found is None:
            return "there is no name here"
        symbol = found.symbol
        if symbol.span is None:
            return f"`{symbol.name}` belongs to the language"
        if symbol.span.source is not self.source:
            return f"`{symbol.name}` is bound in {symbol.span.source.name}; rename it there"
        if symbol.kind in ("field", "member"):
            return f"`{symbol.name}` is a field"
        if not (name.isidentifier() and name.isascii()) or name in tables().keywords:
            return f"`{name}` cannot be a name; letters, digits and _ that are no word of the language were expected"
        if name != symbol.name and (name in self.env.bindings or name in self.env.aliases):
            return f"`{name}` is bound already"
        places = self.names.of(symbol)
        if any(o.symbol.name == name and o.symbol.kind == "local" for o in self.names.all):
            return f"`{name}` is a local name in this file already"
        if symbol.kind == "alias" and not any(o.binds for o in places):
            use = self.env.aliases[symbol.name]
            return [
                Edit(Span(self.source, use.path.end, use.path.end), f" as {name}"),
                *(Edit(Span(self.source, o.start, o.end), name) for o in places),
            ]
        return [Edit(Span(self.source, o.start, o.end), name) for o in places]

    # --- hover -------------------------------------------------------------------------------------------------------

    def hover(self, offset: int) -> tuple[str, Span] | None:
        """Markdown about what stands at a place."""
        found = self.names.at(offset)
        if found is not None:
            text = self._about(found)
            return (text, Span(self.source, found.start, found.end)) if text else None
        for node in s.walk(s.Block(0, 0, list(self.module.statements))):  # type: ignore[arg-type]
            if isinstance(node, s.Number) and node.start <= offset <= node.end and node.unit:
                value = number(node)
                if isinstance(value, Num):
                    kind = type_name(value).split(" ", 1)[1]
                    return _markdown(
                        f"{node.text}: {kind}", _same(node.text, show(value.value, value.dim))
                    ), self.span(node)
        return None

    def _about(self, at: Occurrence) -> str:
        symbol = at.symbol
        if symbol.kind == "builtin":
            return _markdown(*words.FUNCTIONS[symbol.name])
        if symbol.kind == "constant":
            return _markdown(*words.CONSTANTS[symbol.name])
        if symbol.kind == "type":
            example = words.TYPES.get(symbol.name, "")
            return _markdown(f"type {symbol.name}", f"such as `{example}`" if example else "")
        if symbol.kind == "head" and symbol.construct is not None:
            return construct_doc(symbol.construct)
        if symbol.kind == "alias":
            use = self.env.aliases[symbol.name]
            return _markdown(self.source.text[use.start : use.end], self._header(symbol))
        if symbol.kind == "local":
            return _markdown(f"{symbol.name}  # local", "")
        if symbol.kind in ("field", "member"):
            return self._field(symbol)
        return self._binding(symbol)

    def _header(self, symbol: Symbol) -> str:
        names = ", ".join(symbol.env.bindings) if symbol.env is not None else "could not be read"
        return names if len(names) < 400 else names[:397] + "..."

    def _field(self, symbol: Symbol) -> str:
        spec = symbol.construct.field(symbol.name) if symbol.construct is not None else None
        value = self.value_of(symbol)
        if spec is None:
            return (
                _markdown(f"{symbol.name}: {type_name(value)}", f"= {shown(value)}")
                if value is not None
                else ""
            )
        said = [field_doc(spec)]
        if symbol.kind == "member" and value is not None:
            said.append(f"= `{shown(value)}`")
        return _markdown(f"{spec.name}: {spec.type}", "\n\n".join(said))

    def value_of(self, symbol: Symbol) -> Any:
        """The value of a member such as `body.height`, None where it is not known."""
        if not isinstance(symbol.owner, s.Member):
            return None
        return self.evaluate(symbol.owner)

    def evaluate(self, node: s.Expr) -> Any:
        """The value of names and members that need no work."""
        if isinstance(node, s.Var):
            binding = self.env.bindings.get(node.name)
            return _known(binding.value) if binding is not None else None
        if isinstance(node, s.Member):
            if isinstance(node.base, s.Var) and node.base.name in self.env.imports:
                other = self.env.imports[node.base.name]
                binding = other.bindings.get(node.name.text) if other is not None else None
                return _known(binding.value) if binding is not None else None
            base = self.evaluate(node.base)
            if isinstance(base, Rec):
                return _known(base.fields.get(node.name.text))
            if isinstance(base, Thing):
                from .parts import members

                state = self.loaded.scene.state if self.loaded.scene is not None else "dried"
                return _known(members(base, state).get(node.name.text))
        return None

    def _binding(self, symbol: Symbol) -> str:
        binding, env = symbol.binding, symbol.env
        if binding is None or env is None:
            return ""
        value = _known(binding.value)
        said: list[str] = []
        head = f"{binding.kind} {symbol.name}"
        statement = binding.statement
        if isinstance(statement, s.Fn):
            head = env.source.text[statement.start : statement.result.end]
        elif isinstance(statement, s.Param):
            head += f": {env.source.text[statement.type.start : statement.type.end]}"
        elif isinstance(value, Num):
            head += f": {type_name(value).split(' ', 1)[1]}"
        if value is not None and not isinstance(value, Function | Thing):
            head += f" = {shown(value)}"
        if isinstance(statement, s.Param):
            if statement.doc is not None:
                said.append(statement.doc.value)
            param = self.params.get(symbol.name) if env is self.env else None
            if param is not None:
                said += [_range(param, value)]
        if isinstance(value, Thing):
            said += _thing(value)
        if env is not self.env:
            said.append(f"from `{env.source.name}`")
        return _markdown(head, "\n\n".join(t for t in said if t))

    # --- outline, values, colours ------------------------------------------------------------------------------------

    def outline(self) -> list[Outline]:
        out: list[Outline] = []
        for node in self.module.statements:
            found = self._outline(node)
            if found is not None:
                out.append(found)
        return out

    def _outline(self, node: s.Statement) -> Outline | None:
        span = self.span(node)
        if isinstance(node, s.Param | s.Let | s.Fn | s.Decl | s.Region):
            kind = node.kind.text if isinstance(node, s.Decl) else type(node).__name__.lower()
            value = self.env.bindings[node.name.text].value if node.name.text in self.env.bindings else None
            detail = shown(value) if isinstance(value, Num | str | tuple) else ""
            if isinstance(value, Thing) and value.construct is not None:
                detail = value.construct.name
            inner: tuple[Outline, ...] = ()
            if isinstance(node, s.Decl) and isinstance(node.value, s.Construct):
                inner = tuple(
                    Outline(
                        f"layer {layer.index.text}", "layer", "", self.span(layer), self.span(layer.index)
                    )
                    for layer in node.value.block.layers
                )
            return Outline(node.name.text, kind, detail, span, self.span(node.name), inner)
        if isinstance(node, s.Check) and node.name is not None:
            name = node.name.text if isinstance(node.name, s.Name) else node.name.value
            return Outline(name or "check", "check", "check", span, self.span(node.name))
        if isinstance(node, s.Test | s.Preset):
            kind = type(node).__name__.lower()
            return Outline(node.name.value or kind, kind, kind, span, self.span(node.name))
        if isinstance(node, s.Print | s.Pattern):
            made = node.part if isinstance(node, s.Print) else node.mask
            word = type(node).__name__.lower()
            text = self.source.text[made.start : made.end].split("\n")[0]
            return Outline(f"{word} {text}", word, "", span, self.span(made))
        return None

    def hints(self, start: int, end: int) -> list[tuple[int, str]]:
        """Computed values to be shown behind expressions: (offset, text)."""
        out: list[tuple[int, str]] = []
        for node in self.module.statements:
            if node.end < start or node.start > end:
                continue
            if isinstance(node, s.Let | s.Param):
                binding = self.env.bindings.get(node.name.text)
                expr = node.value if isinstance(node, s.Let) else node.default
                if binding is not None and binding.statement is node and _computed(expr):
                    value = _known(binding.value)
                    if isinstance(value, Num | tuple):
                        out.append((expr.end, f"= {shown(value)}"))
            elif isinstance(node, s.Decl) and isinstance(node.value, s.Construct):
                binding = self.env.bindings.get(node.name.text)
                thing = binding.value if binding is not None and binding.statement is node else None
                if isinstance(thing, Thing) and thing.construct is not None:
                    out += self._field_hints(node.value.block, thing)
        return [(at, text) for at, text in out if start <= at <= end]

    def _field_hints(self, block: s.Block, thing: Thing) -> list[tuple[int, str]]:
        out: list[tuple[int, str]] = []
        assert thing.construct is not None
        for item in block.fields:
            spec = thing.construct.field(item.name.text)
            value = thing.fields.get(item.name.text)
            if spec is not None and value is not None and _computed(item.value):
                text = _figure(value, spec.type)
                if text:
                    out.append((item.value.end, f"= {text}"))
        return out

    def colours(self) -> list[tuple[int, int, int, int]]:
        """(start, length, number in COLOURS, bits of MODIFIERS) of each name, in order."""
        out: list[tuple[int, int, int, int]] = []
        last = -1
        for at in self.names.all:
            if at.start < last:
                continue
            last = at.end
            kind = _COLOUR.get(at.symbol.kind, "variable")
            bits = 1 if at.binds else 0
            if at.symbol.kind in ("param", "let", "constant"):
                bits |= 2
            if at.symbol.kind in ("builtin", "constant", "head", "type"):
                bits |= 4
            out.append((at.start, at.end - at.start, COLOURS.index(kind), bits))
        return out


def _known(value: Any) -> Any:
    from .scope import UNSET

    return None if value is POISON or value is UNSET else value


def _computed(node: s.Expr) -> bool:
    """Whether an expression's value is not what it says itself."""
    while isinstance(node, s.Group):
        node = node.inner
    if isinstance(node, s.Unary):
        return _computed(node.operand)
    if isinstance(node, s.ListExpr):
        return any(_computed(i) for i in node.items)
    return not isinstance(node, s.Number | s.Text | s.Truth | s.Construct | s.Record | s.Missing)


def _figure(value: Any, kind: Type) -> str:
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float) and kind.kind in ("number", "count"):
        return show(float(value), kind.dim)
    if isinstance(value, tuple) and kind.kind == "list" and kind.item is not None and 0 < len(value) <= 4:
        parts = [_figure(v, kind.item) for v in value]
        return f"[{', '.join(parts)}]" if all(parts) else ""
    return ""


def _markdown(code: str, text: str) -> str:
    block = f"```wp\n{code}\n```"
    return f"{block}\n\n{text}" if text else block


def _same(text: str, again: str) -> str:
    return "" if text == again else f"= {again}"


def _range(param: Any, value: Any) -> str:
    dim = value.dim if isinstance(value, Num) else NONE
    said = []
    if param.low is not None and param.high is not None:
        said.append(f"from {show(param.low, dim)} to {show(param.high, dim)}")
    if param.step is not None:
        said.append(f"in steps of {show(param.step, dim)}")
    if param.choices:
        said.append(
            "one of " + ", ".join(f'"{c}"' if isinstance(c, str) else show(c, dim) for c in param.choices)
        )
    if param.assumed:
        said.append("assumed")
    return ", ".join(said)


def _thing(thing: Thing) -> list[str]:
    said = [f"{thing.construct.name}: {thing.construct.doc}"] if thing.construct is not None else []
    rows = []
    for spec in thing.construct.fields if thing.construct is not None else ():
        value = thing.fields.get(spec.name)
        text = _figure(value, spec.type) or (value if isinstance(value, str) else "")
        if value is None or not text:
            continue
        origin = thing.provenance.get(spec.name)
        source = (
            (f", assumed: {origin.text}" if origin.assumed else f", {origin.text}")
            if origin is not None
            else ""
        )
        rows.append(f"- {spec.name}: {text}{source}")
    return [*said, "\n".join(rows)]


def field_doc(spec: FieldSpec) -> str:
    """A field in words: what it is, and what holds where it is left out."""
    if spec.required:
        default = "has to be given"
    elif spec.default_doc:
        default = f"{spec.default_doc} where left out"
    elif spec.default is None:
        default = "may be left out"
    else:
        value = (
            show(float(spec.default), spec.type.dim)
            if spec.type.kind in ("number", "count")
            else spec.default
        )
        default = f"{str(value).lower() if isinstance(value, bool) else value} where left out"
    layer = "; may differ from layer to layer" if spec.per_layer else ""
    return f"{spec.doc} ({default}{layer})"


def construct_doc(construct: Construct) -> str:
    """A construct with its fields."""
    rows = [f"- `{f.name}: {f.type}` {field_doc(f)}" for f in construct.fields]
    return _markdown(f"{construct.kind} {construct.name}", "\n\n".join([construct.doc, "\n".join(rows)]))
