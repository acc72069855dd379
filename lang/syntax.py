"""The syntax tree: what a source text says, before anything is looked up. Complete enough to be printed back.

Every node covers `[start, end)` code points of its module's source. Comments and blank lines are trivia: they stand in
`Module.comments` and `Module.blank_lines`, in order, and belong to the place they have in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from ..kernel.diagnostics import Source, Span
from ..kernel.records import dataclass, field


@dataclass(slots=True, eq=False)
class Node:
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Name(Node):
    text: str


# --- expressions -----------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Expr(Node):
    """`depth` is the height of the tree below, kept so that no text can make the tools recurse without end."""

    depth: int


@dataclass(slots=True, eq=False)
class Missing(Expr):
    """Where an expression should stand and does not. The parser has said so; it poisons what needs it."""


@dataclass(slots=True, eq=False)
class Number(Expr):
    """`text` as written; `unit` without brackets, "" for none, "%" for per cent; `value` not yet scaled."""

    text: str
    value: float
    unit: str
    is_count: bool


@dataclass(slots=True, eq=False)
class Text(Expr):
    value: str


@dataclass(slots=True, eq=False)
class Truth(Expr):
    value: bool


@dataclass(slots=True, eq=False)
class Var(Expr):
    name: str


@dataclass(slots=True, eq=False)
class Member(Expr):
    base: Expr
    name: Name


@dataclass(slots=True, eq=False)
class Index(Expr):
    base: Expr
    index: Expr


@dataclass(slots=True, eq=False)
class Arg(Node):
    """`name` is None for a positional argument, a Var or a Member (`mix(nc.gold: 50%)`) for a named one."""

    name: Expr | None
    value: Expr


@dataclass(slots=True, eq=False)
class Call(Expr):
    callee: Expr
    args: list[Arg]


@dataclass(slots=True, eq=False)
class Group(Expr):
    """An expression in parentheses."""

    inner: Expr


@dataclass(slots=True, eq=False)
class Unary(Expr):
    """`op` is `-` or `not`."""

    op: str
    operand: Expr


@dataclass(slots=True, eq=False)
class Binary(Expr):
    """`op` is one of `+ - * / ^ mod and or`."""

    op: str
    left: Expr
    right: Expr
    op_start: int


@dataclass(slots=True, eq=False)
class Compare(Expr):
    """`a < b <= c`: `ops` between `operands`, one fewer."""

    operands: list[Expr]
    ops: list[str]


@dataclass(slots=True, eq=False)
class If(Expr):
    cond: Expr
    then: Expr
    other: Expr


@dataclass(slots=True, eq=False)
class ListExpr(Expr):
    items: list[Expr]


@dataclass(slots=True, eq=False)
class For(Node):
    """One `for name in low..high where cond` of a comprehension; `high` is None where `low` is a list to walk."""

    name: Name
    low: Expr
    high: Expr | None
    where: Expr | None


@dataclass(slots=True, eq=False)
class Comprehension(Expr):
    clauses: list[For]
    value: Expr


@dataclass(slots=True, eq=False)
class Curve(Expr):
    """`curve(t in 0..1: [x, y, z])`: `value` for every `name` from `low` to `high`. `head` is what stands before the bracket."""

    head: Expr
    name: Name
    low: Expr
    high: Expr
    value: Expr


# --- blocks ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Origin(Node):
    """`from "source"`, `assumed` or `assumed "why"`."""

    assumed: bool
    text: Text | None


@dataclass(slots=True, eq=False)
class Field(Node):
    name: Name
    value: Expr
    origin: Origin | None


@dataclass(slots=True, eq=False)
class Layer(Node):
    """`layer k { ... }`."""

    index: Name
    block: Block


@dataclass(slots=True, eq=False)
class Block(Node):
    """`{ ... }`; start and end include the braces."""

    items: list[Field | Layer]

    @property
    def fields(self) -> list[Field]:
        return [i for i in self.items if isinstance(i, Field)]

    @property
    def layers(self) -> list[Layer]:
        return [i for i in self.items if isinstance(i, Layer)]


@dataclass(slots=True, eq=False)
class Construct(Expr):
    """`woodpile { ... }`, or a reference with overrides: `nc.gold { swell: 1.1; }`. `head` is a Var, a Member or a Curve."""

    head: Expr
    block: Block


@dataclass(slots=True, eq=False)
class Record(Expr):
    block: Block


# --- types -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class TypeName(Node):
    name: str


@dataclass(slots=True, eq=False)
class TypeList(Node):
    """`[Length]` (one item: any length of list) or `[Length, Length]` (so many items)."""

    items: list[TypeName | TypeList]


TypeExpr = TypeName | TypeList


# --- statements ------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Statement(Node):
    pass


@dataclass(slots=True, eq=False)
class Version(Statement):
    number: Number | Missing


@dataclass(slots=True, eq=False)
class Use(Statement):
    path: Text
    alias: Name | None


@dataclass(slots=True, eq=False)
class Within(Node):
    low: Expr
    high: Expr


@dataclass(slots=True, eq=False)
class Param(Statement):
    """`clauses` keeps the written order of `in`, `step`, `choices` and doc: Within, Step, Choices and Text nodes."""

    name: Name
    type: TypeExpr
    default: Expr
    clauses: list[Within | Step | Choices | Text]
    origin: Origin | None

    @property
    def within(self) -> Within | None:
        return next((c for c in self.clauses if isinstance(c, Within)), None)

    @property
    def step(self) -> Step | None:
        return next((c for c in self.clauses if isinstance(c, Step)), None)

    @property
    def choices(self) -> Choices | None:
        return next((c for c in self.clauses if isinstance(c, Choices)), None)

    @property
    def doc(self) -> Text | None:
        return next((c for c in self.clauses if isinstance(c, Text)), None)


@dataclass(slots=True, eq=False)
class Step(Node):
    value: Expr


@dataclass(slots=True, eq=False)
class Choices(Node):
    items: Expr


@dataclass(slots=True, eq=False)
class Let(Statement):
    name: Name
    type: TypeExpr | None
    value: Expr
    origin: Origin | None


@dataclass(slots=True, eq=False)
class FnParam(Node):
    name: Name
    type: TypeExpr


@dataclass(slots=True, eq=False)
class Fn(Statement):
    name: Name
    params: list[FnParam]
    result: TypeExpr
    body: Expr


@dataclass(slots=True, eq=False)
class Preset(Statement):
    name: Text
    block: Block


@dataclass(slots=True, eq=False)
class Decl(Statement):
    """`material au = ...` and its like; `kind` is the word it begins with."""

    kind: Name
    name: Name
    value: Expr


@dataclass(slots=True, eq=False)
class Region(Statement):
    name: Name
    part: Expr
    where: Expr
    block: Block


@dataclass(slots=True, eq=False)
class Print(Statement):
    part: Expr
    block: Block | None


@dataclass(slots=True, eq=False)
class Pattern(Statement):
    mask: Expr
    block: Block | None


@dataclass(slots=True, eq=False)
class Assert(Statement):
    cond: Expr
    message: Expr | None


@dataclass(slots=True, eq=False)
class Check(Statement):
    name: Name | Text | None
    asserts: list[Assert]


@dataclass(slots=True, eq=False)
class Expect(Statement):
    """`expect error "touch";`: `what` is `error`, `warning` or `ok`; `match` a code (Name) or words of the message."""

    what: Name
    match: Name | Text | None


@dataclass(slots=True, eq=False)
class Test(Statement):
    name: Text
    overrides: Block | None
    items: list[Assert | Expect]


@dataclass(slots=True, eq=False)
class Allow(Statement):
    code: Name
    because: Text


@dataclass(slots=True, eq=False)
class State(Statement):
    name: Name


@dataclass(slots=True, eq=False)
class Compensate(Statement):
    name: Name


@dataclass(slots=True, eq=False)
class Broken(Statement):
    """A statement that could not be read. `names` are the names it would have bound: they poison what uses them."""

    names: list[Name]


@dataclass(slots=True, eq=False)
class Comment(Node):
    """From `#` to the end of its line; `text` as written, with the `#`."""

    text: str


@dataclass(slots=True, eq=False)
class Module:
    """One source, read. `blank_lines` are the offsets at which an empty line begins."""

    source: Source
    statements: list[Statement]
    comments: list[Comment] = field(default_factory=list)
    blank_lines: list[int] = field(default_factory=list)

    def span(self, node: Node) -> Span:
        return Span(self.source, node.start, node.end)


#: The attributes of each kind of node that may hold nodes, found when the first is walked.
_BELOW: dict[type[Node], tuple[str, ...]] = {}
_PLAIN = ("int", "str", "float", "bool", "list[str]")


def children(node: Node) -> list[Node]:
    """The nodes directly below, in the order of the text."""
    kind = type(node)
    names = _BELOW.get(kind)
    if names is None:
        names = _BELOW[kind] = tuple(f.name for f in fields(kind) if f.type not in _PLAIN)
    out: list[Node] = []
    for name in names:
        below: Any = getattr(node, name)
        if isinstance(below, Node):
            out.append(below)
        elif isinstance(below, list):
            out += [item for item in below if isinstance(item, Node)]
    return out


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, without recursion."""
    pending = [node]
    while pending:
        at = pending.pop()
        yield at
        below = children(at)
        below.reverse()
        pending += below


def shift(nodes: Iterable[Node], by: int) -> None:
    """Move nodes by so many code points, in place (an editor keeps the trees of statements that only moved)."""
    if by:
        for n in nodes:
            n.start += by
            n.end += by
            if type(n) is Binary:
                n.op_start += by
