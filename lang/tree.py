"""Builds the syntax tree: one function for each rule of the grammar, given the rule's children (every token kept)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import syntax as s
from .lexer import Token

#: Trees higher than this are refused, so that no tool that walks one can run out of stack.
MOST_DEEP = 100

Children = list[Any]
Builder = Callable[[Children], Any]


class TooDeepError(Exception):
    """An expression is nested deeper than MOST_DEEP; carries where it begins and ends."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__()
        self.start = start
        self.end = end


def _deep(c: Children, *below: s.Expr) -> int:
    depth = 1 + max((b.depth for b in below), default=0)
    if depth > MOST_DEEP:
        raise TooDeepError(c[0].start, c[-1].end)
    return depth


def _of(c: Children, kind: type) -> Any:
    return next((x for x in c if isinstance(x, kind)), None)


def _all(c: Children, kind: Any) -> list[Any]:
    return [x for x in c if isinstance(x, kind)]


def unquote(text: str) -> str:
    body = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    if "\\" not in body:
        return body
    out: list[str] = []
    at = iter(body)
    for ch in at:
        if ch == "\\":
            ch = next(at, "")
            ch = {"n": "\n", "t": "\t"}.get(ch, ch)
        out.append(ch)
    return "".join(out)


def number(c: Children) -> s.Number | s.Missing:
    token: Token = c[0]
    text = token.text
    if not text:
        return s.Missing(token.start, token.end, 1)
    i = 0
    size = len(text)
    while i < size and (text[i].isdigit() or text[i] == "."):
        i += 1
    if i < size and text[i] in "eE":
        j = i + 2 if text[i + 1 : i + 2] in ("+", "-") else i + 1
        k = j
        while k < size and text[k].isdigit():
            k += 1
        if k > j:
            i = k
    digits, unit = text[:i], text[i:]
    if unit.startswith("["):
        unit = unit[1:-1].strip()
    is_count = not unit and digits.isdigit() and len(digits) <= 15
    return s.Number(token.start, token.end, 1, text, float(digits), unit, is_count)


def text(c: Children) -> s.Text:
    return s.Text(c[0].start, c[0].end, 1, unquote(c[0].text))


def truth(c: Children) -> s.Truth:
    return s.Truth(c[0].start, c[0].end, 1, c[0].type == "TRUE")


def name(c: Children) -> s.Name:
    token: Token = c[0]
    return s.Name(token.start, token.end, token.text)


def word(c: Children) -> s.Name:
    return c[0] if isinstance(c[0], s.Name) else name(c)


def var(c: Children) -> s.Var:
    n: s.Name = c[0]
    return s.Var(n.start, n.end, 1, n.text)


def member(c: Children) -> s.Member:
    return s.Member(c[0].start, c[-1].end, _deep(c, c[0]), c[0], c[2])


def index(c: Children) -> s.Index:
    return s.Index(c[0].start, c[-1].end, _deep(c, c[0], c[2]), c[0], c[2])


def call(c: Children) -> s.Call:
    args = [
        x if isinstance(x, s.Arg) else s.Arg(x.start, x.end, None, x)
        for x in c[2:-1]
        if isinstance(x, (s.Arg, s.Expr))
    ]
    return s.Call(c[0].start, c[-1].end, _deep(c, c[0], *(a.value for a in args)), c[0], args)


def named_arg(c: Children) -> s.Arg:
    return s.Arg(c[0].start, c[-1].end, c[0], c[2])


def group(c: Children) -> s.Group:
    return s.Group(c[0].start, c[-1].end, _deep(c, c[1]), c[1])


def unary(c: Children) -> s.Unary:
    return s.Unary(c[0].start, c[1].end, _deep(c, c[1]), c[0].text, c[1])


def binary(c: Children) -> s.Binary:
    left, op, right = c
    return s.Binary(left.start, right.end, _deep(c, left, right), op.text, left, right, op.start)


def comparison(c: Children) -> s.Compare:
    return s.Compare(c[0].start, c[-1].end, _deep(c, *c[::2]), c[::2], [t.text for t in c[1::2]])


def if_(c: Children) -> s.If:
    return s.If(c[0].start, c[-1].end, _deep(c, c[1], c[3], c[5]), c[1], c[3], c[5])


def list_(c: Children) -> s.ListExpr:
    items = _all(c, s.Expr)
    return s.ListExpr(c[0].start, c[-1].end, _deep(c, *items), items)


def for_(c: Children) -> s.For:
    high = c[5] if len(c) > 5 and c[4].type == "DOTDOT" else None
    where = c[-1] if len(c) > 5 and isinstance(c[-2], Token) and c[-2].type == "WHERE" else None
    return s.For(c[0].start, c[-1].end, c[1], c[3], high, where)


def comprehension(c: Children) -> s.Comprehension:
    clauses = _all(c, s.For)
    below = [e for f in clauses for e in (f.low, f.high, f.where) if e is not None]
    return s.Comprehension(c[0].start, c[-1].end, _deep(c, c[-2], *below), clauses, c[-2])


def curve(c: Children) -> s.Curve:
    head, name_, low, high, value = c[0], c[2], c[4], c[6], c[8]
    return s.Curve(c[0].start, c[-1].end, _deep(c, head, low, high, value), head, name_, low, high, value)


def origin(c: Children) -> s.Origin:
    return s.Origin(c[0].start, c[-1].end, c[0].type == "ASSUMED", c[1] if len(c) > 1 else None)


