"""From a source to its syntax tree: statement by statement, so that one bad statement never hides the others."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from ..kernel.diagnostics import Diagnostic, Source, Span, error
from . import repair
from . import syntax as s
from .chunks import Chunk, split
from .lexer import Token, lex
from .tables import tables
from .tree import BUILDERS, MOST_DEEP, TooDeepError

#: A file with more syntax errors than this has another trouble than its syntax.
MOST_ERRORS = 40


def parse(source: Source) -> tuple[s.Module, list[Diagnostic]]:
    """The tree of a source and all that is wrong with its syntax. Never raises, whatever the text."""
    with no_garbage():
        lexed = lex(source)
        out = list(lexed.diagnostics)
        chunks = split(source, lexed.tokens, out)
        statements: list[s.Statement] = []
        if len(out) > MOST_ERRORS:
            # Of what tokens and brackets alone show, the first is enough to say that this is no design.
            out.sort(key=lambda d: d.primary.start if d.primary else 0)
            rest = out[MOST_ERRORS].primary
            del out[MOST_ERRORS:]
            if rest is not None and not chunks:
                out.append(_too_many(rest))
        for chunk in chunks:
            if sum(d.code < "E02" for d in out) >= MOST_ERRORS:
                at = chunk.tokens[0]
                out.append(_too_many(Span(source, at.start, at.end)))
                statements.extend(
                    s.Broken(c.start, c.end, names_bound(c.tokens)) for c in chunks[chunk.index :]
                )
                break
            statements.append(statement(source, chunk, out))
        module = s.Module(source, statements, lexed.comments, blank_lines(source.text))
    out.sort(key=lambda d: d.primary.start if d.primary else 0)
    return module, out


def _too_many(at: Span) -> Diagnostic:
    return error("E017", f"{MOST_ERRORS} errors of syntax so far; the rest of the file was not read", at)


def parse_expression(source: Source) -> tuple[s.Expr, list[Diagnostic]]:
    """A source that is one value, such as `30um` given on the command line."""
    lexed = lex(source)
    out = list(lexed.diagnostics)
    n = len(source.text)
    head = [Token("LET", "let", 0, 0), Token("NAME", "value", 0, 0), Token("EQUAL", "=", 0, 0)]
    tokens = [*head, *lexed.tokens, Token("SEMICOLON", ";", n, n)]
    chunks = split(source, tokens, out)
    first = statement(source, chunks[0], out)
    if len(chunks) > 1 and not out:
        at = chunks[1]
        out.append(error("E010", f"`{source.text}`: one value was expected", Span(source, at.start, at.end)))
    if isinstance(first, s.Let):
        return first.value, out
    return s.Missing(0, n, 1), out


def statement(source: Source, chunk: Chunk, out: list[Diagnostic]) -> s.Statement:
    """The tree of one statement; Broken where it cannot be read, which is said."""
    broken = s.Broken(chunk.start, chunk.end, names_bound(chunk.tokens))
    if chunk.unreadable:
        return broken
    try:
        value = _run(source, chunk.tokens, out)
    except TooDeepError as e:
        out.append(
            error(
                "E014",
                f"more than {MOST_DEEP} levels of operators or brackets in one expression",
                Span(source, e.start, e.end),
                notes=("name its parts with `let`",),
            )
        )
        return broken
    return value if isinstance(value, s.Statement) else broken


def _run(source: Source, tokens: list[Token], out: list[Diagnostic]) -> Any:
    """Drive the LALR tables over the tokens of one statement, mending what a small edit mends."""
    t = tables()
    states = t.states
    rules = t.rules
    accept = t.accept["statement"]
    stack = [t.start["statement"]]
    values: list[Any] = []
    last = tokens[-1]
    tokens = [*tokens, Token("$END", "", last.end, last.end)]
    at = 0
    mends = 0
    while True:
        token = tokens[at]
        action = states[stack[-1]].get(token.type)
        if action is None:
            if mends >= repair.MOST_MENDS:
                return None
            mends += 1
            mended = repair.mend(source, tokens, at, stack, values)
            if not _said(out, tokens[at - 1].end if at else token.start, token.end):
                out.append(mended.diagnostic)
            if mended.tokens is None:
                return None
            tokens, at = mended.tokens, mended.at
            continue
        if action >= 0:
            stack.append(action)
            values.append(token)
            at += 1
            continue
        rule = rules[-action - 1]
        size = rule.size
        if size:
            children = values[-size:]
            del stack[-size:]
            del values[-size:]
            for i in reversed(rule.inline):
                if i == 0:
                    # A left-recursive list grows in place: nobody else holds it.
                    below = children[0]
                    below.extend(children[1:])
                    children = below
                else:
                    children[i : i + 1] = children[i]
        else:
            children = []
        if rule.origin[0] == "_":
            value: Any = children
        elif rule.expand_one and len(children) == 1:
            value = children[0]
        else:
            value = BUILDERS[rule.callback](children)
        state = states[stack[-1]][rule.origin]
        stack.append(state)
        values.append(value)
        if state == accept and token.type == "$END":
            return value


def _said(out: list[Diagnostic], start: int, end: int) -> bool:
    """Whether something between the two tokens, or the second itself, has been reported: one trouble, one message."""
    return any(d.primary is not None and start <= d.primary.start < end for d in out)


def names_bound(tokens: list[Token]) -> list[s.Name]:
    """The name that a statement would bind, read from its first tokens."""
    if len(tokens) > 1 and tokens[0].type in repair.BINDERS and tokens[1].text.isidentifier():
        return [s.Name(tokens[1].start, tokens[1].end, tokens[1].text)]
    if tokens and tokens[0].type == "USE":
        for a, b in pairwise(tokens):
            if a.type == "AS" and b.text.isidentifier():
                return [s.Name(b.start, b.end, b.text)]
    if len(tokens) > 1 and tokens[0].type == "NAME" and tokens[1].type == "EQUAL":
        return [s.Name(tokens[0].start, tokens[0].end, tokens[0].text)]
    return []


def blank_lines(text: str) -> list[int]:
    """The offsets at which an empty line begins."""
    at = 0
    blank: list[int] = []
    for line in text.splitlines(keepends=True) if len(text) < 10_000_000 else ():
        if not line.strip():
            blank.append(at)
        at += len(line)
    return blank


@contextmanager
def no_garbage() -> Iterator[None]:
    """The trees hold no cycles, so the collector would only cost time while they grow (a fifth of it)."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
