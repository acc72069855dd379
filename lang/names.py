"""Where names stand in a design and what each one means: for definitions, references, renaming and colours in an editor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..kernel.diagnostics import Source, Span
from ..kernel.quantity import NAMED_TYPES, Construct
from . import syntax as s
from .heads import REGION, head, is_head, made_by, registers
from .scope import CONSTANTS, COORDINATES, FUNCTIONS, Binding, Env
from .source import LIBRARY
from .values import Rec, Thing


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """What a name means. `kind`: param, let, fn, a word of declaration, `local`, `alias`, `builtin`, `head`, `type`,
    `field` or `member`. `span` is where it is bound; None for what the language itself brings."""

    name: str
    kind: str
    span: Span | None = None
    env: Env | None = None
    binding: Binding | None = None
    construct: Construct | None = None
    owner: s.Expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """One name in the text, at `[start, end)`."""

    start: int
    end: int
    symbol: Symbol
    binds: bool = False


class Names:
    """All names of one file, in the order of the text."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self._top: dict[tuple[int, str], Symbol] = {}
        self._own: dict[tuple[str, str], Symbol] = {}
        #: What the declaration that is walked makes, where names of constructs are ambiguous.
        self._kind = ""
        found: list[Occurrence] = []
        for statement in env.module.statements:
            found += self._statement(statement)
        self._kind = ""
        self.all = sorted(found, key=lambda o: (o.start, o.end))

    def at(self, offset: int) -> Occurrence | None:
        """The name that the offset touches."""
        return next((o for o in self.all if o.start <= offset <= o.end), None)

    def of(self, symbol: Symbol) -> list[Occurrence]:
        return [o for o in self.all if o.symbol is symbol]

    # --- symbols -----------------------------------------------------------------------------------------------------

    def top(self, env: Env, name: str) -> Symbol:
        key = (id(env), name)
        if key not in self._top:
            binding = env.bindings[name]
            span = Span(env.source, binding.name.start, binding.name.end)
            self._top[key] = Symbol(name, binding.kind, span, env, binding)
        return self._top[key]

    def own(self, kind: str, name: str, construct: Construct | None = None) -> Symbol:
        """What the language brings: one symbol for each kind and name, and construct where there are several."""
        key = (f"{construct.kind} {kind}" if construct is not None else kind, name)
        if key not in self._own:
            self._own[key] = Symbol(name, kind, construct=construct)
        return self._own[key]

    def alias(self, name: str) -> Symbol:
        key = (0, name)
        if key not in self._top:
            use = self.env.aliases[name]
            at = use.alias or use.path
            self._top[key] = Symbol(name, "alias", self.env.span(at), self.env.imports.get(name))
        return self._top[key]

    def _named(self, name: str, local: Mapping[str, Symbol]) -> Symbol | None:
        if name in local:
            return local[name]
        if name in self.env.bindings:
            return self.top(self.env, name)
        if name in self.env.imports:
            return self.alias(name)
        if name in FUNCTIONS:
            return self.own("builtin", name)
        if name in COORDINATES or name in CONSTANTS:
            return self.own("constant", name)
        if is_head(name):
            return self.own("head", name, head(name, self._kind))
        return None

    # --- the walk ----------------------------------------------------------------------------------------------------

    def _statement(self, node: s.Statement) -> Iterator[Occurrence]:
        if isinstance(node, s.Use):
            if node.alias is not None:
                yield Occurrence(node.alias.start, node.alias.end, self.alias(node.alias.text), True)
            return
        self._kind = node.kind.text if isinstance(node, s.Decl) and node.kind.text in registers() else ""
        if isinstance(node, s.Pattern):
            self._kind = "mask"
        name = getattr(node, "name", None)
        if isinstance(name, s.Name) and isinstance(node, s.Param | s.Let | s.Fn | s.Decl | s.Region):
            binding = self.env.bindings.get(name.text)
            if binding is not None and binding.name is name:
                yield Occurrence(name.start, name.end, self.top(self.env, name.text), True)
        block: s.Block | None = None
        construct: Construct | None = None
        if isinstance(node, s.Preset):
            yield from self._params(node.block)
            return
        if isinstance(node, s.Test):
            if node.overrides is not None:
                yield from self._params(node.overrides)
            for item in node.items:
                yield from self._walk(item, {})
            return
        if isinstance(node, s.Region):
            block, construct = node.block, REGION
        elif isinstance(node, s.Print | s.Pattern):
            block = node.block
            construct = made_by(type(node).__name__.lower(), process_word(block))
        if isinstance(node, s.Fn):
            yield from self._fn(node)
            return
        for child in s.children(node):
            if child is not block:
                yield from self._walk(child, {})
        if block is not None:
            yield from self._block(block, construct, None, {})

    def _params(self, block: s.Block) -> Iterator[Occurrence]:
        """The fields of a preset or a test are params of the design."""
        for item in block.fields:
            if item.name.text in self.env.bindings:
                yield Occurrence(item.name.start, item.name.end, self.top(self.env, item.name.text))
            yield from self._walk(item.value, {})

    def _local(self, name: s.Name) -> tuple[Symbol, Occurrence]:
        symbol = Symbol(name.text, "local", self.env.span(name))
        return symbol, Occurrence(name.start, name.end, symbol, True)

    def _fn(self, node: s.Fn) -> Iterator[Occurrence]:
        local: dict[str, Symbol] = {}
        for p in node.params:
            local[p.name.text], bound = self._local(p.name)
            yield bound
            yield from self._walk(p.type, {})
        yield from self._walk(node.result, {})
        yield from self._walk(node.body, local)

    def _walk(self, root: s.Node, local: Mapping[str, Symbol]) -> Iterator[Occurrence]:
        if isinstance(root, s.Var):
            symbol = self._named(root.name, local)
            if symbol is not None:
                yield Occurrence(root.start, root.end, symbol)
        elif isinstance(root, s.TypeName):
            if root.name in NAMED_TYPES:
                yield Occurrence(root.start, root.end, self.own("type", root.name))
        elif isinstance(root, s.Member):
            yield from self._walk(root.base, local)
            yield Occurrence(root.name.start, root.name.end, self._member(root, local))
        elif isinstance(root, s.Construct) and isinstance(root.head, s.Curve):
            yield from self._curve(root.head, local, root.block)
        elif isinstance(root, s.Construct):
            yield from self._walk(root.head, local)
            yield from self._block(root.block, self.construct_of(root.head), root, local)
        elif isinstance(root, s.Record):
            yield from self._block(root.block, None, root, local)
        elif isinstance(root, s.Call):
            yield from self._walk(root.callee, local)
            mixing = isinstance(root.callee, s.Var) and root.callee.name == "mix"
            for arg in root.args:
                if mixing and arg.name is not None:
                    yield from self._walk(arg.name, local)
                yield from self._walk(arg.value, local)
        elif isinstance(root, s.Comprehension):
            inner = dict(local)
            for clause in root.clauses:
                yield from self._walk(clause.low, inner)
                if clause.high is not None:
                    yield from self._walk(clause.high, inner)
                inner[clause.name.text], bound = self._local(clause.name)
                yield bound
                if clause.where is not None:
                    yield from self._walk(clause.where, inner)
            yield from self._walk(root.value, inner)
        elif isinstance(root, s.Curve):
            yield from self._curve(root, local)
        else:
            for child in s.children(root):
                yield from self._walk(child, local)

    def _curve(
        self, node: s.Curve, local: Mapping[str, Symbol], block: s.Block | None = None
    ) -> Iterator[Occurrence]:
        """A curve, and the block behind it, which knows its parameter too."""
        for outside in (node.head, node.low, node.high):
            yield from self._walk(outside, local)
        symbol, bound = self._local(node.name)
        yield bound
        inner = {**local, node.name.text: symbol}
        yield from self._walk(node.value, inner)
        if block is not None:
            yield from self._block(block, self.construct_of(node.head), node, inner)

    def _block(
        self, block: s.Block, construct: Construct | None, owner: s.Expr | None, local: Mapping[str, Symbol]
    ) -> Iterator[Occurrence]:
        for item in block.items:
            if isinstance(item, s.Layer):
                symbol, bound = self._local(item.index)
                yield bound
                yield from self._block(item.block, construct, owner, {**local, item.index.text: symbol})
                continue
            symbol = Symbol(item.name.text, "field", construct=construct, owner=owner)
            yield Occurrence(item.name.start, item.name.end, symbol, True)
            yield from self._walk(item.value, local)

    def _member(self, node: s.Member, local: Mapping[str, Symbol]) -> Symbol:
        name = node.name.text
        if isinstance(node.base, s.Var) and node.base.name not in local:
            other = self.env.imports.get(node.base.name)
            if other is not None and name in other.bindings:
                return self.top(other, name)
            binding = self.env.bindings.get(node.base.name)
            value = binding.value if binding is not None else None
            if isinstance(value, Thing):
                return Symbol(name, "member", value.spans.get(name), construct=value.construct, owner=node)
            if isinstance(value, Rec):
                return Symbol(name, "member", owner=node)
        return Symbol(name, "member", owner=node)

    def construct_of(self, node: s.Expr) -> Construct | None:
        """The construct whose fields a block behind `node` takes."""
        if isinstance(node, s.Curve):
            return self.construct_of(node.head)
        if isinstance(node, s.Var):
            binding = self.env.bindings.get(node.name)
            if binding is None:
                return head(node.name, self._kind) if is_head(node.name) else None
        elif isinstance(node, s.Member) and isinstance(node.base, s.Var):
            other = self.env.imports.get(node.base.name)
            binding = other.bindings.get(node.name.text) if other is not None else None
        else:
            return None
        value = binding.value if binding is not None else None
        return value.construct if isinstance(value, Thing) else None


def process_word(block: s.Block | None) -> str:
    """The process that the block of a print or a pattern names."""
    for item in block.fields if block is not None else ():
        if item.name.text == "process":
            if isinstance(item.value, s.Var):
                return item.value.name
            return item.value.value if isinstance(item.value, s.Text) else ""
    return ""


def path_of(source: Source) -> Path | None:
    """The file of a source; those of the library are known by their bare name."""
    path = Path(source.name)
    if path.is_file():
        return path.resolve()
    inside = LIBRARY / source.name
    return inside if inside.is_file() else None