def field(c: Children) -> s.Field:
    return s.Field(c[0].start, c[-1].end, c[0], c[2], c[3] if len(c) > 3 else None)


def layer(c: Children) -> s.Layer:
    return s.Layer(c[0].start, c[-1].end, c[1], c[2])


def block(c: Children) -> s.Block:
    return s.Block(c[0].start, c[-1].end, _all(c, (s.Field, s.Layer)))


def _block_depth(b: s.Block) -> int:
    top = 1
    for item in b.items:
        top = max(top, item.value.depth if isinstance(item, s.Field) else _block_depth(item.block))
    return top


def construct(c: Children) -> s.Construct:
    depth = 1 + max(_block_depth(c[1]), c[0].depth)
    if depth > MOST_DEEP:
        raise TooDeepError(c[0].start, c[1].end)
    return s.Construct(c[0].start, c[1].end, depth, c[0], c[1])


def record(c: Children) -> s.Record:
    depth = 1 + _block_depth(c[0])
    if depth > MOST_DEEP:
        raise TooDeepError(c[0].start, c[0].end)
    return s.Record(c[0].start, c[0].end, depth, c[0])


def named_type(c: Children) -> s.TypeName:
    return s.TypeName(c[0].start, c[0].end, c[0].text)


def list_type(c: Children) -> s.TypeList:
    return s.TypeList(c[0].start, c[-1].end, _all(c, (s.TypeName, s.TypeList)))


def version(c: Children) -> s.Version:
    return s.Version(c[0].start, c[-1].end, number([c[1]]))


def use(c: Children) -> s.Use:
    return s.Use(c[0].start, c[-1].end, c[1], _of(c, s.Name))


def within(c: Children) -> s.Within:
    return s.Within(c[0].start, c[-1].end, c[1], c[3])


def step(c: Children) -> s.Step:
    return s.Step(c[0].start, c[-1].end, c[1])


def choices(c: Children) -> s.Choices:
    return s.Choices(c[0].start, c[-1].end, c[1])


def doc(c: Children) -> s.Text:
    node: s.Text = c[0]
    return node


def param(c: Children) -> s.Param:
    clauses = _all(c[6:], (s.Within, s.Step, s.Choices, s.Text))
    return s.Param(c[0].start, c[-1].end, c[1], c[3], c[5], clauses, _of(c, s.Origin))


def let(c: Children) -> s.Let:
    kind = c[3] if c[2].type == "COLON" else None
    value = c[5] if kind is not None else c[3]
    return s.Let(c[0].start, c[-1].end, c[1], kind, value, _of(c, s.Origin))


def fn(c: Children) -> s.Fn:
    at = max(i for i, part in enumerate(c) if getattr(part, "type", "") == "EQUAL")
    return s.Fn(c[0].start, c[-1].end, c[1], _all(c, s.FnParam), c[at - 1], c[at + 1])


def fn_param(c: Children) -> s.FnParam:
    return s.FnParam(c[0].start, c[-1].end, c[0], c[2])


def preset(c: Children) -> s.Preset:
    return s.Preset(c[0].start, c[-1].end, c[1], c[2])


def decl(c: Children) -> s.Decl:
    return s.Decl(c[0].start, c[-1].end, c[0], c[1], c[3])


def region(c: Children) -> s.Region:
    return s.Region(c[0].start, c[-1].end, c[1], c[3], c[5], c[6])


def print_(c: Children) -> s.Print:
    return s.Print(c[0].start, c[-1].end, c[1], _of(c, s.Block))


def pattern(c: Children) -> s.Pattern:
    return s.Pattern(c[0].start, c[-1].end, c[1], _of(c, s.Block))


def assert_(c: Children) -> s.Assert:
    return s.Assert(c[0].start, c[-1].end, c[1], c[3] if len(c) > 3 else None)


def check(c: Children) -> s.Check:
    named = c[1] if isinstance(c[1], (s.Name, s.Text)) else None
    return s.Check(c[0].start, c[-1].end, named, _all(c, s.Assert))


def test(c: Children) -> s.Test:
    return s.Test(c[0].start, c[-1].end, c[1], _of(c, s.Block), _all(c, (s.Assert, s.Expect)))


def expect(c: Children) -> s.Expect:
    match = c[2] if len(c) > 3 else None
    return s.Expect(c[0].start, c[-1].end, c[1], name([match]) if isinstance(match, Token) else match)


def allow(c: Children) -> s.Allow:
    return s.Allow(c[0].start, c[-1].end, name([c[1]]), c[3])


def state(c: Children) -> s.State:
    return s.State(c[0].start, c[-1].end, c[1])


def compensate(c: Children) -> s.Compensate:
    return s.Compensate(c[0].start, c[-1].end, c[1])


def file(c: Children) -> list[s.Statement]:
    return c


BUILDERS: dict[str, Builder] = {
    f.__name__.rstrip("_"): f
    for f in (
        number, text, truth, name, word, var, member, index, call, named_arg, group, unary, binary, comparison, if_,
        list_, for_, comprehension, curve, origin, layer, block, construct, record, named_type, list_type, version, use,
        within, step, choices, doc, param, let, fn, fn_param, preset, decl, region, print_, pattern, assert_, check, test,
        expect, allow, state, compensate, file,
    )
}  # fmt: skip
BUILDERS |= {
    "if_": if_,
    "for_": for_,
    "assert_": assert_,
    "kind": name,
    "plain_field": field,
    "braced_field": field,
}
